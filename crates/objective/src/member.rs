//! A recorded trial trained again, to predict with the weights of its best epochs.

use std::num::NonZero;

use finetooth_engine::ThreadsError;
use finetooth_engine::history::EpochEnd;
use finetooth_engine::model::Model;
use finetooth_scheduler::trial::Trial;

use crate::keys::report;
use crate::train::{SetupError, Training};

/// A network with the weights that a trial had after an epoch.
pub struct Member {
    /// The network.
    pub model: Model,
    /// What that epoch reported, in the order of the sweep's columns.
    pub values: Vec<f64>,
}

/// Why a trial does not come to where it was.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The network cannot be built.
    #[error("its network cannot be built: {0}")]
    Setup(String),
    /// The system does not give the threads.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// It diverged, which it had not.
    #[error(
        "it diverged in epoch {epoch}, which it had not: the sweep ran on another kind of processor, or with another \
         version of finetooth"
    )]
    Diverged {
        /// The epoch.
        epoch: u32,
    },
    /// Somebody wants it to stop.
    #[error("it was interrupted")]
    Interrupted,
}

impl Training {
    /// Trains `trial` as it was trained, on so many threads, and keeps the network as it is after each of `epochs`, from 1 on and
    /// rising; `go_on` is asked after every epoch.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn members(
        &self,
        trial: &Trial,
        epochs: &[u32],
        threads: NonZero<usize>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Member>, MemberError> {
        let setup = |error: SetupError| MemberError::Setup(error.to_string());
        let mut solver = self.solver(&trial.params, trial.seed).map_err(setup)?;
        solver.use_threads(threads)?;
        let mut members = Vec::new();
        for epoch in 1..=epochs.iter().copied().max().unwrap_or(0) {
            let EpochEnd::Completed(record) = solver.train_epoch() else {
                return Err(MemberError::Diverged { epoch });
            };
            if epochs.contains(&epoch) {
                members.push(Member {
                    model: solver.model(),
                    values: report(&record, self.label_kind()).values,
                });
            }
            if !go_on() {
                return Err(MemberError::Interrupted);
            }
        }
        Ok(members)
    }
}
