//! What a trial is: training by the engine, a user's own program, or a synthetic stand-in. The one crate that knows both the search
//! and the network.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod command;
mod gate;
mod keys;
mod overlay;
mod preflight;
pub mod process;
mod rung;
mod store;
pub mod synthetic;
mod train;

pub use command::{DryRun, Program, Read};
pub use finetooth_engine::MAX_THREADS;
pub use keys::{Vocabulary, columns, every_key, key_specs};
pub use overlay::overlay;
pub use train::Training;
