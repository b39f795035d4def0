//! What the network as it stands says of samples.

use super::{Solver, Training, load, with_training};
use crate::data::{Samples, Task};
use crate::kernel::Real;

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What the network learns from.
    Training,
    /// What choices are made by.
    Validation,
    /// What is looked at once.
    Test,
}

/// What a network says of N samples, in the order of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// (N, C) row-major: of classes the probabilities of each (softmax of the scores; of a hinge loss they rank the classes
    /// and promise nothing), of a number the number, in the label's unit.
    pub values: Vec<f64>,
    /// C; 1 of a number.
    pub n_outputs: usize,
}

impl Predictions {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_outputs
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is said of each sample: C values.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.n_outputs)
    }
}

impl Solver {
    /// What the network as it stands says of each sample of a part, evaluated as validation is: running statistics, no
    /// dropout. Changes nothing; the training may go on.
    pub fn predictions(&mut self, part: Part) -> Predictions {
        let threads = &self.threads;
        with_training!(&mut self.training, training => threads.run(|| training.predictions(part)))
    }
}

impl<T: Real> Training<T> {
    fn predictions(&mut self, part: Part) -> Predictions {
        let samples: &Samples = match part {
            Part::Training => &self.dataset.train,
            Part::Validation => &self.dataset.validation,
            Part::Test => &self.dataset.test,
        };
        let n_outputs = self.dataset.task.n_outputs();
        let mut values = Vec::with_capacity(samples.len() * n_outputs);
        for first in (0..samples.len()).step_by(self.capacity) {
            let batch = first..samples.len().min(first + self.capacity);
            let (network, targets) = (&mut self.network, &mut self.targets);
            load(network, targets, &self.dataset, samples, batch.clone());
            let _ = network.loss(self.loss, targets);
            for row in 0..batch.len() {
                let scores = network.scores().row(row);
                match &self.dataset.task {
                    Task::Classification { .. } => push_softmax(&mut values, &scores[..n_outputs]),
                    Task::Regression { scale } => {
                        values.push(scale.mean + scale.deviation * scores[0].to_f64());
                    }
                }
            }
        }
        Predictions { values, n_outputs }
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
