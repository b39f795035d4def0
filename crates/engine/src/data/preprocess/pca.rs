//! Principal components: the samples turned onto the axes along which they vary independently.

use nalgebra::{DMatrix, SymmetricEigen};

use super::{Fitted, PreprocessError, to_finite};
use crate::kernel::{LinearBackwardWeights, LinearForward, Simd};

/// Most features D: the axes take D² numbers and time in D³, minutes at this size.
const MAX_FEATURES: usize = 4096;

/// ε, in units of the mean variance of the features: what is added to the variance along an axis before its root.
///
/// CS231n's notes add 1e-5 to variances of about 1; in this unit it means the same for bytes as for fractions.
const EPSILON: f64 = 1e-5;

/// Samples that are centred and multiplied at a time.
const BLOCK: usize = 256;

/// x′ = (x − μ)·W, W = U for `pca` and U/√(λ + ε) for `pca_whiten`.
///
/// The columns of U are the eigenvectors of the covariance Σ = Xᵀ·X/N of the centred training samples X (N, D), λ
/// their eigenvalues, falling. λ is the variance along the axis; where it is 0 but for rounding
/// (λ ≤ λ₀·D·2⁻⁵²), W is 0: what did not vary in training is no information.
///
/// Source: CS231n notes, "Neural Networks Part 2", PCA and whitening.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pca {
    /// μ (D).
    mean: Vec<f64>,
    /// W (D, D) row-major, one column an axis.
    weights: Vec<f64>,
}

impl Pca {
    /// Fitted on samples (N, `n_features`); `method` is its name, for messages.
    pub(super) fn fit(
        method: &'static str,
        n_features: usize,
        train: &[f32],
        whiten: bool,
    ) -> Result<Self, PreprocessError> {
        if n_features > MAX_FEATURES {
            return Err(PreprocessError::TooManyFeatures {
                method,
                found: n_features,
                accepted: MAX_FEATURES,
            });
        }
        let mean = mean(n_features, train);
        let mut covariance = covariance(&mean, train);
        let trace: f64 = covariance.iter().step_by(n_features + 1).sum();
        let mut weights = vec![0.0; n_features * n_features];
        if trace == 0.0 || train.is_empty() {
            return Ok(Self { mean, weights });
        }
        // In units of the mean variance, so that neither large nor small data leave the range of numbers.
        let unit = trace / n_features as f64;
        for value in &mut covariance {
            *value /= unit;
        }
        let axes = axes(n_features, &covariance).ok_or(PreprocessError::NoAxes { method })?;
        let negligible = axes[0].variance * n_features as f64 * f64::EPSILON;
        for (place, axis) in axes.iter().enumerate() {
            if axis.variance <= negligible {
                break;
            }
            let factor = if whiten {
                1.0 / ((axis.variance + EPSILON).sqrt() * unit.sqrt())
            } else {
                1.0
            };
            for (row, component) in weights.chunks_exact_mut(n_features).zip(&axis.direction) {
                row[place] = component * factor;
            }
        }
        Ok(Self { mean, weights })
    }

    /// Its numbers.
    pub(super) fn fitted(&self) -> Fitted {
        Fitted::Pca {
            means: self.mean.clone(),
            axes: self.weights.clone(),
        }
    }

    /// With those numbers; none where they are not for samples of so many features.
    pub(super) fn from_fitted(
        mean: Vec<f64>,
        weights: Vec<f64>,
        n_features: usize,
    ) -> Option<Self> {
        let fits =
            mean.len() == n_features && Some(weights.len()) == n_features.checked_mul(n_features);
        fits.then_some(Self { mean, weights })
    }

    /// Samples (N, D) along the axes: a linear layer.
    pub(super) fn apply(&self, features: &[f32]) -> Vec<f32> {
        let n_features = self.mean.len();
        let biases = vec![0.0; n_features];
        let mut turned = Vec::with_capacity(features.len());
        let mut centred = Vec::with_capacity(BLOCK * n_features);
        let mut block_turned = vec![0.0; BLOCK * n_features];
        for block in features.chunks(BLOCK * n_features) {
            center_into(&mut centred, &self.mean, block);
            portable().run(LinearForward {
                n: block.len() / n_features,
                inputs: n_features,
                outputs: n_features,
                x: &centred,
                x_stride: n_features,
                weights: &self.weights,
                biases: &biases,
                y: &mut block_turned,
                y_stride: n_features,
                relu: false,
            });
            turned.extend(block_turned[..block.len()].iter().map(|x| to_finite(*x)));
        }
        turned
    }
}

