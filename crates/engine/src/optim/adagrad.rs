//! Gradients divided by the root of their sum of squares.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// s ← s + g²; w ← w − η g / (√s + ε).
///
/// Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
/// Stochastic Optimization", 2011, in the form of PyTorch's `Adagrad`.
pub(crate) struct Adagrad<T> {
    eps: f64,
    squares: Aligned<T>,
}

remembers!(Adagrad: squares);

impl<T: Real> Adagrad<T> {
    pub(super) fn new(eps: f64, n: usize) -> Self {
        Self {
            eps,
            squares: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = Summing {
            learning_rate: T::from_f64(part.step.learning_rate),
            eps: T::from_f64(self.eps),
        };
        part.apply(rule, [&mut self.squares]);
    }
}

#[derive(Clone, Copy)]
struct Summing<T> {
    learning_rate: T,
    eps: T,
}

impl<T: Real> Rule<T, 1> for Summing<T> {
    #[inline(always)]
    fn update(self, g: T, [s]: [&mut T; 1]) -> T {
        *s += g * g;
        -(self.learning_rate * g / (s.sqrt() + self.eps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the published formula, with lr 0.1 and eps 1e-10:
        //   def run(l2):
        //       w, s = 1.0, 0.0
        //       for g in [1, 1, -2]:
        //           g += l2 * w; s += g*g; w -= 0.1 * g / (s**0.5 + 1e-10); print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Adagrad,
            [
                (0.900_000_000_006_666_7, 0.900_000_000_01),
                (0.830_497_790_325_168, 0.829_289_321_896_345_3),
                (0.890_986_517_836_519_9, 0.910_938_979_985_784_5),
            ],
        );
    }
}
