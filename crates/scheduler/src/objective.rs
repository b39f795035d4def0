//! What runs as a trial.

use serde::{Deserialize, Serialize};

use crate::event::ObjectiveSummary;
use crate::interrupt::Interrupt;
use crate::stop::Watch;
use crate::trial::{Decision, Ended, Report, Trial, TrialId};

/// A trial handed out to be run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The trial.
    pub trial: Trial,
    /// Attempts counted from 1.
    pub attempt: u32,
    /// Epochs trained in earlier rungs: what they reported is on record and not wanted again.
    pub from: u32,
    /// Whether what it takes to go on from there is worth keeping.
    pub keep: bool,
    /// Decides after each report whether the trial is stopped for good.
    pub watch: Watch,
}

/// Where a task runs.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Index of the worker, below the number of workers.
    pub worker: usize,
    /// Raised when running trials are to stop where they can be gone on with. Whoever reports learns it from the answer; this
    /// is for what takes long without a report.
    pub interrupt: Interrupt,
}

/// Takes a running trial's reports and tells it whether to go on.
pub trait Reporter {
    /// Hands in what the epoch measured.
    fn report(&mut self, report: Report) -> Decision;
}

/// What a trial runs: training by the engine, or anything else that reports numbers.
pub trait Objective: Send + Sync {
    /// What it tells of itself before the first trial.
    fn summary(&self) -> ObjectiveSummary;

    /// Runs `task` to its end, reporting after every epoch beyond `task.from` (and epoch 0, the untrained network,
    /// where `task.from` is 0). How it gets to `task.from` is its own affair: from a checkpoint, or by training again
    /// to the same numbers. A failure of the machinery is the outcome `Failed`; a
    /// panic is taken for one by whoever calls this.
    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended;

    /// Is told that `trial` will not be continued unless things turn out otherwise than expected: whatever is kept
    /// for going on with it may be removed.
    fn forget(&self, trial: TrialId) {
        let _ = trial;
    }

    /// A definition file that trains with this trial's values.
    fn train_file(&self, trial: &Trial) -> String;
}
