//! The convolution on its own.

use super::batch::{Batch, pieces_if_wanted};
use super::conv_parts::{ConvFilters, ConvScratch, prepare_scratch};
use super::{Backward, Forward, Place};
use crate::kernel::{Conv2dGeometry, Real, copy_into_halo};
use crate::threads::{Threads, samples_per_piece};

/// z[y, x, o] = b[o] + Σ W[i, j, c, o] · x[y + i − (k−1)/2, x + j − (k−1)/2, c], zero outside the
/// image; stride 1.
///
/// dW = x ⋆ dz, db = Σ dz, dx = dz ∗ W turned around. dW and db are summed over each piece of the
/// batch, then over the pieces.
/// - x: (N, height, width, channels), z: (N, height, width, filters), W: (k, k, channels, filters),
///   b: (filters).
pub(crate) struct Conv2d<T> {
    filters: ConvFilters<T>,
    /// The inputs of the batch, each in its halo of zeros.
    padded: Batch<T>,
    scratch: Vec<ConvScratch<T>>,
}

impl<T: Real> Conv2d<T> {
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        capacity: usize,
        first: bool,
        place: Place,
    ) -> Self {
        let filters = ConvFilters::new(geometry, first, place);
        Self {
            padded: Batch::zeros(capacity, geometry.padded_len(geometry.channels)),
            scratch: vec![ConvScratch::new(&filters)],
            filters,
        }
    }

    pub(super) fn prepare(&mut self, threads: &Threads, n: usize) {
        prepare_scratch(&mut self.scratch, threads, n);
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let (simd, parameters) = (pass.simd, pass.parameters);
        let filters = &mut self.filters;
        filters.begin_forward(simd, parameters);
        let (filters, per) = (&*filters, samples_per_piece(pass.n));
        let inputs = pass.x.pieces(pass.n, per);
        let pieces = inputs
            .zip(self.padded.pieces_mut(pass.n, per))
            .zip(pass.y.pieces_mut(pass.n, per));
        let threads = pass.threads.worth(filters.n_operations(pass.n));
        threads.each_with(
            &mut self.scratch,
            pieces,
            |scratch, ((inputs, padded), outputs)| {
                for ((x, padded), y) in inputs.zip(padded).zip(outputs) {
                    copy_into_halo(filters.geometry, x, padded);
                    filters.forward(simd, parameters, padded, y, &mut scratch.tiles);
                }
            },
        );
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let (simd, n, gradients) = (pass.simd, pass.n, pass.gradients);
        let filters = &mut self.filters;
        filters.begin_backward(simd, pass.parameters, gradients);
        let (filters, per) = (&*filters, samples_per_piece(n));
        let Conv2dGeometry {
            width, n_filters, ..
        } = filters.geometry;
        let (start, line_stride) = filters.gradients_start();
        let pieces = self
            .padded
            .pieces(n, per)
            .zip(pass.dy.pieces(n, per))
            .zip(pieces_if_wanted(pass.dx, n, per));
        pass.threads.worth(filters.n_operations(n)).in_order(
            &mut self.scratch,
            pieces,
            |scratch, ((padded, gradients), inputs)| {
                scratch.clear();
                for ((padded, dz), dx) in padded.zip(gradients).zip(inputs) {
                    for (row, dz) in dz.chunks_exact(width * n_filters).enumerate() {
                        let line = &mut scratch.dz_padded[start + row * line_stride..];
                        line[..dz.len()].copy_from_slice(dz);
                    }
                    for pixel in dz.chunks_exact(n_filters) {
                        let sums = scratch.dbiases.iter_mut().zip(pixel);
                        sums.for_each(|(sum, gradient)| *sum += *gradient);
                    }
                    filters.backward(simd, padded, scratch, dx);
                }
            },
            |scratch| filters.add_gradients(simd, scratch, gradients),
        );
    }
}
