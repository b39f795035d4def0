//! What a convolution keeps when it is computed by Winograd's tiles.

use crate::kernel::winograd::{
    WinogradBackwardWeights, WinogradFilter, WinogradForward, filter_len,
};
use crate::kernel::{Aligned, Conv2dGeometry, Real, Simd};

/// Transformed filters; formulas in [`winograd`](crate::kernel::winograd).
///
/// `tiles` is always scratch of [`scratch_len`](crate::kernel::winograd::scratch_len) elements.
pub(super) struct TiledFilters<T> {
    geometry: Conv2dGeometry,
    forward: Aligned<T>,
    /// Turned around; empty where the gradients of the input are not wanted.
    backward: Aligned<T>,
}

impl<T: Real> TiledFilters<T> {
    pub(super) fn new(geometry: Conv2dGeometry, first: bool) -> Self {
        let len = filter_len(geometry);
        Self {
            geometry,
            forward: Aligned::zeros(len),
            backward: Aligned::zeros(if first { 0 } else { len }),
        }
    }

    /// Transforms the filters, [3][3][channel][filter].
    pub(super) fn begin_forward(&mut self, simd: Simd, weights: &[T]) {
        simd.run(WinogradFilter {
            weights,
            transformed: &mut self.forward,
        });
    }

    /// z = x ∗ W + b of one image in its halo.
    pub(super) fn forward(
        &self,
        simd: Simd,
        padded: &[T],
        biases: &[T],
        output: &mut [T],
        tiles: &mut [T],
    ) {
        simd.run(WinogradForward {
            geometry: self.geometry,
            padded,
            filter: &self.forward,
            biases: Some(biases),
            output,
            scratch: tiles,
        });
    }

    /// Transforms the filters that were turned around.
    pub(super) fn begin_backward(&mut self, simd: Simd, flipped: &[T]) {
        simd.run(WinogradFilter {
            weights: flipped,
            transformed: &mut self.backward,
        });
    }

    /// Adds one image to `dfilter`, the gradients of the transformed filters.
    pub(super) fn backward_weights(
        &self,
        simd: Simd,
        padded: &[T],
        dz_padded: &[T],
        dfilter: &mut [T],
        tiles: &mut [T],
    ) {
        simd.run(WinogradBackwardWeights {
            geometry: self.geometry,
            padded,
            dz_padded,
            dfilter,
            scratch: tiles,
        });
    }

    /// The gradients of one image.
    pub(super) fn backward_input(
        &self,
        simd: Simd,
        dz_padded: &[T],
        dx: &mut [T],
        tiles: &mut [T],
    ) {
        simd.run(WinogradForward {
            geometry: self.geometry.turned(),
            padded: dz_padded,
            filter: &self.backward,
            biases: None,
            output: dx,
            scratch: tiles,
        });
    }
}
