//! Batch normalisation on its own, of features and of images.

use std::ops::Range;

use super::{Backward, Forward, Mode, Place};
use crate::kernel::{
    ChannelGradients, ChannelMoments, ChannelNormalize, ChannelNormalizeBackward, Pixels, Real,
};

/// Added to variances.
pub(super) const EPS: f64 = 1e-5;
/// Share of a batch in the running statistics.
const MOMENTUM: f64 = 0.1;

/// y = γ · x̂ + β with x̂ = (x − μ) / √(σ² + ε), channel by channel.
///
/// Training: μ and σ² are the batch's, over samples and pixels, σ² biased; the running ones follow
/// as r ← 0.9 r + 0.1 · (batch's), there with the unbiased variance. Evaluation: μ and σ² are the
/// running ones. ε = 1e-5.
///
/// dβ = Σ dy, dγ = Σ dy · x̂, dx = γ / √(σ² + ε) · (dy − dβ/m − x̂ · dγ/m), m samples and pixels.
/// - x, y: (N, height, width, channels) or (N, features), each feature a channel; γ, β: (channels).
///
/// Source: S. Ioffe and C. Szegedy, "Batch Normalization", 2015; constants and running statistics as
/// PyTorch's `BatchNorm1d` and `BatchNorm2d`.
pub(crate) struct BatchNorm<T> {
    channels: usize,
    place: Place,
    /// Means, then variances, in the network's running statistics.
    running: Range<usize>,
    /// Sums of a batch, two for each channel.
    sums: Vec<f64>,
    /// Of the last forward pass: μ.
    means: Vec<T>,
    /// 1 / √(σ² + ε).
    inverses: Vec<T>,
    /// γ / √(σ² + ε).
    factors: Vec<T>,
    /// dβ/m, then dγ/m.
    mean_gradients: Vec<T>,
}

impl<T: Real> BatchNorm<T> {
    /// `running` has room for two values a channel.
    pub(crate) fn new(channels: usize, place: Place, running: Range<usize>) -> Self {
        assert_eq!(
            running.len(),
            2 * channels,
            "running statistics are two a channel"
        );
        Self {
            channels,
            place,
            running,
            sums: vec![0.0; 2 * channels],
            means: vec![T::ZERO; channels],
            inverses: vec![T::ZERO; channels],
            factors: vec![T::ZERO; channels],
            mean_gradients: vec![T::ZERO; 2 * channels],
        }
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        let pixels = pixels(self.channels, pass.n, pass.x.columns(), pass.x.stride());
        let (running_means, running_variances) =
            pass.running[self.running.clone()].split_at_mut(self.channels);
        let (means, variances) = self.sums.split_at_mut(self.channels);
        if matches!(pass.mode, Mode::Training { .. }) {
            pass.simd.run(ChannelMoments {
                pixels,
                x: pass.x.rows(pass.n),
                means,
                variances,
            });
            let m = pixels.count() as f64;
            let unbiased = m / (m - 1.0).max(1.0);
            follow(running_means, means, 1.0);
            follow(running_variances, variances, unbiased);
        } else {
            let wide = |value: &T| value.to_f64();
            means
                .iter_mut()
                .zip(running_means.iter().map(wide))
                .for_each(|(to, from)| *to = from);
            variances
                .iter_mut()
                .zip(running_variances.iter().map(wide))
                .for_each(|(to, from)| *to = from);
        }
        let scales = &pass.parameters[self.place.weights.clone()];
        for c in 0..self.channels {
            let inverse = 1.0 / (variances[c] + EPS).sqrt();
            self.means[c] = T::from_f64(means[c]);
            self.inverses[c] = T::from_f64(inverse);
            self.factors[c] = T::from_f64(scales[c].to_f64() * inverse);
        }
        pass.simd.run(ChannelNormalize {
            pixels,
            x: pass.x.rows(pass.n),
            y: pass.y.rows_mut(pass.n),
            means: &self.means,
            factors: &self.factors,
            shifts: &pass.parameters[self.place.biases.clone()],
        });
    }

    pub(super) fn backward(&mut self, pass: Backward<'_, T>) {
        let pixels = pixels(self.channels, pass.n, pass.x.columns(), pass.x.stride());
        let (dshifts, dscales) = self.sums.split_at_mut(self.channels);
        pass.simd.run(ChannelGradients {
            pixels,
            x: pass.x.rows(pass.n),
            dy: pass.dy.rows(pass.n),
            means: &self.means,
            inverses: &self.inverses,
            dshifts,
            dscales,
        });
        let [to_scales, to_shifts] = self.place.gradients(pass.gradients);
        store(to_shifts, dshifts);
        store(to_scales, dscales);
        let Some(dx) = pass.dx else { return };
        let m = pixels.count() as f64;
        for (mean, sum) in self.mean_gradients.iter_mut().zip(&self.sums) {
            *mean = T::from_f64(sum / m);
        }
        let (mean_dy, mean_dy_x) = self.mean_gradients.split_at(self.channels);
        pass.simd.run(ChannelNormalizeBackward {
            pixels,
            x: pass.x.rows(pass.n),
            dy: pass.dy.rows(pass.n),
            dx: dx.rows_mut(pass.n),
            means: &self.means,
            inverses: &self.inverses,
            factors: &self.factors,
            mean_dy,
            mean_dy_x,
        });
    }
}

