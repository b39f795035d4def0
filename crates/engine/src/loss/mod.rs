//! Losses of a batch, with their gradients: a file each, with its formula.
//!
//! A loss sees scores and targets alone. Penalties on weights are not part of it.

#![expect(
    clippy::inline_always,
    reason = "a loss is compiled for an instruction set by being inlined into a function that enables it"
)]

mod hinge;
mod huber;
mod mse;
mod softmax;

use std::ops::AddAssign;

use crate::config::Loss;
use crate::data::Targets;
use crate::kernel::{Real, Simd};
use crate::layer::Batch;

use hinge::Hinge;
use huber::Huber;
use mse::SquaredError;
use softmax::SoftmaxCrossEntropy;

/// Loss of a batch and what else is told of it, summed over its samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct BatchLoss {
    /// Σᵢ Lᵢ.
    pub(crate) sum: f64,
    /// Classes: samples whose (first) largest score is that of their label.
    pub(crate) n_correct: usize,
    /// Numbers: Σᵢ eᵢ², where eᵢ is prediction − target.
    pub(crate) squared_errors: f64,
    /// Numbers: Σᵢ |eᵢ|.
    pub(crate) absolute_errors: f64,
}

impl BatchLoss {
    /// Counts the error of one sample.
    #[inline(always)]
    fn add_error(&mut self, error: f64) {
        self.squared_errors += error * error;
        self.absolute_errors += error.abs();
    }
}

impl AddAssign for BatchLoss {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.n_correct += other.n_correct;
        self.squared_errors += other.squared_errors;
        self.absolute_errors += other.absolute_errors;
    }
}

impl Loss {
    /// The loss of a batch, and the gradients of its mean by the scores if they are wanted.
    ///
    /// - `scores`: (N, C) for labels in 0..C, (N, 1) for numbers; `targets`: (N), of the loss's kind.
    /// - returns sums over the N samples; `dscores`, as `scores`, is already divided by N.
    ///
    /// # Panics
    /// If the targets are of the other kind.
    pub(crate) fn of_batch<T: Real>(
        self,
        simd: Simd,
        scores: &Batch<T>,
        targets: &Targets,
        dscores: Option<&mut Batch<T>>,
    ) -> BatchLoss {
        let rows = Rows::new(scores, targets.len(), dscores);
        match (self, targets) {
            (Self::Softmax { label_smoothing }, Targets::Labels(labels)) => {
                simd.run(SoftmaxCrossEntropy {
                    rows,
                    labels,
                    label_smoothing: T::from_f64(label_smoothing),
                })
            }
            (Self::Hinge, Targets::Labels(labels)) => simd.run(Hinge { rows, labels }),
            (Self::Mse, Targets::Values(values)) => simd.run(SquaredError { rows, values }),
            (Self::Huber, Targets::Values(values)) => simd.run(Huber { rows, values }),
            _ => panic!("{self:?} is a loss of other targets"),
        }
    }

    /// Tells the branch of each kink that the scores of a batch took.
    pub(crate) fn digest_branches<T: Real>(
        self,
        scores: &Batch<T>,
        targets: &Targets,
        digest: &mut impl FnMut(u8),
    ) {
        match (self, targets) {
            (Self::Hinge, Targets::Labels(labels)) => {
                for (sample, label) in labels.iter().enumerate() {
                    hinge::digest_branches(scores.row(sample), *label as usize, digest);
                }
            }
            (Self::Huber, Targets::Values(values)) => {
                for (sample, value) in values.iter().enumerate() {
                    huber::digest_branches(scores.row(sample)[0], *value, digest);
                }
            }
            _ => {}
        }
    }
}

/// The scores of a batch, and the place of their gradients.
struct Rows<'a, T> {
    /// Scores of one sample, C.
    columns: usize,
    /// (N, C), rows at `stride`.
    scores: &'a [T],
    /// Elements from one sample to the next, of scores and gradients.
    stride: usize,
    /// (N, C), rows at `stride`, overwritten; `None` where only the loss is wanted.
    dscores: Option<&'a mut [T]>,
}

impl<'a, T: Real> Rows<'a, T> {
    fn new(scores: &'a Batch<T>, n: usize, dscores: Option<&'a mut Batch<T>>) -> Self {
        Self {
            columns: scores.columns(),
            scores: scores.rows(n),
            stride: scores.stride(),
            dscores: dscores.map(|dscores| dscores.rows_mut(n)),
        }
    }

    /// The scores of one sample, and the place of their gradients.
    #[inline(always)]
    fn sample(&mut self, sample: usize) -> (&[T], Option<&mut [T]>) {
        let first = sample * self.stride;
        let dscores = self.dscores.as_deref_mut();
        (
            &self.scores[first..][..self.columns],
            dscores.map(|dscores| &mut dscores[first..][..self.columns]),
        )
    }
}

/// Place of the first largest score.
#[inline(always)]
fn largest<T: Real>(scores: &[T]) -> usize {
    let mut largest = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[largest] {
            largest = class;
        }
    }
    largest
}

#[cfg(test)]
mod tests;
