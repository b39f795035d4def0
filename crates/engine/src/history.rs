//! What training leaves behind: figures of each epoch, and of steps where they are wanted.

/// Figures of one epoch. Losses are data losses per sample, without penalties: of softmax in nats, of
/// numbers in units of their standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochRecord {
    /// Epochs completed; 0: the untrained network.
    pub epoch: u32,
    /// Learning rate of this epoch's first step.
    pub learning_rate: f64,
    /// Running mean over the samples of the epoch, each seen before its batch's update; NaN at
    /// epoch 0.
    pub train_loss: f64,
    /// Share of those samples that were right, in [0, 1]; NaN at epoch 0, and where a number is
    /// predicted.
    pub train_accuracy: f64,
    /// Mean over the validation set after the epoch; NaN if the epoch diverged.
    pub val_loss: f64,
    /// Share of the validation set that is right after the epoch, in [0, 1]; NaN if the epoch
    /// diverged, and where a number is predicted.
    pub val_accuracy: f64,
    /// How far predictions are off, where a number is predicted.
    pub errors: Option<Errors>,
    /// ‖last update‖ / ‖weights before it‖ over all weights but biases; NaN at epoch 0. About 1e-3
    /// is usual.
    pub update_ratio: f64,
}

/// How far the predictions e = prediction − label of a number are off, in the label's own unit; NaN
/// as the losses are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// √(Σ e²/N) over the samples of the epoch, each seen before its batch's update.
    pub train_rmse: f64,
    /// Σ |e|/N over the same.
    pub train_mae: f64,
    /// √(Σ e²/N) over the validation set after the epoch.
    pub val_rmse: f64,
    /// Σ |e|/N over the same.
    pub val_mae: f64,
    /// 1 − Σ e²/Σ (y − ȳ)² over the same, ȳ the mean of its labels y: 1 is perfect, 0 as good as
    /// the mean. NaN where all labels are equal.
    ///
    /// Source: scikit-learn, `r2_score`.
    pub val_r2: f64,
}

impl EpochRecord {
    /// How many [`EpochRecord::figures`] there are.
    pub(crate) const N_FIGURES: usize = 13;

    /// Its figures in their order, the epoch among them, and whether it has errors.
    pub(crate) fn figures(&self) -> [f64; Self::N_FIGURES] {
        let errors = self.errors.map(|errors| {
            [
                errors.train_rmse,
                errors.train_mae,
                errors.val_rmse,
                errors.val_mae,
                errors.val_r2,
            ]
        });
        let [train_rmse, train_mae, val_rmse, val_mae, val_r2] = errors.unwrap_or([0.0; 5]);
        [
            f64::from(self.epoch),
            self.learning_rate,
            self.train_loss,
            self.train_accuracy,
            self.val_loss,
            self.val_accuracy,
            self.update_ratio,
            f64::from(u8::from(errors.is_some())),
            train_rmse,
            train_mae,
            val_rmse,
            val_mae,
            val_r2,
        ]
    }

    /// The record of [`EpochRecord::figures`].
    pub(crate) fn from_figures(figures: [f64; Self::N_FIGURES]) -> Self {
        let [
            epoch,
            learning_rate,
            train_loss,
            train_accuracy,
            val_loss,
            val_accuracy,
            update_ratio,
            has_errors,
            train_rmse,
            train_mae,
            val_rmse,
            val_mae,
            val_r2,
        ] = figures;
        let errors = Errors {
            train_rmse,
            train_mae,
            val_rmse,
            val_mae,
            val_r2,
        };
        Self {
            epoch: epoch as u32,
            learning_rate,
            train_loss,
            train_accuracy,
            val_loss,
            val_accuracy,
            errors: (has_errors > 0.0).then_some(errors),
            update_ratio,
        }
    }
}

/// How an epoch ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EpochEnd {
    /// All its steps were made.
    Completed(EpochRecord),
    /// The training loss of a step was not finite; the record holds the means up to and with that
    /// step.
    Diverged(EpochRecord),
}

impl EpochEnd {
    /// The epoch's figures.
    pub fn record(&self) -> &EpochRecord {
        match self {
            Self::Completed(record) | Self::Diverged(record) => record,
        }
    }
}

/// Figures of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepRecord {
    /// Epoch of the step, counted from 1.
    pub epoch: u32,
    /// Steps made since the beginning of the training, this one included.
    pub step: u64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Mean data loss of its batch, before its update.
    pub loss: f64,
}

/// The curves of a training.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// One record for each epoch completed, in order.
    pub epochs: Vec<EpochRecord>,
    /// Mean data loss of each step's batch, in order; empty unless they are kept.
    pub step_losses: Vec<f64>,
}

