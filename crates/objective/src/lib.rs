//! What a trial is: training by the engine, or a synthetic stand-in for it. The one crate that knows both the search
//! and the network.

#![forbid(unsafe_code)]

mod gate;
mod keys;
mod overlay;
mod preflight;
mod rung;
mod store;
pub mod synthetic;
mod train;

pub use finetooth_engine::MAX_THREADS;
pub use keys::{columns, key_specs};
pub use overlay::overlay;
pub use train::Training;
