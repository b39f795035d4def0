//! Means, variances and gradients of normalisations; sums in `f64`, in a fixed order.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// A batch of pixels: `n` samples at `stride`, each of `len` elements that are pixels of `channels`
/// adjacent ones. A sample of a linear layer is one pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pixels {
    /// Samples.
    pub(crate) n: usize,
    /// Elements from one sample to the next.
    pub(crate) stride: usize,
    /// Elements of a sample, a multiple of `channels`.
    pub(crate) len: usize,
    /// Channels of a pixel.
    pub(crate) channels: usize,
}

impl Pixels {
    /// Pixels in all samples.
    pub(crate) fn count(self) -> usize {
        self.n * (self.len / self.channels)
    }

    /// Where each sample's elements lie.
    fn samples(self) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.n).map(move |sample| sample * self.stride..sample * self.stride + self.len)
    }
}

/// Mean and (biased) variance of each channel over all pixels, in two passes: μ = Σx / m,
/// σ² = Σ(x − μ)² / m.
pub(crate) struct ChannelMoments<'a, T> {
    /// Where the pixels lie.
    pub(crate) pixels: Pixels,
    /// The batch.
    pub(crate) x: &'a [T],
    /// μ (channels), overwritten.
    pub(crate) means: &'a mut [f64],
    /// σ² (channels), overwritten.
    pub(crate) variances: &'a mut [f64],
}

impl<T: Real> Kernel<T> for ChannelMoments<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let Self {
            pixels,
            x,
            means,
            variances,
        } = self;
        let m = pixels.count() as f64;
        means.fill(0.0);
        for sample in pixels.samples() {
            for pixel in x[sample].chunks_exact(pixels.channels) {
                for (sum, x) in means.iter_mut().zip(pixel) {
                    *sum += x.to_f64();
                }
            }
        }
        for mean in means.iter_mut() {
            *mean /= m;
        }
        variances.fill(0.0);
        for sample in pixels.samples() {
            for pixel in x[sample].chunks_exact(pixels.channels) {
                for ((sum, mean), x) in variances.iter_mut().zip(&*means).zip(pixel) {
                    let off = x.to_f64() - mean;
                    *sum += off * off;
                }
            }
        }
        for variance in variances {
            *variance /= m;
        }
    }
}

/// y = (x − μ) · factor + shift, channel by channel.
pub(crate) struct ChannelNormalize<'a, T> {
    /// Where the pixels of `x` lie.
    pub(crate) pixels: Pixels,
    /// The batch.
    pub(crate) x: &'a [T],
    /// As `x`, overwritten.
    pub(crate) y: &'a mut [T],
    /// μ (channels).
    pub(crate) means: &'a [T],
    /// γ / √(σ² + ε) (channels).
    pub(crate) factors: &'a [T],
    /// β (channels).
    pub(crate) shifts: &'a [T],
}

impl<T: Real> Kernel<T> for ChannelNormalize<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.pixels.channels;
        let [means, factors, shifts] =
            [self.means, self.factors, self.shifts].map(|values| &values[..channels]);
        for sample in self.pixels.samples() {
            let (x, y) = (&self.x[sample.clone()], &mut self.y[sample]);
            for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
                for c in 0..channels {
                    y[c] = (x[c] - means[c]) * factors[c] + shifts[c];
                }
            }
        }
    }
}

/// Σ dy and Σ dy · x̂ of each channel over all pixels, where x̂ = (x − μ) · inverse.
pub(crate) struct ChannelGradients<'a, T> {
    /// Where the pixels lie.
    pub(crate) pixels: Pixels,
    /// Input of the normalisation.
    pub(crate) x: &'a [T],
    /// Gradients of its output.
    pub(crate) dy: &'a [T],
    /// μ (channels).
    pub(crate) means: &'a [T],
    /// 1 / √(σ² + ε) (channels).
    pub(crate) inverses: &'a [T],
    /// Σ dy (channels), overwritten.
    pub(crate) dshifts: &'a mut [f64],
    /// Σ dy · x̂ (channels), overwritten.
    pub(crate) dscales: &'a mut [f64],
}

