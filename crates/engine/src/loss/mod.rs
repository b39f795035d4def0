//! Losses of a batch, with their gradients: a file each, with its formula.
//!
//! A loss sees scores and labels alone. Penalties on weights are not part of it.

#![expect(
    clippy::inline_always,
    reason = "a loss is compiled for an instruction set by being inlined into a function that enables it"
)]

mod hinge;
mod softmax;

use std::ops::AddAssign;

use crate::config::Loss;
use crate::kernel::{Real, Simd};
use crate::layer::Batch;

use hinge::Hinge;
use softmax::SoftmaxCrossEntropy;

/// Loss and hits of a batch, summed over its samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct BatchLoss {
    /// Σᵢ Lᵢ.
    pub(crate) sum: f64,
    /// Samples whose (first) largest score is that of their label.
    pub(crate) n_correct: usize,
}

impl AddAssign for BatchLoss {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.n_correct += other.n_correct;
    }
}

impl Loss {
    /// The loss of a batch, and the gradients of its mean by the scores if they are wanted.
    ///
    /// - `scores`: (N, C); `labels`: (N), each in 0..C.
    /// - returns sums over the N samples; `dscores` (N, C) is already divided by N.
    pub(crate) fn of_batch<T: Real>(
        self,
        simd: Simd,
        scores: &Batch<T>,
        labels: &[u32],
        dscores: Option<&mut Batch<T>>,
    ) -> BatchLoss {
        let rows = Rows::new(scores, labels.len(), dscores);
        match self {
            Self::Softmax { label_smoothing } => simd.run(SoftmaxCrossEntropy {
                rows,
                labels,
                label_smoothing: T::from_f64(label_smoothing),
            }),
            Self::Hinge => simd.run(Hinge { rows, labels }),
        }
    }

    /// Tells the branch of each kink that the scores of a batch took.
    pub(crate) fn digest_branches<T: Real>(
        self,
        scores: &Batch<T>,
        labels: &[u32],
        digest: &mut impl FnMut(u8),
    ) {
        match self {
            Self::Softmax { .. } => {}
            Self::Hinge => {
                for (sample, label) in labels.iter().enumerate() {
                    hinge::digest_branches(scores.row(sample), *label as usize, digest);
                }
            }
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
