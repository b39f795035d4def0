//! Gradient descent with momentum.

use super::{Step, l2_of};
use crate::kernel::{Aligned, MomentumUpdate, Real};

/// v ← μ v − η (g + λ w); w ← w + v.
///
/// Source: B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, in
/// the form of the CS231n notes.
pub(crate) struct Momentum<T> {
    momentum: f64,
    velocity: Aligned<T>,
}

impl<T: Real> Momentum<T> {
    pub(super) fn new(momentum: f64, n: usize) -> Self {
        Self {
            momentum,
            velocity: Aligned::zeros(n),
        }
    }

    pub(super) fn update(&mut self, step: Step<'_, T>) {
        for tensor in step.tensors {
            step.simd.run(MomentumUpdate {
                weights: &mut step.weights[tensor.range.clone()],
                gradients: &mut step.gradients[tensor.range.clone()],
                velocity: &mut self.velocity[tensor.range.clone()],
                momentum: T::from_f64(self.momentum),
                learning_rate: T::from_f64(step.learning_rate),
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
        // μ = 0.9. b: v = −0.1, −0.19, 0.029, so 0.9, 0.71, 0.739. w: v = −0.15 → 0.85; −0.135 −
        // 0.1425 = −0.2775 → 0.5725; −0.24975 + 0.171375 = −0.078375 → 0.494125.
        let mut momentum = Optimizer::Momentum(Momentum::new(0.9, 2));
        check(
            &mut momentum,
            [(0.85, 0.9), (0.572_5, 0.71), (0.494_125, 0.739)],
        );
    }
}
