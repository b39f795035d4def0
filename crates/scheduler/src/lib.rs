//! Decides which trial runs next and remembers everything. Knows no network.
//!
//! [`sweep`] reads a definition into a [`sweep::Sweep`] that cannot be wrong. [`search::Search`] is a state machine without clock, files
//! or threads: it is asked what to run, is told what came of it, and leaves everything it decided as [`event::Record`]s. [`run`] is the loop
//! around it, with an [`executor`] that runs trials and a [`journal`] that the records are appended to before anyone acts on them;
//! [`results`] makes the CSVs of them. A search is taken up again by replaying its records.
//!
//! Everything that shapes the results is a function of definition, seed and what the trials reported, taken in the order of
//! planning: not of the number of workers, nor of what ended first.
//!
//! # Example
//!
//! A search by hand. The "training" reports 1 − |log₁₀ rate + 2|/10, so that a rate of 10⁻² is best:
//!
//! ```
//! use std::path::Path;
//!
//! use finetooth_scheduler::event::ObjectiveSummary;
//! use finetooth_scheduler::search::{Ask, Search};
//! use finetooth_scheduler::space::{Scale, Value};
//! use finetooth_scheduler::sweep::{KeyKind, KeySpec, Purpose, Sweep};
//! use finetooth_scheduler::trial::{Ended, Outcome, Report};
//! use jiff::Timestamp;
//!
//! let keys = [KeySpec {
//!     table: "train".to_owned(),
//!     name: "learning_rate".to_owned(),
//!     kind: KeyKind::Float,
//!     default: Some(Value::Float(1e-3)),
//!     limits: Some((1e-8, 10.0)),
//!     scale: Scale::Log,
//!     searchable: true,
//!     supported: true,
//!     doc: "step length".to_owned(),
//! }];
//! let columns = ["val_accuracy".to_owned()];
//! let definition = r#"
//!     name = "by-hand"
//!     sanity = { enabled = false }
//!     [space.learning_rate]
//!     low = 1e-6
//!     high = 1e-4                 # too low: it will be widened
//!     [[stage]]
//!     name = "coarse"
//!     trials = 16
//!     epochs = 1
//! "#;
//! let (sweep, _) = Sweep::parse(definition, &keys, &columns, &[], Path::new("."), Purpose::Sweep)?;
//! let summary = ObjectiveSummary {
//!     columns: columns.to_vec(),
//!     validation_samples: 1000,
//!     data_fingerprint: String::new(),
//!     instruction_set: String::new(),
//!     description: Vec::new(),
//! };
//!
//! let now = Timestamp::UNIX_EPOCH;
//! let mut search = Search::replay(sweep, summary, Vec::new())?;
//! search.begin("0.1.0", definition, "", 1, now);
//! let mut n_trials = 0;
//! while let Ask::Run(task) = search.ask(0, now) {
//!     let Some(Value::Float(rate)) = task.trial.params.get("learning_rate") else {
//!         unreachable!("it is searched")
//!     };
//!     let values = vec![1.0 - (rate.log10() + 2.0).abs() / 10.0];
//!     search.report(task.trial.id, task.attempt, Report { epoch: 1, values }, now);
//!     let ended = Ended::Outcome(Outcome::Completed);
//!     search.tell(task.trial.id, task.attempt, ended, 1.0, now);
//!     n_trials += 1;
//! }
//! assert!(n_trials > 16, "the best of the first round sat on the edge");
//! let winner = search.winner().expect("a trial completed");
//! let Some(Value::Float(rate)) = winner.trial.params.get("learning_rate") else {
//!     unreachable!("it is searched")
//! };
//! assert!((1e-3..1e-1).contains(rate), "{rate}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

pub mod event;
pub mod executor;
pub mod fault;
pub mod gate;
pub mod interrupt;
pub mod journal;
pub mod number;
pub mod objective;
pub mod observer;
mod proposal;
pub mod results;
pub mod run;
pub mod sampler;
pub mod search;
mod seed;
pub mod space;
pub mod stage;
pub mod state;
pub mod stop;
pub mod sweep;
pub mod trial;
