//! Replacing a file as a whole: whoever reads it sees the old one or the new one, also after a crash.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use crate::fault;
use crate::journal::sync_directory;

/// A results file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` could not be written; the file is as it was before")]
pub struct ResultsError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The next contents of a file: beside it, under a hidden name, until [`commit`].
///
/// Dropped without that, it leaves nothing behind.
pub(super) struct Replacement {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    is_in_place: bool,
}

impl Replacement {
    /// Writes what is to replace `name` in `directory`.
    pub(super) fn write(
        directory: &Path,
        name: &str,
        contents: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> Result<Self, ResultsError> {
        let path = directory.join(name);
        let beside = directory.join(format!(".{name}.part"));
        let file = match File::create(&beside) {
            Ok(file) => file,
            Err(source) => return Err(ResultsError { path, source }),
        };
        let replacement = Self {
            path,
            beside,
            file,
            is_in_place: false,
        };
        fault::point("table-begun");
        let mut buffered = BufWriter::with_capacity(1 << 16, &replacement.file);
        match contents(&mut buffered).and_then(|()| buffered.flush()) {
            Ok(()) => {
                drop(buffered);
                Ok(replacement)
            }
            Err(source) => {
                // What is still buffered is not wanted any more.
                let _ = buffered.into_parts();
                Err(replacement.error(source))
            }
        }
    }

    fn sync(&self) -> Result<(), ResultsError> {
        self.file.sync_all().map_err(|source| self.error(source))
    }

    fn put_in_place(&mut self) -> Result<(), ResultsError> {
        fs::rename(&self.beside, &self.path).map_err(|source| self.error(source))?;
        self.is_in_place = true;
        Ok(())
    }

    fn error(&self, source: io::Error) -> ResultsError {
        ResultsError {
            path: self.path.clone(),
            source,
        }
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_in_place {
            // The error that led here is the one to tell.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Puts all of `replacements`, which lie in `directory`, in their places, once all of them are on disk.
///
/// Those that change nothing are dropped: a sync takes milliseconds, and most tables of most rounds stay the same.
pub(super) fn commit<const N: usize>(
    directory: &Path,
    replacements: [Replacement; N],
) -> Result<(), ResultsError> {
    let mut changes: Vec<Replacement> = replacements.into_iter().collect();
    // A file that cannot be compared is replaced.
    changes.retain(|change| !is_same(&change.beside, &change.path).unwrap_or(false));
    if changes.is_empty() {
        return Ok(());
    }
    sync_together(&changes)?;
    for change in &mut changes {
        fault::point("table-placed");
        change.put_in_place()?;
    }
    sync_directory(directory).map_err(|source| ResultsError {
        path: directory.into(),
        source,
    })
}

/// Syncs all of `changes` at once, so that the disk can do it in one go.
fn sync_together(changes: &[Replacement]) -> Result<(), ResultsError> {
    thread::scope(|scope| {
        let syncs: Vec<_> = changes
            .iter()
            .map(|change| scope.spawn(|| change.sync()))
            .collect();
        syncs
            .into_iter()
            .try_for_each(|sync| sync.join().expect("a sync does not panic"))
    })
}

/// Whether two files hold the same bytes.
///
/// # Errors
/// Where one of them cannot be read.
pub fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let n_bytes = left.len().min(right.len());
        if left[..n_bytes] != right[..n_bytes] {
            return Ok(false);
        }
        if n_bytes == 0 {
            return Ok(left.len() == right.len());
        }
        one.consume(n_bytes);
        other.consume(n_bytes);
    }
}

/// Replaces the file `name` in `directory` by `text`.
///
/// # Errors
/// [`ResultsError`] where it could not be written; the file is then as before.
pub fn replace_text(directory: &Path, name: &str, text: &str) -> Result<(), ResultsError> {
    let replacement = Replacement::write(directory, name, |file| file.write_all(text.as_bytes()))?;
    commit(directory, [replacement])
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Write};
    use std::path::Path;

    use super::{Replacement, commit, replace_text};

    /// Names and texts of all files in a directory, hidden ones included.
    fn files(directory: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let text = fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    }

    fn one(name: &str, text: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), text.to_owned())]
    }

    #[test]
    fn replaces_the_whole_file() {
        let directory = tempfile::tempdir().unwrap();
        replace_text(directory.path(), "a.csv", "a longer first text").unwrap();
        replace_text(directory.path(), "a.csv", "second").unwrap();
        assert_eq!(files(directory.path()), one("a.csv", "second"));
    }

    #[test]
    #[cfg(unix)]
    fn the_same_text_again_changes_nothing() {
        use std::os::unix::fs::MetadataExt;
        let directory = tempfile::tempdir().unwrap();
        let text = "0123456789".repeat(10_000);
        let file = || fs::metadata(directory.path().join("a.csv")).unwrap().ino();
        replace_text(directory.path(), "a.csv", &text).unwrap();
        let first = file();
        replace_text(directory.path(), "a.csv", &text).unwrap();
        assert_eq!(file(), first);
        assert_eq!(files(directory.path()), one("a.csv", &text));
        let other = text.replace("90", "99");
        replace_text(directory.path(), "a.csv", &other).unwrap();
        assert_eq!(files(directory.path()), one("a.csv", &other));
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        replace_text(directory.path(), "a.csv", "old").unwrap();
        let result = Replacement::write(directory.path(), "a.csv", |file| {
            file.write_all(b"half of the new text")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(
            result.map(|_| ()).unwrap_err().source.kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(files(directory.path()), one("a.csv", "old"));
    }

    #[test]
    fn what_is_written_beside_is_not_seen_before_it_is_committed() {
        let directory = tempfile::tempdir().unwrap();
        replace_text(directory.path(), "a.csv", "old").unwrap();
        let next =
            Replacement::write(directory.path(), "a.csv", |file| file.write_all(b"new")).unwrap();
        assert_eq!(
            fs::read_to_string(directory.path().join("a.csv")).unwrap(),
            "old"
        );
        commit(directory.path(), [next]).unwrap();
        assert_eq!(files(directory.path()), one("a.csv", "new"));
    }

    #[test]
    fn what_a_killed_run_left_beside_is_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(".a.csv.part"), "left by a killed run").unwrap();
        replace_text(directory.path(), "a.csv", "new").unwrap();
        assert_eq!(files(directory.path()), one("a.csv", "new"));
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = replace_text(Path::new("/nowhere/at/all"), "best.toml", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/nowhere/at/all/best.toml` could not be written; the file is as it was before"
        );
    }
}
