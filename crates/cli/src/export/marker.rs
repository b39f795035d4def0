//! The list of files that an export left in a directory: these and no others may be replaced by the next.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

/// Name of the list of `format`.
pub(super) fn name(format: &str) -> String {
    format!(".finetooth-export-{format}")
}

/// The text of a list of `files`, paths relative to the directory it lies in.
pub(super) fn text<'a>(format: &str, files: impl IntoIterator<Item = &'a String>) -> String {
    let mut text = first_line(format) + "\n";
    for file in files {
        text += file;
        text.push('\n');
    }
    text
}

/// The files that the list of `format` in `directory` names; none where it has none.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn read(directory: &Path, format: &str) -> io::Result<BTreeSet<String>> {
    let text = match fs::read_to_string(directory.join(name(format))) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut lines = text.lines();
    if lines.next() != Some(&first_line(format)) {
        return Ok(BTreeSet::new());
    }
    // What does not lie below the directory was not written by us, whatever the list says.
    let is_below = |file: &&str| {
        let mut parts = Path::new(file).components();
        !file.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
    };
    Ok(lines.filter(is_below).map(str::to_owned).collect())
}

fn first_line(format: &str) -> String {
    format!("finetooth export {format}: the files of the last export, which the next one replaces")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{name, read, text};

    #[test]
    fn what_was_listed_is_known_again_and_nothing_outside_of_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        assert!(read(directory.path(), "csv").unwrap().is_empty());
        let files = [
            "trials.csv",
            "a/b",
            "../thesis.tex",
            "/etc/passwd",
            "",
            "a/../b",
        ]
        .map(str::to_owned);
        let path = directory.path().join(name("csv"));
        fs::write(&path, text("csv", &files)).unwrap();
        let known: Vec<String> = read(directory.path(), "csv").unwrap().into_iter().collect();
        assert_eq!(known, ["a/b", "trials.csv"]);
        assert!(read(directory.path(), "parquet").unwrap().is_empty());
        fs::write(&path, "something else\ntrials.csv\n").unwrap();
        assert!(read(directory.path(), "csv").unwrap().is_empty());
    }
}
