//! From rows to features: numbers as they are, categories one-hot, missing numbers left open for the split.

use std::collections::BTreeMap;

use super::dialect::Dialect;
use super::label::Labels;
use super::notes::{self, Seen};
use super::rows::{Row, Text};
use super::schema::{Cell, Column, Content, Schema, each_sample, is_missing};
use crate::config::CsvOptions;
use crate::data::columns::place_of;
use crate::data::input::check_values;
use crate::data::raw::{Cells, Raw, listed};
use crate::data::{DataError, Shape, Targets};

/// Reads the samples of a table with known columns.
///
/// A missing number is NaN in the result; `load` gives it the mean of the training part.
pub(super) fn encode(
    text: &Text,
    dialect: &Dialect,
    schema: &Schema,
    options: &CsvOptions,
    shape: Option<[usize; 3]>,
) -> Result<Raw, DataError> {
    let n_features = schema.n_features();
    let layout = Layout::of(text, schema, shape)?;
    let label_of: BTreeMap<&str, u32> = (0..)
        .zip(schema.labels.classes())
        .map(|(label, class)| (class.as_str(), label))
        .collect();
    let mut targets = match schema.labels {
        Labels::Classes(_) => Targets::Labels(Vec::new()),
        Labels::Numbers => Targets::Values(Vec::new()),
    };
    let mut features: Vec<f32> = Vec::new();
    let mut seen = vec![Seen::default(); schema.columns.len()];
    let n_dropped = each_sample(text, dialect, schema.label_idx, &options.missing, |row| {
        check_values(&text.path, targets.len() as u64 + 1, n_features as u64)?;
        match &mut targets {
            Targets::Labels(labels) => labels.push(
                *label_of
                    .get(row.cell(schema.label_idx))
                    .ok_or_else(|| unknown_class(text, row, schema))?,
            ),
            Targets::Values(values) => {
                values.push(number(text, dialect, row, schema.label_idx)?);
            }
        }
        let start = features.len();
        features.resize(start + n_features, 0.0);
        let sample = &mut features[start..];
        let mut first = 0;
        for (column_idx, column) in schema.columns.iter().enumerate() {
            let cell = row.cell(column_idx);
            let missing = is_missing(cell, &options.missing);
            match &column.content {
                Content::Label => {}
                Content::Number if missing => {
                    seen[column_idx].n_missing += 1;
                    sample[layout.target(first)] = f32::NAN;
                }
                Content::Number => {
                    sample[layout.target(first)] = number(text, dialect, row, column_idx)?;
                }
                Content::Category(values) => match value_idx(values, cell, missing, column) {
                    Some(value_idx) => {
                        seen[column_idx].n_missing += usize::from(missing);
                        sample[layout.target(first + value_idx)] = 1.0;
                    }
                    None => seen[column_idx].n_unknown += 1,
                },
            }
            first += column.n_features();
        }
        Ok(())
    })?;
    if targets.is_empty() {
        return Err(DataError::NoSamples {
            path: text.path.clone(),
        });
    }
    Ok(Raw {
        shape: layout.shape,
        classes: schema.labels.classes().to_vec(),
        notes: notes::of_file(text, dialect, schema, targets.len(), n_dropped, &seen),
        targets,
        cells: Cells::Numbers(features),
        columns: Some(schema.fitted(dialect, &options.missing)),
    })
}

/// Where a row's features go: rows hold images plane by plane, samples pixel by pixel.
struct Layout {
    shape: Shape,
}

impl Layout {
    fn of(text: &Text, schema: &Schema, shape: Option<[usize; 3]>) -> Result<Self, DataError> {
        let n_features = schema.n_features();
        let [channels, height, width] = shape.unwrap_or([n_features, 1, 1]);
        let n_values = channels
            .checked_mul(height)
            .and_then(|n| n.checked_mul(width));
        if n_values != Some(n_features) {
            return Err(DataError::WrongShape {
                path: text.path.clone(),
                found: [channels, height, width],
                accepted: format!("a shape of {n_features} values, as many as a row has features"),
            });
        }
        Ok(Self {
            shape: Shape {
                height,
                width,
                channels,
            },
        })
    }

    /// Where a row's feature lies in the sample.
    fn target(&self, feature_idx: usize) -> usize {
        place_of(self.shape, feature_idx)
    }
}

/// Which of a categorical column's features is 1 for this cell; `None` if the training file's column has none for it.
fn value_idx(values: &[String], cell: &str, missing: bool, column: &Column) -> Option<usize> {
    if missing {
        return (column.n_missing > 0).then_some(values.len());
    }
    values
        .binary_search_by(|value| value.as_str().cmp(cell))
        .ok()
}

/// The finite number in a cell.
fn number(text: &Text, dialect: &Dialect, row: &Row, column_idx: usize) -> Result<f32, DataError> {
    let cell = || Cell::of(row, column_idx);
    match row.cell(column_idx).parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(DataError::NotFinite {
            path: text.path.clone(),
            line: row.line,
            column: dialect.full_name(column_idx),
            found: cell().text,
        }),
        Err(_) => Err(DataError::NotANumber {
            path: text.path.clone(),
            line: row.line,
            column: dialect.full_name(column_idx),
            found: cell().text,
        }),
    }
}

fn unknown_class(text: &Text, row: &Row, schema: &Schema) -> DataError {
    let cell = Cell::of(row, schema.label_idx);
    DataError::UnknownClass {
        path: text.path.clone(),
        place: format!(" in line {}", cell.line),
        found: cell.text,
        accepted: listed(schema.labels.classes()),
    }
}
