//! What runs as a trial.

use crate::event::ObjectiveSummary;
use crate::trial::{Decision, Ended, Report, Trial};

/// A trial handed out to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The trial.
    pub trial: Trial,
    /// Attempts counted from 1.
    pub attempt: u32,
}

/// Where a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Index of the worker, below the number of workers.
    pub worker: usize,
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

    /// Runs `task` to its end, reporting after every epoch. A failure of the machinery is the outcome `Failed`; a
    /// panic is taken for one by whoever calls this.
    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended;

    /// A definition file that trains with this trial's values.
    fn train_file(&self, trial: &Trial) -> String;
}
