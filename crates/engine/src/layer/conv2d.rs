//! The convolution on its own.

use super::conv_tiled::TiledFilters;
use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, Conv2dBackwardInput, Conv2dBackwardWeights, Conv2dForward, Conv2dGeometry, Real, Simd,
    copy_into_halo, flip_filter, winograd,
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
        inner.begin_forward(pass.simd, pass.parameters);
        for sample in 0..pass.n {
            let padded = inner.padded.image_mut(sample);
            copy_into_halo(inner.geometry, pass.x.row(sample), padded);
            inner.forward_image(pass.simd, sample, pass.parameters, pass.y.row_mut(sample));
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
        inner.begin_backward(simd, parameters, gradients);
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
        inner.end_backward(simd, gradients);
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
    /// Where that is the faster way.
    pub(super) tiled: Option<TiledFilters<T>>,
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
            tiled: winograd::wins(geometry).then(|| TiledFilters::new(geometry, first)),
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

    /// Copies an image (height, width, channels) into the first halo, for parts that keep one.
    pub(super) fn pad(&mut self, image: &[T]) {
        copy_into_halo(self.geometry, image, self.padded.image_mut(0));
    }

    /// Prepares the filters for the images of a batch.
    pub(super) fn begin_forward(&mut self, simd: Simd, parameters: &[T]) {
        if let Some(tiled) = &mut self.tiled {
            tiled.begin_forward(simd, &parameters[self.place.weights.clone()]);
        }
    }

    /// Convolves one image of `padded` into (height, width, filters).
    pub(super) fn forward_image(
        &mut self,
        simd: Simd,
        sample: usize,
        parameters: &[T],
        output: &mut [T],
    ) {
        let padded = self.padded.image(sample);
        let biases = &parameters[self.place.biases.clone()];
        if let Some(tiled) = &mut self.tiled {
            tiled.forward(simd, padded, biases, output);
        } else {
            simd.run(Conv2dForward {
                geometry: self.geometry,
                padded,
                weights: &parameters[self.place.weights.clone()],
                biases,
                output,
            });
        }
    }

    /// Clears the layer's gradients, which the images add to, and turns the filters around.
    pub(super) fn begin_backward(&mut self, simd: Simd, parameters: &[T], gradients: &mut [T]) {
        gradients[self.place.weights.clone()].fill(T::ZERO);
        gradients[self.place.biases.clone()].fill(T::ZERO);
        if !self.flipped.is_empty() {
            flip_filter(
                self.geometry,
                &parameters[self.place.weights.clone()],
                &mut self.flipped,
            );
        }
        if let Some(tiled) = &mut self.tiled {
            tiled.begin_backward(simd, &self.flipped);
        }
    }

    /// Adds one image to the gradients of the filters, and computes those of the image.
    pub(super) fn backward_image(
        &mut self,
        simd: Simd,
        sample: usize,
        gradients: &mut [T],
        dx: Option<&mut [T]>,
    ) {
        let padded = self.padded.image(sample);
        if let Some(tiled) = &mut self.tiled {
            tiled.backward(simd, padded, &self.dz_padded, dx);
            return;
        }
        simd.run(Conv2dBackwardWeights {
            geometry: self.geometry,
            padded,
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

    /// Completes the gradients of the filters after the last image.
    pub(super) fn end_backward(&mut self, simd: Simd, gradients: &mut [T]) {
        if let Some(tiled) = &mut self.tiled {
            tiled.end_backward(simd, &mut gradients[self.place.weights.clone()]);
        }
    }
}
