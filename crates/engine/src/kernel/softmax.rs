//! Softmax cross-entropy of a batch.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// Loss and hits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct BatchLoss {
    /// Σᵢ −log softmax(sᵢ)[yᵢ], in nats.
    pub(crate) sum: f64,
    /// Samples whose (first) largest score is that of their label.
    pub(crate) n_correct: usize,
}

/// Σᵢ −log softmax(sᵢ)[yᵢ] and the gradients (softmax(sᵢ) − onehot(yᵢ)) / N.
///
/// The largest score of a sample is subtracted first, so that no finite score overflows.
pub(crate) struct SoftmaxCrossEntropy<'a, T> {
    /// Classes C.
    pub(crate) n_classes: usize,
    /// (N, C), rows at `stride`.
    pub(crate) scores: &'a [T],
    /// Elements from one sample to the next, of scores and gradients.
    pub(crate) stride: usize,
    /// (N), each in 0..C.
    pub(crate) labels: &'a [u32],
    /// (N, C), rows at `stride`, overwritten; `None` where only the loss is wanted.
    pub(crate) dscores: Option<&'a mut [T]>,
}

impl<T: Real> Kernel<T> for SoftmaxCrossEntropy<'_, T> {
    type Output = BatchLoss;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) -> BatchLoss {
        let n = T::from_f64(self.labels.len() as f64);
        let mut batch = BatchLoss::default();
        for (sample, label) in self.labels.iter().enumerate() {
            let scores = &self.scores[sample * self.stride..][..self.n_classes];
            let label = *label as usize;
            let mut largest = 0;
            for (class, score) in scores.iter().enumerate() {
                if *score > scores[largest] {
                    largest = class;
                }
            }
            let shift = scores[largest];
            let mut total = T::ZERO;
            if let Some(dscores) = &mut self.dscores {
                let dscores = &mut dscores[sample * self.stride..][..self.n_classes];
                for (gradient, score) in dscores.iter_mut().zip(scores) {
                    *gradient = (*score - shift).exp();
                    total += *gradient;
                }
                let scale = T::ONE / (total * n);
                for gradient in dscores.iter_mut() {
                    *gradient = *gradient * scale;
                }
                dscores[label] = dscores[label] - T::ONE / n;
            } else {
                for score in scores {
                    total += (*score - shift).exp();
                }
            }
            batch.sum += (total.ln() - (scores[label] - shift)).to_f64();
            batch.n_correct += usize::from(largest == label);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simd;
    use super::*;

    #[track_caller]
    fn check(scores: &[f64], label: u32, loss: f64, gradients: &[f64], correct: bool) {
        let mut dscores = vec![9.0; scores.len()];
        let batch = Simd::detect().run(SoftmaxCrossEntropy {
            n_classes: scores.len(),
            scores,
            stride: scores.len(),
            labels: &[label],
            dscores: Some(&mut dscores),
        });
        assert!(
            (batch.sum - loss).abs() < 1e-12,
            "{} is not {loss}",
            batch.sum
        );
        assert_eq!(batch.n_correct, usize::from(correct));
        for (gradient, expected) in dscores.iter().zip(gradients) {
            assert!(
                (gradient - expected).abs() < 1e-12,
                "{gradient} is not {expected}"
            );
        }
    }

    #[test]
    fn equal_scores_cost_the_logarithm_of_the_classes() {
        // log 4; the gradients are 1/4 and 1/4 − 1.
        check(
            &[0.0; 4],
            2,
            1.386_294_361_119_890_6,
            &[0.25, 0.25, -0.75, 0.25],
            false,
        );
    }

    #[test]
    fn two_classes_follow_the_logistic_function() {
        // s = (log 3, 0): p = (3/4, 1/4); −log(3/4) = 0.28768207245178093.
        check(
            &[1.098_612_288_668_109_8, 0.0],
            0,
            0.287_682_072_451_780_93,
            &[-0.25, 0.25],
            true,
        );
    }

    #[test]
    fn large_scores_do_not_overflow() {
        check(&[1e300, 0.0], 0, 0.0, &[0.0, 0.0], true);
        check(&[1000.0, 0.0], 1, 1000.0, &[1.0, -1.0], false);
    }

    #[test]
    fn not_a_number_makes_the_loss_not_a_number() {
        let batch = Simd::detect().run(SoftmaxCrossEntropy {
            n_classes: 2,
            scores: &[1.0_f32, f32::NAN],
            stride: 2,
            labels: &[0],
            dscores: None,
        });
        assert!(batch.sum.is_nan());
    }
}
