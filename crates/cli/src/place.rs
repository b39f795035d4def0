//! A run's directory: taken for this process, or moved aside for a fresh start.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use finetooth_scheduler::event::Record;
use finetooth_scheduler::journal::{Journal, JournalError, Opened};

use crate::failure::Failure;
use crate::record::JOURNAL;
use crate::screen::Screen;

/// A run's directory with its record, locked for this process as long as the journal lives.
pub(crate) struct Place {
    /// To write the record to.
    pub(crate) journal: Journal,
    /// What the record held.
    pub(crate) records: Vec<Record>,
}

/// Takes `directory`, making it where it does not exist.
///
/// # Errors
/// Where another run has it, it holds other things, or its record cannot be read.
pub(crate) fn take(directory: &Path, screen: &Screen) -> Result<Place, Failure> {
    check_is_ours(directory)?;
    let opened = open(&directory.join(JOURNAL)).map_err(Failure::record)?;
    if let Some(torn) = opened.torn {
        screen.line(&format!(
            "note: the record ended in the middle of line {}, as a crash leaves it; those {} bytes were cut off and \
             what they told of is done again",
            torn.line, torn.bytes
        ));
    }
    Ok(Place {
        journal: opened.journal,
        records: opened.records,
    })
}

/// Opens the record. `status` and its kin take the lock for a moment to see whether a run is alive, so one that is
/// held is asked for again for a tenth of a second.
fn open(path: &Path) -> Result<Opened, JournalError> {
    for _ in 0..10 {
        match Journal::open(path) {
            Err(JournalError::InUse { .. }) => thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    Journal::open(path)
}

/// Moves `directory` to the first of NAME.old-1, NAME.old-2, … that is free; `None` where there is nothing to move.
///
/// # Errors
/// Where a run has it, or it cannot be moved.
pub(crate) fn move_aside(directory: &Path) -> Result<Option<PathBuf>, Failure> {
    if is_vacant(directory) {
        return Ok(None);
    }
    let name = directory.display();
    let path = directory.join(JOURNAL);
    let journal = File::open(&path).ok();
    if let Some(file) = &journal
        && matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    {
        return Err(Failure::record(JournalError::InUse { path }));
    }
    let Some(own_name) = directory
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
    else {
        return Err(Failure::usage(format!(
            "`{name}` cannot be moved aside; name the directory with --out"
        )));
    };
    let aside = (1..u32::MAX)
        .map(|number| directory.with_file_name(format!("{own_name}.old-{number}")))
        .find(|aside| fs::symlink_metadata(aside).is_err())
        .expect("a file system has fewer than 2^32 entries of one name");
    fs::rename(directory, &aside).map_err(|error| {
        Failure::not_written(format!("`{name}` could not be moved aside: {error}"))
    })?;
    Ok(Some(aside))
}

/// Whether nothing is there, or an empty directory.
fn is_vacant(directory: &Path) -> bool {
    match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => fs::symlink_metadata(directory).is_err(),
    }
}

/// A directory with other things in it is not one to write a sweep's files into.
fn check_is_ours(directory: &Path) -> Result<(), Failure> {
    let name = directory.display();
    if is_vacant(directory) || directory.join(JOURNAL).is_file() {
        Ok(())
    } else if directory.is_dir() {
        Err(Failure::usage(format!(
            "`{name}` holds other files and no record of a sweep: name another directory with --out, or move it aside \
             with --fresh"
        )))
    } else {
        Err(Failure::usage(format!(
            "`{name}` is not a directory: name another one with --out"
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{check_is_ours, move_aside};

    #[test]
    fn moves_to_the_first_free_name() {
        let parent = tempfile::tempdir().unwrap();
        let run = parent.path().join("digits");
        for number in 1..=3 {
            fs::create_dir(&run).unwrap();
            fs::write(run.join("journal.jsonl"), "").unwrap();
            let aside = move_aside(&run).unwrap().unwrap();
            assert_eq!(aside, parent.path().join(format!("digits.old-{number}")));
            assert!(aside.join("journal.jsonl").exists() && !run.exists());
        }
    }

    #[test]
    fn leaves_a_directory_that_holds_nothing() {
        let parent = tempfile::tempdir().unwrap();
        assert!(move_aside(&parent.path().join("digits")).unwrap().is_none());
        assert!(move_aside(parent.path()).unwrap().is_none());
    }

    #[test]
    fn refuses_a_directory_of_other_things() {
        let parent = tempfile::tempdir().unwrap();
        assert!(check_is_ours(parent.path()).is_ok());
        fs::write(parent.path().join("thesis.tex"), "").unwrap();
        assert!(check_is_ours(parent.path()).is_err());
        assert!(check_is_ours(&parent.path().join("thesis.tex")).is_err());
        fs::write(parent.path().join("journal.jsonl"), "").unwrap();
        assert!(check_is_ours(parent.path()).is_ok());
    }
}
