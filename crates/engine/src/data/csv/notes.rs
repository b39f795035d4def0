//! What a person should know of how a table was read; one sentence for each thing that was decided.

use super::dialect::Dialect;
use super::rows::Text;
use super::schema::{Cell, Content, Schema};

/// What was met in a column of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) n_missing: usize,
    /// Cells of a test set that the training file's column has no feature for.
    pub(super) n_unknown: usize,
}

/// What the columns of the training file were taken for.
pub(super) fn of_columns(dialect: &Dialect, schema: &Schema) -> Vec<String> {
    let mut notes = vec![format!(
        "{:?} between cells, {}; the label is {}",
        char::from(dialect.delimiter),
        match dialect.header {
            Some(_) => "columns named by the first line",
            None => "no header, columns counted from 0",
        },
        dialect.name(schema.label_idx),
    )];
    for (column_idx, column) in schema.columns.iter().enumerate() {
        if let Some(Cell { line, text }) = &column.odd_cell {
            notes.push(format!(
                "{} is mostly numbers but for cells like \"{text}\" in line {line}, so it is one-hot encoded; \
                 if they mean missing, add them to `missing`",
                dialect.name(column_idx)
            ));
        }
    }
    notes.extend(counted(
        dialect,
        schema,
        "one-hot features of categories",
        |column_idx, content| match content {
            Content::Category(_) => schema.columns[column_idx].n_features(),
            _ => 0,
        },
    ));
    notes
}

/// What was met in one file; `seen` is by column.
pub(super) fn of_file(
    text: &Text,
    dialect: &Dialect,
    schema: &Schema,
    n_rows: usize,
    n_dropped: usize,
    seen: &[Seen],
) -> Vec<String> {
    let mut notes = vec![format!("{}: {n_rows} rows", text.path.display())];
    if n_dropped > 0 {
        notes.push(format!("{n_dropped} rows without a label dropped"));
    }
    notes.extend(counted(
        dialect,
        schema,
        "missing cells that take the column's mean over the training part",
        |column_idx, content| match content {
            Content::Number => seen[column_idx].n_missing,
            _ => 0,
        },
    ));
    notes.extend(counted(
        dialect,
        schema,
        "missing cells that are a category of their own",
        |column_idx, content| match content {
            Content::Category(_) => seen[column_idx].n_missing,
            _ => 0,
        },
    ));
    notes.extend(counted(
        dialect,
        schema,
        "cells that no row of the training file holds, with all features 0",
        |column_idx, _| seen[column_idx].n_unknown,
    ));
    notes
}

/// One sentence for all columns of which there is something to count.
fn counted(
    dialect: &Dialect,
    schema: &Schema,
    what: &str,
    count: impl Fn(usize, &Content) -> usize,
) -> Option<String> {
    let counts: Vec<String> = schema
        .columns
        .iter()
        .enumerate()
        .map(|(column_idx, column)| (count(column_idx, &column.content), column_idx))
        .filter(|&(n, _)| n > 0)
        .map(|(n, column_idx)| format!("{n} in {}", dialect.name(column_idx)))
        .collect();
    (!counts.is_empty()).then(|| format!("{what}: {}", counts.join(", ")))
}