impl History {
    /// The epoch that is best by `criterion`; of equals the earliest. `None` where no epoch has a
    /// figure that is a number.
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::history::{Criterion, EpochRecord, History};
    ///
    /// let epoch = |epoch, val_accuracy| EpochRecord {
    ///     epoch,
    ///     learning_rate: 1e-3,
    ///     train_loss: 0.5,
    ///     train_accuracy: 0.8,
    ///     val_loss: 0.6,
    ///     val_accuracy,
    ///     errors: None,
    ///     update_ratio: 1e-3,
    /// };
    /// let history = History {
    ///     epochs: vec![epoch(1, 0.7), epoch(2, 0.9), epoch(3, 0.9)],
    ///     ..History::default()
    /// };
    /// assert_eq!(history.best(Criterion::ValAccuracy).map(|best| best.epoch), Some(2));
    /// assert_eq!(history.epochs_since_best(Criterion::ValAccuracy), 1);
    /// ```
    pub fn best(&self, criterion: Criterion) -> Option<&EpochRecord> {
        let mut best = None;
        for record in &self.epochs {
            if criterion.is_better(record, best) {
                best = Some(record);
            }
        }
        best
    }

    /// Epochs completed since the best one; all of them where none is best.
    pub fn epochs_since_best(&self, criterion: Criterion) -> u32 {
        let last = self.epochs.last().map_or(0, |record| record.epoch);
        last - self.best(criterion).map_or(0, |best| best.epoch)
    }
}

/// By which figure of the validation set epochs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Criterion {
    /// The larger accuracy.
    #[default]
    ValAccuracy,
    /// The smaller loss.
    ValLoss,
    /// The smaller root mean square error of a number.
    ValRmse,
    /// The smaller mean absolute error of a number.
    ValMae,
    /// The larger R² of a number.
    ValR2,
}

impl Criterion {
    const ALL: [Self; 5] = [
        Self::ValAccuracy,
        Self::ValLoss,
        Self::ValRmse,
        Self::ValMae,
        Self::ValR2,
    ];

    /// The criterion of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The figure's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValAccuracy => "val_accuracy",
            Self::ValLoss => "val_loss",
            Self::ValRmse => "val_rmse",
            Self::ValMae => "val_mae",
            Self::ValR2 => "val_r2",
        }
    }

    /// Whether a record is better than the best so far. A figure that is no number never is; of equals
    /// the first stays.
    pub(crate) fn is_better(self, record: &EpochRecord, best: Option<&EpochRecord>) -> bool {
        let value = self.value(record);
        best.map_or(!value.is_nan(), |best| value > self.value(best))
    }

    /// Larger is better.
    fn value(self, record: &EpochRecord) -> f64 {
        let of_number = |of: fn(&Errors) -> f64| record.errors.as_ref().map_or(f64::NAN, of);
        match self {
            Self::ValAccuracy => record.val_accuracy,
            Self::ValLoss => -record.val_loss,
            Self::ValRmse => -of_number(|errors| errors.val_rmse),
            Self::ValMae => -of_number(|errors| errors.val_mae),
            Self::ValR2 => of_number(|errors| errors.val_r2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which epoch is the best of those with these losses, and how many passed since.
    #[track_caller]
    fn check(losses: &[f64], expected: Option<u32>, since: u32) {
        let record = |(idx, loss): (usize, &f64)| {
            let mut figures = [0.0; EpochRecord::N_FIGURES];
            (figures[0], figures[4]) = (idx as f64 + 1.0, *loss);
            EpochRecord::from_figures(figures)
        };
        let history = History {
            epochs: losses.iter().enumerate().map(record).collect(),
            step_losses: Vec::new(),
        };
        let best = history.best(Criterion::ValLoss);
        assert_eq!(best.map(|best| best.epoch), expected);
        assert_eq!(history.epochs_since_best(Criterion::ValLoss), since);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_the_lowest_loss() {
        check(&[3.0, 1.0, 2.0], Some(2), 1);
        check(&[3.0, 1.0, 1.0], Some(2), 1);
        check(&[1.0], Some(1), 0);
        check(&[2.0, f64::NEG_INFINITY], Some(2), 0);
    }

    #[test]
    fn not_a_number_is_never_best() {
        check(&[f64::NAN, 2.0, f64::NAN], Some(2), 1);
        check(&[f64::NAN, f64::NAN], None, 2);
    }

    #[test]
    fn without_epochs_none_is_best() {
        check(&[], None, 0);
    }

    #[test]
    fn figures_hold_the_whole_record() {
        let figures = [
            7.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0, 2.1, 2.2, 2.3, 2.4, 2.5,
        ];
        assert_eq!(EpochRecord::from_figures(figures).figures(), figures);
        let mut without_errors = [0.0; EpochRecord::N_FIGURES];
        without_errors[..7].copy_from_slice(&figures[..7]);
        let record = EpochRecord::from_figures(without_errors);
        assert_eq!((record.errors, record.figures()), (None, without_errors));
    }
}
