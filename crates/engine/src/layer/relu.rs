//! The rectifier on its own.

use super::{Backward, Forward};
use crate::kernel::{Real, ReluBackward, ReluForward};

/// y = max(0, x). Any shape.
pub(super) fn forward<T: Real>(pass: Forward<'_, T>) {
    pass.simd.run(ReluForward {
        x: pass.x.rows(pass.n),
        y: pass.y.rows_mut(pass.n),
    });
}

/// dx = dy where y > 0, else 0.
pub(super) fn backward<T: Real>(pass: Backward<'_, T>) {
    if let Some(dx) = pass.dx {
        let gradients = dx.rows_mut(pass.n);
        gradients.copy_from_slice(pass.dy.rows(pass.n));
        pass.simd.run(ReluBackward {
            y: pass.y.rows(pass.n),
            gradients,
        });
    }
}
