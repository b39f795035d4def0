//! Gradient descent with Nesterov's momentum.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// v ← μ v − η g; w ← w + μ v − η g: the step after next, with the gradient of here.
///
/// Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in Optimizing Recurrent
/// Networks", 2013, equations 6 and 7 (of Y. Nesterov's method of 1983); the CS231n notes write it
/// −μ v + (1 + μ) v', which is the same.
pub(crate) struct Nesterov<T> {
    momentum: f64,
    velocity: Aligned<T>,
}

remembers!(Nesterov: velocity);

impl<T: Real> Nesterov<T> {
    pub(super) fn new(momentum: f64, n: usize) -> Self {
        Self {
            momentum,
            velocity: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = LookingAhead {
            momentum: T::from_f64(self.momentum),
            learning_rate: T::from_f64(part.step.learning_rate),
        };
        part.apply(rule, [&mut self.velocity]);
    }
}

#[derive(Clone, Copy)]
struct LookingAhead<T> {
    momentum: T,
    learning_rate: T,
}

impl<T: Real> Rule<T, 1> for LookingAhead<T> {
    #[inline(always)]
    fn update(self, g: T, [v]: [&mut T; 1]) -> T {
        let descent = self.learning_rate * g;
        *v = self.momentum * *v - descent;
        self.momentum * *v - descent
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // Python, by the formula of PyTorch's SGD with nesterov=True, lr 0.1 and momentum 0.9:
        //   def run(l2):
        //       w, buf = 1.0, 0.0
        //       for g in [1, 1, -2]:
        //           g += l2 * w; buf = 0.9*buf + g; w -= 0.1 * (g + 0.9*buf); print(w)
        //   run(0.5); run(0.0)
        check(
            OptimizerKind::Nesterov,
            [(0.715, 0.81), (0.335_575, 0.539), (0.464_387_875, 0.765_1)],
        );
    }
}
