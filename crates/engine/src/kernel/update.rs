//! One step of an update rule over slices, written once for all rules.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// What an update rule does to one weight, with `N` numbers of memory for it.
pub(crate) trait Rule<T, const N: usize>: Copy + Send + Sync {
    /// What is to be added to the weight whose gradient is `g`; moves the weight's memory.
    ///
    /// Implementations are `#[inline(always)]` and made of additions, multiplications, divisions
    /// and square roots alone, which round the same everywhere: all instruction sets give the same
    /// bits.
    fn update(self, g: T, memory: [&mut T; N]) -> T;
}

/// w ← w + rule(g + λ₁ sign(w) + λ₂ w) − δ w, element by element, where sign(0) = 0.
///
/// With `keep_update` the gradients are replaced by what was added to the weights, to be measured.
pub(crate) struct WeightUpdate<'a, T, R, const N: usize> {
    /// The rule, with the constants of this step.
    pub(crate) rule: R,
    /// w.
    pub(crate) weights: &'a mut [T],
    /// g.
    pub(crate) gradients: &'a mut [T],
    /// The rule's memory, each as long as the weights.
    pub(crate) memory: [&'a mut [T]; N],
    /// λ₁, strength of the penalty on absolute values.
    pub(crate) l1: T,
    /// λ₂, strength of the penalty on squares.
    pub(crate) l2: T,
    /// δ, the share of the weight that decays apart from the rule.
    pub(crate) decay: T,
    /// Whether the gradients are replaced by the update.
    pub(crate) keep_update: bool,
}

impl<T: Real, R: Rule<T, N>, const N: usize> Kernel<T> for WeightUpdate<'_, T, R, N> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        if self.l1 > T::ZERO {
            self.update_all::<true>();
        } else {
            self.update_all::<false>();
        }
    }
}

impl<T: Real, R: Rule<T, N>, const N: usize> WeightUpdate<'_, T, R, N> {
    /// The loop, with or without λ₁, which costs time.
    #[inline(always)]
    fn update_all<const L1: bool>(mut self) {
        let n = self.weights.len();
        assert_eq!(
            n,
            self.gradients.len(),
            "weights and gradients differ in size"
        );
        for memory in &self.memory {
            assert_eq!(n, memory.len(), "weights and memory differ in size");
        }
        for i in 0..n {
            let w = self.weights[i];
            let mut g = self.gradients[i] + self.l2 * w;
            if L1 {
                g += if w > T::ZERO {
                    self.l1
                } else if w < T::ZERO {
                    -self.l1
                } else {
                    T::ZERO
                };
            }
            let memory = self.memory.each_mut().map(|memory| &mut memory[i]);
            let update = self.rule.update(g, memory) - self.decay * w;
            self.weights[i] = w + update;
            if self.keep_update {
                self.gradients[i] = update;
            }
        }
    }
}
