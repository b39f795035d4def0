//! What a trial is: training by the engine, a user's own program, or a synthetic stand-in. The one crate that knows both the search
//! and the network.
//!
//! [`Training`] is the engine as an objective: [`overlay`] lays a trial's values onto the sweep's configuration, and that is the whole
//! binding of the two, as a hyperparameter's name is its key. [`Program`] is a user's program. [`Vocabulary`] tells the scheduler
//! which keys and columns there are; [`Fit`] is a training that is kept and gone on with, [`Ensemble`] several together.
//!
//! # Example
//!
//! ```
//! use std::path::Path;
//!
//! use finetooth_objective::{Vocabulary, overlay};
//! use finetooth_scheduler::space::{Params, Value};
//! use finetooth_scheduler::sweep::{Purpose, Sweep};
//!
//! let definition = "name = \"x\"\n[train]\nbatch_size = 128";
//! let base = Path::new(".");
//! let Vocabulary { keys, columns, .. } = Vocabulary::of(definition, base);
//! let (sweep, _) = Sweep::parse(definition, &keys, &columns, &[], base, Purpose::Sweep)?;
//!
//! let params = Params::from_iter([("learning_rate".into(), Value::Float(0.01))]);
//! let settings = overlay(sweep.settings(), &params);
//! assert_eq!(settings["train"]["learning_rate"].as_float(), Some(0.01));
//! assert_eq!(settings["train"]["batch_size"].as_integer(), Some(128));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
