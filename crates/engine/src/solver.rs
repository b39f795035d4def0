//! The training loop, and nothing else.

mod average;
mod best;
mod error;
mod fit;
mod observe;
mod predict;
mod state;
mod update;

use std::num::NonZero;
use std::sync::{Arc, OnceLock};

use crate::clip::Clipping;
use crate::config::{Dtype, Loss, TrainConfig};
use crate::data::{Augmenter, Dataset, Samples, Targets};
use crate::history::{EpochEnd, EpochRecord, Errors, History, StepRecord};
use crate::kernel::{Real, Simd};
use crate::loss::BatchLoss;
use crate::max_norm::MaxNorm;
use crate::network::{Network, Sizes, Summary, summarize};
use crate::optim::Optimizer;
use crate::penalty::Penalties;
use crate::schedule::{LrSchedule, Moment, Plateau};
use crate::seed::{Purpose, Stream};
use crate::threads::{Threads, ThreadsError};

use average::Average;
use best::Best;
pub use error::SolverError;
pub(crate) use error::check_part;
pub use fit::{FitEnd, FitOptions, Progress};
pub use predict::{Part, Predictions};
use update::LastUpdate;

/// Trains one network, epoch by epoch, on the calling thread or on several.
///
/// What it computes is a function of (configuration, data, seed, instruction set): the same bits
/// every time, on any number of threads. Everything is allocated by [`Solver::new`]; epochs on one thread allocate
/// nothing.
///
/// [`Solver::fit`] is the whole loop, with early stopping; [`Solver::train_epoch`] one turn of it.
/// [`Solver::save`] and [`Solver::restore`] continue a training in another process to the bit.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use finetooth_engine::{config::TrainConfig, data, solver::Solver};
///
/// let mut config = TrainConfig::default();
/// config.train.epochs = 2;
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
/// let mut solver = Solver::new(&config, Arc::new(digits), 0)?;
/// let untrained = solver.untrained();
/// solver.train_epoch();
/// solver.train_epoch();
/// let last = &solver.history().epochs[1];
/// assert!(last.epoch == 2 && last.val_loss < untrained.val_loss);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Solver {
    training: Precision,
    threads: Threads,
    summary: Summary,
    config: TrainConfig,
    /// Of the data, once it was asked for: it reads all of them.
    fingerprint: OnceLock<u64>,
}

enum Precision {
    F32(Training<f32>),
    F64(Training<f64>),
}

/// Does the same with a training of either precision.
macro_rules! with_training {
    ($precision:expr, $training:ident => $value:expr) => {
        match $precision {
            $crate::solver::Precision::F32($training) => $value,
            $crate::solver::Precision::F64($training) => $value,
        }
    };
}
use with_training;

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
        Ok(Self {
            training,
            threads: Threads::default(),
            summary,
            config: config.clone(),
            fingerprint: OnceLock::new(),
        })
    }

    /// From now on trains on so many threads: the same numbers, sooner. Small networks do not gain.
    ///
    /// It is no part of what a checkpoint is of: a training may be continued on any number.
    ///
    /// # Errors
    /// See [`ThreadsError`].
    pub fn use_threads(&mut self, n: NonZero<usize>) -> Result<(), ThreadsError> {
        let threads = Threads::new(n)?;
        with_training!(&mut self.training, training => training.network.use_threads(&threads));
        self.threads = threads;
        Ok(())
    }

    /// Shapes, parameter count and work of the network.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Epochs completed.
    pub fn epoch(&self) -> u32 {
        self.history().epochs.len() as u32
    }

    /// The curves so far; they are part of a checkpoint.
    pub fn history(&self) -> &History {
        with_training!(&self.training, training => &training.history)
    }

    /// From now on, keeps each step's loss in the history: 8 bytes a step.
    pub fn keep_step_losses(&mut self) {
        with_training!(&mut self.training, training => training.keeps_step_losses = true);
    }

    /// Validation figures of the network as it stands; meant for epoch 0, before any training.
    /// Training fields are NaN.
    pub fn untrained(&mut self) -> EpochRecord {
        let threads = &self.threads;
        with_training!(&mut self.training, training => threads.run(|| training.untrained()))
    }

    /// Trains one epoch, or what is left of the one under way, and evaluates the validation set;
    /// after a divergence it ends at once, unevaluated.
    ///
    /// floor(N / batch_size) steps in an order of its own; the samples left over are not used. A
    /// batch larger than the training set is the training set.
    pub fn train_epoch(&mut self) -> EpochEnd {
        let threads = &self.threads;
        with_training!(&mut self.training, training => threads.run(|| training.train_epoch()))
    }

    /// Makes one step, the last of an epoch with what ends it.
    fn advance(&mut self) -> (StepRecord, Option<EpochEnd>) {
        let threads = &self.threads;
        with_training!(&mut self.training, training => threads.run(|| training.advance()))
    }
}

