//! Writing the record: under a lock, a group of lines at a time, synced behind.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::directory::{directory_of, sync_directory};
use super::line;
use super::reader::{self, JournalError, Scan, TornTail};
use super::syncer::Syncer;
use crate::event::Record;
use crate::fault;

/// Longest time from an append to the sync that covers it.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// A journal that was opened for writing, with what it held.
pub struct Opened {
    /// To append to.
    pub journal: Journal,
    /// Every whole record, in order.
    pub records: Vec<Record>,
    /// What was cut off the end, if anything.
    pub torn: Option<TornTail>,
}

/// The record of one sweep, locked for this process.
///
/// Dropping it syncs what is left and frees the lock.
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of the whole records in the file.
    length: u64,
    next_seq: u64,
    lines: Vec<u8>,
    /// Whether a write or sync has failed: the end of the file is then unknown.
    is_refusing: bool,
    syncer: Syncer,
}

/// Why records could not be written or synced. The journal takes no more of them then.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The write failed, by a full disk or quota for example.
    #[error(
        "`{path}` could not be written to; it ends with a whole record, so that once there is space the \
         same command goes on from there"
    )]
    Write {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The write failed and left part of a line.
    #[error(
        "`{path}` could not be written to, nor cut back to its last whole record: the next run will do that"
    )]
    WriteAndCut {
        /// The journal.
        path: PathBuf,
        /// What the system said of the write.
        source: io::Error,
    },
    /// The records are in memory and did not reach the disk.
    #[error(
        "`{path}` could not be brought to disk: its last second may be lost if the machine stops"
    )]
    Sync {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is gone, so that nobody will ever read what is written to it.
    #[error(
        "`{path}` was deleted while the sweep ran: put it back from a copy, or begin anew with --fresh"
    )]
    Deleted {
        /// The journal.
        path: PathBuf,
    },
    /// An earlier write or sync failed.
    #[error("`{path}` takes no more records, because an earlier write to it failed")]
    Refused {
        /// The journal.
        path: PathBuf,
    },
}

impl Journal {
    /// Opens the journal at `path` for writing, or creates it and its directory.
    ///
    /// Takes an exclusive lock, reads every record and cuts a torn end off. An empty file, or one whose first
    /// line is torn, holds no record yet.
    ///
    /// # Errors
    /// [`JournalError::InUse`] where another run has it open; [`JournalError::Lock`] and
    /// [`JournalError::File`] from the system; [`JournalError::NotAJournal`], [`JournalError::Version`] and
    /// [`JournalError::Damaged`] by its contents, which then stay as they are.
    pub fn open(path: &Path) -> Result<Opened, JournalError> {
        let failed = |action| {
            move |source| JournalError::File {
                path: path.into(),
                action,
                source,
            }
        };
        let directory = directory_of(path);
        fs::create_dir_all(directory).map_err(failed("created"))?;
        let mut options = File::options();
        options.read(true).append(true).create(true);
        let mut file = options.open(path).map_err(failed("opened"))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse { path: path.into() },
            TryLockError::Error(source) => JournalError::Lock {
                path: path.into(),
                source,
            },
        })?;
        let Scan {
            records,
            mut whole,
            lacks_newline,
            torn,
        } = reader::scan(path, &file)?;
        if torn.is_some() {
            file.set_len(whole).map_err(failed("mended"))?;
        }
        if lacks_newline {
            file.write_all(b"\n").map_err(failed("mended"))?;
            whole += 1;
        }
        if torn.is_some() || lacks_newline {
            file.sync_all().map_err(failed("mended"))?;
        }
        if records.is_empty() {
            sync_directory(directory).map_err(failed("created"))?;
        }
        let copy = file.try_clone().map_err(failed("opened"))?;
        let syncer =
            Syncer::start(SYNC_INTERVAL, move || copy.sync_data()).map_err(failed("opened"))?;
        let journal = Self {
            path: path.into(),
            file,
            length: whole,
            next_seq: records.len() as u64,
            lines: Vec::new(),
            is_refusing: false,
            syncer,
        };
        Ok(Opened {
            journal,
            records,
            torn,
        })
    }

    /// Number the next record must carry.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Writes `records` in one call to the system; on return they survive the death of this process.
    ///
    /// # Panics
    /// Where their numbers do not go on from [`Journal::next_seq`].
    /// # Errors
    /// [`AppendError::Write`] and [`AppendError::WriteAndCut`] where it failed: none of `records` is then in the
    /// file once it is cut; [`AppendError::Sync`] where an earlier sync failed meanwhile;
    /// [`AppendError::Refused`] after any of these.
    pub fn append(&mut self, records: &[Record]) -> Result<(), AppendError> {
        self.check()?;
        if records.is_empty() {
            return Ok(());
        }
        self.lines.clear();
        for (record, seq) in records.iter().zip(self.next_seq..) {
            assert_eq!(record.seq, seq, "records are numbered without gaps");
            line::push(&mut self.lines, record);
        }
        if fault::is_due("journal-half") {
            let _ = self.file.write_all(&self.lines[..self.lines.len() / 2]);
            std::process::abort();
        }
        if let Err(source) = self.file.write_all(&self.lines) {
            self.is_refusing = true;
            let path = self.path.clone();
            return Err(match self.file.set_len(self.length) {
                Ok(()) => AppendError::Write { path, source },
                Err(_) => AppendError::WriteAndCut { path, source },
            });
        }
        self.length += self.lines.len() as u64;
        self.next_seq += records.len() as u64;
        self.syncer.wrote();
        fault::point("journal-written");
        Ok(())
    }

    /// Waits until everything appended is on disk.
    ///
    /// # Errors
    /// [`AppendError::Sync`] where this or an earlier sync failed; [`AppendError::Deleted`] where the file was
    /// removed meanwhile; [`AppendError::Refused`] after any failure.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.check()?;
        if is_deleted(&self.file) {
            self.is_refusing = true;
            return Err(AppendError::Deleted {
                path: self.path.clone(),
            });
        }
        self.syncer.sync().map_err(|source| self.sync_error(source))
    }

    fn check(&mut self) -> Result<(), AppendError> {
        if self.is_refusing {
            return Err(AppendError::Refused {
                path: self.path.clone(),
            });
        }
        match self.syncer.failure() {
            None => Ok(()),
            Some(source) => Err(self.sync_error(source)),
        }
    }

    fn sync_error(&mut self, source: io::Error) -> AppendError {
        self.is_refusing = true;
        AppendError::Sync {
            path: self.path.clone(),
            source,
        }
    }
}

/// Whether no directory names `file` any more. One that cannot be asked is taken for there.
fn is_deleted(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}
