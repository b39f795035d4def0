//! The sign of a momentum.

use super::Part;
use super::memory::remembers;
use crate::kernel::{Aligned, Real, Rule};

/// w ← w − η sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g, where sign(0) = 0.
///
/// Every weight moves by η: good rates are 3 to 10 times smaller than Adam's, and good decays as
/// many times larger.
///
/// Source: X. Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2.
pub(crate) struct Lion<T> {
    beta1: f64,
    beta2: f64,
    momentum: Aligned<T>,
}

remembers!(Lion: momentum);

impl<T: Real> Lion<T> {
    pub(super) fn new(beta1: f64, beta2: f64, n: usize) -> Self {
        Self {
            beta1,
            beta2,
            momentum: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, part: Part<'_, T>) {
        let rule = Sign {
            learning_rate: T::from_f64(part.step.learning_rate),
            beta1: T::from_f64(self.beta1),
            one_minus_beta1: T::from_f64(1.0 - self.beta1),
            beta2: T::from_f64(self.beta2),
            one_minus_beta2: T::from_f64(1.0 - self.beta2),
        };
        part.apply(rule, [&mut self.momentum]);
    }
}

#[derive(Clone, Copy)]
struct Sign<T> {
    learning_rate: T,
    beta1: T,
    one_minus_beta1: T,
    beta2: T,
    one_minus_beta2: T,
}

impl<T: Real> Rule<T, 1> for Sign<T> {
    #[inline(always)]
    fn update(self, g: T, [m]: [&mut T; 1]) -> T {
        let direction = self.beta1 * *m + self.one_minus_beta1 * g;
        *m = self.beta2 * *m + self.one_minus_beta2 * g;
        if direction > T::ZERO {
            -self.learning_rate
        } else if direction < T::ZERO {
            self.learning_rate
        } else {
            // 0, or not a number, which must not be hidden.
            direction
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::{check, check_rule};
    use super::super::{Optimizer, Rule};
    use super::*;
    use crate::config::OptimizerKind;

    #[test]
    fn follows_the_formula() {
        // β₁ = 0.9, β₂ = 0.99. b: m = 0, 0.01, 0.0199, and 0.9 · 0.0199 − 0.1 · 2 < 0; w likewise.
        check(OptimizerKind::Lion, [(0.9, 0.9), (0.8, 0.8), (0.9, 0.9)]);
    }

    #[test]
    fn a_gradient_against_the_momentum_does_not_turn_it_at_once() {
        // β₁ = 0.9, β₂ = 0.1. b: m = 0, 0.9, 0.99, and 0.9 · 0.99 − 0.1 · 2 > 0; w: m = 0, 1.35,
        // 1.44, and 0.9 · 1.44 − 0.1 · 1.6 > 0.
        let mut lion = Optimizer::Lion(Lion::new(0.9, 0.1, 2));
        check_rule(&mut lion, 0.5, 0.0, [(0.9, 0.9), (0.8, 0.8), (0.7, 0.7)]);
    }

    #[test]
    fn no_direction_is_no_step_and_not_a_number_is_not_hidden() {
        let rule = Sign {
            learning_rate: 0.1,
            beta1: 0.9,
            one_minus_beta1: 0.1,
            beta2: 0.99,
            one_minus_beta2: 0.01,
        };
        assert_eq!(rule.update(0.0, [&mut 0.0]), 0.0);
        assert!(rule.update(f64::NAN, [&mut 0.0]).is_nan());
    }
}