fn pixels(channels: usize, n: usize, len: usize, stride: usize) -> Pixels {
    Pixels {
        n,
        stride,
        len,
        channels,
    }
}

/// r ← r + 0.1 · (factor · batch − r).
fn follow<T: Real>(running: &mut [T], batch: &[f64], factor: f64) {
    for (running, batch) in running.iter_mut().zip(batch) {
        let before = running.to_f64();
        *running = T::from_f64((1.0 - MOMENTUM) * before + MOMENTUM * factor * batch);
    }
}

fn store<T: Real>(to: &mut [T], from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = T::from_f64(*from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Simd;
    use crate::layer::Batch;
    use crate::threads::Threads;

    const PARAMETERS: [f64; 4] = [2.0, 1.0, 10.0, -1.0];

    fn layer() -> BatchNorm<f64> {
        let place = Place {
            weights: 0..2,
            biases: 2..4,
        };
        BatchNorm::new(2, place, 0..4)
    }

    fn batch(rows: [[f64; 2]; 3]) -> Batch<f64> {
        let mut batch = Batch::zeros(3, 2);
        for (sample, row) in rows.iter().enumerate() {
            batch.row_mut(sample).copy_from_slice(row);
        }
        batch
    }

    fn pass(
        layer: &mut BatchNorm<f64>,
        mode: Mode,
        running: &mut [f64],
        x: &Batch<f64>,
    ) -> Batch<f64> {
        let mut y = Batch::zeros(3, 2);
        layer.forward(Forward {
            simd: Simd::detect(),
            threads: &Threads::default(),
            n: 3,
            mode,
            parameters: &PARAMETERS,
            running,
            x,
            y: &mut y,
        });
        y
    }

    #[track_caller]
    fn check(found: &Batch<f64>, expected: [[f64; 2]; 3]) {
        for (sample, expected) in expected.iter().enumerate() {
            for (found, expected) in found.row(sample).iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-14,
                    "{found} is not {expected}"
                );
            }
        }
    }

    // Features (1, 2, 6) with μ = 3, σ² = 14/3 (unbiased 7), and (0, 0, 3) with μ = 1, σ² = 2
    // (unbiased 3); γ = (2, 1), β = (10, −1).
    const X: [[f64; 2]; 3] = [[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]];

    #[test]
    fn training_normalises_by_the_batch_and_moves_the_running_statistics() {
        let mut running = [0.5, 0.0, 1.0, 2.0];
        let mode = Mode::Training { seed: 0, step: 0 };
        let y = pass(&mut layer(), mode, &mut running, &batch(X));
        let (a, b) = (
            2.0 / (14.0 / 3.0 + 1e-5_f64).sqrt(),
            1.0 / (2.0 + 1e-5_f64).sqrt(),
        );
        check(
            &y,
            [
                [10.0 - 2.0 * a, -1.0 - b],
                [10.0 - a, -1.0 - b],
                [10.0 + 3.0 * a, -1.0 + 2.0 * b],
            ],
        );
        // 0.9 · 0.5 + 0.1 · 3, 0.1 · 1; 0.9 · 1 + 0.1 · 7, 0.9 · 2 + 0.1 · 3.
        for (found, expected) in running.iter().zip([0.75, 0.1, 1.6, 2.1]) {
            assert!((found - expected).abs() < 1e-15, "{running:?}");
        }
    }

    #[test]
    fn evaluation_uses_the_running_statistics_and_leaves_them() {
        let mut running = [1.0, 0.0, 4.0 - 1e-5, 1.0 - 1e-5];
        let before = running;
        let y = pass(&mut layer(), Mode::Evaluation, &mut running, &batch(X));
        assert_eq!(running, before);
        // (x − 1) / 2 · 2 + 10 and x − 1.
        check(&y, [[10.0, -1.0], [11.0, -1.0], [15.0, 2.0]]);
    }

    #[test]
    fn the_gradients_are_those_worked_by_hand() {
        let mut layer = layer();
        let (x, mode) = (batch(X), Mode::Training { seed: 0, step: 0 });
        let y = pass(&mut layer, mode, &mut [0.0; 4], &x);
        let (mut gradients, mut dx) = ([9.0; 4], Batch::zeros(3, 2));
        layer.backward(Backward {
            simd: Simd::detect(),
            threads: &Threads::default(),
            n: 3,
            parameters: &mut PARAMETERS.clone(),
            gradients: &mut gradients,
            mover: None,
            x: &x,
            y: &y,
            dy: &mut batch([[3.0, 0.0], [0.0, 0.0], [0.0, 0.0]]),
            dx: Some(&mut dx),
        });
        // Only dy = 3 at the first sample's first feature: x̂ = −2 s there with s = 1/√(σ² + ε);
        // dγ = −6 s, dβ = 3; dx = 2 s · (3 [first] − 1 − x̂ · (−2 s)), x̂ = s · (−2, −1, 3).
        let s = 1.0 / (14.0 / 3.0 + 1e-5_f64).sqrt();
        for (found, expected) in gradients.iter().zip([-6.0 * s, 0.0, 3.0, 0.0]) {
            assert!((found - expected).abs() < 1e-14, "{gradients:?}");
        }
        let dx_expected = [2.0 - 4.0 * s * s, -1.0 - 2.0 * s * s, -1.0 + 6.0 * s * s];
        check(&dx, dx_expected.map(|value| [2.0 * s * value, 0.0]));
    }
}
