//! The whole loop over epochs: how far, when to stop, whom to tell.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use super::Solver;
use crate::history::{Criterion, EpochEnd, EpochRecord, StepRecord};

/// How long [`Solver::fit`] trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FitOptions {
    /// Epoch to reach, counted from the beginning of the training.
    pub epochs: u32,
    /// Early stopping: ends after so many epochs in a row that are no better than the best by
    /// `criterion`; `None`: never.
    pub patience: Option<NonZeroU32>,
    /// By which figure epochs are compared.
    pub criterion: Criterion,
    /// Tells the callback of every so-manyth step, counted from the beginning of the training, too;
    /// 0: of none.
    pub every_steps: u64,
}

impl FitOptions {
    /// To that epoch, without early stopping; the callback is told of epochs alone.
    pub fn to_epoch(epochs: u32) -> Self {
        Self {
            epochs,
            patience: None,
            criterion: Criterion::default(),
            every_steps: 0,
        }
    }
}

/// What the callback of [`Solver::fit`] is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// A step was made.
    Step(StepRecord),
    /// An epoch was completed.
    Epoch(EpochRecord),
}

/// How [`Solver::fit`] ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FitEnd {
    /// The epoch to reach was reached.
    Reached,
    /// No epoch was better for as long as patience lasted.
    NoLongerImproving,
    /// The callback asked to stop. The training can be saved and continued from here.
    Stopped,
    /// The training loss was not finite.
    Diverged(EpochRecord),
}

impl Solver {
    /// Trains until an epoch is reached, no epoch improves any more, the callback breaks off, or the
    /// training diverges.
    ///
    /// The callback may save the training. After a break within an epoch, [`Solver::fit`] or
    /// [`Solver::train_epoch`] go on with its next step.
    ///
    /// Patience is counted over the whole history, so that a training continued from a checkpoint ends
    /// where it would have ended.
    ///
    /// # Example
    /// ```
    /// use std::num::NonZeroU32;
    /// use std::ops::ControlFlow;
    /// use std::sync::Arc;
    /// use finetooth_engine::history::Criterion;
    /// use finetooth_engine::solver::{FitEnd, FitOptions, Progress, Solver};
    /// use finetooth_engine::{config::TrainConfig, data};
    ///
    /// let config = TrainConfig::default();
    /// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
    /// let mut solver = Solver::new(&config, Arc::new(digits), 0)?;
    /// solver.keep_best(Criterion::ValLoss);
    /// let options = FitOptions {
    ///     patience: NonZeroU32::new(2),
    ///     criterion: Criterion::ValLoss,
    ///     ..FitOptions::to_epoch(4)
    /// };
    /// let mut told = 0;
    /// let end = solver.fit(&options, |_, progress| {
    ///     if let Progress::Epoch(record) = progress {
    ///         told = record.epoch;
    ///     }
    ///     ControlFlow::Continue(())
    /// });
    /// assert!(matches!(end, FitEnd::Reached | FitEnd::NoLongerImproving));
    /// assert_eq!(told, solver.epoch());
    /// let best = solver.restore_best().unwrap();
    /// assert_eq!(solver.untrained().val_loss, best.val_loss);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(
        &mut self,
        options: &FitOptions,
        mut callback: impl FnMut(&Self, Progress) -> ControlFlow<()>,
    ) -> FitEnd {
        while self.epoch() < options.epochs {
            if self.is_out_of_patience(options) {
                return FitEnd::NoLongerImproving;
            }
            loop {
                let (step, end) = self.advance();
                let mut flow = ControlFlow::Continue(());
                if options.every_steps > 0 && step.step.is_multiple_of(options.every_steps) {
                    flow = callback(self, Progress::Step(step));
                }
                if let Some(EpochEnd::Diverged(record)) = end {
                    return FitEnd::Diverged(record);
                }
                if let Some(EpochEnd::Completed(record)) = end
                    && callback(self, Progress::Epoch(record)).is_break()
                {
                    flow = ControlFlow::Break(());
                }
                if flow.is_break() {
                    return FitEnd::Stopped;
                }
                if end.is_some() {
                    break;
                }
            }
        }
        FitEnd::Reached
    }

    fn is_out_of_patience(&self, options: &FitOptions) -> bool {
        options.patience.is_some_and(|patience| {
            self.history().epochs_since_best(options.criterion) >= patience.get()
        })
    }
}

#[cfg(test)]
mod tests;
