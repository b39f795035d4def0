//! Adaptive moments.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − η m̂ / (√v̂ + ε), where m̂ = m / (1 −
/// β₁ᵗ), v̂ = v / (1 − β₂ᵗ) after step t.
///
/// With weight decay this is AdamW.
///
/// Source: D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1;
/// I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
pub(crate) struct Adam<T> {
    beta1: f64,
    beta2: f64,
    eps: f64,
    n_steps: u64,
    first_moment: Aligned<T>,
    second_moment: Aligned<T>,
}

remembers!(Adam: first_moment, second_moment; counts: n_steps);

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

    pub(super) fn begin_step(&mut self) {
        self.n_steps += 1;
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let t = self.n_steps as f64;
        let corrected_rate = part.step.learning_rate / (1.0 - libm::pow(self.beta1, t));
        let second_correction = 1.0 / (1.0 - libm::pow(self.beta2, t));
        let rule = Moments {
            beta1: T::from_f64(self.beta1),
            one_minus_beta1: T::from_f64(1.0 - self.beta1),
            beta2: T::from_f64(self.beta2),
            one_minus_beta2: T::from_f64(1.0 - self.beta2),
            corrected_rate: T::from_f64(corrected_rate),
            second_correction: T::from_f64(second_correction),
            eps: T::from_f64(self.eps),
        };
        part.apply(rule, [&mut self.first_moment, &mut self.second_moment]);
    }
}

#[derive(Clone, Copy)]
struct Moments<T> {
    beta1: T,
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
    /// η / (1 − β₁ᵗ).
    corrected_rate: T,
    /// 1 / (1 − β₂ᵗ).
    second_correction: T,
    eps: T,
}

impl<T: Real> Rule<T, 2> for Moments<T> {
    #[inline(always)]
    fn update(self, g: T, [m, v]: [&mut T; 2]) -> T {
        *m = self.beta1 * *m + self.one_minus_beta1 * g;
        *v = self.beta2 * *v + self.one_minus_beta2 * (g * g);
        -(self.corrected_rate * *m / ((*v * self.second_correction).sqrt() + self.eps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::{check, check_decayed};
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the published formula, with lr, b1, b2, eps = 0.1, 0.9, 0.999, 1e-8:
        //   def run(l2):
        //       w, m, v = 1.0, 0.0, 0.0
        //       for t, g in enumerate([1, 1, -2], 1):
        //           g += l2 * w; m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g
        //           w -= lr * (m / (1 - b1**t)) / ((v / (1 - b2**t))**0.5 + eps); print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Adam,
            [
                (0.900_000_000_666_666_6, 0.900_000_001),
                (0.800_102_708_422_077_5, 0.800_000_002_000_000_7),
                (0.777_737_072_465_854_3, 0.807_564_935_022_191_2),
            ],
        );
    }

    #[test]
    fn decayed_weights_follow_the_formula_of_adamw() {
        // As above with `w *= 1 - lr * decay` for `g += l2 * w`, as in PyTorch's AdamW; decay 0.5
        // and 0.
        check_decayed(
            OptimizerKind::Adamw,
            [
                (0.850_000_001, 0.900_000_001),
                (0.707_500_001_950_000_5, 0.800_000_002_000_000_7),
                (0.679_689_934_874_691, 0.807_564_935_022_191_2),
            ],
        );
    }
}
