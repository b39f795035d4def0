//! Making a directory's entries last.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The directory `path` lies in; the current one for a bare file name.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Waits until the names in `directory` are on disk: a synced file whose name is not is lost all the same.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
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
    use std::path::Path;

    use super::directory_of;

    #[test]
    fn a_bare_name_lies_in_the_current_directory() {
        assert_eq!(directory_of(Path::new("journal.jsonl")), Path::new("."));
        assert_eq!(directory_of(Path::new("a/journal.jsonl")), Path::new("a"));
        assert_eq!(directory_of(Path::new("/journal.jsonl")), Path::new("/"));
    }
}