/// What is fitted shall not depend on the processor.
fn portable() -> Simd {
    Simd::available()[0]
}

/// One principal axis.
struct Axis {
    /// λ, not negative but for rounding.
    variance: f64,
    /// A column of U (D), of length 1.
    direction: Vec<f64>,
}

/// Eigenvalues and eigenvectors of a covariance (D, D), in the order of falling variance; none if they were not found.
///
/// An eigenvector's sign is free. Here the first component that is no less than half the largest is positive.
fn axes(n_features: usize, covariance: &[f64]) -> Option<Vec<Axis>> {
    const ROTATIONS_PER_AXIS: usize = 60;
    if covariance.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let matrix = DMatrix::from_row_slice(n_features, n_features, covariance);
    let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, ROTATIONS_PER_AXIS * n_features)?;
    let mut order: Vec<usize> = (0..n_features).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let axis = |place: usize| {
        let column = eigen.eigenvectors.column(place);
        let largest = column.iter().fold(0.0, |largest, x| x.abs().max(largest));
        let leading = column.iter().find(|x| 2.0 * x.abs() >= largest);
        let sign = if leading.is_some_and(|x| *x < 0.0) {
            -1.0
        } else {
            1.0
        };
        Axis {
            variance: eigen.eigenvalues[place],
            direction: column.iter().map(|x| sign * x).collect(),
        }
    };
    Some(order.into_iter().map(axis).collect())
}

/// μ (D) of samples (N, D).
fn mean(n_features: usize, features: &[f32]) -> Vec<f64> {
    let n = (features.len() / n_features).max(1) as f64;
    let mut mean = vec![0.0; n_features];
    for sample in features.chunks_exact(n_features) {
        for (sum, x) in mean.iter_mut().zip(sample) {
            *sum += f64::from(*x);
        }
    }
    for sum in &mut mean {
        *sum /= n;
    }
    mean
}

/// Σ = Xᵀ·X/N (D, D) of the samples less their mean.
fn covariance(mean: &[f64], features: &[f32]) -> Vec<f64> {
    let n_features = mean.len();
    let n = (features.len() / n_features).max(1) as f64;
    let mut covariance = vec![0.0; n_features * n_features];
    let mut of_block = covariance.clone();
    let mut sums = vec![0.0; n_features];
    let mut centred = Vec::with_capacity(BLOCK * n_features);
    for block in features.chunks(BLOCK * n_features) {
        center_into(&mut centred, mean, block);
        // Xᵀ·X is a linear layer's gradient by its weights, with X for the gradient by its outputs.
        portable().run(LinearBackwardWeights {
            n: block.len() / n_features,
            inputs: n_features,
            outputs: n_features,
            x: &centred,
            x_stride: n_features,
            dy: &centred,
            dy_stride: n_features,
            dweights: &mut of_block,
            dbiases: Some(&mut sums),
        });
        for (sum, value) in covariance.iter_mut().zip(&of_block) {
            *sum += value / n;
        }
    }
    covariance
}

