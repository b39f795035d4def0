//! Losses of a batch, with their gradients.

use crate::kernel::{BatchLoss, Real, Simd, SoftmaxCrossEntropy};
use crate::layer::Batch;

/// Softmax cross-entropy over a batch, and its gradients.
///
/// L = −(1/N) Σᵢ log softmax(sᵢ)[yᵢ], ∂L/∂sᵢ = (softmax(sᵢ) − onehot(yᵢ)) / N
/// - `scores`: (N, C), unnormalised; `labels`: (N), each in 0..C.
/// - returns N · L in nats; `dscores` (N, C) is already divided by N.
///
/// Source: CS231n notes, "Linear classification".
pub(crate) fn softmax_cross_entropy<T: Real>(
    simd: Simd,
    scores: &Batch<T>,
    labels: &[u32],
    dscores: Option<&mut Batch<T>>,
) -> BatchLoss {
    simd.run(SoftmaxCrossEntropy {
        n_classes: scores.columns(),
        scores: scores.rows(labels.len()),
        stride: scores.stride(),
        labels,
        dscores: dscores.map(|dscores| dscores.rows_mut(labels.len())),
    })
}