impl<T: Real> Kernel<T> for ChannelGradients<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.pixels.channels;
        let [means, inverses] = [self.means, self.inverses].map(|values| &values[..channels]);
        let [dshifts, dscales] = [self.dshifts, self.dscales].map(|sums| &mut sums[..channels]);
        dshifts.fill(0.0);
        dscales.fill(0.0);
        for sample in self.pixels.samples() {
            let (x, dy) = (&self.x[sample.clone()], &self.dy[sample]);
            for (x, dy) in x.chunks_exact(channels).zip(dy.chunks_exact(channels)) {
                for c in 0..channels {
                    let normal = (x[c] - means[c]) * inverses[c];
                    dshifts[c] += dy[c].to_f64();
                    dscales[c] += dy[c].to_f64() * normal.to_f64();
                }
            }
        }
    }
}

/// dx = (dy − Σdy/m − x̂ · Σ(dy·x̂)/m) · γ / √(σ² + ε), channel by channel.
pub(crate) struct ChannelNormalizeBackward<'a, T> {
    /// Where the pixels of `x` lie.
    pub(crate) pixels: Pixels,
    /// Input of the normalisation.
    pub(crate) x: &'a [T],
    /// Gradients of its output.
    pub(crate) dy: &'a [T],
    /// As `x`, overwritten.
    pub(crate) dx: &'a mut [T],
    /// μ (channels).
    pub(crate) means: &'a [T],
    /// 1 / √(σ² + ε) (channels).
    pub(crate) inverses: &'a [T],
    /// γ / √(σ² + ε) (channels).
    pub(crate) factors: &'a [T],
    /// Σdy / m (channels).
    pub(crate) mean_dy: &'a [T],
    /// Σ(dy·x̂) / m (channels).
    pub(crate) mean_dy_x: &'a [T],
}

impl<T: Real> Kernel<T> for ChannelNormalizeBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.pixels.channels;
        let [means, inverses, factors, mean_dy, mean_dy_x] = [
            self.means,
            self.inverses,
            self.factors,
            self.mean_dy,
            self.mean_dy_x,
        ]
        .map(|values| &values[..channels]);
        for sample in self.pixels.samples() {
            let (x, dy) = (&self.x[sample.clone()], &self.dy[sample.clone()]);
            let dx = &mut self.dx[sample];
            for ((x, dy), dx) in x
                .chunks_exact(channels)
                .zip(dy.chunks_exact(channels))
                .zip(dx.chunks_exact_mut(channels))
            {
                for c in 0..channels {
                    let normal = (x[c] - means[c]) * inverses[c];
                    dx[c] = (dy[c] - mean_dy[c] - normal * mean_dy_x[c]) * factors[c];
                }
            }
        }
    }
}

/// y = (x − μ) / √(σ² + ε) · γ + β over the features of one sample; returns μ and 1 / √(σ² + ε).
pub(crate) struct SampleNormalize<'a, T> {
    /// (features).
    pub(crate) x: &'a [T],
    /// (features), overwritten.
    pub(crate) y: &'a mut [T],
    /// γ (features).
    pub(crate) scales: &'a [T],
    /// β (features).
    pub(crate) shifts: &'a [T],
    /// ε.
    pub(crate) eps: f64,
}

impl<T: Real> Kernel<T> for SampleNormalize<'_, T> {
    type Output = (T, T);

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) -> (T, T) {
        let n = self.x.len();
        let mean = interleaved_sum(n, |i| self.x[i].to_f64()) / n as f64;
        let squares = interleaved_sum(n, |i| {
            let off = self.x[i].to_f64() - mean;
            off * off
        });
        let inverse = T::from_f64(1.0 / (squares / n as f64 + self.eps).sqrt());
        let mean = T::from_f64(mean);
        let (y, scales, shifts) = (&mut self.y[..n], &self.scales[..n], &self.shifts[..n]);
        for i in 0..n {
            y[i] = (self.x[i] - mean) * inverse * scales[i] + shifts[i];
        }
        (mean, inverse)
    }
}

/// Gradients of [`SampleNormalize`] for one sample: with g = dy · γ, dx = (g − mean g −
/// x̂ · mean(g·x̂)) / √(σ² + ε); dγ += dy · x̂; dβ += dy.
pub(crate) struct SampleNormalizeBackward<'a, T> {
    /// (features).
    pub(crate) x: &'a [T],
    /// (features).
    pub(crate) dy: &'a [T],
    /// γ (features).
    pub(crate) scales: &'a [T],
    /// μ of the sample.
    pub(crate) mean: T,
    /// 1 / √(σ² + ε) of the sample.
    pub(crate) inverse: T,
    /// dγ (features), added to.
    pub(crate) dscales: &'a mut [T],
    /// dβ (features), added to.
    pub(crate) dshifts: &'a mut [T],
    /// (features), overwritten; `None` where it is not wanted.
    pub(crate) dx: Option<&'a mut [T]>,
}

