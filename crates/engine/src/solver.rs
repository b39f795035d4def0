//! The training loop, and nothing else.

mod best;
mod error;
mod fit;
mod observe;
mod state;

use std::sync::{Arc, OnceLock};

use crate::clip::Clipping;
use crate::config::{Dtype, TrainConfig};
use crate::data::{Dataset, Samples};
use crate::history::{EpochEnd, EpochRecord, History, StepRecord};
use crate::kernel::{BatchLoss, Real, Simd};
use crate::network::{Network, NetworkError, Sizes, Summary, summarize};
use crate::optim::{Optimizer, Step};
use crate::penalty::squared_norm;
use crate::schedule::{LrSchedule, Moment};
use crate::seed::{Purpose, Stream};

use best::Best;
pub use error::SolverError;
pub(crate) use error::check_part;
pub use fit::{FitEnd, FitOptions, Progress};

/// Trains one network, epoch by epoch, on the calling thread.
///
/// What it computes is a function of (configuration, data, seed, instruction set): the same bits
/// every time. Everything is allocated by [`Solver::new`]; epochs allocate nothing.
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
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess);
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
        check_part(&dataset, &dataset.train, "training")?;
        check_part(&dataset, &dataset.validation, "validation")?;
        let summary = summarize(&config.model, dataset.shape, dataset.classes.len())?;
        let training = match config.train.dtype {
            Dtype::F32 => Precision::F32(Training::new(simd, config, dataset, seed)?),
            Dtype::F64 => Precision::F64(Training::new(simd, config, dataset, seed)?),
        };
        Ok(Self {
            training,
            summary,
            config: config.clone(),
            fingerprint: OnceLock::new(),
        })
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
        with_training!(&mut self.training, training => training.untrained())
    }

    /// Trains one epoch, or what is left of the one under way, and evaluates the validation set;
    /// after a divergence it ends at once, unevaluated.
    ///
    /// floor(N / batch_size) steps in an order of its own; the samples left over are not used. A
    /// batch larger than the training set is the training set.
    pub fn train_epoch(&mut self) -> EpochEnd {
        loop {
            if let (_, Some(end)) = self.advance() {
                return end;
            }
        }
    }

    /// Makes one step, the last of an epoch with what ends it.
    fn advance(&mut self) -> (StepRecord, Option<EpochEnd>) {
        with_training!(&mut self.training, training => training.advance())
    }
}

/// Samples evaluated at a time, at least; more would not be faster, only larger.
const EVALUATION_BATCH: usize = 128;

