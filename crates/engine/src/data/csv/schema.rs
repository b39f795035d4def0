//! What the columns of a table are, from one look at every cell.

use std::collections::{BTreeMap, BTreeSet};

use super::dialect::Dialect;
use super::label::{self, Classes, Labels};
use super::rows::{Row, Text};
use crate::config::{CsvOptions, LabelKind};
use crate::data::DataError;
use crate::data::columns::{self, Columns};

/// Categories that a column may have; a column with more holds free text or identifiers.
const MAX_CATEGORIES: usize = 1000;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) columns: Vec<Column>,
    /// Position of the label column.
    pub(super) label_idx: usize,
    pub(super) labels: Labels,
}

/// One column of a table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) content: Content,
    pub(super) n_missing: usize,
    /// Where a column of mostly numbers has its first cell that is none.
    pub(super) odd_cell: Option<Cell>,
}

/// What a column's cells become.
#[derive(Debug)]
pub(super) enum Content {
    /// The label; no feature.
    Label,
    /// One feature, the number itself.
    Number,
    /// One feature per value, in this (sorted) order, and one more where cells are missing: 1 for the cell's own, else 0.
    Category(Vec<String>),
}

impl Column {
    /// Number of features this column gives.
    pub(super) fn n_features(&self) -> usize {
        match &self.content {
            Content::Label => 0,
            Content::Number => 1,
            Content::Category(values) => values.len() + usize::from(self.n_missing > 0),
        }
    }
}

/// A cell to be shown in a message.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) line: u64,
    pub(super) text: String,
}

impl Cell {
    pub(super) fn of(row: &Row, column_idx: usize) -> Self {
        Self {
            line: row.line,
            text: shortened(row.cell(column_idx)),
        }
    }
}

/// At most 40 characters of a cell.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What was seen of a column.
#[derive(Default)]
struct Survey {
    n_missing: usize,
    n_numbers: usize,
    n_texts: usize,
    first_text: Option<Cell>,
    first_not_finite: Option<Cell>,
}

impl Schema {
    /// Looks at every row that has a label.
    pub(super) fn find(
        text: &Text,
        dialect: &Dialect,
        options: &CsvOptions,
    ) -> Result<Self, DataError> {
        let width = width(text, dialect)?;
        let label_idx = label::find(text, dialect, &options.label, width)?;
        let mut surveys: Vec<Survey> = Vec::new();
        surveys.resize_with(width, Survey::default);
        let mut classes = Classes::default();
        each_sample(text, dialect, label_idx, &options.missing, |row| {
            for (column_idx, survey) in surveys.iter_mut().enumerate() {
                survey.look_at(row, column_idx, &options.missing);
            }
            if options.label_kind == LabelKind::Class {
                classes.add(row.cell(label_idx));
            }
            Ok(())
        })?;
        let labels = match options.label_kind {
            LabelKind::Class => Labels::Classes(classes.in_label_order(text)?),
            LabelKind::Number => {
                surveys[label_idx].check_numbers(text, dialect, label_idx)?;
                Labels::Numbers
            }
        };
        let contents = contents(text, dialect, options, label_idx, &surveys)?;
        let columns = surveys
            .into_iter()
            .zip(contents)
            .map(|(survey, content)| Column {
                n_missing: survey.n_missing,
                odd_cell: match content {
                    Content::Category(_) if survey.n_numbers > survey.n_texts => survey.first_text,
                    _ => None,
                },
                content,
            })
            .collect();
        Ok(Self {
            columns,
            label_idx,
            labels,
        })
    }

    /// Number of features of a sample.
    pub(super) fn n_features(&self) -> usize {
        self.columns.iter().map(Column::n_features).sum()
    }

    /// What further rows need to become such samples; what stands for missing numbers is still to come.
    pub(super) fn fitted(&self, dialect: &Dialect, missing: &[String]) -> Columns {
        let fitted = |(column_idx, column): (usize, &Column)| columns::Column {
            name: dialect
                .header
                .as_ref()
                .map(|names| names[column_idx].clone()),
            content: match &column.content {
                Content::Label => columns::Content::Label,
                Content::Number => columns::Content::Number { mean: 0.0 },
                Content::Category(values) => columns::Content::Category {
                    values: values.clone(),
                    has_missing: column.n_missing > 0,
                },
            },
        };
        Columns {
            columns: self.columns.iter().enumerate().map(fitted).collect(),
            missing: missing.to_vec(),
        }
    }
}

