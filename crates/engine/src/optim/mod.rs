//! Update rules: how gradients become steps. Each takes the learning rate as an argument and owns
//! only its own memory.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a step lends its buffers for one call"
)]

mod adam;
mod momentum;
mod sgd;

use crate::config::{OptimizerKind, TrainSettings};
use crate::kernel::{Real, Simd};
use crate::network::Tensor;

use adam::Adam;
use momentum::Momentum;

/// One step's arguments.
pub(crate) struct Step<'a, T> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Learning rate of this step.
    pub(crate) learning_rate: f64,
    /// Penalty strength; acts on weights, not on biases.
    pub(crate) l2: f64,
    /// Where weights and biases lie.
    pub(crate) tensors: &'a [Tensor],
    /// All weights and biases.
    pub(crate) weights: &'a mut [T],
    /// Gradients of the data loss, laid out as `weights`; replaced by the update if `keep_update`.
    pub(crate) gradients: &'a mut [T],
    /// Whether the update itself is wanted, to be measured.
    pub(crate) keep_update: bool,
}

/// An update rule with its memory.
pub(crate) enum Optimizer<T> {
    /// Plain gradient descent.
    Sgd,
    /// Gradient descent with a velocity.
    Momentum(Momentum<T>),
    /// Adaptive moments.
    Adam(Adam<T>),
}

impl<T: Real> Optimizer<T> {
    /// The rule that the settings name, for `n` weights and biases.
    pub(crate) fn new(settings: &TrainSettings, n: usize) -> Self {
        match settings.optimizer {
            OptimizerKind::Sgd => Self::Sgd,
            OptimizerKind::Momentum => Self::Momentum(Momentum::new(settings.momentum, n)),
            OptimizerKind::Adam => {
                Self::Adam(Adam::new(settings.beta1, settings.beta2, settings.eps, n))
            }
        }
    }

    /// Buffers of the size of all weights that a rule keeps.
    pub(crate) fn n_buffers(kind: OptimizerKind) -> usize {
        match kind {
            OptimizerKind::Sgd => 0,
            OptimizerKind::Momentum => 1,
            OptimizerKind::Adam => 2,
        }
    }

    /// Moves all weights and biases by one step.
    pub(crate) fn update(&mut self, step: Step<'_, T>) {
        match self {
            Self::Sgd => sgd::update(step),
            Self::Momentum(momentum) => momentum.update(step),
            Self::Adam(adam) => adam.update(step),
        }
    }
}

/// The penalty strength of a tensor.
fn l2_of<T: Real>(l2: f64, tensor: &Tensor) -> T {
    if tensor.is_weight {
        T::from_f64(l2)
    } else {
        T::ZERO
    }
}

#[cfg(test)]
mod reference_steps {
    use super::*;

    /// Takes steps on one weight and one bias, both at 1, both with gradient g = 1, 1, −2 in turn,
    /// at η = 0.1 and λ = 0.5, and compares with (w, b) after each.
    #[track_caller]
    pub(super) fn check(optimizer: &mut Optimizer<f64>, expected: [(f64, f64); 3]) {
        let tensors = [Tensor::weight("w", 0..1, 1, false), Tensor::bias("b", 1..2)];
        let mut weights = [1.0, 1.0];
        for (g, (w, b)) in [1.0, 1.0, -2.0].into_iter().zip(expected) {
            let mut gradients = [g, g];
            let before = weights;
            optimizer.update(Step {
                simd: Simd::detect(),
                learning_rate: 0.1,
                l2: 0.5,
                tensors: &tensors,
                weights: &mut weights,
                gradients: &mut gradients,
                keep_update: true,
            });
            assert!(
                (weights[0] - w).abs() < 1e-12 && (weights[1] - b).abs() < 1e-12,
                "{weights:?} is not {w}, {b}"
            );
            assert_eq!(
                [before[0] + gradients[0], before[1] + gradients[1]],
                weights
            );
        }
    }
}
