//! Reading the record, whole or with a torn end.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::line::{self, Unreadable};
use crate::event::{FORMAT_VERSION, OLDEST_VERSION, Record};

/// Bytes of the longest line that is read: far above any record, far below the memory of a machine.
pub(super) const LONGEST_LINE: u64 = 64 << 20;

/// The records of a journal, as far as they are whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// Every whole record; `records[i].seq` is i.
    pub records: Vec<Record>,
    /// What follows the last whole record, if anything does.
    pub torn: Option<TornTail>,
}

/// The end of a journal that a crash left half-written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// Its bytes.
    pub bytes: u64,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// Why a journal could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is none.
    #[error("there is no record at `{path}`: no sweep has run there")]
    Missing {
        /// The journal.
        path: PathBuf,
    },
    /// Another run holds the lock.
    #[error(
        "`{path}` is in use by another run: wait for it to end, or run into another directory (--out)"
    )]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// The operating system refused the lock.
    #[error(
        "`{path}` could not be locked: run into a directory (--out) whose file system has locks"
    )]
    Lock {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be created, read or mended.
    #[error("`{path}` could not be {action}")]
    File {
        /// The journal.
        path: PathBuf,
        /// What was tried: created, read, mended.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The first line is not the header of a journal.
    #[error(
        "`{path}` is not a record of finetooth: its first line should begin with \
         {{\"format\":\"finetooth-journal\"; run into another directory (--out)"
    )]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The journal is of another version.
    #[error(
        "`{path}` is a record of format version {found}, this program reads versions {OLDEST_VERSION} to \
         {FORMAT_VERSION}: \
         use the finetooth that wrote it, or run into another directory (--out)"
    )]
    Version {
        /// The journal.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// A line before the last one is not what was written.
    #[error(
        "`{path}` is damaged on line {line}: {problem}; what stands before is whole: restore the file from a \
         copy, or cut it before line {line} and run again what followed"
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads the journal at `path` without a lock and without changing it, also while a run writes to it.
///
/// # Errors
/// [`JournalError::Missing`], [`JournalError::File`] where it cannot be read, and
/// [`JournalError::NotAJournal`], [`JournalError::Version`], [`JournalError::Damaged`] by its contents.
pub fn read(path: &Path) -> Result<Contents, JournalError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => JournalError::Missing { path: path.into() },
        _ => read_error(path, source),
    })?;
    let Scan { records, torn, .. } = scan(path, file)?;
    Ok(Contents { records, torn })
}

/// Whether a run has the record at `path` locked. Takes nothing from it: the lock asked for is shared, and given
/// back at once.
pub fn is_in_use(path: &Path) -> bool {
    File::open(path)
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// What a pass over a journal found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Every whole record.
    pub(super) records: Vec<Record>,
    /// Bytes up to the end of the last whole record, its newline included where it has one.
    pub(super) whole: u64,
    /// Whether the last whole record lacks its newline.
    pub(super) lacks_newline: bool,
    /// What follows.
    pub(super) torn: Option<TornTail>,
}

/// Reads a journal from its beginning; `path` is for messages only.
pub(super) fn scan(path: &Path, input: impl Read) -> Result<Scan, JournalError> {
    let mut reader = BufReader::with_capacity(1 << 16, input);
    let mut scan = Scan::default();
    let mut text = Vec::new();
    let mut total = 0;
    // An unreadable line is the torn end if nothing follows it, and damage if something does.
    let mut broken: Option<(usize, String)> = None;
    for number in 1.. {
        text.clear();
        let n_bytes = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text)
            .map_err(|source| read_error(path, source))?;
        if n_bytes == 0 {
            break;
        }
        let ended = text.ends_with(b"\n");
        let content = if ended {
            &text[..n_bytes - 1]
        } else {
            without_trailing_nuls(&text)
        };
        let start = total;
        total += n_bytes as u64;
        if n_bytes as u64 == LONGEST_LINE {
            let problem = format!("it is longer than {} MiB", LONGEST_LINE >> 20);
            return Err(damaged(path, number, problem));
        }
        if content.is_empty() && !ended {
            // A machine that loses power may have grown the file without filling it.
            broken.get_or_insert((number, "it is filled with zeros".to_owned()));
            continue;
        }
        if let Some((line, problem)) = broken {
            return Err(damaged(path, line, problem));
        }
        let parsed = if number == 1 {
            line::parse_first(content)
        } else {
            line::parse(content)
        };
        match parsed {
            Ok(record) if record.seq == scan.records.len() as u64 => {
                scan.records.push(record);
                scan.lacks_newline = !ended;
                scan.whole = if ended {
                    total
                } else {
                    start + content.len() as u64
                };
            }
            Ok(record) => {
                let (found, expected) = (record.seq, scan.records.len());
                let problem = format!("its seq is {found} where {expected} should follow");
                return Err(damaged(path, number, problem));
            }
            Err(Unreadable::Broken(problem)) => broken = Some((number, problem)),
            Err(unreadable) => return Err(refusal(path, number, unreadable)),
        }
    }
    if total > scan.whole {
        scan.torn = Some(TornTail {
            bytes: total - scan.whole,
            line: scan.records.len() + usize::from(!scan.lacks_newline),
        });
    }
    Ok(scan)
}

pub(super) fn refusal(path: &Path, line: usize, unreadable: Unreadable) -> JournalError {
    match unreadable {
        Unreadable::Broken(problem) | Unreadable::Strange(problem) => damaged(path, line, problem),
        Unreadable::Version(found) => JournalError::Version {
            path: path.into(),
            found,
        },
        Unreadable::NotAJournal => JournalError::NotAJournal { path: path.into() },
    }
}

pub(super) fn damaged(path: &Path, line: usize, problem: String) -> JournalError {
    JournalError::Damaged {
        path: path.into(),
        line,
        problem,
    }
}

fn without_trailing_nuls(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    &text[..end]
}

pub(super) fn read_error(path: &Path, source: io::Error) -> JournalError {
    JournalError::File {
        path: path.into(),
        action: "read",
        source,
    }
}
