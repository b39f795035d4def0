//! Convolution, rectifier and 2×2 max pooling at once, which spares storing the convolution.

use super::conv2d::ConvParts;
use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, Conv2dGeometry, Conv2dReluPoolForward, MaxPoolBackward, MaxPoolForward, NO_MAXIMUM,
    Real, copy_into_halo,
};

/// y = max over 2×2 windows of max(0, x ∗ W + b); formulas in [`Conv2d`](super::Conv2d) and
/// [`MaxPool`](super::MaxPool).
///
/// Backward, each gradient goes to the element of its window that was the largest, if that was
/// above 0.
pub(crate) struct ConvReluPool<T> {
    parts: ConvParts<T>,
    /// The convolution of one image, where it is computed by tiles; else empty.
    convolved: Aligned<T>,
    argmax: Vec<u8>,
    pooled_len: usize,
}

impl<T: Real> ConvReluPool<T> {
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        capacity: usize,
        first: bool,
        place: Place,
    ) -> Self {
        let (rows, columns) = geometry.pooled();
        let pooled_len = rows * columns * geometry.n_filters;
        let parts = ConvParts::new(geometry, capacity, first, place);
        let convolved_len = if parts.tiled.is_some() {
            geometry.height * geometry.width * geometry.n_filters
        } else {
            0
        };
        Self {
            parts,
            convolved: Aligned::zeros(convolved_len),
            argmax: vec![NO_MAXIMUM; capacity * pooled_len],
            pooled_len,
        }
    }

    /// Which element of each window was the largest, for the first `n` samples.
    pub(super) fn argmax(&self, n: usize) -> &[u8] {
        &self.argmax[..n * self.pooled_len]
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let parts = &mut self.parts;
        parts.begin_forward(pass.simd, pass.parameters);
        for sample in 0..pass.n {
            let padded = parts.padded.image_mut(sample);
            copy_into_halo(parts.geometry, pass.x.row(sample), padded);
            let argmax = &mut self.argmax[sample * self.pooled_len..][..self.pooled_len];
            if parts.tiled.is_some() {
                parts.forward_image(pass.simd, sample, pass.parameters, &mut self.convolved);
                pass.simd.run(MaxPoolForward {
                    height: parts.geometry.height,
                    width: parts.geometry.width,
                    channels: parts.geometry.n_filters,
                    input: &self.convolved,
                    pooled: pass.y.row_mut(sample),
                    argmax,
                    relu: true,
                });
                continue;
            }
            pass.simd.run(Conv2dReluPoolForward {
                geometry: parts.geometry,
                padded,
                weights: &pass.parameters[parts.place.weights.clone()],
                biases: &pass.parameters[parts.place.biases.clone()],
                pooled: pass.y.row_mut(sample),
                argmax,
            });
        }
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let Backward {
            simd,
            n,
            parameters,
            gradients,
            dy,
            mut dx,
            ..
        } = pass;
        let parts = &mut self.parts;
        parts.begin_backward(simd, parameters, gradients);
        let (start, line_stride) = parts.gradients_start();
        for sample in 0..n {
            let dpooled = dy.row(sample);
            let argmax = &self.argmax[sample * self.pooled_len..][..self.pooled_len];
            simd.run(MaxPoolBackward {
                height: parts.geometry.height,
                width: parts.geometry.width,
                channels: parts.geometry.n_filters,
                dpooled,
                argmax,
                dinput: &mut parts.dz_padded[start..],
                line_stride,
                dbiases: Some(&mut gradients[parts.place.biases.clone()]),
            });
            parts.backward_image(
                simd,
                sample,
                gradients,
                dx.as_mut().map(|dx| dx.row_mut(sample)),
            );
        }
        parts.end_backward(simd, gradients);
    }
}
