//! The columns of a table, as further rows need them to become samples like those that were trained on.

use serde::{Deserialize, Serialize};

use super::Shape;

/// What the columns of a table became, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    pub(crate) columns: Vec<Column>,
    /// Cells that mean "missing".
    pub(crate) missing: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Column {
    /// Its name, where the table has a header.
    pub(crate) name: Option<String>,
    pub(crate) content: Content,
}

/// What a column's cells become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Content {
    /// The label; no feature.
    Label,
    /// One feature, the number itself.
    Number {
        /// What stands for a missing one: the mean of the training part.
        mean: f32,
    },
    /// One feature per value, in this (sorted) order, and one more where cells were missing: 1 for the cell's own, else 0.
    Category {
        values: Vec<String>,
        has_missing: bool,
    },
}

impl Content {
    /// Number of features it gives.
    pub(crate) fn n_features(&self) -> usize {
        match self {
            Self::Label => 0,
            Self::Number { .. } => 1,
            Self::Category {
                values,
                has_missing,
            } => values.len() + usize::from(*has_missing),
        }
    }
}

impl Columns {
    /// Number of features of a sample.
    pub(crate) fn n_features(&self) -> usize {
        let of = |column: &Column| column.content.n_features();
        self.columns.iter().map(of).sum()
    }

    /// Puts down what stands for missing numbers: of samples of `shape`, the means (D) over the training part.
    pub(super) fn set_means(&mut self, shape: Shape, means: &[f32]) {
        let mut first = 0;
        for Column { content, .. } in &mut self.columns {
            if let Content::Number { mean } = content {
                *mean = means[place_of(shape, first)];
            }
            first += content.n_features();
        }
    }

    /// What stands for each feature of a row where it is missing, in the row's order; 0 for those of categories.
    pub(crate) fn means(&self) -> Vec<f32> {
        let of = |column: &Column| match &column.content {
            Content::Number { mean } => vec![*mean],
            other => vec![0.0; other.n_features()],
        };
        self.columns.iter().flat_map(of).collect()
    }

    /// Whether every feature is a number of its own.
    pub(crate) fn are_numbers(&self) -> bool {
        let is_category = |column: &Column| matches!(column.content, Content::Category { .. });
        !self.columns.iter().any(is_category)
    }
}

/// Where a row's feature lies in a sample: rows hold images plane by plane, samples pixel by pixel.
pub(crate) fn place_of(shape: Shape, feature_idx: usize) -> usize {
    let plane = shape.height * shape.width;
    (feature_idx % plane) * shape.channels + feature_idx / plane
}
