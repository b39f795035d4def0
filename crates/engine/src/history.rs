//! What one epoch of training leaves behind.

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
