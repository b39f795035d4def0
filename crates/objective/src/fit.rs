//! A training that ends when it no longer improves, with the weights of its best epoch: what `train` does, and what becomes of a
//! sweep's winner.

use std::num::{NonZero, NonZeroU32};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use finetooth_engine::checkpoint::{RestoreError, SaveError};
use finetooth_engine::config::LabelKind;
use finetooth_engine::history::{Criterion, EpochRecord};
use finetooth_engine::model::Model;
use finetooth_engine::solver::{FitEnd, FitOptions, Progress, Solver};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::trial::Report;

use crate::keys::{columns_of, report};
use crate::train::Training;

/// A long training is kept on the way when so much time has passed since it last was, and so many times what that took.
const SAVE_AFTER: Duration = Duration::from_secs(10);
const TIMES_ITS_COST: u32 = 20;

/// How far a training goes.
#[derive(Debug, Clone, PartialEq)]
pub struct FitPlan {
    /// Epoch to reach; schedules with an end are laid out for it.
    pub epochs: u32,
    /// Early stopping: ends after so many epochs in a row that are no better than the best.
    pub patience: Option<NonZeroU32>,
    /// Decay of the moving average of the weights, where it is another than the configuration's.
    pub ema_decay: Option<f64>,
    /// Threads to train on; the numbers are the same on any number.
    pub threads: NonZero<usize>,
    /// Column by which epochs are compared; one that is not reported of the validation set gives way to val_loss.
    pub metric: String,
}

/// Why a training does not begin.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FitError(String);

/// A training, as far as it is.
pub struct Fit {
    solver: Solver,
    options: FitOptions,
    kind: LabelKind,
    saved_at: Instant,
    saving_took: Duration,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Fitted {
    /// The epoch to reach was reached.
    Reached,
    /// No epoch was better for as long as patience lasted.
    NoLongerImproving,
    /// Somebody wanted it to stop; it can be gone on with.
    Stopped,
    /// The training loss was no finite number in this epoch.
    Diverged {
        /// The epoch.
        epoch: u32,
    },
}

/// Who is told of a training.
pub trait Listener {
    /// An epoch was completed, of a training that is new or is gone on with.
    fn epoch(&mut self, report: &Report);
    /// Whether to go on; asked after each step.
    fn goes_on(&self) -> bool;
}

impl Training {
    /// Prepares a training with `params` laid onto the configuration, and the random streams of `seed`.
    ///
    /// # Errors
    /// Where no network can be trained so.
    pub fn fit(&self, params: &Params, seed: u32, plan: &FitPlan) -> Result<Fit, FitError> {
        let epochs = Value::Integer(i64::from(plan.epochs));
        let decay = plan
            .ema_decay
            .map(|decay| ("ema_decay", Value::Float(decay)));
        let own = std::iter::once(("epochs", epochs)).chain(decay);
        let params: Params = params
            .iter()
            .filter(|(key, _)| *key != "ema_decay" || plan.ema_decay.is_none())
            .map(|(key, value)| (key, value.clone()))
            .chain(own)
            .map(|(key, value)| (Arc::from(key), value))
            .collect();
        let mut solver = self
            .solver(&params, seed)
            .map_err(|error| FitError(error.to_string()))?;
        solver
            .use_threads(plan.threads)
            .map_err(|error| FitError(error.to_string()))?;
        let reported = columns_of(self.label_kind());
        let criterion = Criterion::named(&plan.metric)
            .filter(|criterion| reported.iter().any(|column| column == criterion.name()))
            .unwrap_or(Criterion::ValLoss);
        solver.keep_best(criterion);
        Ok(Fit {
            solver,
            options: FitOptions {
                epochs: plan.epochs,
                patience: plan.patience,
                criterion,
                every_steps: 1,
            },
            kind: self.label_kind(),
            saved_at: now(),
            saving_took: Duration::ZERO,
        })
    }
}

impl Fit {
    /// Goes to where [`Fit::save`] left it.
    ///
    /// # Errors
    /// Where the file is not of this training, or damaged; the training is then as it was.
    pub fn restore(&mut self, path: &Path) -> Result<(), RestoreError> {
        self.solver.restore(path)
    }

    /// Keeps it, to be gone on with to the bit.
    ///
    /// # Errors
    /// Where the file cannot be written, or the training diverged.
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        self.solver.save(path)
    }

    /// Column by which epochs are compared.
    pub fn criterion(&self) -> &'static str {
        self.options.criterion.name()
    }

    /// Epochs completed.
    pub fn epoch(&self) -> u32 {
        self.solver.epoch()
    }

    /// What the network says before any training; of one that is gone on with, what it says now.
    pub fn untrained(&mut self) -> Report {
        report(&self.solver.untrained(), self.kind)
    }

    /// The epochs so far.
    pub fn history(&self) -> Vec<Report> {
        let epochs = self.solver.history().epochs.iter();
        epochs.map(|record| report(record, self.kind)).collect()
    }

    /// The best epoch so far.
    pub fn best(&self) -> Option<Report> {
        let best: Option<&EpochRecord> = self.solver.history().best(self.options.criterion);
        best.map(|record| report(record, self.kind))
    }

    /// Trains to the end, or as long as `listener` goes on, and keeps itself in the file `checkpoint` where that is given.
    ///
    /// # Errors
    /// Where the file cannot be written; the training is not lost by that and can be gone on with.
    pub fn run(
        &mut self,
        checkpoint: Option<&Path>,
        listener: &mut dyn Listener,
    ) -> Result<Fitted, SaveError> {
        let options = self.options;
        let (mut saved_at, mut saving_took) = (self.saved_at, self.saving_took);
        let mut problem = None;
        let end = self.solver.fit(&options, |solver, progress| {
            if let Progress::Epoch(record) = progress {
                listener.epoch(&report(&record, self.kind));
                let is_due = now() - saved_at > SAVE_AFTER.max(saving_took * TIMES_ITS_COST);
                if let Some(path) = checkpoint.filter(|_| is_due) {
                    let began = now();
                    problem = solver.save(path).err();
                    saved_at = now();
                    saving_took = saved_at - began;
                }
            }
            if problem.is_some() || !listener.goes_on() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        (self.saved_at, self.saving_took) = (saved_at, saving_took);
        if let Some(problem) = problem {
            return Err(problem);
        }
        let ended = match end {
            FitEnd::Reached => Fitted::Reached,
            FitEnd::NoLongerImproving => Fitted::NoLongerImproving,
            FitEnd::Stopped => Fitted::Stopped,
            FitEnd::Diverged(record) => Fitted::Diverged {
                epoch: record.epoch,
            },
        };
        if let Some(path) = checkpoint
            && !matches!(ended, Fitted::Diverged { .. })
        {
            self.solver.save(path)?;
        }
        Ok(ended)
    }

    /// The network with the weights of the best epoch; none where there is none.
    pub fn into_best(mut self) -> Option<Model> {
        self.solver.restore_best()?;
        Some(self.solver.model())
    }
}

/// A listener that hears nothing and stops when it is told to.
impl Listener for Interrupt {
    fn epoch(&mut self, _: &Report) {}

    fn goes_on(&self) -> bool {
        !self.is_raised()
    }
}

/// When to save changes no number.
fn now() -> Instant {
    Instant::now()
}
