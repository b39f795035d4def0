//! The text of a table, cut into rows of equally many cells.

use std::path::{Path, PathBuf};

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};

use crate::data::DataError;
use crate::data::input::Input;

/// A whole file in memory, decompressed, and where it came from.
pub(super) struct Text {
    pub(super) path: PathBuf,
    bytes: Vec<u8>,
}

/// One line of a table, its cells trimmed.
pub(super) struct Row<'a> {
    /// Line in the file, from 1; of the row's beginning where a quoted cell spans several.
    pub(super) line: u64,
    cells: &'a StringRecord,
}

impl Row<'_> {
    /// The cell of a column.
    pub(super) fn cell(&self, column_idx: usize) -> &str {
        &self.cells[column_idx]
    }

    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// All cells.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }
}

impl Text {
    /// Reads a file, compressed with gzip or not.
    pub(super) fn read(path: &Path) -> Result<Self, DataError> {
        Ok(Self {
            path: path.to_path_buf(),
            bytes: Input::open(path)?.all("a table of comma-separated values")?,
        })
    }

    /// A text that came from the place `name`.
    pub(super) fn of(name: &Path, bytes: Vec<u8>) -> Self {
        Self {
            path: name.to_path_buf(),
            bytes,
        }
    }

    /// The line that the first row begins in.
    pub(super) fn first_line(&self) -> Result<u64, DataError> {
        let mut line = 0;
        self.rows(b',', |row| {
            line = row.line;
            Ok(false)
        })?;
        Ok(line)
    }

    /// The first bytes, cut at the end of a line if there is more.
    pub(super) fn sample(&self, n_bytes: usize) -> &[u8] {
        if self.bytes.len() <= n_bytes {
            return &self.bytes;
        }
        let start = &self.bytes[..n_bytes];
        match start.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => &start[..=end],
            None => start,
        }
    }

    /// Visits every row, the header included, until `visit` fails or says to stop with `false`.
    ///
    /// The first row sets how many cells each has.
    pub(super) fn rows(
        &self,
        delimiter: u8,
        mut visit: impl FnMut(&Row) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let mut reader = reader(&self.bytes, delimiter);
        let mut cells = StringRecord::new();
        let mut first: Option<(u64, usize)> = None;
        loop {
            match reader.read_record(&mut cells) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => {
                    return Err(DataError::NotUtf8 {
                        path: self.path.clone(),
                        line: self.line(error.position()),
                    });
                }
            }
            let line = self.line(cells.position());
            let (first_line, width) = *first.get_or_insert((line, cells.len()));
            if cells.len() != width {
                return Err(DataError::Ragged {
                    path: self.path.clone(),
                    line,
                    found: cells.len(),
                    first_line,
                    accepted: width,
                });
            }
            if !visit(&Row {
                line,
                cells: &cells,
            })? {
                return Ok(());
            }
        }
    }

    /// The line a row begins in; its position is the end of the row before, with blank lines still to come.
    fn line(&self, position: Option<&Position>) -> u64 {
        let Some(position) = position else { return 0 };
        let rest = self.bytes.get(position.byte() as usize..);
        let blank = rest
            .unwrap_or_default()
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + blank.filter(|&&byte| byte == b'\n').count() as u64
    }
}

/// A reader that takes every line as data and any number of cells a line.
///
/// Reading from memory into a record of text, it can fail only on bytes that are not UTF-8.
pub(super) fn reader(bytes: &[u8], delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(bytes)
}
