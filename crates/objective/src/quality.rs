//! What predictions of a part of the data are worth.

use finetooth_engine::evaluation::{Classified, Measured, numbers};
use finetooth_engine::solver::{Part, Predictions};

use crate::train::Training;

/// What predictions are worth.
#[derive(Debug, Clone, PartialEq)]
pub enum Quality {
    /// Of classes.
    Classes(Classified),
    /// Of a number.
    Number(Measured),
}

impl Quality {
    /// What ensembles are compared by, larger is better: the loss, then the accuracy; or the root mean squared error. The
    /// loss tells how sure each answer is, so that an ensemble fits a small validation set less by chance than one that is
    /// chosen by how many answers are right.
    pub fn figures(&self) -> Vec<f64> {
        match self {
            Self::Classes(found) => vec![-found.loss, found.accuracy],
            Self::Number(found) => vec![-found.rmse],
        }
    }
}

impl Training {
    /// What `predictions` of a part of the data are worth.
    ///
    /// # Panics
    /// If they are of other samples.
    pub fn quality(&self, part: Part, predictions: &Predictions) -> Quality {
        let targets = self.part(part);
        assert_eq!(targets.len(), predictions.len(), "of the same samples");
        let values = self.scale().and_then(|scale| numbers(targets, scale));
        match values {
            Some(labels) => Quality::Number(Measured::of(predictions, &labels)),
            None => Quality::Classes(Classified::of(
                predictions,
                targets.labels().unwrap_or_default(),
            )),
        }
    }
}