struct Training<T> {
    simd: Simd,
    network: Network<T>,
    optimizer: Optimizer<T>,
    schedule: LrSchedule,
    learning_rate: f64,
    l2: f64,
    weight_decay: f64,
    clipping: Clipping,
    dataset: Arc<Dataset>,
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
    /// Samples of a step.
    batch_size: usize,
    /// Samples that the network holds.
    capacity: usize,
    /// Training samples in the order of this epoch.
    order: Vec<u32>,
    /// Labels of the loaded samples.
    labels: Vec<u32>,
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
    ) -> Result<Self, NetworkError> {
        let settings = &config.train;
        let n_train = dataset.train.labels.len();
        let batch_size = settings.batch_size.min(n_train);
        let capacity = batch_size.max(EVALUATION_BATCH.min(dataset.validation.labels.len()));
        let sizes = Sizes {
            training: batch_size,
            capacity,
            n_buffers: Optimizer::<T>::n_buffers(settings.optimizer),
        };
        let mut network = Network::new(
            &config.model,
            dataset.shape,
            dataset.classes.len(),
            &sizes,
            simd,
        )?;
        network.initialize(config.model.init, seed);
        Ok(Self {
            simd,
            optimizer: Optimizer::new(settings, network.parameters().len()),
            network,
            schedule: settings.lr_schedule(),
            learning_rate: settings.learning_rate,
            l2: settings.l2,
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
            batch_size,
            capacity,
            order: vec![0; n_train],
            labels: Vec::with_capacity(capacity),
            dataset,
        })
    }

    fn untrained(&mut self) -> EpochRecord {
        let mut record = self.unevaluated(f64::NAN, f64::NAN, f64::NAN);
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

    fn advance(&mut self) -> (StepRecord, Option<EpochEnd>) {
        let mut running = self.running.take().unwrap_or_else(|| self.begin_epoch());
        let (step, n_steps) = (running.n_steps, self.n_steps());
        let loss = self.step_loss(step);
        running.n_steps += 1;
        running.total.sum += loss.sum;
        running.total.n_correct += loss.n_correct;
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
            self.update(step, false);
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
        let mut record = self.trained(running, update_norm / weight_norm);
        self.validate(&mut record);
        self.history.epochs.push(record);
        if let Some(best) = &mut self.best {
            best.look_at(&record, self.network.parameters());
        }
        record
    }

    /// The record of an epoch's training, its validation still open.
    fn trained(&self, running: Running, update_ratio: f64) -> EpochRecord {
        let n_seen = (running.n_steps * self.batch_size) as f64;
        let accuracy = running.total.n_correct as f64 / n_seen;
        self.unevaluated(running.total.sum / n_seen, accuracy, update_ratio)
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
        let samples = &self.order[step * self.batch_size..][..self.batch_size];
        load(
            &mut self.network,
            &mut self.labels,
            &self.dataset,
            &self.dataset.train,
            samples.iter().map(|i| *i as usize),
        );
        self.network.loss_and_gradients(&self.labels)
    }

    fn update(&mut self, step: usize, keep_update: bool) {
        let learning_rate = self.learning_rate_at(step);
        let (tensors, weights, gradients) = self.network.update_parts();
        self.clipping.apply(self.simd, tensors, gradients);
        self.optimizer.update(Step {
            simd: self.simd,
            learning_rate,
            l2: self.l2,
            weight_decay: self.weight_decay,
            tensors,
            weights,
            gradients,
            keep_update,
        });
    }

    fn measured_update(&mut self, step: usize) -> LastUpdate {
        let weight_norm = squared_norm(self.network.tensors(), self.network.parameters()).sqrt();
        self.update(step, true);
        LastUpdate {
            update_norm: squared_norm(self.network.tensors(), self.network.gradients()).sqrt(),
            weight_norm,
        }
    }

    fn unevaluated(&self, train_loss: f64, train_accuracy: f64, update_ratio: f64) -> EpochRecord {
        EpochRecord {
            epoch: self.epoch,
            learning_rate: self.learning_rate_at(0),
            train_loss,
            train_accuracy,
            val_loss: f64::NAN,
            val_accuracy: f64::NAN,
            update_ratio,
        }
    }

    fn validate(&mut self, record: &mut EpochRecord) {
        let n_samples = self.dataset.validation.labels.len();
        let mut total = BatchLoss::default();
        for first in (0..n_samples).step_by(self.capacity) {
            let samples = first..n_samples.min(first + self.capacity);
            load(
                &mut self.network,
                &mut self.labels,
                &self.dataset,
                &self.dataset.validation,
                samples,
            );
            let loss = self.network.loss(&self.labels);
            total.sum += loss.sum;
            total.n_correct += loss.n_correct;
        }
        record.val_loss = total.sum / n_samples as f64;
        record.val_accuracy = total.n_correct as f64 / n_samples as f64;
    }
}

/// Puts samples and their labels into the network's batch.
fn load<T: Real>(
    network: &mut Network<T>,
    labels: &mut Vec<u32>,
    dataset: &Dataset,
    part: &Samples,
    samples: impl Iterator<Item = usize>,
) {
    let len = dataset.shape.len();
    labels.clear();
    for (place, sample) in samples.enumerate() {
        network.load(place, &part.features[sample * len..][..len]);
        labels.push(part.labels[sample]);
    }
}

#[cfg(test)]
mod tests;
