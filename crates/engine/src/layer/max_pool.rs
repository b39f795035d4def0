//! 2×2 max pooling on its own.

use super::{Backward, Forward};
use crate::kernel::{MaxPoolBackward, MaxPoolForward, NO_MAXIMUM, Real};

/// y[i, j, c] = max(x[2i, 2j, c], x[2i, 2j+1, c], x[2i+1, 2j, c], x[2i+1, 2j+1, c]); an odd last
/// row or column is left out.
///
/// dx: each gradient goes to the (first) largest element of its window, 0 elsewhere.
/// - x: (N, height, width, channels), y: (N, height / 2, width / 2, channels), rounded down.
pub(crate) struct MaxPool {
    height: usize,
    width: usize,
    channels: usize,
    argmax: Vec<u8>,
}

impl MaxPool {
    pub(crate) fn new(height: usize, width: usize, channels: usize, capacity: usize) -> Self {
        let argmax = vec![NO_MAXIMUM; capacity * (height / 2) * (width / 2) * channels];
        Self {
            height,
            width,
            channels,
            argmax,
        }
    }

    fn pooled_len(&self) -> usize {
        (self.height / 2) * (self.width / 2) * self.channels
    }

    /// Which element of each window was the largest, for the first `n` samples.
    pub(super) fn argmax(&self, n: usize) -> &[u8] {
        &self.argmax[..n * self.pooled_len()]
    }

    pub(super) fn forward<T: Real>(&mut self, pass: Forward<'_, T>) {
        let pooled_len = self.pooled_len();
        for sample in 0..pass.n {
            pass.simd.run(MaxPoolForward {
                height: self.height,
                width: self.width,
                channels: self.channels,
                input: pass.x.row(sample),
                pooled: pass.y.row_mut(sample),
                argmax: &mut self.argmax[sample * pooled_len..][..pooled_len],
                relu: false,
            });
        }
    }

    pub(super) fn backward<T: Real>(&mut self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let pooled_len = self.pooled_len();
        for sample in 0..pass.n {
            pass.simd.run(MaxPoolBackward {
                height: self.height,
                width: self.width,
                channels: self.channels,
                dpooled: pass.dy.row(sample),
                argmax: &self.argmax[sample * pooled_len..][..pooled_len],
                dinput: dx.row_mut(sample),
                line_stride: self.width * self.channels,
                dbiases: None,
            });
        }
    }
}
