//! Elements kept or dropped by random words.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// to = scale · from where the word is not below `dropped_below`, else 0.
pub(crate) struct Mask<'a, T> {
    /// Uniform random words, one for each element.
    pub(crate) words: &'a [u16],
    /// The share dropped, times 2¹⁶.
    pub(crate) dropped_below: u16,
    /// What the others are multiplied by.
    pub(crate) scale: T,
    /// Any shape.
    pub(crate) from: &'a [T],
    /// As `from`, overwritten.
    pub(crate) to: &'a mut [T],
}

impl<T: Real> Kernel<T> for Mask<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let n = self.to.len();
        assert!(
            [self.words.len(), self.from.len()] == [n; 2],
            "words and elements differ in size"
        );
        for i in 0..n {
            let kept = self.from[i] * self.scale;
            self.to[i] = if self.words[i] < self.dropped_below {
                T::ZERO
            } else {
                kept
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference::on_every_simd;

    #[test]
    fn words_below_the_share_drop_and_the_others_grow() {
        // 37 elements, so that every instruction set has vectors and a rest.
        let words: Vec<u16> = (0..37).map(|i| i * 1771).collect();
        let from: Vec<f32> = (0..37).map(|i| i as f32).collect();
        on_every_simd(|simd| {
            let mut to = vec![9.0; 37];
            simd.run(Mask {
                words: &words,
                dropped_below: 1 << 14,
                scale: 4.0 / 3.0,
                from: &from,
                to: &mut to,
            });
            for i in 0..37 {
                let kept = if words[i] < 16384 { 0.0 } else { 4.0 / 3.0 };
                assert_eq!(to[i], from[i] * kept);
            }
        });
    }
}
