//! The key `loss`, with what belongs to it.

use super::choice::choice;

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
}

/// The name of a [`Loss`], without its constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// See [`Loss::Softmax`].
    Softmax,
    /// See [`Loss::Hinge`].
    Hinge,
}

choice!(LossKind { Softmax = "softmax", Hinge = "hinge" });

impl Loss {
    /// Its name.
    pub fn kind(self) -> LossKind {
        match self {
            Self::Softmax { .. } => LossKind::Softmax,
            Self::Hinge => LossKind::Hinge,
        }
    }
}
