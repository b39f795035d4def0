//! A trained network, or several that predict together: what is left of a training when nothing but predictions is wanted.

use std::num::NonZero;

use thiserror::Error;

use crate::config::{LayerSpec, ModelConfig, ModelKind, TrainConfig};
use crate::data::{Columns, Preprocessing, Shape, Task};
use crate::kernel::{Real, Simd};
use crate::network::{Network, NetworkError, Sizes};
use crate::solver::Predictions;
use crate::threads::{Threads, ThreadsError};

/// Samples evaluated at a time.
const BATCH: usize = 128;

/// Predicts from samples as they are in a data file: what they went through in training is part of it.
///
/// Made by [`Solver::model`](crate::solver::Solver::model), written and read by [`export`](crate::export).
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use finetooth_engine::{config::TrainConfig, data, solver::{Part, Solver}};
///
/// let config = TrainConfig::default();
/// let raw = data::load(&config.data, 0)?;
/// let prepared = raw.preprocessed(config.data.preprocess)?;
/// let mut solver = Solver::new(&config, Arc::new(prepared), 0)?;
/// solver.train_epoch();
/// let mut model = solver.model();
/// assert_eq!(model.predict(&raw.validation.features), solver.predictions(Part::Validation));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Model {
    pub(crate) shape: Shape,
    pub(crate) columns: Option<Columns>,
    pub(crate) task: Task,
    pub(crate) members: Vec<Member>,
    threads: Threads,
}

/// One network of a [`Model`].
pub(crate) struct Member {
    /// How much it counts: a whole number, above 0.
    pub(crate) weight: u32,
    pub(crate) layers: Vec<LayerSpec>,
    pub(crate) preprocessing: Preprocessing,
    pub(crate) network: AnyNetwork,
}

/// A network of either precision.
pub(crate) enum AnyNetwork {
    F32(Network<f32>),
    F64(Network<f64>),
}

/// Why models do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnsembleError {
    /// There is none, or none counts.
    #[error("an ensemble has at least one member that counts")]
    Empty,
    /// They are of different data.
    #[error("the members of an ensemble predict the same of the same kind of samples")]
    Differ,
}

impl Model {
    /// A model of one network.
    pub(crate) fn of(
        shape: Shape,
        columns: Option<Columns>,
        task: Task,
        members: Vec<Member>,
    ) -> Self {
        Self {
            shape,
            columns,
            task,
            members,
            threads: Threads::default(),
        }
    }

    /// Several models as one, which predicts the mean of what they say, each as often as its weight; those with weight 0 are left
    /// out.
    ///
    /// # Errors
    /// See [`EnsembleError`].
    pub fn ensemble(models: impl IntoIterator<Item = (u32, Self)>) -> Result<Self, EnsembleError> {
        let mut models = models.into_iter().filter(|(weight, _)| *weight > 0);
        let (weight, mut whole) = models.next().ok_or(EnsembleError::Empty)?;
        whole.times(weight);
        for (weight, mut model) in models {
            let of = |model: &Self| (model.shape, model.columns.clone(), model.task.clone());
            if of(&model) != of(&whole) {
                return Err(EnsembleError::Differ);
            }
            model.times(weight);
            whole.members.append(&mut model.members);
        }
        Ok(whole)
    }

    fn times(&mut self, weight: u32) {
        for member in &mut self.members {
            member.weight = member.weight.saturating_mul(weight);
        }
    }

    /// Shape of one sample.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The columns of the table that samples are rows of, if they are.
    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// What is predicted.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Networks that predict together.
    pub fn n_members(&self) -> usize {
        self.members.len()
    }

    /// Whether a network of it has double precision.
    pub fn is_double(&self) -> bool {
        let is = |member: &Member| matches!(member.network, AnyNetwork::F64(_));
        self.members.iter().any(is)
    }

    /// From now on predicts on so many threads: the same numbers, sooner.
    ///
    /// # Errors
    /// See [`ThreadsError`].
    pub fn use_threads(&mut self, n: NonZero<usize>) -> Result<(), ThreadsError> {
        let threads = Threads::new(n)?;
        for member in &mut self.members {
            match &mut member.network {
                AnyNetwork::F32(network) => network.use_threads(&threads),
                AnyNetwork::F64(network) => network.use_threads(&threads),
            }
        }
        self.threads = threads;
        Ok(())
    }

