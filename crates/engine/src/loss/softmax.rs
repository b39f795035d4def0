//! Softmax cross-entropy, with smoothed labels if so wished.

use super::{BatchLoss, Rows};
use crate::kernel::{Kernel, Lanes, Real};

/// Lᵢ = −Σⱼ qⱼ log pⱼ in nats, where p = softmax(sᵢ) and q = (1 − ε) onehot(yᵢ) + ε/C; gradients
/// (p − q) / N.
///
/// Without smoothing, ε = 0, this is −log softmax(sᵢ)[yᵢ]. The largest score of a sample is
/// subtracted first, so that no finite score overflows.
///
/// Sources: CS231n notes, "Linear classification"; C. Szegedy et al., "Rethinking the Inception
/// Architecture for Computer Vision", 2016, section 7; PyTorch, `CrossEntropyLoss`.
pub(super) struct SoftmaxCrossEntropy<'a, T> {
    /// Scores, unnormalised.
    pub(super) rows: Rows<'a, T>,
    /// (N), each in 0..C.
    pub(super) labels: &'a [u32],
    /// ε, in [0, 1).
    pub(super) label_smoothing: T,
}

impl<T: Real> Kernel<T> for SoftmaxCrossEntropy<'_, T> {
    type Output = BatchLoss;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) -> BatchLoss {
        let n = T::from_f64(self.labels.len() as f64);
        let of_others = self.label_smoothing / T::from_f64(self.rows.columns as f64);
        let of_label = T::ONE - self.label_smoothing;
        let mut batch = BatchLoss::default();
        for (sample, label) in self.labels.iter().enumerate() {
            let (scores, dscores) = self.rows.sample(sample);
            let label = *label as usize;
            let shift = highest(scores);
            let mut total = T::ZERO;
            if let Some(dscores) = dscores {
                let chunks = dscores.chunks_mut(CHUNK).zip(scores.chunks(CHUNK));
                for (gradients, scores) in chunks {
                    let exponentials = exponentials(scores, shift);
                    gradients.copy_from_slice(&exponentials[..scores.len()]);
                }
                for exponential in &*dscores {
                    total += *exponential;
                }
                let scale = T::ONE / (total * n);
                let smoothed = of_others / n;
                for gradient in dscores.iter_mut() {
                    *gradient = *gradient * scale - smoothed;
                }
                dscores[label] = dscores[label] - of_label / n;
            } else {
                for scores in scores.chunks(CHUNK) {
                    for exponential in &exponentials(scores, shift)[..scores.len()] {
                        total += *exponential;
                    }
                }
            }
            let mut expected = of_label * (scores[label] - shift);
            if of_others > T::ZERO {
                for score in scores {
                    expected += of_others * (*score - shift);
                }
            }
            batch.sum += (total.ln() - expected).to_f64();
            // Of equal scores the first is the network's choice.
            let is_first = || scores[..label].iter().all(|score| *score < shift);
            batch.n_correct += usize::from(scores[label] == shift && is_first());
        }
        batch
    }
}

/// Scores exponentiated at a time: whole vectors, of which the last elements may go unused.
const CHUNK: usize = 16;

/// The largest of the scores; without branches, which nobody could predict.
#[inline(always)]
fn highest<T: Real>(scores: &[T]) -> T {
    let larger = |a: T, b: T| if b > a { b } else { a };
    scores[1..].iter().copied().fold(scores[0], larger)
}

/// exp(s − shift) of up to [`CHUNK`] scores, in the first elements.
#[inline(always)]
fn exponentials<T: Real>(scores: &[T], shift: T) -> [T; CHUNK] {
    let mut values = [shift; CHUNK];
    values[..scores.len()].copy_from_slice(scores);
    values.map(|score| (score - shift).exp())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_classes, loss_of};
    use crate::config::Loss;

    const PLAIN: Loss = Loss::Softmax {
        label_smoothing: 0.0,
    };

    #[test]
    fn equal_scores_cost_the_logarithm_of_the_classes() {
        // log 4; the gradients are 1/4 and 1/4 − 1.
        let gradients = [0.25, 0.25, -0.75, 0.25];
        check_classes(
            PLAIN,
            &[0.0; 4],
            2,
            1.386_294_361_119_890_6,
            &gradients,
            false,
        );
    }

    #[test]
    fn two_classes_follow_the_logistic_function() {
        // s = (log 3, 0): p = (3/4, 1/4); −log(3/4) = 0.28768207245178093.
        let scores = [1.098_612_288_668_109_8, 0.0];
        check_classes(
            PLAIN,
            &scores,
            0,
            0.287_682_072_451_780_93,
            &[-0.25, 0.25],
            true,
        );
    }

    #[test]
    fn large_scores_do_not_overflow() {
        check_classes(PLAIN, &[1e300, 0.0], 0, 0.0, &[0.0, 0.0], true);
        check_classes(PLAIN, &[1000.0, 0.0], 1, 1000.0, &[1.0, -1.0], false);
    }

    #[test]
    fn a_smoothed_label_gives_each_class_its_share() {
        // s = (log 3, 0), ε = 0.2: q = (0.9, 0.1), p = (3/4, 1/4);
        // −0.9 log(3/4) − 0.1 log(1/4) = 0.39754330131859; gradients p − q.
        let smoothed = Loss::Softmax {
            label_smoothing: 0.2,
        };
        let scores = [1.098_612_288_668_109_8, 0.0];
        check_classes(
            smoothed,
            &scores,
            0,
            0.397_543_301_318_591_8,
            &[-0.15, 0.15],
            true,
        );
        // Equal scores cost log 4 whatever the label; q = 0.85, 0.05, 0.05, 0.05.
        check_classes(
            smoothed,
            &[7.0; 4],
            0,
            1.386_294_361_119_890_6,
            &[-0.6, 0.2, 0.2, 0.2],
            true,
        );
    }

    #[test]
    fn not_a_number_makes_the_loss_not_a_number() {
        for scores in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
            assert!(loss_of(PLAIN, &scores, &[0]).is_nan());
        }
    }
}
