//! What holds for every loss: the gradient is that of the mean, on every instruction set.

use super::*;
use crate::kernel::reference::{Noise, on_every_simd};

/// Scores, row by row, as a batch of `columns`.
pub(super) fn batch<T: Real>(scores: &[T], columns: usize) -> Batch<T> {
    let mut batch = Batch::zeros(scores.len() / columns, columns);
    for (sample, row) in scores.chunks(columns).enumerate() {
        batch.row_mut(sample).copy_from_slice(row);
    }
    batch
}

/// Σᵢ Lᵢ of scores, row by row.
pub(super) fn loss_of<T: Real>(loss: Loss, scores: &[T], labels: &[u32]) -> f64 {
    let scores = batch(scores, scores.len() / labels.len());
    loss.of_batch(Simd::detect(), &scores, labels, None).sum
}

/// One sample's loss, its gradients and whether it is right, on every instruction set.
#[track_caller]
pub(super) fn check_classes(
    loss: Loss,
    scores: &[f64],
    label: u32,
    expected: f64,
    gradients: &[f64],
    correct: bool,
) {
    on_every_simd(|simd| {
        let scores = batch(scores, scores.len());
        let mut dscores = batch(&vec![9.0; gradients.len()], gradients.len());
        let found = loss.of_batch(simd, &scores, &[label], Some(&mut dscores));
        assert!(
            (found.sum - expected).abs() < 1e-12,
            "{} is not {expected}",
            found.sum
        );
        assert_eq!(found.n_correct, usize::from(correct));
        assert_eq!(loss.of_batch(simd, &scores, &[label], None), found);
        for (gradient, expected) in dscores.row(0).iter().zip(gradients) {
            assert!(
                (gradient - expected).abs() < 1e-12,
                "{:?} is not {gradients:?}",
                dscores.row(0)
            );
        }
    });
}

#[test]
fn gradients_are_those_of_the_mean_over_the_batch() {
    let losses = [
        Loss::Softmax {
            label_smoothing: 0.0,
        },
        Loss::Softmax {
            label_smoothing: 0.3,
        },
        Loss::Hinge,
    ];
    for loss in losses {
        let (columns, labels) = (5, [0, 4, 2]);
        let values: Vec<f64> = Noise::new(3).values(columns * labels.len());
        let mut dscores = batch(&values, columns);
        loss.of_batch(
            Simd::detect(),
            &batch(&values, columns),
            &labels,
            Some(&mut dscores),
        );
        for place in 0..values.len() {
            let at = |step: f64| {
                let mut moved = values.clone();
                moved[place] += step;
                loss_of(loss, &moved, &labels) / labels.len() as f64
            };
            let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
            let analytic = dscores.row(place / columns)[place % columns];
            assert!(
                (numeric - analytic).abs() < 1e-8,
                "{loss:?}: {analytic} is not {numeric}"
            );
        }
    }
}
