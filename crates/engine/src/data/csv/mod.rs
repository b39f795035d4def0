//! Tables of delimited text: which columns are numbers, which are categories, which one is the label.
//!
//! `dialect` decides how the text is cut, `rows` cuts it, `label` finds the label column, `schema` looks at every
//! cell and says what the columns are, `encode` writes the features, `notes` tells people what was decided.

mod dialect;
mod encode;
mod label;
mod notes;
mod rows;
mod schema;
mod unlabelled;

use std::path::Path;

use self::dialect::Dialect;
use self::rows::Text;
use self::schema::Schema;
use super::raw::Raw;
use super::{Columns, DataError, Shape, UnlabelledError};
use crate::config::CsvOptions;

/// Reads a table, and the table of a test set of its own, which must have the same columns.
///
/// `shape` = [channels, height, width] makes images of rows that hold them plane by plane.
pub(super) fn read(
    path: &Path,
    test_path: Option<&Path>,
    options: &CsvOptions,
    shape: Option<[usize; 3]>,
) -> Result<(Raw, Option<Raw>), DataError> {
    let text = Text::read(path)?;
    let dialect = Dialect::find(&text, options)?;
    let schema = Schema::find(&text, &dialect, options)?;
    let mut raw = encode::encode(&text, &dialect, &schema, options, shape)?;
    raw.notes.extend(notes::of_columns(&dialect, &schema));
    drop(text);
    let test = match test_path {
        Some(path) => Some(
            read_test(path, &dialect, &schema, options, shape)
                .map_err(|error| DataError::TestSet(Box::new(error)))?,
        ),
        None => None,
    };
    Ok((raw, test))
}

/// Reads rows without a label as samples of `shape`; the text came from the place `name`.
pub(super) fn read_unlabelled(
    name: &Path,
    bytes: Vec<u8>,
    columns: Option<&Columns>,
    shape: Shape,
) -> Result<Vec<f32>, UnlabelledError> {
    unlabelled::read(&Text::of(name, bytes), columns, shape)
}

fn read_test(
    path: &Path,
    dialect: &Dialect,
    schema: &Schema,
    options: &CsvOptions,
    shape: Option<[usize; 3]>,
) -> Result<Raw, DataError> {
    let text = Text::read(path)?;
    dialect.check_columns(&text, schema.columns.len())?;
    encode::encode(&text, dialect, schema, options, shape)
}

#[cfg(test)]
mod tests;
