//! One rung of a trial: from where it was left to the epochs it is to reach.

use std::time::{Duration, Instant};

use finetooth_engine::history::EpochEnd;
use finetooth_engine::solver::Solver;
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::objective::{Reporter, Task};
use finetooth_scheduler::trial::{Decision, Ended, Outcome};

use crate::keys::report;
use crate::store::{Restored, Store};
use crate::train::{SetupError, Training};

/// A long rung is kept on the way when so much time has passed since it last was, and so many times what that took.
const SAVE_AFTER: Duration = Duration::from_secs(10);
const TIMES_ITS_COST: u32 = 20;

/// Trains `task` from its checkpoint, or from the start where it has none of use: the same numbers either way, of which
/// those of epochs up to `task.from` are not reported again.
pub(crate) fn run(
    training: &Training,
    task: &Task,
    interrupt: &Interrupt,
    reporter: &mut dyn Reporter,
) -> Ended {
    match Rung::begin(training, task) {
        Ok(rung) => rung.run(interrupt, reporter),
        Err(error) => {
            let reason = format!("setup: {error}");
            Ended::Outcome(Outcome::Failed { reason })
        }
    }
}

struct Rung<'a> {
    training: &'a Training,
    task: &'a Task,
    solver: Solver,
    begun_at: Instant,
    saved_at: Instant,
    saving_took: Duration,
}

impl<'a> Rung<'a> {
    fn begin(training: &'a Training, task: &'a Task) -> Result<Self, SetupError> {
        let solver = training.solver(&task.trial.params, task.trial.seed)?;
        Ok(Self {
            training,
            task,
            solver,
            begun_at: now(),
            saved_at: now(),
            saving_took: Duration::ZERO,
        })
    }

    fn run(mut self, interrupt: &Interrupt, reporter: &mut dyn Reporter) -> Ended {
        let (from, to) = (self.task.from, self.task.trial.epochs);
        let kind = self.training.label_kind();
        if from == 0 {
            match reporter.report(report(&self.solver.untrained(), kind)) {
                Decision::Continue => {}
                Decision::Stop => return Ended::Outcome(Outcome::Completed),
                Decision::Interrupt => return Ended::Interrupted { epoch: 0 },
            }
        }
        if let Err(error) = self.restore() {
            let reason = format!("setup: {error}");
            return Ended::Outcome(Outcome::Failed { reason });
        }
        let known = self.solver.history().epochs.clone();
        for record in known.iter().filter(|record| record.epoch > from) {
            match reporter.report(report(record, kind)) {
                Decision::Interrupt if record.epoch < to => {
                    return Ended::Interrupted {
                        epoch: record.epoch,
                    };
                }
                Decision::Stop => return Ended::Outcome(Outcome::Completed),
                Decision::Continue | Decision::Interrupt => {}
            }
        }
        for epoch in self.solver.epoch() + 1..=to {
            let EpochEnd::Completed(record) = self.solver.train_epoch() else {
                let reason =
                    format!("diverged: the training loss was no finite number in epoch {epoch}");
                return Ended::Outcome(Outcome::Diverged { epoch, reason });
            };
            if epoch <= from {
                if interrupt.is_raised() {
                    self.save();
                    return Ended::Interrupted { epoch };
                }
                continue;
            }
            match reporter.report(report(&record, kind)) {
                Decision::Interrupt if epoch < to => {
                    self.save();
                    return Ended::Interrupted { epoch };
                }
                Decision::Stop => return Ended::Outcome(Outcome::Completed),
                Decision::Continue | Decision::Interrupt => {}
            }
            if epoch == to {
                break;
            }
            if let Some(seconds) = self.training.trial_seconds()
                && now() - self.begun_at > Duration::from_secs(seconds)
            {
                let reason = format!("time: it trained longer than trial_seconds = {seconds}");
                return Ended::Outcome(Outcome::Failed { reason });
            }
            if self.is_save_due() {
                self.save();
            }
        }
        if self.task.keep && known.len() < to as usize {
            self.save();
        }
        Ended::Outcome(Outcome::Completed)
    }

    /// Goes to where the checkpoint left the trial, if it has one of use.
    fn restore(&mut self) -> Result<(), SetupError> {
        let trial = &self.task.trial;
        let reason = match self.training.store() {
            None => "no checkpoints are kept".to_owned(),
            Some(store) => match store.restore(trial.id, &mut self.solver) {
                Restored::Yes if self.solver.epoch() <= trial.epochs => return Ok(()),
                Restored::Yes => {
                    let epoch = self.solver.epoch();
                    self.solver = self.training.solver(&trial.params, trial.seed)?;
                    format!("its checkpoint is of epoch {epoch}")
                }
                Restored::No { reason } => reason,
            },
        };
        if self.task.from > 0 {
            tracing::info!(
                trial = trial.id.number(),
                "trained again from the start, to the same numbers: {reason}"
            );
        }
        Ok(())
    }

    fn is_save_due(&self) -> bool {
        let passed = now() - self.saved_at;
        self.training.store().is_some()
            && passed > SAVE_AFTER.max(self.saving_took * TIMES_ITS_COST)
    }

    fn save(&mut self) {
        let Some(store) = self.training.store() else {
            return;
        };
        let began = now();
        let problem = Store::save(store, self.task.trial.id, &self.solver);
        self.saved_at = now();
        self.saving_took = self.saved_at - began;
        if let Some(problem) = problem {
            tracing::warn!(
                "{problem}; trials that have no checkpoint are trained again from the start when they are continued"
            );
        }
    }
}

/// When to save changes no number.
fn now() -> Instant {
    Instant::now()
}
