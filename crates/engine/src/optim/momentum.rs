//! Gradient descent with momentum.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// v ← μ v − η g; w ← w + v.
///
/// Source: B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, in
/// the form of the CS231n notes.
pub(crate) struct Momentum<T> {
    momentum: f64,
    velocity: Aligned<T>,
}

remembers!(Momentum: velocity);

impl<T: Real> Momentum<T> {
    pub(super) fn new(momentum: f64, n: usize) -> Self {
        Self {
            momentum,
            velocity: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = Rolling {
            momentum: T::from_f64(self.momentum),
            learning_rate: T::from_f64(part.step.learning_rate),
        };
        part.apply(rule, [&mut self.velocity]);
    }
}

#[derive(Clone, Copy)]
struct Rolling<T> {
    momentum: T,
    learning_rate: T,
}

impl<T: Real> Rule<T, 1> for Rolling<T> {
    #[inline(always)]
    fn update(self, g: T, [v]: [&mut T; 1]) -> T {
        *v = self.momentum * *v - self.learning_rate * g;
        *v
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::check;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // μ = 0.9. b: v = −0.1, −0.19, 0.029, so 0.9, 0.71, 0.739. w: v = −0.15 → 0.85; −0.135 −
        // 0.1425 = −0.2775 → 0.5725; −0.24975 + 0.171375 = −0.078375 → 0.494125.
        check(
            OptimizerKind::Momentum,
            [(0.85, 0.9), (0.572_5, 0.71), (0.494_125, 0.739)],
        );
    }
}
