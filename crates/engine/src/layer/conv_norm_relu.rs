//! Convolution, batch normalisation, rectifier and optionally 2×2 max pooling at once, image by
//! image while the data are in the second-level cache.

use std::ops::Range;

use super::batch::{Batch, pieces_if_wanted};
use super::channel_statistics::ChannelStatistics;
use super::conv_parts::{ConvFilters, ConvScratch, prepare_scratch};
use super::{Backward, Forward, Mode, Place};
use crate::kernel::{Aligned, Conv2dGeometry, NO_MAXIMUM, Real, copy_into_halo};
use crate::threads::{Threads, n_pieces, samples_per_piece};

mod channels;
mod image;
#[cfg(test)]
mod tests;

use channels::{Channels, follow};
use image::ImagePasses;

/// z = x ∗ W + b; y = max(0, γ (z − μ) / √(σ² + ε) + β), then optionally the largest of each 2×2
/// window.
///
/// μ and σ² are those of each channel over the batch, and running averages of them in evaluation.
/// With g what reaches the rectifier's input, n pixels of the batch and x̂ = (z − μ) / √(σ² + ε):
/// dγ = Σ g x̂, dβ = Σ g, dz = γ / √(σ² + ε) (g − Σ g / n − x̂ Σ g x̂ / n); db = Σ dz = 0.
///
/// Source: S. Ioffe and C. Szegedy, "Batch Normalization", 2015, algorithm 1; ε, momentum and the
/// unbiased running variance as PyTorch's BatchNorm2d.
pub(crate) struct ConvNormRelu<T> {
    filters: ConvFilters<T>,
    /// Inputs are padded one at a time, again in the backward pass: cheaper than keeping them. With
    /// pooling there is an image too: normalised but not pooled, or gradients no longer pooled.
    scratch: Vec<ConvScratch<T>>,
    place: NormedPlace,
    z: Batch<T>,
    pooling: Option<Pooling>,
    statistics: ChannelStatistics<T>,
    channels: Channels<T>,
    /// Σ g and Σ g (z − μ) of each image.
    image_sums: [Batch<T>; 2],
}

/// Where the block's numbers lie in the network's buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NormedPlace {
    /// W and b.
    pub(crate) conv: Place,
    /// γ and β.
    pub(crate) norm: Place,
    /// Running averages of a batch's μ, 0 at first, then of its unbiased σ², 1 at first.
    pub(crate) running: Range<usize>,
}

struct Pooling {
    len: usize,
    argmax: Vec<u8>,
}

impl Pooling {
    /// Positions of the samples one by one, `per` of them to a piece, each `None` where there is no
    /// pooling; never ends.
    fn pieces(
        pooling: Option<&mut Self>,
        per: usize,
    ) -> impl Iterator<Item = impl Iterator<Item = Option<&mut [u8]>> + Send> {
        let mut pieces = pooling.map(|Self { len, argmax }| (*len, argmax.chunks_mut(per * *len)));
        std::iter::from_fn(move || {
            let mut rows = pieces
                .as_mut()
                .and_then(|(len, pieces)| Some(pieces.next()?.chunks_mut(*len)));
            Some(std::iter::from_fn(move || {
                Some(rows.as_mut().and_then(Iterator::next))
            }))
        })
    }
}

/// What normalising an element costs, in operations of a convolution: these passes are bound by
/// memory.
const OPERATIONS_PER_ELEMENT: usize = 16;

