//! The training loop, and nothing else.

use std::sync::Arc;

use thiserror::Error;

use crate::clip::Clipping;
use crate::config::{Dtype, LabelKind, Loss, TrainConfig};
use crate::data::{AugmentError, Augmenter, Dataset, Samples, Targets, Task};
use crate::history::{EpochEnd, EpochRecord, Errors};
use crate::kernel::{Real, Simd};
use crate::loss::BatchLoss;
use crate::max_norm::MaxNorm;
use crate::network::{Network, NetworkError, Sizes, Summary, summarize};
use crate::optim::{Optimizer, Step};
use crate::penalty::{Penalties, squared_norm};
use crate::schedule::{LrSchedule, Moment, Plateau};
use crate::seed::{Purpose, Stream};

/// Trains one network, epoch by epoch, on the calling thread.
///
/// What it computes is a function of (configuration, data, seed, instruction set): the same bits
/// every time. Everything is allocated by [`Solver::new`]; epochs allocate nothing.
pub struct Solver {
    training: Precision,
    summary: Summary,
}

enum Precision {
    F32(Training<f32>),
    F64(Training<f64>),
}

/// Why a training cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SolverError {
    /// The network cannot be built for these data.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The images cannot be varied as asked.
    #[error(transparent)]
    Augment(#[from] AugmentError),
    /// The data have too few classes.
    #[error("the data have {n_classes} class(es); a classifier needs at least 2")]
    TooFewClasses {
        /// Classes found.
        n_classes: usize,
    },
    /// The loss is one of other labels.
    #[error(
        "loss = \"{loss}\" does not fit the {part} set, whose labels are {found}; accepted: {accepted}"
    )]
    WrongLoss {
        /// The loss's name.
        loss: &'static str,
        /// `training` or `validation`.
        part: &'static str,
        /// `classes` or `numbers`.
        found: &'static str,
        /// Names of losses that fit.
        accepted: &'static str,
    },
    /// A part of the data that is needed has no sample.
    #[error("the {part} set has no samples")]
    EmptyPart {
        /// `training` or `validation`.
        part: &'static str,
    },
    /// Features and targets of a part do not belong together.
    #[error("the {part} set has {n_features} values for {n_labels} samples of {per_sample}")]
    WrongLength {
        /// `training` or `validation`.
        part: &'static str,
        /// Feature values found.
        n_features: usize,
        /// Labels found.
        n_labels: usize,
        /// Values of one sample.
        per_sample: usize,
    },
    /// A label names no class.
    #[error("the {part} set has a label {label}, of {n_classes} classes counted from 0")]
    UnknownClass {
        /// `training` or `validation`.
        part: &'static str,
        /// The label found.
        label: u32,
        /// Classes of the data.
        n_classes: usize,
    },
}

impl Solver {
    /// Prepares a training on data that are preprocessed already, on the fastest instruction set of
    /// this processor.
    ///
    /// `seed` is the trial's: the weights and the order of the samples are drawn from it.
    ///
    /// # Errors
    /// See [`SolverError`].
    pub fn new(
        config: &TrainConfig,
        dataset: Arc<Dataset>,
        seed: u32,
    ) -> Result<Self, SolverError> {
        Self::on(Simd::detect(), config, dataset, seed)
    }

    /// As [`Solver::new`], on a given instruction set.
    ///
    /// # Errors
    /// See [`SolverError`].
    pub fn on(
        simd: Simd,
        config: &TrainConfig,
        dataset: Arc<Dataset>,
        seed: u32,
    ) -> Result<Self, SolverError> {
        if let Some(n_classes @ 0..2) = dataset.task.classes().map(<[String]>::len) {
            return Err(SolverError::TooFewClasses { n_classes });
        }
        let loss = config.train.loss;
        check_part(&dataset, &dataset.train, loss, "training")?;
        check_part(&dataset, &dataset.validation, loss, "validation")?;
        let summary = summarize(&config.model, dataset.shape, dataset.task.n_outputs())?;
        let training = match config.train.dtype {
            Dtype::F32 => Precision::F32(Training::new(simd, config, dataset, seed)?),
            Dtype::F64 => Precision::F64(Training::new(simd, config, dataset, seed)?),
        };
        Ok(Self { training, summary })
    }

