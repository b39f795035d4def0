//! Convolution, rectifier and 2×2 max pooling at once, which spares storing the convolution.

use super::batch::{Batch, pieces_if_wanted};
use super::conv_parts::{ConvFilters, ConvScratch, prepare_scratch};
use super::{Backward, Forward, Place};
use crate::kernel::{
    Aligned, Conv2dGeometry, Conv2dReluPoolForward, MaxPoolBackward, MaxPoolForward, NO_MAXIMUM,
    Real, copy_into_halo,
};
use crate::threads::{Threads, samples_per_piece};

/// y = max over 2×2 windows of max(0, x ∗ W + b); formulas in [`Conv2d`](super::Conv2d) and
/// [`MaxPool`](super::MaxPool).
///
/// Backward, each gradient goes to the element of its window that was the largest, if that was
/// above 0.
pub(crate) struct ConvReluPool<T> {
    filters: ConvFilters<T>,
    /// The inputs of the batch, each in its halo of zeros.
    padded: Batch<T>,
    /// With an image where the convolution is computed by tiles.
    scratch: Vec<ConvScratch<T>>,
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
        let filters = ConvFilters::new(geometry, first, place);
        let mut scratch = ConvScratch::new(&filters);
        if filters.are_tiled() {
            scratch.image = Aligned::zeros(geometry.height * geometry.width * geometry.n_filters);
        }
        Self {
            filters,
            padded: Batch::zeros(capacity, geometry.padded_len(geometry.channels)),
            scratch: vec![scratch],
            argmax: vec![NO_MAXIMUM; capacity * pooled_len],
            pooled_len,
        }
    }

    pub(super) fn prepare(&mut self, threads: &Threads, n: usize) {
        prepare_scratch(&mut self.scratch, threads, n);
    }

    /// Which element of each window was the largest, for the first `n` samples.
    pub(super) fn argmax(&self, n: usize) -> &[u8] {
        &self.argmax[..n * self.pooled_len]
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let (simd, n, parameters) = (pass.simd, pass.n, pass.parameters);
        self.filters.begin_forward(simd, parameters);
        let (filters, pooled_len) = (&self.filters, self.pooled_len);
        let geometry = filters.geometry;
        let per = samples_per_piece(n);
        let pieces = pass
            .x
            .pieces(n, per)
            .zip(self.padded.pieces_mut(n, per))
            .zip(pass.y.pieces_mut(n, per))
            .zip(self.argmax.chunks_mut(per * pooled_len));
        pass.threads.worth(filters.n_operations(n)).each_with(
            &mut self.scratch,
            pieces,
            |scratch, (((inputs, padded), outputs), argmax)| {
                let samples = inputs
                    .zip(padded)
                    .zip(outputs)
                    .zip(argmax.chunks_mut(pooled_len));
                for (((x, padded), pooled), argmax) in samples {
                    copy_into_halo(geometry, x, padded);
                    if filters.are_tiled() {
                        let ConvScratch { image, tiles, .. } = scratch;
                        filters.forward(simd, parameters, padded, image, tiles);
                        simd.run(MaxPoolForward {
                            height: geometry.height,
                            width: geometry.width,
                            channels: geometry.n_filters,
                            input: image,
                            pooled,
                            argmax,
                            relu: true,
                        });
                        continue;
                    }
                    simd.run(Conv2dReluPoolForward {
                        geometry,
                        padded,
                        weights: &parameters[filters.place.weights.clone()],
                        biases: &parameters[filters.place.biases.clone()],
                        pooled,
                        argmax,
                    });
                }
            },
        );
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let (simd, n, gradients) = (pass.simd, pass.n, pass.gradients);
        self.filters
            .begin_backward(simd, pass.parameters, gradients);
        let (filters, pooled_len) = (&self.filters, self.pooled_len);
        let geometry = filters.geometry;
        let (start, line_stride) = filters.gradients_start();
        let per = samples_per_piece(n);
        let pieces = self
            .padded
            .pieces(n, per)
            .zip(pass.dy.pieces(n, per))
            .zip(self.argmax.chunks(per * pooled_len))
            .zip(pieces_if_wanted(pass.dx, n, per));
        pass.threads.worth(filters.n_operations(n)).in_order(
            &mut self.scratch,
            pieces,
            |scratch, (((padded, gradients), argmax), inputs)| {
                scratch.clear();
                let samples = padded
                    .zip(gradients)
                    .zip(argmax.chunks(pooled_len))
                    .zip(inputs);
                for (((padded, dpooled), argmax), dx) in samples {
                    simd.run(MaxPoolBackward {
                        height: geometry.height,
                        width: geometry.width,
                        channels: geometry.n_filters,
                        dpooled,
                        argmax,
                        dinput: &mut scratch.dz_padded[start..],
                        line_stride,
                        dbiases: Some(&mut scratch.dbiases),
                    });
                    filters.backward(simd, padded, scratch, dx);
                }
            },
            |scratch| filters.add_gradients(simd, scratch, gradients),
        );
    }
}
