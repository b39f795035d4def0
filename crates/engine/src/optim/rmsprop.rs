//! Gradients divided by their root mean square.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// s ← ρ s + (1 − ρ) g²; w ← w − η g / (√s + ε).
///
/// Source: G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012, in the form of
/// PyTorch's `RMSprop`.
pub(crate) struct Rmsprop<T> {
    rho: f64,
    eps: f64,
    mean_square: Aligned<T>,
}

remembers!(Rmsprop: mean_square);

impl<T: Real> Rmsprop<T> {
    pub(super) fn new(rho: f64, eps: f64, n: usize) -> Self {
        Self {
            rho,
            eps,
            mean_square: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = Forgetting {
            learning_rate: T::from_f64(part.step.learning_rate),
            rho: T::from_f64(self.rho),
            one_minus_rho: T::from_f64(1.0 - self.rho),
            eps: T::from_f64(self.eps),
        };
        part.apply(rule, [&mut self.mean_square]);
    }
}

#[derive(Clone, Copy)]
struct Forgetting<T> {
    learning_rate: T,
    rho: T,
    one_minus_rho: T,
    eps: T,
}

impl<T: Real> Rule<T, 1> for Forgetting<T> {
    #[inline(always)]
    fn update(self, g: T, [s]: [&mut T; 1]) -> T {
        *s = self.rho * *s + self.one_minus_rho * (g * g);
        -(self.learning_rate * g / (s.sqrt() + self.eps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the published formula, with lr 0.1, rho 0.99 and eps 1e-8:
        //   def run(l2):
        //       w, s = 1.0, 0.0
        //       for g in [1, 1, -2]:
        //           g += l2 * w; s = 0.99*s + 0.01*g*g; w -= 0.1 * g / (s**0.5 + 1e-8); print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Rmsprop,
            [
                (6.666_666_196_863_957e-8, 9.999_998_995_535_72e-8),
                (-0.556_630_255_146_497_4, -0.708_881_054_757_093_3),
                (0.230_121_602_242_292_6, 0.109_657_565_408_787_13),
            ],
        );
    }
}
