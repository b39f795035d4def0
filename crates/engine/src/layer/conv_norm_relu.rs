//! Convolution, batch normalisation, rectifier and optionally 2×2 max pooling at once, image by
//! image while the data are in the second-level cache.

use std::ops::Range;

use super::channel_statistics::ChannelStatistics;
use super::conv2d::ConvParts;
use super::{Backward, Batch, Forward, Mode, Place};
use crate::kernel::batch_norm::{BatchNormBackward, BatchNormSums, Gate, Normalize};
use crate::kernel::{
    Aligned, Conv2dGeometry, MaxPoolBackward, MaxPoolForward, NO_MAXIMUM, Real, Simd,
};

mod channels;
#[cfg(test)]
mod tests;

use channels::{Channels, follow};

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
    /// Its images are padded one at a time, again in the backward pass: cheaper than keeping them.
    parts: ConvParts<T>,
    place: NormedPlace,
    z: Batch<T>,
    pooling: Option<Pooling>,
    /// One image of the convolution's size: normalised but not pooled, or gradients no longer
    /// pooled.
    image: Aligned<T>,
    statistics: ChannelStatistics<T>,
    channels: Channels<T>,
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
        Self {
            parts: ConvParts::new(geometry, 1, first, place.conv.clone()),
            place,
            z: Batch::zeros(training, image_len),
            pooling: pool.then(|| Pooling {
                len: pooled_len,
                argmax: vec![NO_MAXIMUM; training * pooled_len],
            }),
            image: Aligned::zeros(if pool { image_len } else { 0 }),
            statistics: ChannelStatistics::new(geometry.n_filters),
            channels: Channels::new(geometry.n_filters),
        }
    }

    /// Which element of each window was the largest in the last training pass, for the first `n`
    /// samples; `None` without pooling.
    pub(super) fn argmax(&self, n: usize) -> Option<&[u8]> {
        let pooling = self.pooling.as_ref()?;
        Some(&pooling.argmax[..n * pooling.len])
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        self.parts.begin_forward(pass.simd, pass.parameters);
        if matches!(pass.mode, Mode::Training { .. }) {
            self.forward_training(pass);
        } else {
            self.forward_evaluation(pass);
        }
    }

    /// With the batch's own mean and variance, which move the running averages.
    fn forward_training(&mut self, pass: Forward<'_, T>) {
        self.statistics.clear();
        for sample in 0..pass.n {
            self.parts.pad(pass.x.row(sample));
            let z = self.z.row_mut(sample);
            self.parts.forward_image(pass.simd, 0, pass.parameters, z);
            self.statistics.add(pass.simd, z);
        }
        let running = &mut pass.running[self.place.running.clone()];
        let (running_mean, running_variance) = running.split_at_mut(self.channels.mean.len());
        for channel in 0..self.channels.mean.len() {
            let mean = self.statistics.mean(channel);
            let variance = self.statistics.variance(channel);
            self.channels
                .set(channel, mean, variance, &self.place.norm, pass.parameters);
            let unbiased = self.statistics.unbiased_variance(channel);
            follow(&mut running_mean[channel], mean);
            follow(&mut running_variance[channel], unbiased);
        }
        for sample in 0..pass.n {
            self.normalize(pass.simd, sample, pass.y.row_mut(sample));
        }
    }

    /// With the running averages.
    fn forward_evaluation(&mut self, pass: Forward<'_, T>) {
        let running = &pass.running[self.place.running.clone()];
        let (mean, variance) = running.split_at(self.channels.mean.len());
        for channel in 0..self.channels.mean.len() {
            let (mean, variance) = (mean[channel].to_f64(), variance[channel].to_f64());
            self.channels
                .set(channel, mean, variance, &self.place.norm, pass.parameters);
        }
        for sample in 0..pass.n {
            self.parts.pad(pass.x.row(sample));
            let z = self.z.row_mut(0);
            self.parts.forward_image(pass.simd, 0, pass.parameters, z);
            self.normalize(pass.simd, 0, pass.y.row_mut(sample));
        }
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let Backward {
            simd,
            n,
            parameters,
            gradients,
            x,
            dy,
            mut dx,
            ..
        } = pass;
        self.channels.clear_sums();
        for sample in 0..n {
            self.add_sums(simd, sample, dy.row(sample));
        }
        let n_pixels = self.statistics.n_pixels();
        self.channels
            .finish_sums(n_pixels, &self.place.norm, gradients);
        self.parts.begin_backward(simd, parameters, gradients);
        for sample in 0..n {
            self.backward_norm(simd, sample, dy.row(sample));
            self.parts.pad(x.row(sample));
            let dx = dx.as_mut().map(|dx| dx.row_mut(sample));
            self.parts.backward_image(simd, 0, gradients, dx);
        }
        self.parts.end_backward(simd, gradients);
    }

    /// From z of a sample to its output.
    fn normalize(&mut self, simd: Simd, sample: usize, y: &mut [T]) {
        let z = self.z.row(sample);
        let (scale, shift) = (&self.channels.scale, &self.channels.shift);
        let Some(pooling) = &mut self.pooling else {
            simd.run(Normalize {
                z,
                scale,
                shift,
                relu: true,
                y,
            });
            return;
        };
        simd.run(Normalize {
            z,
            scale,
            shift,
            relu: false,
            y: &mut self.image,
        });
        let geometry = self.parts.geometry;
        simd.run(MaxPoolForward {
            height: geometry.height,
            width: geometry.width,
            channels: geometry.n_filters,
            input: &self.image,
            pooled: y,
            argmax: &mut pooling.argmax[sample * pooling.len..][..pooling.len],
            relu: true,
        });
    }
    /// Adds Σ g and Σ g (z − μ) of one sample to the batch's.
    fn add_sums(&mut self, simd: Simd, sample: usize, dy: &[T]) {
        self.unpool(simd, sample, dy);
        let pooled = self.pooling.is_some();
        let channels = &mut self.channels;
        let [sum, product] = &mut channels.image_sums;
        simd.run(BatchNormSums {
            z: self.z.row(sample),
            dy: if pooled { &self.image } else { dy },
            mean: &channels.mean,
            gate: (!pooled).then_some(Gate {
                scale: &channels.scale,
                shift: &channels.shift,
            }),
            sum,
            product,
        });
        channels.add_image_sums();
    }

    /// dz of one sample into the halo of the convolution's gradients.
    fn backward_norm(&mut self, simd: Simd, sample: usize, dy: &[T]) {
        self.unpool(simd, sample, dy);
        let pooled = self.pooling.is_some();
        let channels = &self.channels;
        let (start, line_stride) = self.parts.gradients_start();
        simd.run(BatchNormBackward {
            z: self.z.row(sample),
            dy: if pooled { &self.image } else { dy },
            mean: &channels.mean,
            gate: (!pooled).then_some(Gate {
                scale: &channels.scale,
                shift: &channels.shift,
            }),
            by_gradient: &channels.scale,
            by_deviation: &channels.by_deviation,
            constant: &channels.constant,
            width: self.parts.geometry.width,
            dz: &mut self.parts.dz_padded[start..],
            line_stride,
        });
    }

    /// Where there is pooling, sends the gradients of a sample back through it and the rectifier
    /// into `image`.
    fn unpool(&mut self, simd: Simd, sample: usize, dpooled: &[T]) {
        let Some(pooling) = &self.pooling else { return };
        let geometry = self.parts.geometry;
        let line = geometry.width * geometry.n_filters;
        if geometry.height % 2 == 1 {
            // Normalised values of the forward pass lie where no window is.
            self.image[(geometry.height - 1) * line..].fill(T::ZERO);
        }
        if geometry.width % 2 == 1 {
            for row in self.image.chunks_exact_mut(line) {
                row[line - geometry.n_filters..].fill(T::ZERO);
            }
        }
        simd.run(MaxPoolBackward {
            height: geometry.height,
            width: geometry.width,
            channels: geometry.n_filters,
            dpooled,
            argmax: &pooling.argmax[sample * pooling.len..][..pooling.len],
            dinput: &mut self.image,
            line_stride: line,
            dbiases: None,
        });
    }
}
