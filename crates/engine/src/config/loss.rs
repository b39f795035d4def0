//! The key `loss`, with what belongs to it.

use super::choice::choice;
use super::data::LabelKind;

/// What is minimised, averaged over a batch; penalties come to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Softmax cross-entropy, in nats.
    Softmax {
        /// Share of the label that is spread evenly over all classes, in [0, 1).
        label_smoothing: f64,
    },
    /// Multiclass hinge with margin 1.
    Hinge,
    /// Mean squared error of a number.
    Mse,
    /// Huber loss of a number, straight from an error of 1 on.
    Huber,
}

/// The name of a [`Loss`], without its constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// See [`Loss::Softmax`].
    Softmax,
    /// See [`Loss::Hinge`].
    Hinge,
    /// See [`Loss::Mse`].
    Mse,
    /// See [`Loss::Huber`].
    Huber,
}

choice!(LossKind { Softmax = "softmax", Hinge = "hinge", Mse = "mse", Huber = "huber" });

impl Loss {
    /// Its name.
    pub fn kind(self) -> LossKind {
        match self {
            Self::Softmax { .. } => LossKind::Softmax,
            Self::Hinge => LossKind::Hinge,
            Self::Mse => LossKind::Mse,
            Self::Huber => LossKind::Huber,
        }
    }
}

impl LossKind {
    /// What it is a loss of.
    pub fn label_kind(self) -> LabelKind {
        match self {
            Self::Softmax | Self::Hinge => LabelKind::Class,
            Self::Mse | Self::Huber => LabelKind::Number,
        }
    }
}
