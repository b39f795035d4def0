//! Why a training cannot begin.

use thiserror::Error;

use crate::config::{LabelKind, Loss};
use crate::data::{AugmentError, Dataset, Samples, Targets, Task};
use crate::network::NetworkError;

/// Why a training cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SolverError {
    /// The network cannot be built for these data.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The images cannot be varied as asked.
    #[error(transparent)]
    Augment(#[from] AugmentError),
    /// The data have too few classes.
    #[error("the data have {n_classes} class(es); a classifier needs at least 2")]
    TooFewClasses {
        /// Classes found.
        n_classes: usize,
    },
    /// The loss is one of other labels.
    #[error(
        "loss = \"{loss}\" does not fit the {part} set, whose labels are {found}; accepted: {accepted}"
    )]
    WrongLoss {
        /// The loss's name.
        loss: &'static str,
        /// `training` or `validation`.
        part: &'static str,
        /// `classes` or `numbers`.
        found: &'static str,
        /// Names of losses that fit.
        accepted: &'static str,
    },
    /// A part of the data that is needed has no sample.
    #[error("the {part} set has no samples")]
    EmptyPart {
        /// `training` or `validation`.
        part: &'static str,
    },
    /// Features and targets of a part do not belong together.
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

/// Whether a part of the data can be trained with or evaluated by a loss.
pub(crate) fn check_part(
    dataset: &Dataset,
    samples: &Samples,
    loss: Loss,
    part: &'static str,
) -> Result<(), SolverError> {
    let (n_labels, per_sample) = (samples.len(), dataset.shape.len());
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
    let (found, accepted) = match (&dataset.task, &samples.targets, loss.kind().label_kind()) {
        (Task::Classification { classes }, Targets::Labels(labels), LabelKind::Class) => {
            return check_labels(labels, classes.len(), part);
        }
        (Task::Regression { .. }, Targets::Values(_), LabelKind::Number) => return Ok(()),
        (_, Targets::Labels(_), _) => ("classes", "softmax, hinge"),
        (_, Targets::Values(_), _) => ("numbers", "mse, huber"),
    };
    Err(SolverError::WrongLoss {
        loss: loss.kind().name(),
        part,
        found,
        accepted,
    })
}

fn check_labels(labels: &[u32], n_classes: usize, part: &'static str) -> Result<(), SolverError> {
    match labels.iter().find(|label| **label as usize >= n_classes) {
        Some(&label) => Err(SolverError::UnknownClass {
            part,
            label,
            n_classes,
        }),
        None => Ok(()),
    }
}
