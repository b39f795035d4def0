//! Dropout, inverted: what is kept grows in training, so that nothing is done at evaluation.

use super::{Backward, Forward, Mode};
use crate::kernel::{Mask, Real, Simd};
use crate::seed::{Purpose, Stream};

/// Training: y = x / (1 − p) with probability 1 − p, else 0. Evaluation: y = x.
///
/// dx = dy / (1 − p) where x was kept, else 0. Any shape. p is a multiple of 2⁻¹⁶, the nearest one
/// to the rate that was asked for. The masks are a function of (seed, layer, step) alone, so that a
/// continued training draws those of an uninterrupted one.
///
/// Sources: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
/// Overfitting", 2014; the inverted form is that of the CS231n notes.
pub(crate) struct Dropout {
    /// p · 2¹⁶.
    dropped_below: u16,
    /// Which dropout of the network it is.
    layer: u16,
    len: usize,
    /// Random words of the last training pass, sample by sample.
    words: Vec<u16>,
}

/// How many values a random word has.
const WORDS: f64 = 65536.0;

/// Steps that masks are told apart for; the bits above number the layer.
const STEP_BITS: u32 = 48;

impl Dropout {
    /// - `rate`: p in 0..1, the share dropped; `len`: features of a sample.
    pub(crate) fn new(rate: f64, layer: u16, len: usize, training: usize) -> Self {
        Self {
            dropped_below: (rate * WORDS).round() as u16,
            layer,
            len,
            words: vec![0; training * len],
        }
    }

    pub(super) fn forward<T: Real>(&mut self, pass: Forward<'_, T>) {
        let Mode::Training { seed, step } = pass.mode else {
            pass.y.rows_mut(pass.n).copy_from_slice(pass.x.rows(pass.n));
            return;
        };
        let number = u64::from(self.layer) << STEP_BITS | step & ((1 << STEP_BITS) - 1);
        let words = &mut self.words[..pass.n * self.len];
        Stream::numbered(seed, Purpose::Dropout, number).fill(words);
        for sample in 0..pass.n {
            self.mask(
                pass.simd,
                sample,
                pass.x.row(sample),
                pass.y.row_mut(sample),
            );
        }
    }

    pub(super) fn backward<T: Real>(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        for sample in 0..pass.n {
            self.mask(pass.simd, sample, pass.dy.row(sample), dx.row_mut(sample));
        }
    }

    /// to = from / (1 − p) where the sample's element is kept, else 0.
    fn mask<T: Real>(&self, simd: Simd, sample: usize, from: &[T], to: &mut [T]) {
        let kept_share = 1.0 - f64::from(self.dropped_below) / WORDS;
        simd.run(Mask {
            words: &self.words[sample * self.len..][..self.len],
            dropped_below: self.dropped_below,
            scale: T::from_f64(1.0 / kept_share),
            from,
            to,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Simd;
    use crate::layer::Batch;
    use crate::threads::Threads;

    fn masked(rate: f64, layer: u16, seed: u32, step: u64) -> Vec<f64> {
        const LEN: usize = 5000;
        let (mut x, mut y) = (Batch::zeros(2, LEN), Batch::zeros(2, LEN));
        x.row_mut(0).fill(1.0);
        x.row_mut(1).fill(1.0);
        Dropout::new(rate, layer, LEN, 2).forward(Forward {
            simd: Simd::detect(),
            threads: &Threads::default(),
            n: 2,
            mode: Mode::Training { seed, step },
            parameters: &[],
            running: &mut [],
            x: &x,
            y: &mut y,
        });
        [y.row(0), y.row(1)].concat()
    }

    #[test]
    fn the_rate_is_the_share_dropped_and_the_mean_stays() {
        for rate in [0.0, 0.1, 0.5, 0.9] {
            let y = masked(rate, 0, 7, 3);
            let dropped = y.iter().filter(|value| **value == 0.0).count() as f64 / 1e4;
            // Standard deviation of the share: at most √(¼ / 10⁴) = 0.005.
            assert!((dropped - rate).abs() < 0.02, "{dropped} of {rate}");
            let kept = 1.0 / (1.0 - (rate * WORDS).round() / WORDS);
            assert!(y.iter().all(|value| *value == 0.0 || *value == kept));
        }
    }

    #[test]
    fn seeds_layers_and_steps_have_masks_of_their_own() {
        let masks = [(0, 7, 3), (1, 7, 3), (0, 8, 3), (0, 7, 4)]
            .map(|(layer, seed, step)| masked(0.5, layer, seed, step));
        for (place, mask) in masks.iter().enumerate() {
            assert!(!masks[..place].contains(mask));
        }
        assert_eq!(masks[3], masked(0.5, 0, 7, 4));
    }
}
