//! Mean and variance of each channel over a batch, image by image.

use super::Batch;
use crate::kernel::batch_norm::ChannelMoments;
use crate::kernel::{Real, Simd};

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
    /// Of each image.
    image_mean: Batch<T>,
    image_squares: Batch<T>,
}

impl<T: Real> ChannelStatistics<T> {
    /// For batches of up to `capacity` images.
    pub(super) fn new(channels: usize, capacity: usize) -> Self {
        Self {
            n_pixels: 0.0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
            image_mean: Batch::zeros(capacity, channels),
            image_squares: Batch::zeros(capacity, channels),
        }
    }

    /// Room for [`ChannelStatistics::measure`] for the first `n` images one by one, `per` of them to a
    /// piece.
    pub(super) fn images_mut(
        &mut self,
        n: usize,
        per: usize,
    ) -> impl Iterator<Item = impl Iterator<Item = (&mut [T], &mut [T])> + Send> {
        let means = self.image_mean.pieces_mut(n, per);
        let squares = self.image_squares.pieces_mut(n, per);
        means
            .zip(squares)
            .map(|(means, squares)| means.zip(squares))
    }

    /// Mean and squares of one image (pixels, channels).
    pub(super) fn measure(simd: Simd, image: &[T], (mean, squares): (&mut [T], &mut [T])) {
        simd.run(ChannelMoments {
            z: image,
            mean,
            squares,
        });
    }

    /// Merges the first `n` images, of `n_pixels` each, in their order.
    pub(super) fn merge(&mut self, n: usize, n_pixels: usize) {
        self.n_pixels = 0.0;
        self.mean.fill(0.0);
        self.squares.fill(0.0);
        for sample in 0..n {
            self.merge_image(sample, n_pixels as f64);
        }
    }

    fn merge_image(&mut self, sample: usize, n_image: f64) {
        let share = n_image / (self.n_pixels + n_image);
        let both = self.n_pixels * share;
        self.n_pixels += n_image;
        let images = self.image_mean.row(sample).iter();
        let images = images.zip(self.image_squares.row(sample));
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

    fn merged<T: Real>(channels: usize, images: &[&[T]]) -> ChannelStatistics<T> {
        let mut statistics = ChannelStatistics::new(channels, images.len());
        let rooms = statistics.images_mut(images.len(), 1).flatten();
        for (image, room) in images.iter().zip(rooms) {
            ChannelStatistics::measure(Simd::detect(), image, room);
        }
        statistics.merge(images.len(), images[0].len() / channels);
        statistics
    }

    #[test]
    fn images_are_merged_into_one_batch() {
        // 1, 2 and 6, 7: mean 4, Σ (v − 4)² = 9 + 4 + 4 + 9 = 26.
        let statistics = merged::<f32>(1, &[&[1.0, 2.0], &[6.0, 7.0]]);
        assert!((statistics.mean(0) - 4.0).abs() < 1e-12);
        assert!((statistics.variance(0) - 26.0 / 4.0).abs() < 1e-12);
        assert!((statistics.unbiased_variance(0) - 26.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_single_pixel_has_no_variance() {
        let statistics = merged::<f64>(2, &[&[3.0, -1.0]]);
        assert_eq!(
            (statistics.mean(1), statistics.unbiased_variance(1)),
            (-1.0, 0.0)
        );
    }
}
