//! The weights of the best epoch, kept beside those that are trained.

use super::{Ended, Solver, Training, with_training};
use crate::history::{Criterion, EpochRecord};
use crate::kernel::{Aligned, Real};

/// The weights of the best epoch so far.
pub(super) struct Best<T> {
    pub(super) criterion: Criterion,
    /// Figures of that epoch; `None` where the weights are not those of any.
    pub(super) record: Option<EpochRecord>,
    pub(super) parameters: Aligned<T>,
    /// Statistics that normalisations keep.
    pub(super) running_statistics: Aligned<T>,
}

impl<T: Real> Best<T> {
    /// Copies the weights that an epoch led to, if it is the best.
    pub(super) fn look_at(&mut self, record: &EpochRecord, [parameters, running]: [&[T]; 2]) {
        if self.criterion.is_better(record, self.record.as_ref()) {
            self.record = Some(*record);
            self.parameters.copy_from_slice(parameters);
            self.running_statistics.copy_from_slice(running);
        }
    }
}

impl Solver {
    /// Keeps a copy of the weights of the best epoch, of those from now on; a copy kept so far is
    /// dropped.
    ///
    /// Costs one more buffer of the size of all weights, also in checkpoints.
    pub fn keep_best(&mut self, criterion: Criterion) {
        with_training!(&mut self.training, training => training.keep_best(criterion));
    }

    /// Puts the weights of the best epoch in place, and tells its figures; `None`, with the weights
    /// as they are, where none are kept.
    ///
    /// This ends the training: the update rule's memory is that of the last epoch, so that
    /// [`Solver::save`] refuses from then on.
    pub fn restore_best(&mut self) -> Option<EpochRecord> {
        with_training!(&mut self.training, training => training.restore_best())
    }
}

impl<T: Real> Training<T> {
    fn keep_best(&mut self, criterion: Criterion) {
        self.best = Some(Best {
            criterion,
            record: None,
            parameters: Aligned::zeros(self.network.parameters().len()),
            running_statistics: Aligned::zeros(self.network.running().len()),
        });
    }

    fn restore_best(&mut self) -> Option<EpochRecord> {
        let best = self.best.as_ref()?;
        let record = best.record?;
        let [parameters, running_statistics] = self.network.state_mut();
        parameters.copy_from_slice(&best.parameters);
        running_statistics.copy_from_slice(&best.running_statistics);
        self.average = None;
        self.running = None;
        self.ended = Some(Ended::BestInPlace);
        Some(record)
    }
}
