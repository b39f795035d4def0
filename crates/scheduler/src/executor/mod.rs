//! Where trials run.

mod inline;
mod pool;
mod simulated;
mod slurm;

pub use inline::Inline;
pub use pool::{Pool, PoolError};
pub use simulated::{Fate, Simulated};
pub use slurm::{QueueError, Slurm, SlurmOptions, answers, job, shares};

use crate::objective::{Context, Objective, Reporter, Task};
use crate::trial::{Decision, Ended, Outcome, Report, TrialId};

/// What an executor tells of the trials it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A trial finished an epoch.
    Reported {
        /// The trial.
        trial: TrialId,
        /// Which attempt.
        attempt: u32,
        /// What it measured.
        report: Report,
    },
    /// A trial's run is over and its worker free.
    Ended {
        /// The trial.
        trial: TrialId,
        /// Which attempt.
        attempt: u32,
        /// The worker it was on.
        worker: usize,
        /// How it ended.
        ended: Ended,
        /// Seconds it took.
        seconds: f64,
    },
}

/// Runs tasks somewhere and tells what comes of them.
pub trait Executor {
    /// Number of workers: tasks that can run at once.
    fn workers(&self) -> usize;

    /// Begins `task` on `worker`, which must be free.
    fn start(&mut self, task: Task, worker: usize);

    /// Passes on that `trial` need not be kept ready to be continued ([`Objective::forget`]).
    fn forget(&mut self, trial: TrialId);

    /// Asks every running trial to stop at the end of its epoch. Final: nothing is started afterwards.
    fn interrupt(&mut self);

    /// Waits for the next message; forever where nothing runs. Dropping the future loses nothing.
    fn next(&mut self) -> impl Future<Output = Message>;

    /// The next message, if it is there already.
    fn try_next(&mut self) -> Option<Message>;
}

/// Runs `task`, its stop rule included: after the report that decides, nothing more is delivered and the rule's
/// outcome stands. `deliver` takes each report and tells whether the run is being interrupted.
pub fn attend(
    objective: &impl Objective,
    task: &Task,
    context: Context,
    mut deliver: impl FnMut(Report) -> Decision,
) -> Ended {
    let mut watch = task.watch.clone();
    let mut stopped: Option<Outcome> = None;
    let mut reporter = ReportTo(|report: Report| {
        if stopped.is_some() {
            return Decision::Stop;
        }
        stopped = watch.judge(&report);
        match deliver(report) {
            Decision::Continue if stopped.is_some() => Decision::Stop,
            decision => decision,
        }
    });
    let ended = guarded(|| objective.run(task, context, &mut reporter));
    match (stopped, ended) {
        // What was told to stop cannot be interrupted or fail any more.
        (Some(outcome), _) => Ended::Outcome(outcome),
        (None, ended) => ended,
    }
}

/// Calls `run` and takes a panic for the trial's failure.
fn guarded(run: impl FnOnce() -> Ended) -> Ended {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    result.unwrap_or_else(|payload| {
        let said = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without a message".to_owned());
        let first_line = said.lines().next().unwrap_or_default().to_owned();
        Ended::Outcome(Outcome::Failed {
            reason: format!("panic: {first_line}"),
        })
    })
}

/// Hands reports to a function, which decides.
struct ReportTo<F>(F);

impl<F: FnMut(Report) -> Decision> Reporter for ReportTo<F> {
    fn report(&mut self, report: Report) -> Decision {
        self.0(report)
    }
}