impl<T: Real> ConvNormRelu<T> {
    /// Buffers for `training` samples of a training step; evaluation takes any number.
    pub(crate) fn new(
        geometry: Conv2dGeometry,
        training: usize,
        first: bool,
        place: NormedPlace,
        pool: bool,
    ) -> Self {
        let image_len = geometry.height * geometry.width * geometry.n_filters;
        let (rows, columns) = geometry.pooled();
        let pooled_len = rows * columns * geometry.n_filters;
        let filters = ConvFilters::new(geometry, first, place.conv.clone());
        let mut scratch = ConvScratch::new(&filters);
        scratch.padded = Aligned::zeros(geometry.padded_len(geometry.channels));
        scratch.image = Aligned::zeros(if pool { image_len } else { 0 });
        let sums = || Batch::zeros(training, geometry.n_filters);
        Self {
            filters,
            scratch: vec![scratch],
            place,
            z: Batch::zeros(training, image_len),
            pooling: pool.then(|| Pooling {
                len: pooled_len,
                argmax: vec![NO_MAXIMUM; training * pooled_len],
            }),
            statistics: ChannelStatistics::new(geometry.n_filters, training),
            channels: Channels::new(geometry.n_filters),
            image_sums: [sums(), sums()],
        }
    }

    pub(super) fn prepare(&mut self, threads: &Threads, n: usize) {
        prepare_scratch(&mut self.scratch, threads, n);
    }

    /// Which element of each window was the largest in the last training pass, for the first `n`
    /// samples; `None` without pooling.
    pub(super) fn argmax(&self, n: usize) -> Option<&[u8]> {
        let pooling = self.pooling.as_ref()?;
        Some(&pooling.argmax[..n * pooling.len])
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        self.filters.begin_forward(pass.simd, pass.parameters);
        if matches!(pass.mode, Mode::Training { .. }) {
            self.forward_training(pass);
        } else {
            self.forward_evaluation(pass);
        }
    }

    /// With the batch's own mean and variance, which move the running averages.
    fn forward_training(&mut self, pass: Forward<'_, T>) {
        let (simd, n, parameters) = (pass.simd, pass.n, pass.parameters);
        let (filters, per) = (&self.filters, samples_per_piece(n));
        let geometry = filters.geometry;
        let pieces = pass
            .x
            .pieces(n, per)
            .zip(self.z.pieces_mut(n, per))
            .zip(self.statistics.images_mut(n, per));
        pass.threads.worth(filters.n_operations(n)).each_with(
            &mut self.scratch,
            pieces,
            |scratch, ((inputs, convolved), moments)| {
                let ConvScratch { padded, tiles, .. } = scratch;
                for ((x, z), moments) in inputs.zip(convolved).zip(moments) {
                    copy_into_halo(geometry, x, padded);
                    filters.forward(simd, parameters, padded, z, tiles);
                    ChannelStatistics::measure(simd, z, moments);
                }
            },
        );
        self.statistics.merge(n, geometry.height * geometry.width);
        let running = &mut pass.running[self.place.running.clone()];
        let (running_mean, running_variance) = running.split_at_mut(self.channels.mean.len());
        for channel in 0..self.channels.mean.len() {
            let mean = self.statistics.mean(channel);
            let variance = self.statistics.variance(channel);
            self.channels
                .set(channel, mean, variance, &self.place.norm, parameters);
            let unbiased = self.statistics.unbiased_variance(channel);
            follow(&mut running_mean[channel], mean);
            follow(&mut running_variance[channel], unbiased);
        }
        let passes = ImagePasses {
            simd,
            geometry,
            channels: &self.channels,
        };
        let pieces = self
            .z
            .pieces(n, per)
            .zip(pass.y.pieces_mut(n, per))
            .zip(Pooling::pieces(self.pooling.as_mut(), per));
        let n_operations = OPERATIONS_PER_ELEMENT * n * self.z.columns();
        pass.threads.worth(n_operations).each_with(
            &mut self.scratch,
            pieces,
            |scratch, ((convolved, outputs), argmax)| {
                for ((z, y), argmax) in convolved.zip(outputs).zip(argmax) {
                    passes.normalize(z, y, argmax, &mut scratch.image);
                }
            },
        );
    }