impl<T: Real> Kernel<T> for SampleNormalizeBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let n = self.x.len();
        let (mean, inverse) = (self.mean, self.inverse);
        let (x, dy, scales) = (self.x, &self.dy[..n], &self.scales[..n]);
        let (dscales, dshifts) = (&mut self.dscales[..n], &mut self.dshifts[..n]);
        let normal = |i: usize| (x[i] - mean) * inverse;
        for i in 0..n {
            dscales[i] += dy[i] * normal(i);
            dshifts[i] += dy[i];
        }
        let Some(dx) = self.dx else { return };
        let dx = &mut dx[..n];
        let mean_g = interleaved_sum(n, |i| (dy[i] * scales[i]).to_f64()) / n as f64;
        let mean_gx =
            interleaved_sum(n, |i| (dy[i] * scales[i]).to_f64() * normal(i).to_f64()) / n as f64;
        let (mean_g, mean_gx) = (T::from_f64(mean_g), T::from_f64(mean_gx));
        for i in 0..n {
            dx[i] = (dy[i] * scales[i] - mean_g - normal(i) * mean_gx) * inverse;
        }
    }
}

/// Σᵢ term(i): eight interleaved partial sums, added in their order; the same bits on every
/// instruction set.
#[inline(always)]
fn interleaved_sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    const N_SUMS: usize = 8;
    let mut sums = [0.0; N_SUMS];
    for first in (0..n / N_SUMS * N_SUMS).step_by(N_SUMS) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += term(first + lane);
        }
    }
    for (lane, i) in (n / N_SUMS * N_SUMS..n).enumerate() {
        sums[lane] += term(i);
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::*;
    use crate::kernel::reference::{Noise, on_every_simd};

    #[test]
    fn moments_are_accurate_far_from_zero() {
        // 1e6 ± 1 in single precision: μ = 1e6, σ² = 1, which Σx² − (Σx)² would lose.
        let x: Vec<f32> = (0..64)
            .map(|i| 1e6 + if i % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        let pixels = Pixels {
            n: 64,
            stride: 1,
            len: 1,
            channels: 1,
        };
        on_every_simd(|simd| {
            let (mut means, mut variances) = ([9.0], [9.0]);
            simd.run(ChannelMoments {
                pixels,
                x: &x,
                means: &mut means,
                variances: &mut variances,
            });
            assert_eq!((means, variances), ([1e6], [1.0]));
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn moments_are_those_of_the_formula_and_the_same_bits_everywhere(
            n in 1_usize..9, positions in 1_usize..9, channels in 1_usize..40, seed: u32,
        ) {
            let pixels = Pixels { n, stride: positions * channels + 3, len: positions * channels, channels };
            let x: Vec<f32> = Noise::new(seed).values(n * pixels.stride);
            let of_channel = |c: usize| -> Vec<f64> {
                (0..n)
                    .flat_map(|sample| (0..positions).map(move |p| sample * pixels.stride + p * channels + c))
                    .map(|place| f64::from(x[place]))
                    .collect()
            };
            let mut bits = Vec::new();
            for simd in crate::kernel::Simd::available() {
                let (mut means, mut variances) = (vec![9.0; channels], vec![9.0; channels]);
                simd.run(ChannelMoments { pixels, x: &x, means: &mut means, variances: &mut variances });
                for c in 0..channels {
                    let values = of_channel(c);
                    let mean = values.iter().sum::<f64>() / values.len() as f64;
                    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64;
                    assert!((means[c] - mean).abs() < 1e-13 && (variances[c] - variance).abs() < 1e-12);
                }
                bits.push((means, variances));
            }
            assert!(bits.iter().all(|other| *other == bits[0]));
        }

        #[test]
        fn interleaved_sums_miss_no_term(n in 0_usize..100) {
            assert_eq!(interleaved_sum(n, |i| (i + 1) as f64), (n * (n + 1) / 2) as f64);
        }
    }
}
