//! Files that are replaced as a whole: whoever reads one sees the old contents or the new, also
//! after a crash.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::error::Unusable;
use super::section::check_header;

/// Replaces the file `path` by what `contents` writes, once that is on disk.
///
/// It is written beside, under the hidden name `.NAME.part`; if that fails, the file beside is gone and
/// `path` is as it was.
pub(crate) fn replace(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let beside = beside(path)?;
    write(&beside, contents)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| {
            // The error that led here is the one to tell.
            let _ = fs::remove_file(&beside);
        })?;
    sync_directory(beside.parent().unwrap_or(Path::new("")))
}

/// As [`replace`], but without waiting for the disk: after a loss of power the file may be cut short.
pub(crate) fn replace_unsynced(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let beside = beside(path)?;
    write(&beside, contents)
        .and_then(|_| fs::rename(&beside, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
}

/// The whole of a checkpoint, which begins as one.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Unusable> {
    if !fs::metadata(path)?.is_file() {
        return Err(Unusable::NotAFile);
    }
    let mut file = File::open(path)?;
    // Enough to see what it is, so that a file of another kind is not read in whole.
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(64).read_to_end(&mut bytes)?;
    check_header(&bytes)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        let message = "the path does not end with the name of a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".part");
    Ok(path.with_file_name(hidden))
}

fn write(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
    if let Err(error) = contents(&mut out) {
        // What is still buffered is not wanted any more.
        let _ = out.into_parts();
        return Err(error);
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// Waits until the names in a directory are on disk, so that a crash does not undo a rename.
fn sync_directory(directory: &Path) -> io::Result<()> {
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    match File::open(directory)?.sync_all() {
        // File systems that cannot sync a directory say so; their names need none.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        for contents in ["old", "new"] {
            replace(&path, |out| out.write_all(contents.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn a_write_that_falls_short_leaves_the_old_file_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        fs::write(&path, "old").unwrap();
        let error = replace(&path, |out| {
            out.write_all(&vec![0; 1 << 17])?;
            Err(ErrorKind::StorageFull.into())
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &Path| replace(path, |out| out.write_all(b"new"));
        write(&directory.path().join("missing/a")).unwrap_err();
        write(Path::new("/")).unwrap_err();
        write(&directory.path().join("..")).unwrap_err();
        // Another one's directory of the hidden name.
        fs::write(directory.path().join("a"), "old").unwrap();
        fs::create_dir(directory.path().join(".a.part")).unwrap();
        write(&directory.path().join("a")).unwrap_err();
        assert_eq!(
            fs::read_to_string(directory.path().join("a")).unwrap(),
            "old"
        );
        // A directory in the file's own place.
        fs::create_dir_all(directory.path().join("b/c")).unwrap();
        write(&directory.path().join("b")).unwrap_err();
        assert_eq!(names(directory.path()), [".a.part", "a", "b"]);
    }

    #[test]
    fn what_is_no_checkpoint_is_not_read_in_whole() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read(directory.path()), Err(Unusable::NotAFile)));
        assert!(matches!(
            read(&directory.path().join("missing")),
            Err(Unusable::Unreadable(_))
        ));
        let sparse = directory.path().join("sparse");
        File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read(&sparse), Err(Unusable::Foreign)));
    }
}
