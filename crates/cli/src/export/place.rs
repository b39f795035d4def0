//! Where an export goes: what is there already is left alone unless export wrote it, or it is to be overwritten.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::staging::Staging;
use super::{json, marker};
use crate::failure::Failure;

/// A directory that an export of several files goes to.
pub(crate) struct Directory {
    path: PathBuf,
    format: &'static str,
    files: BTreeSet<String>,
    /// What the last export of the same format left; none where the directory does not exist.
    earlier: Option<BTreeSet<String>>,
}

impl Directory {
    /// The directory `path` for `files`, relative paths, of an export of `format`. Whatever else is there stays.
    ///
    /// # Errors
    /// Where one of them is there that export did not write, and `force` does not say that it may be overwritten.
    pub(crate) fn open(
        path: &Path,
        format: &'static str,
        files: impl IntoIterator<Item = String>,
        force: bool,
    ) -> Result<Self, Failure> {
        let files: BTreeSet<String> = files.into_iter().collect();
        let name = path.display();
        let Some(real) = existing(path)? else {
            return Ok(Self {
                path: path.to_owned(),
                format,
                files,
                earlier: None,
            });
        };
        if !real.is_dir() {
            return Err(Failure::usage(format!(
                "`{name}` is not a directory, and {format} is several files: name another place with --out"
            )));
        }
        let earlier = marker::read(&real, format)
            .map_err(|error| Failure::usage(format!("`{name}` could not be read: {error}")))?;
        for file in &files {
            let there = fs::symlink_metadata(real.join(file));
            if there.as_ref().is_ok_and(fs::Metadata::is_dir) {
                return Err(Failure::usage(format!(
                    "`{name}/{file}` is a directory where export has a file: name another place with --out"
                )));
            }
            if there.is_ok() && !force && !earlier.contains(file) {
                return Err(not_ours(&format!("{name}/{file}")));
            }
        }
        Ok(Self {
            path: real,
            format,
            files,
            earlier: Some(earlier),
        })
    }

    /// Has `contents` write the files, then puts them in their places. A directory that was not there appears whole.
    ///
    /// # Errors
    /// Those of `contents` and what the system says; every file is then the one before or the new one.
    pub(crate) fn write(self, contents: impl FnOnce(&Staging) -> io::Result<()>) -> io::Result<()> {
        let Some(earlier) = &self.earlier else {
            let staging = Staging::take(beside(&self.path)?)?;
            contents(&staging)?;
            self.list(&staging, &self.files)?;
            return staging.become_directory(&self.path);
        };
        // Inside, since the directory may be a file system of its own.
        let staging = Staging::take(self.path.join(".finetooth-export.part"))?;
        contents(&staging)?;
        // Of a sweep that goes on, most files are as they were.
        let changed = staging.changed(&self.path);
        staging.sync()?;
        // Whatever happens from here on, all that lies there is known to be ours.
        let name = marker::name(self.format);
        let put_list = |files: &BTreeSet<String>| {
            self.list(&staging, files)?;
            staging.sync()?;
            fs::rename(staging.path().join(&name), self.path.join(&name))
        };
        put_list(&self.files.union(earlier).cloned().collect())?;
        self.put_in_place(&staging, &changed, earlier)?;
        put_list(&self.files)
    }

    fn list(&self, staging: &Staging, files: &BTreeSet<String>) -> io::Result<()> {
        let text = marker::text(self.format, files);
        staging.file(&marker::name(self.format), |file| {
            file.write_all(text.as_bytes())
        })
    }

    fn put_in_place(
        &self,
        staging: &Staging,
        changed: &[String],
        earlier: &BTreeSet<String>,
    ) -> io::Result<()> {
        for file in changed {
            let place = self.path.join(file);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::rename(staging.path().join(file), place)?;
        }
        for file in earlier.difference(&self.files) {
            let place = self.path.join(file);
            // It may have been removed by hand; a directory that holds other things stays.
            let _ = fs::remove_file(&place);
            let parent = place.parent().filter(|parent| *parent != self.path);
            let _ = parent.map(fs::remove_dir);
        }
        Ok(())
    }
}

/// A file that an export goes to.
pub(crate) struct Document {
    path: PathBuf,
}

impl Document {
    /// The file `path`.
    ///
    /// # Errors
    /// Where something is there that export did not write, and `force` does not say that it may be overwritten.
    pub(crate) fn open(path: &Path, force: bool) -> Result<Self, Failure> {
        let name = path.display();
        let Some(real) = existing(path)? else {
            return Ok(Self {
                path: path.to_owned(),
            });
        };
        if !real.is_file() {
            return Err(Failure::usage(format!(
                "`{name}` is not a file, and JSON is one: name a file with --out, or `-` for standard output"
            )));
        }
        if !force && !begins_as_ours(&real) {
            return Err(not_ours(&name.to_string()));
        }
        Ok(Self { path: real })
    }

    /// Has `contents` write the file, then puts it in its place.
    ///
    /// # Errors
    /// Those of `contents` and what the system says; the file is then as it was before.
    pub(crate) fn write(
        self,
        contents: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let staging = Staging::take(beside(&self.path)?)?;
        staging.file("whole", contents)?;
        staging.sync()?;
        fs::rename(staging.path().join("whole"), &self.path)
    }
}

/// What `path` leads to, where it leads to something.
fn existing(path: &Path) -> Result<Option<PathBuf>, Failure> {
    let name = path.display();
    match path.canonicalize() {
        Ok(real) => Ok(Some(real)),
        Err(_) if path.is_symlink() => Err(Failure::usage(format!(
            "`{name}` is a link that leads nowhere: name another place with --out"
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::usage(format!(
            "`{name}` cannot be written to ({error}): name another place with --out"
        ))),
    }
}

fn not_ours(name: &str) -> Failure {
    Failure::usage(format!(
        "`{name}` is there and was not written by export: name another place with --out, or overwrite it with --force"
    ))
}

fn begins_as_ours(path: &Path) -> bool {
    let mut beginning = [0; json::BEGINNING.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && beginning == json::BEGINNING.as_bytes()
}

/// The place beside `path`, in a directory that is made where there is none, for what is to be put there.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let own = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(own);
    name.push(".part");
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    Ok(parent.join(name))
}
