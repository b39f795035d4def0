//! Rows without a label: what a trained network is asked about.

use std::collections::HashMap;

use super::dialect::Dialect;
use super::rows::{Row, Text};
use super::schema::{Cell, is_missing};
use crate::data::columns::{Column, Columns, Content, place_of};
use crate::data::input::check_values;
use crate::data::raw::listed;
use crate::data::unlabelled::UnlabelledError;
use crate::data::{DataError, Shape};

/// Reads rows as samples of `shape`: cells of the columns that the network was trained on, or, without columns, D numbers
/// each, images plane by plane. Columns that it does not know, and its label, are passed over.
pub(in crate::data) fn read(
    text: &Text,
    columns: Option<&Columns>,
    shape: Shape,
) -> Result<Vec<f32>, UnlabelledError> {
    let delimiter = Dialect::delimiter_of(text).unwrap_or(b',');
    let first = Dialect::first_row_of(text, delimiter)?;
    let Some(columns) = columns else {
        return numbers(text, delimiter, &first, shape);
    };
    let found = Found::of(text, columns, &first)?;
    let mut samples = Samples::new(text, shape);
    text.rows(delimiter, |row| {
        if row.line == found.header_line {
            return Ok(true);
        }
        let sample = samples.next()?;
        let mut first = 0;
        for (column, place) in columns.columns.iter().zip(&found.places) {
            if let Some(place) = *place {
                encode(text, row, place, column, &columns.missing, |idx, value| {
                    sample[place_of(shape, first + idx)] = value;
                })?;
            }
            first += column.content.n_features();
        }
        Ok(true)
    })?;
    samples.whole()
}

/// Rows of D numbers; a first line with a cell that is none names the columns.
fn numbers(
    text: &Text,
    delimiter: u8,
    first: &[String],
    shape: Shape,
) -> Result<Vec<f32>, UnlabelledError> {
    if first.len() != shape.len() {
        return Err(UnlabelledError::Width {
            path: text.path.clone(),
            found: first.len(),
            accepted: shape.len(),
            order: if shape.height * shape.width == 1 {
                String::new()
            } else {
                format!(
                    ", the pixels of {} × {}, {}",
                    shape.height,
                    shape.width,
                    match shape.channels {
                        1 => "row by row".to_owned(),
                        n => format!("row by row in each of {n} channels"),
                    }
                )
            },
        });
    }
    let mut is_header = first.iter().any(|cell| cell.parse::<f32>().is_err());
    let mut samples = Samples::new(text, shape);
    text.rows(delimiter, |row| {
        if std::mem::take(&mut is_header) {
            return Ok(true);
        }
        let sample = samples.next()?;
        for column_idx in 0..row.len() {
            sample[place_of(shape, column_idx)] = number(text, row, column_idx, None)?;
        }
        Ok(true)
    })?;
    samples.whole()
}

/// The samples so far.
struct Samples<'a> {
    text: &'a Text,
    n_features: usize,
    features: Vec<f32>,
}

impl<'a> Samples<'a> {
    fn new(text: &'a Text, shape: Shape) -> Self {
        Self {
            text,
            n_features: shape.len(),
            features: Vec::new(),
        }
    }

    /// The next one, all 0.
    fn next(&mut self) -> Result<&mut [f32], DataError> {
        let start = self.features.len();
        let n = start / self.n_features + 1;
        check_values(&self.text.path, n as u64, self.n_features as u64)?;
        self.features.resize(start + self.n_features, 0.0);
        Ok(&mut self.features[start..])
    }

    fn whole(self) -> Result<Vec<f32>, UnlabelledError> {
        if self.features.is_empty() {
            return Err(UnlabelledError::NoSamples {
                path: self.text.path.clone(),
            });
        }
        Ok(self.features)
    }
}

/// Where the columns of a network are in a table.
struct Found {
    /// Of each column of the network; none of its label.
    places: Vec<Option<usize>>,
    /// 0 where there is no header.
    header_line: u64,
}

impl Found {
    /// By name where a first line names them, else by position, with the label's column or without.
    fn of(text: &Text, columns: &Columns, first: &[String]) -> Result<Self, UnlabelledError> {
        let is_label = |column: &Column| column.content == Content::Label;
        let places_in: HashMap<&str, usize> = (0..first.len())
            .rev()
            .map(|place| (first[place].as_str(), place))
            .collect();
        let named = |column: &Column| places_in.get(column.name.as_deref()?).copied();
        let wanted = columns.columns.iter().filter(|column| !is_label(column));
        let n_named = wanted
            .clone()
            .filter(|column| named(column).is_some())
            .count();
        if n_named > 0 {
            let absent: Vec<String> = wanted
                .filter(|column| named(column).is_none())
                .filter_map(|column| column.name.clone())
                .collect();
            if !absent.is_empty() {
                return Err(UnlabelledError::ColumnsAbsent {
                    path: text.path.clone(),
                    absent: listed(&absent),
                    found: listed(first),
                });
            }
            let places = columns.columns.iter();
            let places = places.map(|column| named(column).filter(|_| !is_label(column)));
            return Ok(Self {
                places: places.collect(),
                header_line: text.first_line()?,
            });
        }
        let n_columns = columns.columns.len();
        let has_label = first.len() == n_columns;
        if !has_label && first.len() + 1 != n_columns {
            return Err(UnlabelledError::Width {
                path: text.path.clone(),
                found: first.len(),
                accepted: n_columns - 1,
                order: match columns.columns[0].name {
                    Some(_) => format!(
                        ", or a first line that names {}",
                        listed(
                            &wanted
                                .filter_map(|column| column.name.clone())
                                .collect::<Vec<_>>()
                        )
                    ),
                    None => ", or one more with the label".to_owned(),
                },
            });
        }
        let mut next = 0;
        let places = columns.columns.iter().map(|column| {
            let place = next;
            next += usize::from(has_label || !is_label(column));
            (!is_label(column)).then_some(place)
        });
        Ok(Self {
            places: places.collect(),
            header_line: 0,
        })
    }
}

/// Puts the features of a cell, by their place among those of the column.
fn encode(
    text: &Text,
    row: &Row,
    place: usize,
    column: &Column,
    missing: &[String],
    mut put: impl FnMut(usize, f32),
) -> Result<(), DataError> {
    let cell = row.cell(place);
    let is_missing = is_missing(cell, missing);
    match &column.content {
        Content::Label => {}
        Content::Number { mean } if is_missing => put(0, *mean),
        Content::Number { .. } => put(0, number(text, row, place, column.name.as_deref())?),
        Content::Category {
            values,
            has_missing,
        } => {
            let known = values.binary_search_by(|value| value.as_str().cmp(cell));
            match known {
                _ if is_missing && *has_missing => put(values.len(), 1.0),
                Ok(value_idx) if !is_missing => put(value_idx, 1.0),
                // As in a test set: of a value that training did not meet, nothing is known.
                _ => {}
            }
        }
    }
    Ok(())
}

/// The finite number in a cell.
fn number(text: &Text, row: &Row, column_idx: usize, name: Option<&str>) -> Result<f32, DataError> {
    let column = || {
        name.map_or_else(
            || format!("column {column_idx} (counted from 0)"),
            str::to_owned,
        )
    };
    let found = || Cell::of(row, column_idx).text;
    match row.cell(column_idx).parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(DataError::NotFinite {
            path: text.path.clone(),
            line: row.line,
            column: column(),
            found: found(),
        }),
        Err(_) => Err(DataError::NotANumber {
            path: text.path.clone(),
            line: row.line,
            column: column(),
            found: found(),
        }),
    }
}
