//! Bounds on the gradients of a step, before the update rule sees them.

use crate::config::TrainSettings;
use crate::kernel::{Clamp, Real, Scale, Simd, SquaredNorm};
use crate::network::Tensor;

/// Bounds on the gradients of the data loss by all weights and biases; penalty and weight decay come
/// after them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clipping {
    /// Largest magnitude of a gradient: g ← min(max(g, −c), c).
    ///
    /// Source: PyTorch, `clip_grad_value_`.
    value: Option<f64>,
    /// Largest norm of all gradients together, biases too, after the above: g ← g · min(1, c /
    /// (‖g‖ + 1e-6)).
    ///
    /// Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural
    /// networks", 2013, algorithm 1; PyTorch, `clip_grad_norm_`.
    norm: Option<f64>,
}

impl Clipping {
    /// The bounds that the settings give.
    pub(crate) fn new(settings: &TrainSettings) -> Self {
        Self {
            value: settings.clip_value,
            norm: settings.clip_norm,
        }
    }

    /// Whether no bound is given.
    pub(crate) fn is_none(self) -> bool {
        self.value.is_none() && self.norm.is_none()
    }

    /// Brings the gradients within the bounds.
    pub(crate) fn apply<T: Real>(self, simd: Simd, tensors: &[Tensor], gradients: &mut [T]) {
        if let Some(limit) = self.value {
            for tensor in tensors {
                simd.run(Clamp {
                    values: &mut gradients[tensor.range.clone()],
                    limit: T::from_f64(limit),
                });
            }
        }
        if let Some(largest) = self.norm {
            let mut squares = 0.0;
            for tensor in tensors {
                squares += simd.run(SquaredNorm {
                    values: &gradients[tensor.range.clone()],
                });
            }
            let factor = largest / (f64::sqrt(squares) + 1e-6);
            // Not so for a norm that is no number, which the gradients then show themselves.
            if factor < 1.0 {
                for tensor in tensors {
                    simd.run(Scale {
                        values: &mut gradients[tensor.range.clone()],
                        factor: T::from_f64(factor),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients (3, −4) of weights and 12 of a bias, whose norm is 13, within the bounds.
    #[track_caller]
    fn check(value: Option<f64>, norm: Option<f64>, expected: [f64; 3]) {
        let tensors = [Tensor::weight("w", 0..2, 1, false), Tensor::bias("b", 2..3)];
        let mut gradients = [3.0, -4.0, 12.0];
        Clipping { value, norm }.apply(Simd::detect(), &tensors, &mut gradients);
        for (found, expected) in gradients.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{gradients:?} is not {expected:?}"
            );
        }
    }

    #[test]
    fn without_bounds_gradients_stay() {
        check(None, None, [3.0, -4.0, 12.0]);
    }

    #[test]
    fn each_gradient_is_brought_within_its_bound() {
        check(Some(3.5), None, [3.0, -3.5, 3.5]);
        check(Some(12.0), None, [3.0, -4.0, 12.0]);
    }

    #[test]
    fn the_norm_of_all_gradients_is_brought_to_its_bound() {
        let factor = 6.5 / (13.0 + 1e-6);
        check(
            None,
            Some(6.5),
            [3.0 * factor, -4.0 * factor, 12.0 * factor],
        );
        check(None, Some(13.1), [3.0, -4.0, 12.0]);
    }

    #[test]
    fn the_norm_is_that_of_gradients_within_their_bound() {
        // (3, −4, 4) has the norm √41.
        let factor = 1.0 / (f64::sqrt(41.0) + 1e-6);
        check(
            Some(4.0),
            Some(1.0),
            [3.0 * factor, -4.0 * factor, 4.0 * factor],
        );
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        for found in [f64::NAN, f64::INFINITY] {
            let tensors = [Tensor::weight("w", 0..2, 1, false)];
            let mut gradients = [found, 1.0];
            let clipping = Clipping {
                value: None,
                norm: Some(1.0),
            };
            clipping.apply(Simd::detect(), &tensors, &mut gradients);
            assert!(gradients[0].is_nan());
        }
    }
}
