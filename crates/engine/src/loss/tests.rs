//! What holds for every loss: the gradient is that of the mean, on every instruction set.

use super::*;
use crate::kernel::reference::{Noise, on_every_simd};

/// Scores, row by row, as a batch of `columns`.
fn batch<T: Real>(scores: &[T], columns: usize) -> Batch<T> {
    let mut batch = Batch::zeros(scores.len() / columns, columns);
    for (sample, row) in scores.chunks(columns).enumerate() {
        batch.row_mut(sample).copy_from_slice(row);
    }
    batch
}

fn loss_of_targets<T: Real>(loss: Loss, scores: &[T], targets: &Targets) -> f64 {
    let scores = batch(scores, scores.len() / targets.len());
    loss.of_batch(Simd::detect(), &scores, targets, None).sum
}

/// Σᵢ Lᵢ of scores, row by row.
pub(super) fn loss_of<T: Real>(loss: Loss, scores: &[T], labels: &[u32]) -> f64 {
    loss_of_targets(loss, scores, &Targets::Labels(labels.to_vec()))
}

/// L of a prediction of 1.
pub(super) fn loss_of_value<T: Real>(loss: Loss, score: T) -> f64 {
    loss_of_targets(loss, &[score], &Targets::Values(vec![1.0]))
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
    let found = check(
        loss,
        scores,
        &Targets::Labels(vec![label]),
        expected,
        gradients,
    );
    assert_eq!(found.n_correct, usize::from(correct));
}

/// One sample's loss and its gradient, on every instruction set.
#[track_caller]
pub(super) fn check_value(loss: Loss, score: f64, value: f32, expected: f64, gradient: f64) {
    let targets = Targets::Values(vec![value]);
    let found = check(loss, &[score], &targets, expected, &[gradient]);
    let error = score - f64::from(value);
    assert_eq!(found.absolute_errors, error.abs());
    assert_eq!(found.squared_errors, error * error);
}

#[track_caller]
fn check(
    loss: Loss,
    scores: &[f64],
    targets: &Targets,
    expected: f64,
    gradients: &[f64],
) -> BatchLoss {
    let scores = batch(scores, scores.len());
    let plain = loss.of_batch(Simd::available()[0], &scores, targets, None);
    on_every_simd(|simd| {
        let mut dscores = batch(&vec![9.0; gradients.len()], gradients.len());
        let found = loss.of_batch(simd, &scores, targets, Some(&mut dscores));
        assert_eq!(found, plain);
        assert!(
            (found.sum - expected).abs() < 1e-12,
            "{} is not {expected}",
            found.sum
        );
        for (gradient, expected) in dscores.row(0).iter().zip(gradients) {
            assert!(
                (gradient - expected).abs() < 1e-12,
                "{:?} is not {gradients:?}",
                dscores.row(0)
            );
        }
    });
    plain
}

#[test]
fn gradients_are_those_of_the_mean_over_the_batch() {
    let labels = || Targets::Labels(vec![0, 4, 2]);
    let values = || Targets::Values(vec![0.4, -2.0, 1.5]);
    let softmax = |label_smoothing| Loss::Softmax { label_smoothing };
    for (loss, targets) in [
        (softmax(0.0), labels()),
        (softmax(0.3), labels()),
        (Loss::Hinge, labels()),
        (Loss::Mse, values()),
        (Loss::Huber, values()),
    ] {
        let columns = if targets.labels().is_some() { 5 } else { 1 };
        let scores: Vec<f64> = Noise::new(3).values(columns * targets.len());
        let mut dscores = batch(&scores, columns);
        loss.of_batch(
            Simd::detect(),
            &batch(&scores, columns),
            &targets,
            Some(&mut dscores),
        );
        for place in 0..scores.len() {
            let at = |step: f64| {
                let mut moved = scores.clone();
                moved[place] += step;
                loss_of_targets(loss, &moved, &targets) / targets.len() as f64
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
