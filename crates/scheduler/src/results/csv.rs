//! A table as a CSV file.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::cell::Cell;
use super::layout::Layout;
use super::table::Table;
use crate::state::State;

pub(super) fn write(
    table: Table,
    layout: &Layout,
    state: &State,
    output: impl Write,
    seen: impl FnMut() -> io::Result<()>,
) -> io::Result<()> {
    write_rows(table, layout, state, output, seen).map_err(told)
}

/// What the system said, where that is what went wrong.
fn told(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

fn write_rows(
    table: Table,
    layout: &Layout,
    state: &State,
    output: impl Write,
    mut seen: impl FnMut() -> io::Result<()>,
) -> ::csv::Result<()> {
    let mut csv = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::Any(b'\n'))
        .from_writer(output);
    for column in table.columns(layout, state) {
        csv.write_field(column.name)?;
    }
    csv.write_record(None::<&[u8]>)?;
    let mut text = String::new();
    table.rows(layout, state, |row| {
        seen()?;
        for cell in row {
            if let Cell::Text(text) = cell {
                csv.write_field(text)?;
            } else {
                text.clear();
                write!(text, "{cell}").expect("memory takes every text");
                csv.write_field(&text)?;
            }
        }
        csv.write_record(None::<&[u8]>)
    })?;
    Ok(csv.flush()?)
}