/// Samples evaluated at a time, at least; more would not be faster, only larger.
const EVALUATION_BATCH: usize = 128;

struct Training<T> {
    simd: Simd,
    network: Network<T>,
    optimizer: Optimizer<T>,
    loss: Loss,
    schedule: LrSchedule,
    /// What the schedule remembers of the epochs so far.
    plateau: Plateau,
    learning_rate: f64,
    penalties: Penalties,
    max_norm: Option<MaxNorm>,
    weight_decay: f64,
    clipping: Clipping,
    dataset: Arc<Dataset>,
    /// How training samples are varied, if at all.
    augmenter: Option<Augmenter>,
    seed: u32,
    /// The epoch under way, or the last one.
    epoch: u32,
    /// What the epoch under way has come to; `None` between epochs.
    running: Option<Running>,
    /// What forbids to continue, once it has happened.
    ended: Option<Ended>,
    history: History,
    keeps_step_losses: bool,
    best: Option<Best<T>>,
    /// What is evaluated in place of the weights.
    average: Option<Average<T>>,
    /// Samples of a step.
    batch_size: usize,
    /// Samples that the network holds.
    capacity: usize,
    /// Training samples in the order of this epoch.
    order: Vec<u32>,
    /// What is to be predicted of the loaded samples.
    targets: Targets,
}

/// Epochs whose records are allocated in advance, at most.
const RECORDS_IN_ADVANCE: u32 = 1024;

/// An epoch under way.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    /// Steps made.
    n_steps: usize,
    /// Of their samples.
    total: BatchLoss,
}

/// Why a training cannot be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Diverged,
    BestInPlace,
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
        let average = settings.ema_decay;
        let average = average.map(|decay| Average::new(decay, &network));
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
            running: None,
            ended: None,
            history: History {
                epochs: Vec::with_capacity(settings.epochs.min(RECORDS_IN_ADVANCE) as usize),
                step_losses: Vec::new(),
            },
            keeps_step_losses: false,
            best: None,
            average,
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

    fn begin_epoch(&mut self) -> Running {
        self.epoch += 1;
        self.shuffle();
        if self.keeps_step_losses {
            self.history.step_losses.reserve(self.n_steps());
        }
        Running::default()
    }

    fn train_epoch(&mut self) -> EpochEnd {
        loop {
            if let (_, Some(end)) = self.advance() {
                return end;
            }
        }
    }

    fn advance(&mut self) -> (StepRecord, Option<EpochEnd>) {
        let mut running = self.running.take().unwrap_or_else(|| self.begin_epoch());
        let (step, n_steps) = (running.n_steps, self.n_steps());
        let loss = self.begin_step(step);
        running.n_steps += 1;
        running.total += loss;
        let record = StepRecord {
            epoch: self.epoch,
            step: u64::from(self.epoch - 1) * n_steps as u64 + running.n_steps as u64,
            learning_rate: self.learning_rate_at(step),
            loss: loss.sum / self.batch_size as f64,
        };
        if self.keeps_step_losses {
            self.history.step_losses.push(record.loss);
        }
        let end = if !running.total.sum.is_finite() {
            self.ended = Some(Ended::Diverged);
            Some(EpochEnd::Diverged(self.trained(running, f64::NAN)))
        } else if running.n_steps == n_steps {
            Some(EpochEnd::Completed(self.complete_epoch(running)))
        } else {
            self.update(step);
            self.average(step);
            self.running = Some(running);
            None
        };
        (record, end)
    }

    /// The last update of an epoch, and what follows it.
    fn complete_epoch(&mut self, running: Running) -> EpochRecord {
        let LastUpdate {
            update_norm,
            weight_norm,
        } = self.measured_update(running.n_steps - 1);
        self.average(running.n_steps - 1);
        let mut record = self.trained(running, update_norm / weight_norm);
        self.validate(&mut record);
        self.plateau = self
            .schedule
            .after_epoch(self.plateau, self.epoch, record.val_loss);
        self.history.epochs.push(record);
        if let Some(mut best) = self.best.take() {
            best.look_at(&record, self.evaluated_state());
            self.best = Some(best);
        }
        record
    }

    /// The record of an epoch's training, its validation still open.
    fn trained(&self, running: Running, update_ratio: f64) -> EpochRecord {
        let n_seen = running.n_steps * self.batch_size;
        self.unevaluated(running.total, n_seen, update_ratio)
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

    /// Loads the batch of a step; its loss.
    fn begin_step(&mut self, step: usize) -> BatchLoss {
        self.load_training(step);
        let steps_before = u64::from(self.epoch - 1) * self.n_steps() as u64;
        self.network
            .begin_step(self.loss, &self.targets, steps_before + step as u64)
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
        self.evaluated(|training| training.validate_weights(record));
    }

    /// With the weights that are in place.
    fn validate_weights(&mut self, record: &mut EpochRecord) {
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
mod any_threads;
#[cfg(test)]
mod first_losses;
#[cfg(test)]
mod tests;
