//! Pooling over windows of any size and stride; over one window as large as the image it is global.

use super::{Backward, Forward};
use crate::kernel::{
    Real, WindowGeometry, WindowMaxBackward, WindowMaxForward, WindowMeanBackward,
    WindowMeanForward,
};

/// y[i, j, c] = the largest of the window at (i·stride, j·stride); rows and columns that no window
/// reaches are left out.
///
/// dx: each gradient goes to the (first) largest element of its window.
/// - x: (N, height, width, channels), y: (N, rows, columns, channels).
pub(crate) struct WindowMaxPool {
    geometry: WindowGeometry,
    argmax: Vec<u32>,
}

impl WindowMaxPool {
    pub(crate) fn new(geometry: WindowGeometry, capacity: usize) -> Self {
        Self {
            geometry,
            argmax: vec![0; capacity * geometry.pooled_len()],
        }
    }

    /// Which pixel of each window was the largest, for the first `n` samples.
    pub(super) fn argmax(&self, n: usize) -> &[u32] {
        &self.argmax[..n * self.geometry.pooled_len()]
    }

    pub(super) fn forward<T: Real>(&mut self, pass: Forward<'_, T>) {
        let argmax = self.argmax.chunks_exact_mut(self.geometry.pooled_len());
        for (sample, argmax) in argmax.take(pass.n).enumerate() {
            pass.simd.run(WindowMaxForward {
                geometry: self.geometry,
                input: pass.x.row(sample),
                pooled: pass.y.row_mut(sample),
                argmax,
            });
        }
    }

    pub(super) fn backward<T: Real>(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        let argmax = self.argmax.chunks_exact(self.geometry.pooled_len());
        for (sample, argmax) in argmax.take(pass.n).enumerate() {
            pass.simd.run(WindowMaxBackward {
                geometry: self.geometry,
                dpooled: pass.dy.row(sample),
                argmax,
                dinput: dx.row_mut(sample),
            });
        }
    }
}

/// y[i, j, c] = mean of the window at (i·stride, j·stride).
///
/// dx: each gradient is spread evenly over its window.
/// - x: (N, height, width, channels), y: (N, rows, columns, channels).
pub(crate) struct AvgPool {
    geometry: WindowGeometry,
}

impl AvgPool {
    pub(crate) fn new(geometry: WindowGeometry) -> Self {
        Self { geometry }
    }

    pub(super) fn forward<T: Real>(&self, pass: Forward<'_, T>) {
        for sample in 0..pass.n {
            pass.simd.run(WindowMeanForward {
                geometry: self.geometry,
                input: pass.x.row(sample),
                pooled: pass.y.row_mut(sample),
            });
        }
    }

    pub(super) fn backward<T: Real>(&self, pass: Backward<'_, T>) {
        let Some(dx) = pass.dx else { return };
        for sample in 0..pass.n {
            pass.simd.run(WindowMeanBackward {
                geometry: self.geometry,
                dpooled: pass.dy.row(sample),
                dinput: dx.row_mut(sample),
            });
        }
    }
}