    /// Shapes, parameter count and work of the network.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Epochs completed.
    pub fn epoch(&self) -> u32 {
        match &self.training {
            Precision::F32(training) => training.epoch,
            Precision::F64(training) => training.epoch,
        }
    }

    /// Validation figures of the network as it stands; meant for epoch 0, before any training.
    /// Training fields are NaN.
    pub fn untrained(&mut self) -> EpochRecord {
        match &mut self.training {
            Precision::F32(training) => training.untrained(),
            Precision::F64(training) => training.untrained(),
        }
    }

    /// Trains one epoch and evaluates the validation set; after a divergence it ends at once,
    /// unevaluated.
    ///
    /// floor(N / batch_size) steps in an order of its own; the samples left over are not used. A
    /// batch larger than the training set is the training set.
    pub fn train_epoch(&mut self) -> EpochEnd {
        match &mut self.training {
            Precision::F32(training) => training.train_epoch(),
            Precision::F64(training) => training.train_epoch(),
        }
    }
}

fn check_part(
    dataset: &Dataset,
    samples: &Samples,
    loss: Loss,
    part: &'static str,
) -> Result<(), SolverError> {
    let (n_labels, per_sample) = (samples.len(), dataset.shape.len());
    if n_labels == 0 {
        return Err(SolverError::EmptyPart { part });
    }
    if n_labels.checked_mul(per_sample) != Some(samples.features.len()) {
        return Err(SolverError::WrongLength {
            part,
            n_features: samples.features.len(),
            n_labels,
            per_sample,
        });
    }
    let (found, accepted) = match (&dataset.task, &samples.targets, loss.kind().label_kind()) {
        (Task::Classification { classes }, Targets::Labels(labels), LabelKind::Class) => {
            return check_labels(labels, classes.len(), part);
        }
        (Task::Regression { .. }, Targets::Values(_), LabelKind::Number) => return Ok(()),
        (_, Targets::Labels(_), _) => ("classes", "softmax, hinge"),
        (_, Targets::Values(_), _) => ("numbers", "mse, huber"),
    };
    Err(SolverError::WrongLoss {
        loss: loss.kind().name(),
        part,
        found,
        accepted,
    })
}

fn check_labels(labels: &[u32], n_classes: usize, part: &'static str) -> Result<(), SolverError> {
    match labels.iter().find(|label| **label as usize >= n_classes) {
        Some(&label) => Err(SolverError::UnknownClass {
            part,
            label,
            n_classes,
        }),
        None => Ok(()),
    }
}

/// Samples evaluated at a time, at least; more would not be faster, only larger.
const EVALUATION_BATCH: usize = 128;

struct Training<T> {
    simd: Simd,
    network: Network<T>,
    loss: Loss,
    optimizer: Optimizer<T>,
    schedule: LrSchedule,
    /// What the schedule remembers of the epochs so far.
    plateau: Plateau,
    learning_rate: f64,
    penalties: Penalties,
    weight_decay: f64,
    clipping: Clipping,
    max_norm: Option<MaxNorm>,
    dataset: Arc<Dataset>,
    /// How training samples are varied, if at all.
    augmenter: Option<Augmenter>,
    seed: u32,
    epoch: u32,
    /// Samples of a step.
    batch_size: usize,
    /// Samples that the network holds.
    capacity: usize,
    /// Training samples in the order of this epoch.
    order: Vec<u32>,
    /// What is to be predicted of the loaded samples.
    targets: Targets,
}

/// ‖last update‖ and ‖weights before it‖.
struct LastUpdate {
    update_norm: f64,
    weight_norm: f64,
}

