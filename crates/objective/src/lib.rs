//! What a trial is: training by the engine, a user's own program, or a synthetic stand-in. The one crate that knows both the search
//! and the network.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod command;
mod ensemble;
mod fit;
mod gate;
mod keys;
mod member;
mod overlay;
mod preflight;
pub mod process;
mod quality;
mod rung;
mod store;
pub mod synthetic;
mod train;

pub use command::{DryRun, Program, Read};
pub use ensemble::Ensemble;
pub use finetooth_engine::MAX_THREADS;
pub use finetooth_engine::data::{
    Unlabelled, UnlabelledError, read_unlabelled, read_unlabelled_text,
};
pub use finetooth_engine::evaluation::{Classified, Measured};
pub use finetooth_engine::export::{self, Format, ModelError};
pub use finetooth_engine::model::{EnsembleError, Model};
pub use finetooth_engine::solver::{Part, Predictions};
pub use fit::{Fit, FitError, FitPlan, Fitted, Listener};
pub use keys::{Vocabulary, columns, every_key, key_specs};
pub use member::{Member, MemberError};
pub use overlay::overlay;
pub use quality::Quality;
pub use train::Training;