fn center_into(centred: &mut Vec<f64>, mean: &[f64], block: &[f32]) {
    centred.clear();
    for sample in block.chunks_exact(mean.len()) {
        centred.extend(
            sample
                .iter()
                .zip(mean)
                .map(|(x, mean)| f64::from(*x) - mean),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, Stream};

    /// An ellipse about (10, 10): Σ = [[2.5, 1.5], [1.5, 2.5]], λ = 4 along (1, 1)/√2 and 1 along (1, −1)/√2.
    const ELLIPSE: [f32; 8] = [12.0, 12.0, 8.0, 8.0, 11.0, 9.0, 9.0, 11.0];

    #[track_caller]
    fn check(whiten: bool, features: &[f32], expected: &[f32]) {
        let found = Pca::fit("pca", 2, &ELLIPSE, whiten)
            .unwrap()
            .apply(features);
        for (x, expected) in found.iter().zip(expected) {
            assert!((x - expected).abs() < 1e-6, "{found:?}");
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn the_axes_of_an_ellipse_are_found() {
        let root = 2.0_f32.sqrt();
        let along = [2.0 * root, 0.0, -2.0 * root, 0.0, 0.0, root, 0.0, -root];
        check(false, &ELLIPSE, &along);
        // A new sample: its distance from the mean is (1, 0).
        check(false, &[11.0, 10.0], &[root / 2.0, root / 2.0]);
    }

    #[test]
    fn whitening_divides_by_the_deviation_along_each_axis() {
        // ε = 1e-5 of the mean variance 2.5.
        let [long, short] = [4.0_f32, 1.0].map(|variance| (2.0 / (variance + 2.5e-5)).sqrt());
        let along = [2.0 * long, 0.0, -2.0 * long, 0.0, 0.0, short, 0.0, -short];
        check(true, &ELLIPSE, &along);
    }

    /// Samples (600, 7) of correlated features, of sizes from 1 to 64; more than two blocks.
    fn correlated() -> Vec<f32> {
        let mut stream = Stream::new(5, Purpose::Split);
        let mut features = Vec::new();
        for _ in 0..600 {
            let common = stream.normal();
            features
                .extend((0..7).map(|place| {
                    (f64::from(1 << place) * (1.0 + common + stream.normal())) as f32
                }));
        }
        features
    }

    #[test]
    fn whitened_samples_have_the_identity_for_their_covariance() {
        let features = correlated();
        let whitened = Pca::fit("pca_whiten", 7, &features, true)
            .unwrap()
            .apply(&features);
        let covariance = covariance(&mean(7, &whitened), &whitened);
        for (place, value) in covariance.iter().enumerate() {
            let expected = if place % 8 == 0 { 1.0 } else { 0.0 };
            // ε takes 1e-5 of the mean variance, about 780, from the smallest, about 1: 1 − 1/1.0078.
            assert!((value - expected).abs() < 0.02, "{covariance:?}");
        }
    }

    #[test]
    fn rotated_samples_keep_their_distances_and_their_variances_fall() {
        let features = correlated();
        let rotated = Pca::fit("pca", 7, &features, false)
            .unwrap()
            .apply(&features);
        let distance = |of: &[f32]| -> f64 {
            let pairs = of[..7].iter().zip(&of[7..14]);
            pairs
                .map(|(a, b)| f64::from(a - b) * f64::from(a - b))
                .sum()
        };
        assert!((distance(&features) / distance(&rotated) - 1.0).abs() < 1e-5);
        let covariance = covariance(&mean(7, &rotated), &rotated);
        let variances: Vec<f64> = covariance.iter().step_by(8).copied().collect();
        assert!(variances.is_sorted_by(|a, b| a > b), "{variances:?}");
    }

    #[test]
    fn whitening_does_not_depend_on_the_unit_of_the_data() {
        let features = correlated();
        let whitened = |factor: f32| {
            let scaled: Vec<f32> = features.iter().map(|x| x * factor).collect();
            Pca::fit("pca_whiten", 7, &scaled, true)
                .unwrap()
                .apply(&scaled)
        };
        // A power of two changes no digit of any product or sum.
        assert_eq!(whitened(1.0), whitened(0.25));
    }

    #[test]
    fn the_same_samples_give_the_same_bits() {
        let fit = || Pca::fit("pca", 7, &correlated(), true).unwrap();
        assert_eq!(fit(), fit());
    }

    #[test]
    fn fewer_samples_than_features_span_fewer_axes() {
        let features = [1.0, 2.0, 3.0, 4.0, 3.0, 6.0, 3.0, 1.0];
        let rotated = Pca::fit("pca", 4, &features, true)
            .unwrap()
            .apply(&features);
        // Half the distance of two samples is one deviation; the other axes are empty.
        assert!((rotated[0].abs() - 1.0).abs() < 1e-5 && rotated[4] == -rotated[0]);
        assert_eq!(rotated[1..4], [0.0; 3]);
    }

    #[test]
    fn features_that_are_not_finite_are_an_error() {
        let fitted = Pca::fit("pca", 2, &[f32::NAN, 1.0, 2.0, 3.0], false);
        assert_eq!(fitted, Err(PreprocessError::NoAxes { method: "pca" }));
    }
}