    /// With the running averages; each piece of the batch uses one sample of the training's buffers.
    fn forward_evaluation(&mut self, pass: Forward<'_, T>) {
        let (simd, n, parameters) = (pass.simd, pass.n, pass.parameters);
        let running = &pass.running[self.place.running.clone()];
        let (mean, variance) = running.split_at(self.channels.mean.len());
        for channel in 0..self.channels.mean.len() {
            let (mean, variance) = (mean[channel].to_f64(), variance[channel].to_f64());
            self.channels
                .set(channel, mean, variance, &self.place.norm, parameters);
        }
        let filters = &self.filters;
        let passes = ImagePasses {
            simd,
            geometry: filters.geometry,
            channels: &self.channels,
        };
        // Nothing is summed over samples here, so the pieces may be of any size.
        let training = self.z.capacity();
        let per = n.div_ceil(n_pieces(n).min(training)).max(1);
        let pieces = pass
            .x
            .pieces(n, per)
            .zip(pass.y.pieces_mut(n, per))
            .zip(self.z.pieces_mut(training, 1))
            .zip(Pooling::pieces(self.pooling.as_mut(), 1));
        pass.threads.worth(filters.n_operations(n)).each_with(
            &mut self.scratch,
            pieces,
            |scratch, (((inputs, outputs), mut convolved), mut argmax)| {
                let z = convolved.next().expect("a piece has a sample");
                let mut argmax = argmax.next().expect("it never ends");
                let ConvScratch {
                    padded,
                    tiles,
                    image,
                    ..
                } = scratch;
                for (x, y) in inputs.zip(outputs) {
                    copy_into_halo(passes.geometry, x, padded);
                    filters.forward(simd, parameters, padded, z, tiles);
                    passes.normalize(z, y, argmax.as_deref_mut(), image);
                }
            },
        );
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let (simd, n, gradients) = (pass.simd, pass.n, pass.gradients);
        let (geometry, per) = (self.filters.geometry, samples_per_piece(n));
        let passes = ImagePasses {
            simd,
            geometry,
            channels: &self.channels,
        };
        let [sums, products] = &mut self.image_sums;
        let pieces = self
            .z
            .pieces(n, per)
            .zip(pass.dy.pieces(n, per))
            .zip(sums.pieces_mut(n, per))
            .zip(products.pieces_mut(n, per))
            .zip(Pooling::pieces(self.pooling.as_mut(), per));
        let n_operations = OPERATIONS_PER_ELEMENT * n * self.z.columns();
        pass.threads.worth(n_operations).each_with(
            &mut self.scratch,
            pieces,
            |scratch, ((((convolved, gradients), sums), products), argmax)| {
                let samples = convolved.zip(gradients).zip(sums.zip(products)).zip(argmax);
                for (((z, dy), (sum, product)), argmax) in samples {
                    passes.sums(z, dy, argmax, &mut scratch.image, [sum, product]);
                }
            },
        );
        self.channels.add_sums(n, &self.image_sums);
        let n_pixels = self.statistics.n_pixels();
        self.channels
            .finish_sums(n_pixels, &self.place.norm, gradients);

        self.filters
            .begin_backward(simd, pass.parameters, gradients);
        let filters = &self.filters;
        let passes = ImagePasses {
            simd,
            geometry,
            channels: &self.channels,
        };
        let (start, line_stride) = filters.gradients_start();
        let pieces = self
            .z
            .pieces(n, per)
            .zip(pass.dy.pieces(n, per))
            .zip(pass.x.pieces(n, per))
            .zip(Pooling::pieces(self.pooling.as_mut(), per))
            .zip(pieces_if_wanted(pass.dx, n, per));
        pass.threads.worth(filters.n_operations(n)).in_order(
            &mut self.scratch,
            pieces,
            |scratch, ((((convolved, gradients), inputs), argmax), dinputs)| {
                scratch.clear();
                let samples = convolved
                    .zip(gradients)
                    .zip(inputs)
                    .zip(argmax)
                    .zip(dinputs);
                for ((((z, dy), x), argmax), dx) in samples {
                    let dz = &mut scratch.dz_padded[start..];
                    passes.backward(z, dy, argmax, &mut scratch.image, (dz, line_stride));
                    copy_into_halo(geometry, x, &mut scratch.padded);
                    filters.backward_padded(simd, scratch, dx);
                }
            },
            |scratch| filters.add_gradients(simd, scratch, gradients),
        );
    }
}
