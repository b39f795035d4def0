//! Mean and variance of each channel over a batch, image by image.

use crate::kernel::batch_norm::ChannelMoments;
use crate::kernel::{Aligned, Real, Simd};

/// Mean and Σ (z − mean)² of each channel, in `f64` over images whose own are in the element type.
///
/// A further image of m pixels with mean μ' and squares S' is merged into n pixels with μ and S by
/// μ ← μ + δ m / (n + m) and S ← S + S' + δ² n m / (n + m), where δ = μ' − μ: no large sums are
/// subtracted from each other.
///
/// Source: T. Chan, G. Golub and R. LeVeque, "Algorithms for Computing the Sample Variance", 1983.
pub(super) struct ChannelStatistics<T> {
    n_pixels: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    image_mean: Aligned<T>,
    image_squares: Aligned<T>,
}

impl<T: Real> ChannelStatistics<T> {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            n_pixels: 0.0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
            image_mean: Aligned::zeros(channels),
            image_squares: Aligned::zeros(channels),
        }
    }

    pub(super) fn clear(&mut self) {
        self.n_pixels = 0.0;
        self.mean.fill(0.0);
        self.squares.fill(0.0);
    }

    /// Merges one image (pixels, channels).
    pub(super) fn add(&mut self, simd: Simd, image: &[T]) {
        simd.run(ChannelMoments {
            z: image,
            mean: &mut self.image_mean,
            squares: &mut self.image_squares,
        });
        let n_image = (image.len() / self.mean.len()) as f64;
        let share = n_image / (self.n_pixels + n_image);
        let both = self.n_pixels * share;
        self.n_pixels += n_image;
        let images = self.image_mean.iter().zip(self.image_squares.iter());
        let merged = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), (image_mean, image_squares)) in merged.zip(images) {
            let delta = image_mean.to_f64() - *mean;
            *mean += delta * share;
            *squares += image_squares.to_f64() + delta * delta * both;
        }
    }

    /// Pixels of all images.
    pub(super) fn n_pixels(&self) -> f64 {
        self.n_pixels
    }

    /// μ of a channel.
    pub(super) fn mean(&self, channel: usize) -> f64 {
        self.mean[channel]
    }

    /// σ² = S / n, what a batch is normalised by.
    pub(super) fn variance(&self, channel: usize) -> f64 {
        self.squares[channel] / self.n_pixels
    }

    /// S / (n − 1), what the running variance follows; S for a single pixel.
    pub(super) fn unbiased_variance(&self, channel: usize) -> f64 {
        self.squares[channel] / (self.n_pixels - 1.0).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_merged_into_one_batch() {
        // 1, 2, 6 and 7: mean 4, Σ (v − 4)² = 9 + 4 + 4 + 9 = 26.
        let mut statistics = ChannelStatistics::<f32>::new(1);
        statistics.add(Simd::detect(), &[1.0, 2.0, 6.0]);
        statistics.add(Simd::detect(), &[7.0]);
        assert!((statistics.mean(0) - 4.0).abs() < 1e-12);
        assert!((statistics.variance(0) - 26.0 / 4.0).abs() < 1e-12);
        assert!((statistics.unbiased_variance(0) - 26.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_single_pixel_has_no_variance() {
        let mut statistics = ChannelStatistics::<f64>::new(2);
        statistics.add(Simd::detect(), &[3.0, -1.0]);
        assert_eq!(
            (statistics.mean(1), statistics.unbiased_variance(1)),
            (-1.0, 0.0)
        );
    }
}