    /// What it says of each sample: running statistics, no dropout.
    ///
    /// - `features`: (N, height, width, channels) as they are in a data file, not preprocessed; finite.
    ///
    /// # Panics
    /// If `features` are not whole samples.
    pub fn predict(&mut self, features: &[f32]) -> Predictions {
        let len = self.shape.len();
        assert!(features.len().is_multiple_of(len), "whole samples");
        let n_outputs = self.task.n_outputs();
        let total: u32 = self.members.iter().map(|member| member.weight).sum();
        let (task, threads, members) = (&self.task, &self.threads, &mut self.members);
        let mut values = Vec::with_capacity(features.len() / len * n_outputs);
        let mut said = Vec::with_capacity(BATCH * n_outputs);
        for batch in features.chunks(BATCH * len) {
            let first = values.len();
            for member in &mut *members {
                said.clear();
                threads.run(|| member.predict(batch, len, task, &mut said));
                let share = f64::from(member.weight) / f64::from(total);
                if values.len() == first {
                    values.extend(said.iter().map(|value| share * value));
                } else {
                    for (value, said) in values[first..].iter_mut().zip(&said) {
                        *value += share * said;
                    }
                }
            }
        }
        Predictions { values, n_outputs }
    }
}

impl Member {
    fn predict(&mut self, batch: &[f32], len: usize, task: &Task, said: &mut Vec<f64>) {
        let prepared = self.preprocessing.apply(batch);
        match &mut self.network {
            AnyNetwork::F32(network) => push_said(network, &prepared, len, task, said),
            AnyNetwork::F64(network) => push_said(network, &prepared, len, task, said),
        }
    }
}

fn push_said<T: Real>(
    network: &mut Network<T>,
    prepared: &[f32],
    len: usize,
    task: &Task,
    said: &mut Vec<f64>,
) {
    for (place, sample) in prepared.chunks_exact(len).enumerate() {
        network.load(place, sample);
    }
    let n = prepared.len() / len;
    network.evaluate(n);
    push_predictions(network, n, task, said);
}

/// What the first `n` scores of an evaluation say: of classes the probability of each, of a number the number.
pub(crate) fn push_predictions<T: Real>(
    network: &Network<T>,
    n: usize,
    task: &Task,
    said: &mut Vec<f64>,
) {
    let n_outputs = task.n_outputs();
    for row in 0..n {
        let scores = &network.scores().row(row)[..n_outputs];
        match task {
            Task::Classification { .. } => push_softmax(said, scores),
            Task::Regression { scale } => {
                said.push(scale.mean + scale.deviation * scores[0].to_f64());
            }
        }
    }
}

/// exp(sᵢ − max s) / Σⱼ exp(sⱼ − max s), in `f64`.
fn push_softmax<T: Real>(values: &mut Vec<f64>, scores: &[T]) {
    let scores = scores.iter().map(|score| score.to_f64());
    let largest = scores.clone().fold(f64::NEG_INFINITY, f64::max);
    let first = values.len();
    values.extend(scores.map(|score| libm::exp(score - largest)));
    let sum: f64 = values[first..].iter().sum();
    for value in &mut values[first..] {
        *value /= sum;
    }
}

/// A network of these layers for predictions alone, with all weights 0.
///
/// # Errors
/// See [`NetworkError`].
pub(crate) fn empty_network<T: Real>(
    layers: &[LayerSpec],
    shape: Shape,
    n_outputs: usize,
    simd: Simd,
) -> Result<Network<T>, NetworkError> {
    let sizes = Sizes {
        // Never trained; normalisations want two samples to build.
        training: 2,
        capacity: BATCH,
        n_buffers: 0,
    };
    Network::new(&listed_model(layers), shape, n_outputs, &sizes, simd)
}

/// The configuration of a network of these layers.
pub(crate) fn listed_model(layers: &[LayerSpec]) -> ModelConfig {
    ModelConfig {
        kind: ModelKind::Layers,
        layers: layers.to_vec(),
        ..TrainConfig::default().model
    }
}