impl Survey {
    /// Refuses a label column with a cell that is no finite number.
    fn check_numbers(
        &self,
        text: &Text,
        dialect: &Dialect,
        label_idx: usize,
    ) -> Result<(), DataError> {
        let (path, column) = (text.path.clone(), dialect.full_name(label_idx));
        if let Some(Cell { line, text: found }) = self.first_text.clone() {
            return Err(DataError::LabelNotANumber {
                path,
                line,
                column,
                found,
            });
        }
        match self.first_not_finite.clone() {
            Some(Cell { line, text: found }) => Err(DataError::NotFinite {
                path,
                line,
                column,
                found,
            }),
            None => Ok(()),
        }
    }

    fn look_at(&mut self, row: &Row, column_idx: usize, missing: &[String]) {
        let cell = row.cell(column_idx);
        if is_missing(cell, missing) {
            self.n_missing += 1;
            return;
        }
        match cell.parse::<f32>() {
            Ok(value) if value.is_finite() => self.n_numbers += 1,
            Ok(_) => {
                let seen = || Cell::of(row, column_idx);
                self.first_not_finite.get_or_insert_with(seen);
            }
            Err(_) => {
                self.n_texts += 1;
                self.first_text
                    .get_or_insert_with(|| Cell::of(row, column_idx));
            }
        }
    }
}

/// Whether a cell is one of the markers of a missing value.
pub(super) fn is_missing(cell: &str, markers: &[String]) -> bool {
    markers.iter().any(|marker| marker == cell)
}

/// Visits the rows below the header that have a label; returns how many have none.
pub(super) fn each_sample(
    text: &Text,
    dialect: &Dialect,
    label_idx: usize,
    missing: &[String],
    mut visit: impl FnMut(&Row) -> Result<(), DataError>,
) -> Result<usize, DataError> {
    let mut below_header = dialect.header.is_none();
    let mut n_dropped = 0;
    text.rows(dialect.delimiter, |row| {
        if !below_header {
            below_header = true;
        } else if is_missing(row.cell(label_idx), missing) {
            n_dropped += 1;
        } else {
            visit(row)?;
        }
        Ok(true)
    })?;
    Ok(n_dropped)
}

/// Cells in a row; at least a label and a feature.
fn width(text: &Text, dialect: &Dialect) -> Result<usize, DataError> {
    let mut width = 0;
    text.rows(dialect.delimiter, |row| {
        width = row.len();
        Ok(false)
    })?;
    if width < 2 {
        return Err(DataError::OneColumn {
            path: text.path.clone(),
            delimiter: char::from(dialect.delimiter),
        });
    }
    Ok(width)
}

/// Decides what every column is; looks at the table again only if some are categories.
fn contents(
    text: &Text,
    dialect: &Dialect,
    options: &CsvOptions,
    label_idx: usize,
    surveys: &[Survey],
) -> Result<Vec<Content>, DataError> {
    let mut categories: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (column_idx, survey) in surveys.iter().enumerate() {
        if column_idx == label_idx {
            continue;
        }
        if survey.first_text.is_some() {
            categories.insert(column_idx, BTreeSet::new());
        } else if let Some(cell) = &survey.first_not_finite {
            return Err(DataError::NotFinite {
                path: text.path.clone(),
                line: cell.line,
                column: dialect.full_name(column_idx),
                found: cell.text.clone(),
            });
        }
    }
    if !categories.is_empty() {
        each_sample(text, dialect, label_idx, &options.missing, |row| {
            for (&column_idx, values) in &mut categories {
                let cell = row.cell(column_idx);
                if is_missing(cell, &options.missing) || values.contains(cell) {
                    continue;
                }
                if values.len() == MAX_CATEGORIES {
                    let first = surveys[column_idx].first_text.as_ref();
                    let first = first.expect("a column of categories has a cell of text");
                    return Err(DataError::TooManyCategories {
                        path: text.path.clone(),
                        column: dialect.full_name(column_idx),
                        line: first.line,
                        found: first.text.clone(),
                        accepted: MAX_CATEGORIES,
                    });
                }
                values.insert(cell.to_owned());
            }
            Ok(())
        })?;
    }
    Ok((0..surveys.len())
        .map(|column_idx| {
            if column_idx == label_idx {
                Content::Label
            } else if let Some(values) = categories.remove(&column_idx) {
                Content::Category(values.into_iter().collect())
            } else {
                Content::Number
            }
        })
        .collect())
}
