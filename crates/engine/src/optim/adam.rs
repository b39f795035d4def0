//! Adaptive moments.

use super::{Step, l2_of};
use crate::kernel::{AdamUpdate, Aligned, Real};

/// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − η m̂ / (√v̂ + ε), where m̂ = m / (1 −
/// β₁ᵗ), v̂ = v / (1 − β₂ᵗ) after step t, and g includes the penalty's gradient λ w.
///
/// Source: D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
pub(crate) struct Adam<T> {
    beta1: f64,
    beta2: f64,
    eps: f64,
    n_steps: u64,
    first_moment: Aligned<T>,
    second_moment: Aligned<T>,
}

impl<T: Real> Adam<T> {
    pub(super) fn new(beta1: f64, beta2: f64, eps: f64, n: usize) -> Self {
        Self {
            beta1,
            beta2,
            eps,
            n_steps: 0,
            first_moment: Aligned::zeros(n),
            second_moment: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, step: Step<'_, T>) {
        self.n_steps += 1;
        let t = self.n_steps as f64;
        let corrected_rate = step.learning_rate / (1.0 - libm::pow(self.beta1, t));
        let second_correction = 1.0 / (1.0 - libm::pow(self.beta2, t));
        for tensor in step.tensors {
            step.simd.run(AdamUpdate {
                weights: &mut step.weights[tensor.range.clone()],
                gradients: &mut step.gradients[tensor.range.clone()],
                first_moment: &mut self.first_moment[tensor.range.clone()],
                second_moment: &mut self.second_moment[tensor.range.clone()],
                beta1: T::from_f64(self.beta1),
                one_minus_beta1: T::from_f64(1.0 - self.beta1),
                beta2: T::from_f64(self.beta2),
                one_minus_beta2: T::from_f64(1.0 - self.beta2),
                corrected_rate: T::from_f64(corrected_rate),
                second_correction: T::from_f64(second_correction),
                eps: T::from_f64(self.eps),
                l2: l2_of(step.l2, tensor),
                keep_update: step.keep_update,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Optimizer, reference_steps::check};
    use super::*;

    #[test]
    fn follows_the_formula() {
        // Python, by the published formula, with lr, b1, b2, eps = 0.1, 0.9, 0.999, 1e-8:
        //   def run(l2):
        //       w, m, v = 1.0, 0.0, 0.0
        //       for t, g in enumerate([1, 1, -2], 1):
        //           g += l2 * w; m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g
        //           w -= lr * (m / (1 - b1**t)) / ((v / (1 - b2**t))**0.5 + eps); print(w)
        //   run(0.5); run(0.0)
        let mut adam = Optimizer::Adam(Adam::new(0.9, 0.999, 1e-8, 2));
        check(
            &mut adam,
            [
                (0.900_000_000_666_666_6, 0.900_000_001),
                (0.800_102_708_422_077_5, 0.800_000_002_000_000_7),
                (0.777_737_072_465_854_3, 0.807_564_935_022_191_2),
            ],
        );
    }
}
