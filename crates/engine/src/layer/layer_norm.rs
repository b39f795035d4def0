//! Layer normalisation: each sample by its own features.

use super::batch_norm::EPS;
use super::{Backward, Forward, Place};
use crate::kernel::{Real, SampleNormalize, SampleNormalizeBackward};

/// y = γ · (x − μ) / √(σ² + ε) + β with the mean μ and (biased) variance σ² of all features of a
/// sample; ε = 1e-5. The same in training and evaluation.
///
/// With g = dy · γ: dx = (g − mean g − x̂ · mean(g·x̂)) / √(σ² + ε), dγ = Σₙ dy · x̂, dβ = Σₙ dy.
/// - x, y: (N, features), all values of an image; γ, β: (features).
///
/// Source: J. Ba, J. Kiros and G. Hinton, "Layer Normalization", 2016; as PyTorch's `LayerNorm`
/// over the whole sample.
pub(crate) struct LayerNorm<T> {
    place: Place,
    /// μ and 1 / √(σ² + ε) of each sample.
    moments: Vec<(T, T)>,
}

impl<T: Real> LayerNorm<T> {
    pub(crate) fn new(place: Place, capacity: usize) -> Self {
        Self {
            place,
            moments: vec![(T::ZERO, T::ZERO); capacity],
        }
    }

    pub(super) fn forward(&mut self, pass: Forward<'_, T>) {
        for (sample, moments) in self.moments.iter_mut().take(pass.n).enumerate() {
            *moments = pass.simd.run(SampleNormalize {
                x: pass.x.row(sample),
                y: pass.y.row_mut(sample),
                scales: &pass.parameters[self.place.weights.clone()],
                shifts: &pass.parameters[self.place.biases.clone()],
                eps: EPS,
            });
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
        let [dscales, dshifts] = self.place.gradients(gradients);
        dscales.fill(T::ZERO);
        dshifts.fill(T::ZERO);
        for (sample, (mean, inverse)) in self.moments.iter().take(n).enumerate() {
            simd.run(SampleNormalizeBackward {
                x: x.row(sample),
                dy: dy.row(sample),
                scales: &parameters[self.place.weights.clone()],
                mean: *mean,
                inverse: *inverse,
                dscales,
                dshifts,
                dx: dx.as_mut().map(|dx| dx.row_mut(sample)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Simd;
    use crate::layer::{Batch, Mode};
    use crate::threads::Threads;

    #[test]
    fn every_sample_is_normalised_by_itself() {
        let (mut x, mut y) = (Batch::<f64>::zeros(2, 3), Batch::zeros(2, 3));
        x.row_mut(0).copy_from_slice(&[1.0, 2.0, 6.0]);
        x.row_mut(1).copy_from_slice(&[-5.0, -5.0, -5.0]);
        let place = Place {
            weights: 0..3,
            biases: 3..6,
        };
        LayerNorm::new(place, 2).forward(Forward {
            simd: Simd::detect(),
            threads: &Threads::default(),
            n: 2,
            mode: Mode::Evaluation,
            parameters: &[1.0, 2.0, 1.0, 0.0, 0.5, 0.0],
            running: &mut [],
            x: &x,
            y: &mut y,
        });
        // μ = 3, σ² = 14/3; and a constant sample, of which the shifts are left.
        let s = 1.0 / (14.0 / 3.0 + 1e-5_f64).sqrt();
        for (found, expected) in y.row(0).iter().zip([-2.0 * s, 0.5 - 2.0 * s, 3.0 * s]) {
            assert!(
                (found - expected).abs() < 1e-14,
                "{found} is not {expected}"
            );
        }
        assert_eq!(y.row(1), [0.0, 0.5, 0.0]);
    }
}
