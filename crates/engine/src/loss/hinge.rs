//! The multiclass hinge loss, that of a support vector machine.

use super::{BatchLoss, Rows, largest};
use crate::kernel::{Kernel, Lanes, Real};

/// Lᵢ = Σⱼ max(0, sⱼ − s_y + 1) over the classes j but the label y.
///
/// The gradient by sⱼ is 1/N where its margin is violated, sⱼ − s_y + 1 > 0, else 0; by s_y it is
/// minus the number of these violations, over N.
///
/// Sources: J. Weston and C. Watkins, "Support Vector Machines for Multi-Class Pattern Recognition",
/// 1999; CS231n notes, "Linear classification".
pub(super) struct Hinge<'a, T> {
    /// Scores.
    pub(super) rows: Rows<'a, T>,
    /// (N), each in 0..C.
    pub(super) labels: &'a [u32],
}

impl<T: Real> Kernel<T> for Hinge<'_, T> {
    type Output = BatchLoss;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) -> BatchLoss {
        let share = T::ONE / T::from_f64(self.labels.len() as f64);
        let mut batch = BatchLoss::default();
        for (sample, label) in self.labels.iter().enumerate() {
            let (scores, mut dscores) = self.rows.sample(sample);
            let label = *label as usize;
            let (mut loss, mut n_violated) = (T::ZERO, T::ZERO);
            for (class, score) in scores.iter().enumerate() {
                let margin = *score - scores[label] + T::ONE;
                // Not-a-number must show in the loss.
                let violated = class != label && (margin > T::ZERO || margin.is_nan());
                if violated {
                    loss += margin;
                    n_violated += T::ONE;
                }
                if let Some(dscores) = &mut dscores {
                    dscores[class] = if violated { share } else { T::ZERO };
                }
            }
            if let Some(dscores) = dscores {
                dscores[label] = -(n_violated * share);
            }
            batch.sum += loss.to_f64();
            batch.n_correct += usize::from(largest(scores) == label);
        }
        batch
    }
}

/// Tells of each class whether its margin is violated.
pub(super) fn digest_branches<T: Real>(scores: &[T], label: usize, digest: &mut impl FnMut(u8)) {
    for score in scores {
        digest(u8::from(*score - scores[label] + T::ONE > T::ZERO));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_classes, loss_of};
    use crate::config::Loss::Hinge;

    #[test]
    fn violated_margins_add_up() {
        // The car of the CS231n notes, "Loss functions and optimization": scores of cat, car and
        // frog (1.3, 4.9, 2.0), a car: max(0, 1.3 − 4.9 + 1) + max(0, 2.0 − 4.9 + 1) = 0.
        check_classes(Hinge, &[1.3, 4.9, 2.0], 1, 0.0, &[0.0, 0.0, 0.0], true);
        // The cat, (3.2, 5.1, −1.7): 5.1 − 3.2 + 1 + max(0, −3.9) = 2.9.
        check_classes(Hinge, &[3.2, 5.1, -1.7], 0, 2.9, &[-1.0, 1.0, 0.0], false);
        // The frog, (2.2, 2.5, −3.1): 2.2 + 3.1 + 1 + 2.5 + 3.1 + 1 = 12.9.
        check_classes(Hinge, &[2.2, 2.5, -3.1], 2, 12.9, &[1.0, 1.0, -2.0], false);
    }

    #[test]
    fn equal_scores_cost_one_for_each_other_class() {
        check_classes(Hinge, &[0.0; 4], 0, 3.0, &[-3.0, 1.0, 1.0, 1.0], true);
    }

    #[test]
    fn a_margin_of_exactly_one_is_enough() {
        check_classes(Hinge, &[2.0, 1.0], 0, 0.0, &[0.0, 0.0], true);
    }

    #[test]
    fn not_a_number_makes_the_loss_not_a_number() {
        for scores in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
            assert!(loss_of(Hinge, &scores, &[0]).is_nan());
        }
    }
}
