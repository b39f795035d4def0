//! What a convolution keeps when it is computed by Winograd's tiles.

use crate::kernel::winograd::{
    WinogradBackwardWeights, WinogradFilter, WinogradFilterGradient, WinogradForward, filter_len,
    scratch_len,
};
use crate::kernel::{Aligned, Conv2dGeometry, Real, Simd};

/// Transformed filters and scratch; formulas in [`winograd`](crate::kernel::winograd).
pub(super) struct TiledFilters<T> {
    geometry: Conv2dGeometry,
    forward: Aligned<T>,
    /// Turned around; empty where the gradients of the input are not wanted.
    backward: Aligned<T>,
    gradient: Aligned<T>,
    scratch: Aligned<T>,
}

impl<T: Real> TiledFilters<T> {
    pub(super) fn new(geometry: Conv2dGeometry, first: bool) -> Self {
        let len = filter_len(geometry);
        Self {
            geometry,
            forward: Aligned::zeros(len),
            backward: Aligned::zeros(if first { 0 } else { len }),
            gradient: Aligned::zeros(len),
            scratch: Aligned::zeros(scratch_len::<T>(geometry)),
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
    pub(super) fn forward(&mut self, simd: Simd, padded: &[T], biases: &[T], output: &mut [T]) {
        simd.run(WinogradForward {
            geometry: self.geometry,
            padded,
            filter: &self.forward,
            biases: Some(biases),
            output,
            scratch: &mut self.scratch,
        });
    }

    /// Clears the gradients, and transforms the filters that were turned around; `flipped` is empty
    /// where the gradients of the input are not wanted.
    pub(super) fn begin_backward(&mut self, simd: Simd, flipped: &[T]) {
        self.gradient.fill(T::ZERO);
        if !flipped.is_empty() {
            simd.run(WinogradFilter {
                weights: flipped,
                transformed: &mut self.backward,
            });
        }
    }

    /// Adds one image to the gradients of the filters, and computes those of the image.
    pub(super) fn backward(
        &mut self,
        simd: Simd,
        padded: &[T],
        dz_padded: &[T],
        dx: Option<&mut [T]>,
    ) {
        simd.run(WinogradBackwardWeights {
            geometry: self.geometry,
            padded,
            dz_padded,
            dfilter: &mut self.gradient,
            scratch: &mut self.scratch,
        });
        if let Some(dx) = dx {
            simd.run(WinogradForward {
                geometry: self.geometry.turned(),
                padded: dz_padded,
                filter: &self.backward,
                biases: None,
                output: dx,
                scratch: &mut self.scratch,
            });
        }
    }

    /// The gradients of the filters, overwritten, from the sum over all images.
    pub(super) fn end_backward(&mut self, simd: Simd, dweights: &mut [T]) {
        simd.run(WinogradFilterGradient {
            transformed: &self.gradient,
            dweights,
        });
    }
}
