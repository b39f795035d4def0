//! Update rules, element by element: each reads a gradient g, adds the penalty's l2 · w, and moves
//! the weight.
//!
//! With `keep_update` the gradients are replaced by what was added to the weights, to be measured.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// w ← w − η (g + λ w).
pub(crate) struct SgdUpdate<'a, T> {
    /// w.
    pub(crate) weights: &'a mut [T],
    /// g.
    pub(crate) gradients: &'a mut [T],
    /// η.
    pub(crate) learning_rate: T,
    /// λ.
    pub(crate) l2: T,
    /// Whether the gradients are replaced by the update.
    pub(crate) keep_update: bool,
}

impl<T: Real> Kernel<T> for SgdUpdate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.weights.len(),
            self.gradients.len(),
            "weights and gradients differ in size"
        );
        for (w, g) in self.weights.iter_mut().zip(self.gradients) {
            let update = -(self.learning_rate * (*g + self.l2 * *w));
            *w += update;
            if self.keep_update {
                *g = update;
            }
        }
    }
}

/// v ← μ v − η (g + λ w); w ← w + v.
pub(crate) struct MomentumUpdate<'a, T> {
    /// w.
    pub(crate) weights: &'a mut [T],
    /// g.
    pub(crate) gradients: &'a mut [T],
    /// v.
    pub(crate) velocity: &'a mut [T],
    /// μ.
    pub(crate) momentum: T,
    /// η.
    pub(crate) learning_rate: T,
    /// λ.
    pub(crate) l2: T,
    /// Whether the gradients are replaced by the update.
    pub(crate) keep_update: bool,
}

impl<T: Real> Kernel<T> for MomentumUpdate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.weights.len(),
            self.gradients.len(),
            "weights and gradients differ in size"
        );
        assert_eq!(
            self.weights.len(),
            self.velocity.len(),
            "weights and velocity differ in size"
        );
        for ((w, g), v) in self
            .weights
            .iter_mut()
            .zip(self.gradients)
            .zip(self.velocity)
        {
            *v = self.momentum * *v - self.learning_rate * (*g + self.l2 * *w);
            *w += *v;
            if self.keep_update {
                *g = *v;
            }
        }
    }
}

/// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − η m̂ / (√v̂ + ε), with g including λ w.
pub(crate) struct AdamUpdate<'a, T> {
    /// w.
    pub(crate) weights: &'a mut [T],
    /// g.
    pub(crate) gradients: &'a mut [T],
    /// m.
    pub(crate) first_moment: &'a mut [T],
    /// v.
    pub(crate) second_moment: &'a mut [T],
    /// β₁.
    pub(crate) beta1: T,
    /// 1 − β₁.
    pub(crate) one_minus_beta1: T,
    /// β₂.
    pub(crate) beta2: T,
    /// 1 − β₂.
    pub(crate) one_minus_beta2: T,
    /// η / (1 − β₁ᵗ).
    pub(crate) corrected_rate: T,
    /// 1 / (1 − β₂ᵗ).
    pub(crate) second_correction: T,
    /// ε.
    pub(crate) eps: T,
    /// λ.
    pub(crate) l2: T,
    /// Whether the gradients are replaced by the update.
    pub(crate) keep_update: bool,
}

impl<T: Real> Kernel<T> for AdamUpdate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.weights.len(),
            self.gradients.len(),
            "weights and gradients differ in size"
        );
        assert_eq!(
            self.weights.len(),
            self.first_moment.len(),
            "weights and first moment differ in size"
        );
        assert_eq!(
            self.weights.len(),
            self.second_moment.len(),
            "weights and second moment differ in size"
        );
        let moments = self.first_moment.iter_mut().zip(self.second_moment);
        for ((w, gradient), (m, v)) in self.weights.iter_mut().zip(self.gradients).zip(moments) {
            let g = *gradient + self.l2 * *w;
            *m = self.beta1 * *m + self.one_minus_beta1 * g;
            *v = self.beta2 * *v + self.one_minus_beta2 * (g * g);
            let update =
                -(self.corrected_rate * *m / ((*v * self.second_correction).sqrt() + self.eps));
            *w += update;
            if self.keep_update {
                *gradient = update;
            }
        }
    }
}
