//! Where an export is written before any of it is in its place: nobody sees a half-written file.

use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use finetooth_scheduler::results::is_same;

/// A directory of files in the making, locked against other exports, removed when dropped unless it was moved to its
/// place.
pub(crate) struct Staging {
    path: PathBuf,
    /// Names of files that are not known to be on disk.
    unsynced: RefCell<Vec<String>>,
    _lock: Option<File>,
    is_in_place: bool,
}

impl Staging {
    /// Makes the directory `path`, or takes the one that a killed export left, and empties it.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] where another export writes there, and what the system says.
    pub(super) fn take(path: PathBuf) -> io::Result<Self> {
        match fs::create_dir(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let lock = lock(&path)?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self {
            path,
            unsynced: RefCell::default(),
            _lock: lock,
            is_in_place: false,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name`, which may lie in a directory below.
    ///
    /// # Errors
    /// Those of `contents`, and what the system says.
    pub(super) fn file(
        &self,
        name: &str,
        contents: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = File::create(&path)?;
        let mut buffered = BufWriter::with_capacity(1 << 16, &file);
        if let Err(error) = contents(&mut buffered).and_then(|()| buffered.flush()) {
            // What is still buffered is not wanted any more.
            let _ = buffered.into_parts();
            return Err(error);
        }
        self.unsynced.borrow_mut().push(name.to_owned());
        Ok(())
    }

    /// Names of the files that are not the same in `place`. The others need not reach the disk, nor their places.
    pub(super) fn changed(&self, place: &Path) -> Vec<String> {
        let mut names = self.unsynced.borrow_mut();
        // A file that cannot be compared is replaced.
        names.retain(|name| !is_same(&self.path.join(name), &place.join(name)).unwrap_or(false));
        names.clone()
    }

    /// Waits until all files are on disk: of thousands, one after the other is many times slower while they are written.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn sync(&self) -> io::Result<()> {
        let names = self.unsynced.take();
        let mut files = names.iter().map(|name| self.path.join(name));
        files.try_for_each(|path| File::open(path)?.sync_all())
    }

    /// Makes it `place`, once all of it is on disk; nothing may be there but an empty directory.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn become_directory(mut self, place: &Path) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.path, place)?;
        self.is_in_place = true;
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_in_place {
            // The error that led here is the one to tell.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Locks the directory itself; `None` where the file system has no locks.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let directory = File::open(path)?;
    match directory.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => return Ok(None),
    }
    // Whoever had it may have moved it to its place between these two lines.
    let (held, there) = (directory.metadata()?, fs::metadata(path)?);
    if (held.dev(), held.ino()) != (there.dev(), there.ino()) {
        return Err(ErrorKind::WouldBlock.into());
    }
    Ok(Some(directory))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Write};

    use super::Staging;

    #[test]
    fn what_is_not_put_in_place_is_gone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(".a.part");
        let staging = Staging::take(path.clone()).unwrap();
        let half = |file: &mut std::io::BufWriter<&fs::File>| {
            file.write_all(b"half of it")?;
            Err(ErrorKind::StorageFull.into())
        };
        let error = staging.file("b/c", half).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        drop(staging);
        assert!(!path.exists());
    }

    #[test]
    fn two_exports_do_not_write_into_the_same_directory() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(".a.part");
        let first = Staging::take(path.clone()).unwrap();
        let second = Staging::take(path.clone()).map(|_| ()).unwrap_err();
        assert_eq!(second.kind(), ErrorKind::WouldBlock);
        first.file("b", |file| file.write_all(b"whole")).unwrap();
        first.become_directory(&parent.path().join("a")).unwrap();
        assert_eq!(fs::read(parent.path().join("a/b")).unwrap(), b"whole");
        assert!(Staging::take(path).is_ok());
    }

    #[test]
    fn what_a_killed_export_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(".a.part");
        fs::create_dir_all(path.join("b")).unwrap();
        fs::write(path.join("b/c"), "half").unwrap();
        let staging = Staging::take(path.clone()).unwrap();
        assert_eq!(fs::read_dir(staging.path()).unwrap().count(), 0);
    }
}