impl<T: Real> Training<T> {
    fn new(
        simd: Simd,
        config: &TrainConfig,
        dataset: Arc<Dataset>,
        seed: u32,
    ) -> Result<Self, SolverError> {
        let settings = &config.train;
        let n_train = dataset.train.len();
        let batch_size = settings.batch_size.min(n_train);
        let capacity = batch_size.max(EVALUATION_BATCH.min(dataset.validation.len()));
        let sizes = Sizes {
            training: batch_size,
            capacity,
            n_buffers: Optimizer::<T>::n_buffers(settings.optimizer),
        };
        let mut network = Network::new(
            &config.model,
            dataset.shape,
            dataset.task.n_outputs(),
            &sizes,
            simd,
        )?;
        network.initialize(config.model.init, seed);
        Ok(Self {
            simd,
            optimizer: Optimizer::new(settings, network.parameters().len()),
            max_norm: MaxNorm::new(settings, network.tensors()),
            network,
            loss: settings.loss,
            schedule: settings.lr_schedule(),
            plateau: Plateau::default(),
            learning_rate: settings.learning_rate,
            penalties: Penalties::new(settings),
            weight_decay: settings.weight_decay,
            clipping: Clipping::new(settings),
            seed,
            epoch: 0,
            batch_size,
            capacity,
            order: vec![0; n_train],
            targets: dataset.train.targets.buffer(capacity),
            augmenter: Augmenter::new(config.data.augment, &dataset, seed)?,
            dataset,
        })
    }

    fn untrained(&mut self) -> EpochRecord {
        let mut record = self.unevaluated(BatchLoss::default(), 0, f64::NAN);
        self.validate(&mut record);
        record
    }

    fn train_epoch(&mut self) -> EpochEnd {
        self.epoch += 1;
        self.shuffle();
        let n_steps = self.n_steps();
        let mut total = BatchLoss::default();
        let mut update_ratio = f64::NAN;
        for step in 0..n_steps {
            let loss = self.step_loss(step);
            total += loss;
            if !total.sum.is_finite() {
                let n_seen = (step + 1) * self.batch_size;
                return EpochEnd::Diverged(self.unevaluated(total, n_seen, f64::NAN));
            }
            if step + 1 == n_steps {
                let LastUpdate {
                    update_norm,
                    weight_norm,
                } = self.measured_update(step);
                update_ratio = update_norm / weight_norm;
            } else {
                self.update(step, false);
            }
        }
        let mut record = self.unevaluated(total, n_steps * self.batch_size, update_ratio);
        self.validate(&mut record);
        self.plateau = self
            .schedule
            .after_epoch(self.plateau, self.epoch, record.val_loss);
        EpochEnd::Completed(record)
    }

    /// Steps of an epoch.
    fn n_steps(&self) -> usize {
        self.order.len() / self.batch_size
    }

    /// The learning rate at a step of this epoch.
    fn learning_rate_at(&self, step: usize) -> f64 {
        let moment = Moment {
            epoch: self.epoch,
            step,
            steps_per_epoch: self.n_steps(),
            n_falls: self.plateau.n_falls,
        };
        self.schedule.at(self.learning_rate, moment)
    }

    /// The order of an epoch depends on the seed and the epoch alone, not on the epochs before.
    fn shuffle(&mut self) {
        for (place, sample) in self.order.iter_mut().enumerate() {
            *sample = place as u32;
        }
        Stream::numbered(self.seed, Purpose::Shuffle, u64::from(self.epoch))
            .shuffle(&mut self.order);
    }

    /// Loads the batch of a step; its loss, and the gradients for the update.
    fn step_loss(&mut self, step: usize) -> BatchLoss {
        self.load_training(step);
        let steps_before = u64::from(self.epoch - 1) * self.n_steps() as u64;
        self.network
            .loss_and_gradients(self.loss, &self.targets, steps_before + step as u64)
    }

