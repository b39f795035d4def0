//! Plain gradient descent.

use super::Part;
use crate::kernel::{Real, Rule};

/// w ← w − η g.
pub(super) fn update<T: Real>(part: Part<'_, T>) {
    let rule = Descent {
        learning_rate: T::from_f64(part.step.learning_rate),
    };
    part.apply(rule, []);
}

#[derive(Clone, Copy)]
struct Descent<T> {
    learning_rate: T,
}

impl<T: Real> Rule<T, 0> for Descent<T> {
    #[inline(always)]
    fn update(self, g: T, []: [&mut T; 0]) -> T {
        -(self.learning_rate * g)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference_steps::{check, check_decayed};
    use crate::config::OptimizerKind::Sgd;

    #[test]
    fn follows_the_formula() {
        // w: 1 − 0.1 (1 + 0.5) = 0.85; 0.85 − 0.1 (1 + 0.425) = 0.7075; 0.7075 − 0.1 (−2 + 0.35375)
        // = 0.872125. b: 0.9, 0.8, 1.0.
        check(Sgd, [(0.85, 0.9), (0.707_5, 0.8), (0.872_125, 1.0)]);
    }

    #[test]
    fn weight_decay_is_a_penalty_of_its_strength() {
        // For plain descent −η λ w and −η (g + λ w) are one.
        check_decayed(Sgd, [(0.85, 0.9), (0.707_5, 0.8), (0.872_125, 1.0)]);
    }
}
