//! Penalties on weights. Biases carry none.

use crate::config::TrainSettings;
use crate::kernel::{Real, Simd, SquaredNorm};
use crate::network::Tensor;

/// l1 · Σ|W| + ½ · l2 · ΣW² over all weights but biases; both together are the elastic net.
///
/// During training the penalties' gradient, l1 · sign(W) + l2 · W with sign(0) = 0, enters through
/// the update rule, which reads each weight anyway; the reported losses do not contain it.
///
/// Source: H. Zou and T. Hastie, "Regularization and Variable Selection via the Elastic Net", 2005.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Penalties {
    /// Strength of the absolute values.
    pub(crate) l1: f64,
    /// Strength of the squares.
    pub(crate) l2: f64,
}

impl Penalties {
    /// The strengths that the settings give.
    pub(crate) fn new(settings: &TrainSettings) -> Self {
        Self {
            l1: settings.l1,
            l2: settings.l2,
        }
    }

    /// What comes to the data loss.
    pub(crate) fn value<T: Real>(self, tensors: &[Tensor], weights: &[T]) -> f64 {
        let absolute = if self.l1 > 0.0 {
            self.l1 * sum_over_weights(tensors, weights, f64::abs)
        } else {
            0.0
        };
        absolute + 0.5 * self.l2 * sum_over_weights(tensors, weights, |weight| weight * weight)
    }

    /// Adds the penalties' gradients to those of all weights but biases.
    pub(crate) fn add_gradients<T: Real>(
        self,
        tensors: &[Tensor],
        weights: &[T],
        gradients: &mut [T],
    ) {
        let (l1, l2) = (T::from_f64(self.l1), T::from_f64(self.l2));
        for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
            for (gradient, weight) in gradients[tensor.range.clone()]
                .iter_mut()
                .zip(&weights[tensor.range.clone()])
            {
                *gradient += l2 * *weight;
                if *weight > T::ZERO {
                    *gradient += l1;
                } else if *weight < T::ZERO {
                    *gradient += -l1;
                }
            }
        }
    }
}

/// √Σ v² over the weights' places, without biases.
pub(crate) fn norm_over_weights<T: Real>(simd: Simd, tensors: &[Tensor], values: &[T]) -> f64 {
    let weights = tensors.iter().filter(|tensor| tensor.is_weight());
    let squares = weights.map(|tensor| {
        simd.run(SquaredNorm {
            values: &values[tensor.range.clone()],
        })
    });
    squares.sum::<f64>().sqrt()
}

/// Σ f(v) over the weights' places: eight interleaved partial sums, added in their order.
fn sum_over_weights<T: Real>(tensors: &[Tensor], values: &[T], of: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
        for values in values[tensor.range.clone()].chunks(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += of(value.to_f64());
            }
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Penalty on weights (3, −4, 0) and a bias of 100, and gradients of 1 with those of the penalty.
    #[track_caller]
    fn check(l1: f64, l2: f64, value: f64, expected: [f64; 4]) {
        let tensors = [
            Tensor::weight("linear_1.weights", 0..3, 1, false),
            Tensor::bias("linear_1.biases", 3..4),
        ];
        let weights = [3.0, -4.0, 0.0, 100.0];
        let penalties = Penalties { l1, l2 };
        assert!((penalties.value(&tensors, &weights) - value).abs() < 1e-14);
        let mut gradients = [1.0; 4];
        penalties.add_gradients(&tensors, &weights, &mut gradients);
        for (gradient, expected) in gradients.iter().zip(expected) {
            assert!((gradient - expected).abs() < 1e-15, "{gradients:?}");
        }
    }

    #[test]
    fn squares_pull_in_proportion() {
        // ½ · 0.1 · (3² + 4²) = 1.25; gradients 0.1 · 3 and 0.1 · −4.
        check(0.0, 0.1, 1.25, [1.3, 0.6, 1.0, 1.0]);
    }

    #[test]
    fn absolute_values_pull_evenly_and_not_at_0() {
        // 0.1 · (3 + 4) = 0.7.
        check(0.1, 0.0, 0.7, [1.1, 0.9, 1.0, 1.0]);
    }

    #[test]
    fn both_together_add_up() {
        check(0.1, 0.1, 1.95, [1.4, 0.5, 1.0, 1.0]);
    }
}
