//! Reading the record while it grows.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::line::{self, Unreadable};
use super::reader::{JournalError, LONGEST_LINE, damaged, read_error, refusal};
use crate::event::Record;

/// Most bytes that are read at once: what is there already comes in portions, so that somebody may look meanwhile.
const PORTION: u64 = 8 << 20;

/// Reads the records that were appended since it looked last, without a lock and without changing anything.
///
/// A line counts when its newline is there. What a crash left half-written at the end is waited with: the next run
/// cuts it off and goes on from there.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// Device and number of the file that is followed.
    file: Option<(u64, u64)>,
    /// Bytes of the whole lines read.
    offset: u64,
    /// Lines read, which are the records.
    n_lines: usize,
}

/// What a look at a journal found.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// These records follow; none where nothing was appended.
    Records(Vec<Record>),
    /// Another journal stands in its place, which is read from its beginning next.
    Replaced,
}

impl Follower {
    /// Of the journal at `path`, from its beginning; it need not be there yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            offset: 0,
            n_lines: 0,
        }
    }

    /// The journal.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what follows, a portion of it where that is much.
    ///
    /// # Errors
    /// [`JournalError::Missing`], [`JournalError::File`] where it cannot be read, and [`JournalError::NotAJournal`],
    /// [`JournalError::Version`], [`JournalError::Damaged`] by its contents. What was read before stands.
    pub fn read(&mut self) -> Result<News, JournalError> {
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => JournalError::Missing {
                path: self.path.clone(),
            },
            _ => read_error(&self.path, source),
        };
        let mut file = File::open(&self.path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let found = identity(&metadata);
        match self.file {
            Some(known) if known != found || metadata.len() < self.offset => {
                *self = Self::new(&self.path);
                return Ok(News::Replaced);
            }
            _ => self.file = Some(found),
        }
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        self.lines(BufReader::with_capacity(1 << 16, file))
            .map(News::Records)
    }

    fn lines(&mut self, mut reader: impl BufRead) -> Result<Vec<Record>, JournalError> {
        let mut records = Vec::new();
        let end = self.offset + PORTION;
        while self.offset < end {
            match self.line(&mut reader) {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                // What stands before is told first; the next look meets the same line.
                Err(_) if !records.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    /// The next record; none where its line is not whole, or may be what a crash left.
    fn line(&mut self, reader: &mut impl BufRead) -> Result<Option<Record>, JournalError> {
        let mut text = Vec::new();
        let n_bytes = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text)
            .map_err(|source| read_error(&self.path, source))?;
        let number = self.n_lines + 1;
        let Some(content) = text.strip_suffix(b"\n") else {
            if n_bytes as u64 == LONGEST_LINE {
                let problem = format!("it is longer than {} MiB", LONGEST_LINE >> 20);
                return Err(damaged(&self.path, number, problem));
            }
            return Ok(None);
        };
        let parsed = if self.n_lines == 0 {
            line::parse_first(content)
        } else {
            line::parse(content)
        };
        match parsed {
            Ok(record) if record.seq == self.n_lines as u64 => {
                self.n_lines += 1;
                self.offset += n_bytes as u64;
                Ok(Some(record))
            }
            Ok(record) => {
                let expected = self.n_lines;
                let problem = format!("its seq is {} where {expected} should follow", record.seq);
                Err(damaged(&self.path, number, problem))
            }
            Err(Unreadable::Broken(problem)) => {
                let rest = reader
                    .fill_buf()
                    .map_err(|source| read_error(&self.path, source))?;
                if rest.is_empty() {
                    return Ok(None);
                }
                Err(damaged(&self.path, number, problem))
            }
            Err(unreadable) => Err(refusal(&self.path, number, unreadable)),
        }
    }
}

fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
