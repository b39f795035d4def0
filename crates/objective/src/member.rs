//! A recorded trial trained again, to predict with the weights of its best epoch.

use finetooth_engine::history::EpochEnd;
use finetooth_engine::solver::{Part, Predictions, Solver};
use finetooth_scheduler::trial::Trial;

use crate::keys::report;
use crate::train::{SetupError, Training};

/// A network with the weights that a trial had after an epoch.
pub struct Member {
    solver: Solver,
    /// What that epoch reported, in the order of the sweep's columns.
    pub values: Vec<f64>,
}

/// Why a trial does not come to where it was.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The network cannot be built.
    #[error("its network cannot be built: {0}")]
    Setup(String),
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
    /// Trains `trial` as it was trained up to `epoch`; `go_on` is asked after each epoch.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn member(
        &self,
        trial: &Trial,
        epoch: u32,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Member, MemberError> {
        let setup = |error: SetupError| MemberError::Setup(error.to_string());
        let mut solver = self.solver(&trial.params, trial.seed).map_err(setup)?;
        let mut values = report(&solver.untrained(), self.label_kind()).values;
        for epoch in 1..=epoch {
            let EpochEnd::Completed(record) = solver.train_epoch() else {
                return Err(MemberError::Diverged { epoch });
            };
            values = report(&record, self.label_kind()).values;
            if !go_on() {
                return Err(MemberError::Interrupted);
            }
        }
        Ok(Member { solver, values })
    }
}

impl Member {
    /// What it says of each sample of a part.
    pub fn predictions(&mut self, part: Part) -> Predictions {
        self.solver.predictions(part)
    }
}
