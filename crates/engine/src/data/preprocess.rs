//! Transformation of features: fitted on the training part only, kept for samples that come later.

mod affine;
mod pca;

use thiserror::Error;

use super::{Dataset, Samples, Shape};
use crate::config::Preprocess;
use affine::Affine;
use pca::Pca;

/// A transformation of samples with the numbers that were fitted for it.
///
/// What the network has learned holds for samples that went through it, so it belongs to the trained weights. The
/// default leaves samples as they are.
///
/// # Example
/// ```
/// use finetooth_engine::config::Preprocess;
/// use finetooth_engine::data::{Preprocessing, Shape};
///
/// let shape = Shape { height: 1, width: 1, channels: 2 };
/// // Features of the training samples: 1 and 3, 10 and 50.
/// let fitted = Preprocessing::fit(Preprocess::Standardize, shape, &[1.0, 10.0, 3.0, 50.0])?;
/// assert_eq!(fitted.apply(&[4.0, 30.0]), [2.0, 0.0]);
/// # Ok::<(), finetooth_engine::data::PreprocessError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preprocessing(Transform);

#[derive(Debug, Clone, Default, PartialEq)]
enum Transform {
    #[default]
    Identity,
    Affine(Affine),
    Pca(Pca),
}

/// What a [`Preprocessing`] consists of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fitted {
    /// Samples stay as they are.
    None,
    /// x′ = (x − origin) · factor, of value i those numbered i modulo their number G.
    Affine {
        /// (G).
        origins: Vec<f64>,
        /// (G).
        factors: Vec<f64>,
    },
    /// x′ = (x − means) · axes.
    Pca {
        /// (D).
        means: Vec<f64>,
        /// (D, D) row-major, one column an axis.
        axes: Vec<f64>,
    },
}

/// Why features could not be transformed; to be mended at `preprocess` of `[data]`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PreprocessError {
    /// A rotation of too many features: its cost grows with their cube.
    #[error(
        "\"{method}\" rotates at most {accepted} features, and the samples have {found}; \
         \"standardize_channel\" or \"standardize\" takes any number"
    )]
    TooManyFeatures {
        /// The method's name.
        method: &'static str,
        /// Features of a sample.
        found: usize,
        /// The limit.
        accepted: usize,
    },
    /// Nothing that the samples could be told apart by.
    #[error(
        "every feature is constant over the {n_samples} training samples, so that \"{method}\" makes all of them 0; \
         accepted: data in which a feature varies, or \"none\""
    )]
    Constant {
        /// The method's name.
        method: &'static str,
        /// Training samples.
        n_samples: usize,
    },
    /// The principal axes were not found.
    #[error(
        "\"{method}\" found no principal axes: the features are not finite, or of too different sizes; \
         \"standardize\" takes them"
    )]
    NoAxes {
        /// The method's name.
        method: &'static str,
    },
}

impl Preprocessing {
    /// Fits a method to the training samples.
    ///
    /// With μ, σ, min and max over the training samples, of one feature (its place in the sample), of one channel
    /// or of all values; sums are in `f64`, in the order of the data:
    ///
    /// | method | x′ | of |
    /// |---|---|---|
    /// | `none` | x | |
    /// | `scale` | (x − min)/(max − min) | all |
    /// | `center_image` | x − μ, the mean image | feature |
    /// | `center_channel` | x − μ | channel |
    /// | `standardize_channel` | (x − μ)/σ | channel |
    /// | `standardize` | (x − μ)/σ | feature |
    /// | `pca` | (x − μ)·U | the axes of the samples |
    /// | `pca_whiten` | (x − μ)·U/√(λ + ε) | the axes of the samples |
    ///
    /// What is constant over the training samples becomes 0 in all samples. `pca` replaces the D features by D
    /// coordinates along the principal axes, in the order of falling variance λ.
    ///
    /// - `train`: (N, D) row-major, D = `shape.len()`, finite.
    ///
    /// # Errors
    /// [`PreprocessError::TooManyFeatures`] and [`PreprocessError::NoAxes`] from `pca` and `pca_whiten` alone.
    ///
    /// Source: CS231n notes, "Neural Networks Part 2", data preprocessing; Y. LeCun, L. Bottou, G. Orr,
    /// K.-R. Müller, "Efficient BackProp", 1998, section 4.3.
    pub fn fit(method: Preprocess, shape: Shape, train: &[f32]) -> Result<Self, PreprocessError> {
        let (of_features, of_channels) = (shape.len(), shape.channels);
        let rotate = |whiten| Pca::fit(method.name(), of_features, train, whiten);
        Ok(Self(match method {
            Preprocess::None => Transform::Identity,
            Preprocess::Scale => Transform::Affine(Affine::scale(train)),
            Preprocess::CenterImage => Transform::Affine(Affine::center(of_features, train)),
            Preprocess::CenterChannel => Transform::Affine(Affine::center(of_channels, train)),
            Preprocess::StandardizeChannel => {
                Transform::Affine(Affine::standardize(of_channels, train))
            }
            Preprocess::Standardize => Transform::Affine(Affine::standardize(of_features, train)),
            Preprocess::Pca => Transform::Pca(rotate(false)?),
            Preprocess::PcaWhiten => Transform::Pca(rotate(true)?),
        }))
    }

    /// The numbers that were fitted.
    pub(crate) fn fitted(&self) -> Fitted {
        match &self.0 {
            Transform::Identity => Fitted::None,
            Transform::Affine(affine) => affine.fitted(),
            Transform::Pca(pca) => pca.fitted(),
        }
    }

    /// With numbers that were fitted before, of samples with `n_features` features; none where they are not of such.
    pub(crate) fn from_fitted(fitted: Fitted, n_features: usize) -> Option<Self> {
        Some(Self(match fitted {
            Fitted::None => Transform::Identity,
            Fitted::Affine { origins, factors } => {
                Transform::Affine(Affine::from_fitted(&origins, &factors, n_features)?)
            }
            Fitted::Pca { means, axes } => {
                Transform::Pca(Pca::from_fitted(means, axes, n_features)?)
            }
        }))
    }

    /// Samples (N, D) as the network is to see them.
    pub fn apply(&self, features: &[f32]) -> Vec<f32> {
        match &self.0 {
            Transform::Identity => features.to_vec(),
            Transform::Affine(affine) => affine.apply(features),
            Transform::Pca(pca) => pca.apply(features),
        }
    }
}

impl Dataset {
    /// The same raw data with their features transformed as fits the training part, and the transformation.
    ///
    /// # Errors
    /// Those of [`Preprocessing::fit`], and [`PreprocessError::Constant`] if nothing but zeros is left.
    pub fn preprocessed(&self, method: Preprocess) -> Result<Dataset, PreprocessError> {
        let preprocessing = Preprocessing::fit(method, self.shape, &self.train.features)?;
        let transformed = |part: &Samples| Samples {
            features: preprocessing.apply(&part.features),
            targets: part.targets.clone(),
        };
        let train = transformed(&self.train);
        let nothing_left = train.features.iter().all(|x| *x == 0.0);
        if method != Preprocess::None && !train.is_empty() && nothing_left {
            return Err(PreprocessError::Constant {
                method: method.name(),
                n_samples: train.len(),
            });
        }
        Ok(Dataset {
            shape: self.shape,
            columns: self.columns.clone(),
            task: self.task.clone(),
            train,
            validation: transformed(&self.validation),
            test: transformed(&self.test),
            preprocessing,
            notes: self.notes.clone(),
        })
    }
}

/// The nearest `f32`; a value far beyond the training part stays finite.
fn to_finite(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

#[cfg(test)]
mod tests;
