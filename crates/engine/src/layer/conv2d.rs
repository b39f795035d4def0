//! The convolution on its own.

use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, Conv2dBackwardInput, Conv2dBackwardWeights, Conv2dForward, Conv2dGeometry, Real, Simd,
    copy_into_halo, flip_filter,
};

/// z[y, x, o] = b[o] + Σ W[i, j, c, o] · x[y + i − (k−1)/2, x + j − (k−1)/2, c], zero outside the
/// image; stride 1.
///
/// dW = x ⋆ dz, db = Σ dz, dx = dz ∗ W turned around.
/// - x: (N, height, width, channels), z: (N, height, width, filters), W: (k, k, channels, filters),
///   b: (filters).
pub(crate) struct Conv2d<T> {
    inner: ConvParts<T>,
}

impl<T: Real> Conv2d<T> {
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        capacity: usize,
        first: bool,
        place: Place,
    ) -> Self {
        Self {
            inner: ConvParts::new(geometry, capacity, first, place),
        }
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let inner = &mut self.inner;
        for sample in 0..pass.n {
            let padded = inner.padded.image_mut(sample);
            copy_into_halo(inner.geometry, pass.x.row(sample), padded);
            pass.simd.run(Conv2dForward {
                geometry: inner.geometry,
                padded,
                weights: &pass.parameters[inner.place.weights.clone()],
                biases: &pass.parameters[inner.place.biases.clone()],
                output: pass.y.row_mut(sample),
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
        let inner = &mut self.inner;
        inner.begin_backward(parameters, gradients);
        for sample in 0..n {
            let dz = dy.row(sample);
            let line = inner.geometry.width * inner.geometry.n_filters;
            let (start, line_stride) = inner.gradients_start();
            for (row, dz) in dz.chunks_exact(line).enumerate() {
                inner.dz_padded[start + row * line_stride..][..line].copy_from_slice(dz);
            }
            let dbiases = &mut gradients[inner.place.biases.clone()];
            for pixel in dz.chunks_exact(inner.geometry.n_filters) {
                dbiases
                    .iter_mut()
                    .zip(pixel)
                    .for_each(|(sum, gradient)| *sum += *gradient);
            }
            inner.backward_image(
                simd,
                sample,
                gradients,
                dx.as_mut().map(|dx| dx.row_mut(sample)),
            );
        }
    }
}

/// What both forms of the convolution keep: padded inputs of the batch and scratch for one image of
/// gradients.
pub(super) struct ConvParts<T> {
    pub(super) geometry: Conv2dGeometry,
    pub(super) place: Place,
    pub(super) padded: PaddedImages<T>,
    /// Gradients of one image's convolution, in a halo of zeros.
    pub(super) dz_padded: Aligned<T>,
    /// Filters turned around; empty where the gradients of the input are not wanted.
    flipped: Aligned<T>,
}

/// The images of a batch, each in its halo of zeros.
pub(super) struct PaddedImages<T> {
    values: Aligned<T>,
    len: usize,
}

impl<T: Real> PaddedImages<T> {
    fn image(&self, sample: usize) -> &[T] {
        &self.values[sample * self.len..][..self.len]
    }

    pub(super) fn image_mut(&mut self, sample: usize) -> &mut [T] {
        &mut self.values[sample * self.len..][..self.len]
    }
}

impl<T: Real> ConvParts<T> {
    pub(super) fn new(
        geometry: Conv2dGeometry,
        capacity: usize,
        first: bool,
        place: Place,
    ) -> Self {
        let len = Aligned::<T>::padded(geometry.padded_len(geometry.channels));
        Self {
            geometry,
            place,
            padded: PaddedImages {
                values: Aligned::zeros(capacity * len),
                len,
            },
            dz_padded: Aligned::zeros(geometry.padded_len(geometry.n_filters)),
            flipped: Aligned::zeros(if first { 0 } else { geometry.weights_len() }),
        }
    }

    /// Where the image starts in `dz_padded`, and the distance between its lines.
    pub(super) fn gradients_start(&self) -> (usize, usize) {
        let line_stride = self.geometry.padded_width() * self.geometry.n_filters;
        let before = self.geometry.gradient_halo_before();
        (
            before * line_stride + before * self.geometry.n_filters,
            line_stride,
        )
    }

    /// Clears the layer's gradients, which the images add to, and turns the filters around.
    pub(super) fn begin_backward(&mut self, parameters: &[T], gradients: &mut [T]) {
        gradients[self.place.weights.clone()].fill(T::ZERO);
        gradients[self.place.biases.clone()].fill(T::ZERO);
        if !self.flipped.is_empty() {
            flip_filter(
                self.geometry,
                &parameters[self.place.weights.clone()],
                &mut self.flipped,
            );
        }
    }

    /// Adds one image to the gradients of the filters, and computes those of the image.
    pub(super) fn backward_image(
        &self,
        simd: Simd,
        sample: usize,
        gradients: &mut [T],
        dx: Option<&mut [T]>,
    ) {
        simd.run(Conv2dBackwardWeights {
            geometry: self.geometry,
            padded: self.padded.image(sample),
            dz_padded: &self.dz_padded,
            dweights: &mut gradients[self.place.weights.clone()],
        });
        if let Some(dx) = dx {
            simd.run(Conv2dBackwardInput {
                geometry: self.geometry,
                dz_padded: &self.dz_padded,
                flipped: &self.flipped,
                dx,
            });
        }
    }
}
