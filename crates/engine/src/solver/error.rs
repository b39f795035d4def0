//! Why a training cannot begin.

use thiserror::Error;

use crate::data::{Dataset, Samples};
use crate::network::NetworkError;

/// Why a training cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SolverError {
    /// The network cannot be built for these data.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A part of the data that is needed has no sample.
    #[error("the {part} set has no samples")]
    EmptyPart {
        /// `training` or `validation`.
        part: &'static str,
    },
    /// Features and labels of a part do not belong together.
    #[error("the {part} set has {n_features} values for {n_labels} samples of {per_sample}")]
    WrongLength {
        /// `training` or `validation`.
        part: &'static str,
        /// Feature values found.
        n_features: usize,
        /// Labels found.
        n_labels: usize,
        /// Values of one sample.
        per_sample: usize,
    },
    /// A label names no class.
    #[error("the {part} set has a label {label}, of {n_classes} classes counted from 0")]
    UnknownClass {
        /// `training` or `validation`.
        part: &'static str,
        /// The label found.
        label: u32,
        /// Classes of the data.
        n_classes: usize,
    },
}

/// Whether a part of the data can be trained with or evaluated.
pub(crate) fn check_part(
    dataset: &Dataset,
    samples: &Samples,
    part: &'static str,
) -> Result<(), SolverError> {
    let (n_labels, per_sample, n_classes) = (
        samples.labels.len(),
        dataset.shape.len(),
        dataset.classes.len(),
    );
    if n_labels == 0 {
        return Err(SolverError::EmptyPart { part });
    }
    if n_labels.checked_mul(per_sample) != Some(samples.features.len()) {
        return Err(SolverError::WrongLength {
            part,
            n_features: samples.features.len(),
            n_labels,
            per_sample,
        });
    }
    match samples
        .labels
        .iter()
        .find(|label| **label as usize >= n_classes)
    {
        Some(&label) => Err(SolverError::UnknownClass {
            part,
            label,
            n_classes,
        }),
        None => Ok(()),
    }
}