    /// Puts the samples of a step into the network's batch, varied as this epoch sees them.
    fn load_training(&mut self, step: usize) {
        let samples = &self.order[step * self.batch_size..][..self.batch_size];
        let idxs = samples.iter().map(|i| *i as usize);
        let train = &self.dataset.train;
        let Some(augmenter) = &mut self.augmenter else {
            return load(
                &mut self.network,
                &mut self.targets,
                &self.dataset,
                train,
                idxs,
            );
        };
        let len = self.dataset.shape.len();
        for (place, &sample) in samples.iter().enumerate() {
            let features = &train.features[sample as usize * len..][..len];
            let varied = augmenter.augmented(self.epoch, sample, features);
            self.network.load(place, varied);
        }
        self.targets.take(&train.targets, idxs);
    }

    fn update(&mut self, step: usize, keep_update: bool) {
        let learning_rate = self.learning_rate_at(step);
        let (tensors, weights, gradients) = self.network.update_parts();
        self.clipping.apply(self.simd, tensors, gradients);
        self.optimizer.update(Step {
            simd: self.simd,
            learning_rate,
            penalties: self.penalties,
            weight_decay: self.weight_decay,
            tensors,
            weights,
            gradients,
            keep_update,
        });
        if let Some(max_norm) = &mut self.max_norm {
            max_norm.apply(self.simd, tensors, weights);
        }
    }

    fn measured_update(&mut self, step: usize) -> LastUpdate {
        let weight_norm = squared_norm(self.network.tensors(), self.network.parameters()).sqrt();
        self.update(step, true);
        LastUpdate {
            update_norm: squared_norm(self.network.tensors(), self.network.gradients()).sqrt(),
            weight_norm,
        }
    }

    /// The figures of an epoch whose steps saw `n_seen` samples, validation left open; without any
    /// sample, that of the training too.
    fn unevaluated(&self, train: BatchLoss, n_seen: usize, update_ratio: f64) -> EpochRecord {
        let n = n_seen as f64;
        let mut record = EpochRecord {
            epoch: self.epoch,
            learning_rate: self.learning_rate_at(0),
            train_loss: train.sum / n,
            train_accuracy: f64::NAN,
            val_loss: f64::NAN,
            val_accuracy: f64::NAN,
            errors: None,
            update_ratio,
        };
        match self.dataset.task.scale() {
            None => record.train_accuracy = train.n_correct as f64 / n,
            Some(scale) => {
                record.errors = Some(Errors {
                    train_rmse: scale.deviation * (train.squared_errors / n).sqrt(),
                    train_mae: scale.deviation * (train.absolute_errors / n),
                    val_rmse: f64::NAN,
                    val_mae: f64::NAN,
                    val_r2: f64::NAN,
                });
            }
        }
        record
    }

    fn validate(&mut self, record: &mut EpochRecord) {
        let n_samples = self.dataset.validation.len();
        let mut total = BatchLoss::default();
        for first in (0..n_samples).step_by(self.capacity) {
            let samples = first..n_samples.min(first + self.capacity);
            load(
                &mut self.network,
                &mut self.targets,
                &self.dataset,
                &self.dataset.validation,
                samples,
            );
            total += self.network.loss(self.loss, &self.targets);
        }
        let n = n_samples as f64;
        record.val_loss = total.sum / n;
        match (&mut record.errors, self.dataset.task.scale()) {
            (Some(errors), Some(scale)) => {
                errors.val_rmse = scale.deviation * (total.squared_errors / n).sqrt();
                errors.val_mae = scale.deviation * (total.absolute_errors / n);
                errors.val_r2 = match self.dataset.validation.targets.squared_spread() {
                    0.0 => f64::NAN,
                    spread => 1.0 - total.squared_errors / spread,
                };
            }
            _ => record.val_accuracy = total.n_correct as f64 / n,
        }
    }
}

/// Puts samples and their targets into the network's batch.
fn load<T: Real>(
    network: &mut Network<T>,
    targets: &mut Targets,
    dataset: &Dataset,
    part: &Samples,
    samples: impl Iterator<Item = usize> + Clone,
) {
    let len = dataset.shape.len();
    for (place, sample) in samples.clone().enumerate() {
        network.load(place, &part.features[sample * len..][..len]);
    }
    targets.take(&part.targets, samples);
}

#[cfg(test)]
mod first_losses;
#[cfg(test)]
mod tests;
