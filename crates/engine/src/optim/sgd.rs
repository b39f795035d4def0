//! Plain gradient descent.

use super::{Step, l2_of};
use crate::kernel::{Real, SgdUpdate};

/// w ← w − η (g + λ w).
pub(super) fn update<T: Real>(step: Step<'_, T>) {
    for tensor in step.tensors {
        step.simd.run(SgdUpdate {
            weights: &mut step.weights[tensor.range.clone()],
            gradients: &mut step.gradients[tensor.range.clone()],
            learning_rate: T::from_f64(step.learning_rate),
            l2: l2_of(step.l2, tensor),
            keep_update: step.keep_update,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Optimizer, reference_steps::check};

    #[test]
    fn follows_the_formula() {
        // w: 1 − 0.1 (1 + 0.5) = 0.85; 0.85 − 0.1 (1 + 0.425) = 0.7075; 0.7075 − 0.1 (−2 + 0.35375)
        // = 0.872125. b: 0.9, 0.8, 1.0.
        check(
            &mut Optimizer::Sgd,
            [(0.85, 0.9), (0.707_5, 0.8), (0.872_125, 1.0)],
        );
    }
}
