//! One row of a table, cell by cell.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use crate::number::{is_missing, shortest};

/// Writes rows: RFC 4180 with `\n` for line ends, which every reader takes and no line tool stumbles over.
pub(super) struct Rows<W: Write> {
    csv: csv::Writer<W>,
    text: String,
}

impl<W: Write> Rows<W> {
    pub(super) fn new(output: W) -> Self {
        let csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::Any(b'\n'))
            .from_writer(output);
        Self {
            csv,
            text: String::new(),
        }
    }

    /// Writes a word or sentence; empty for what is missing.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        Ok(self.csv.write_field(text)?)
    }

    /// Writes a count, an id or a value as it shows itself; empty where there is none.
    pub(super) fn shown(&mut self, value: Option<impl Display>) -> io::Result<()> {
        self.text.clear();
        if let Some(value) = value {
            write!(self.text, "{value}").expect("memory takes every text");
        }
        Ok(self.csv.write_field(&self.text)?)
    }

    /// Writes a number so that it reads back to the same bits; empty where there is none.
    pub(super) fn number(&mut self, value: Option<f64>) -> io::Result<()> {
        self.shown(value.filter(|value| !is_missing(*value)).map(shortest))
    }

    /// Writes each of `names` as a cell: for the first row.
    pub(super) fn names<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        names.into_iter().try_for_each(|name| self.text(name))
    }

    /// Ends the row.
    pub(super) fn end(&mut self) -> io::Result<()> {
        Ok(self.csv.write_record(None::<&[u8]>)?)
    }

    /// Passes everything on to the output.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}
