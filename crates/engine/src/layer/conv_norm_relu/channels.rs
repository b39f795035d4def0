//! What the passes over images need of each channel.

use super::{Batch, Place};
use crate::kernel::{Aligned, Real};

/// Added to the variance.
const EPS: f64 = 1e-5;
/// Share of a batch in the running averages.
const MOMENTUM: f64 = 0.1;

/// Numbers for each channel, as the kernels take them.
pub(super) struct Channels<T> {
    /// μ.
    pub(super) mean: Aligned<T>,
    /// 1 / √(σ² + ε).
    inverse_deviation: Vec<f64>,
    /// γ / √(σ² + ε).
    pub(super) scale: Aligned<T>,
    /// β − μ γ / √(σ² + ε).
    pub(super) shift: Aligned<T>,
    /// Σ g and Σ g (z − μ) of the batch.
    sums: [Vec<f64>; 2],
    /// −γ / √(σ² + ε) · Σ g (z − μ) / (n (σ² + ε)).
    pub(super) by_deviation: Aligned<T>,
    /// −γ / √(σ² + ε) · Σ g / n.
    pub(super) constant: Aligned<T>,
}

impl<T: Real> Channels<T> {
    pub(super) fn new(channels: usize) -> Self {
        let zeros = || Aligned::zeros(channels);
        Self {
            mean: zeros(),
            inverse_deviation: vec![0.0; channels],
            scale: zeros(),
            shift: zeros(),
            sums: [vec![0.0; channels], vec![0.0; channels]],
            by_deviation: zeros(),
            constant: zeros(),
        }
    }

    /// Takes the mean and variance that a channel is normalised by.
    pub(super) fn set(
        &mut self,
        channel: usize,
        mean: f64,
        variance: f64,
        norm: &Place,
        parameters: &[T],
    ) {
        let inverse_deviation = 1.0 / (variance + EPS).sqrt();
        let scale = parameters[norm.weights.start + channel].to_f64() * inverse_deviation;
        let shift = parameters[norm.biases.start + channel].to_f64() - mean * scale;
        self.mean[channel] = T::from_f64(mean);
        self.inverse_deviation[channel] = inverse_deviation;
        self.scale[channel] = T::from_f64(scale);
        self.shift[channel] = T::from_f64(shift);
    }

    /// The sums of the batch from those of its first `n` images, in their order.
    pub(super) fn add_sums(&mut self, n: usize, images: &[Batch<T>; 2]) {
        for (sums, images) in self.sums.iter_mut().zip(images) {
            sums.fill(0.0);
            for sample in 0..n {
                for (sum, image) in sums.iter_mut().zip(images.row(sample)) {
                    *sum += image.to_f64();
                }
            }
        }
    }

    /// Writes dγ and dβ, and prepares dz, from the sums over `n_pixels` of the batch.
    pub(super) fn finish_sums(&mut self, n_pixels: f64, norm: &Place, gradients: &mut [T]) {
        for channel in 0..self.mean.len() {
            let [sum, product] = [self.sums[0][channel], self.sums[1][channel]];
            let inverse_deviation = self.inverse_deviation[channel];
            let scale = self.scale[channel].to_f64();
            gradients[norm.weights.start + channel] = T::from_f64(product * inverse_deviation);
            gradients[norm.biases.start + channel] = T::from_f64(sum);
            let by_deviation = product * inverse_deviation * inverse_deviation / n_pixels;
            self.by_deviation[channel] = T::from_f64(-scale * by_deviation);
            self.constant[channel] = T::from_f64(-scale * sum / n_pixels);
        }
    }
}

/// Moves a running average by the share of a batch.
pub(super) fn follow<T: Real>(average: &mut T, of_batch: f64) {
    *average = T::from_f64((1.0 - MOMENTUM) * average.to_f64() + MOMENTUM * of_batch);
}
