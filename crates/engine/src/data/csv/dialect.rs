//! How a table's text is cut and whether its first line names the columns: as told, or decided from the file.

use std::collections::HashSet;

use csv::ByteRecord;

use super::rows::{Text, reader};
use crate::config::{CsvLabel, CsvOptions};
use crate::data::DataError;
use crate::data::raw::listed;

/// Delimiters that are recognised, the first preferred.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What decisions are made from.
const SAMPLE_BYTES: usize = 1 << 18;
const SAMPLE_LINES: usize = 20;
const SAMPLE_ROWS: usize = 1000;

/// Delimiter and column names of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// The first line's cells, where that line is a header.
    pub(super) header: Option<Vec<String>>,
}

impl Dialect {
    /// Follows the options; what they leave open is decided from the first lines.
    pub(super) fn find(text: &Text, options: &CsvOptions) -> Result<Self, DataError> {
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter,
            None => find_delimiter(text)?,
        };
        let first = first_row(text, delimiter)?;
        let has_header = match (options.header, &options.label) {
            (Some(has_header), _) => has_header,
            // A label column given by name needs a header; a missing name is reported with the names there are.
            (None, CsvLabel::Name(_)) => true,
            (None, CsvLabel::Position(_)) => {
                looks_like_header(text, delimiter, &first, &options.missing)?
            }
        };
        Ok(Self {
            delimiter,
            header: has_header.then_some(first),
        })
    }

    /// The delimiter that the first lines show, if they show one.
    pub(super) fn delimiter_of(text: &Text) -> Option<u8> {
        find_delimiter(text).ok()
    }

    /// The cells of the first row.
    pub(super) fn first_row_of(text: &Text, delimiter: u8) -> Result<Vec<String>, DataError> {
        first_row(text, delimiter)
    }

    /// A column's name, or its position from 0.
    pub(super) fn name(&self, column_idx: usize) -> String {
        match &self.header {
            Some(names) => names[column_idx].clone(),
            None => format!("column {column_idx}"),
        }
    }

    /// A column's name where it stands alone, in a message.
    pub(super) fn full_name(&self, column_idx: usize) -> String {
        let name = self.name(column_idx);
        match &self.header {
            Some(_) => name,
            None => format!("{name} (counted from 0)"),
        }
    }

    /// Refuses a test set that has not the training file's `n_columns`, or names them otherwise.
    pub(super) fn check_columns(&self, text: &Text, n_columns: usize) -> Result<(), DataError> {
        let first = first_row(text, self.delimiter)?;
        if first.len() != n_columns {
            return Err(DataError::ColumnsDiffer {
                path: text.path.clone(),
                found: first.len(),
                accepted: n_columns,
            });
        }
        match &self.header {
            Some(accepted) if first != *accepted => Err(DataError::HeaderDiffers {
                path: text.path.clone(),
                found: listed(&first),
                accepted: listed(accepted),
            }),
            _ => Ok(()),
        }
    }
}

/// The delimiter that cuts the most lines into the same number of cells, at least two; of equals, into the most cells.
fn find_delimiter(text: &Text) -> Result<u8, DataError> {
    let sample = text.sample(SAMPLE_BYTES);
    let mut best = (0, 1, None);
    for delimiter in DELIMITERS {
        let mut widths = Vec::new();
        let mut records = reader(sample, delimiter);
        let mut record = ByteRecord::new();
        while widths.len() < SAMPLE_LINES && records.read_byte_record(&mut record).unwrap_or(false)
        {
            widths.push(record.len());
        }
        for &width in &widths {
            let n_lines = widths.iter().filter(|&&other| other == width).count();
            if width > 1 && (n_lines, width) > (best.0, best.1) {
                best = (n_lines, width, Some(delimiter));
            }
        }
    }
    best.2.ok_or_else(|| DataError::NoDelimiter {
        path: text.path.clone(),
    })
}

fn first_row(text: &Text, delimiter: u8) -> Result<Vec<String>, DataError> {
    let mut first = None;
    text.rows(delimiter, |row| {
        first = Some(row.cells().map(str::to_owned).collect());
        Ok(false)
    })?;
    first.ok_or_else(|| DataError::NoSamples {
        path: text.path.clone(),
    })
}

/// Whether a first row of words stands above something else: numbers in some column, or words that never repeat it.
fn looks_like_header(
    text: &Text,
    delimiter: u8,
    first: &[String],
    missing: &[String],
) -> Result<bool, DataError> {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let is_missing = |cell: &str| missing.iter().any(|marker| marker == cell);
    // An index column written without a name has an empty cell in the header.
    let is_name = |cell: &str| cell.is_empty() || !(is_number(cell) || is_missing(cell));
    let distinct: HashSet<&String> = first.iter().collect();
    if !first.iter().all(|cell| is_name(cell)) || distinct.len() < first.len() {
        return Ok(false);
    }
    let mut numeric: Vec<Option<bool>> = vec![None; first.len()];
    let mut repeats = false;
    let mut n_rows = 0;
    text.rows(delimiter, |row| {
        n_rows += 1;
        if n_rows > 1 {
            for (column_idx, cell) in row.cells().enumerate() {
                if is_missing(cell) {
                    continue;
                }
                let so_far = numeric[column_idx].unwrap_or(true);
                numeric[column_idx] = Some(so_far && is_number(cell));
                repeats |= cell == first[column_idx];
            }
        }
        Ok(n_rows <= SAMPLE_ROWS)
    })?;
    Ok(n_rows > 1 && (numeric.contains(&Some(true)) || !repeats))
}
