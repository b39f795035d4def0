//! Which files of a folder are images, and of which class.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::picture;

/// Classes that a folder may have.
const MAX_CLASSES: usize = 1000;

/// A folder of images.
pub(super) struct Folder {
    /// In the order of their names' bytes.
    pub(super) classes: Vec<Class>,
    /// Files that are no images.
    pub(super) n_others: usize,
}

/// The images of a class.
pub(super) struct Class {
    pub(super) name: String,
    /// In the order of their paths' bytes.
    pub(super) files: Vec<PathBuf>,
}

impl Folder {
    pub(super) fn read(path: &Path) -> Result<Self, ImageError> {
        if path.exists() && !path.is_dir() {
            return Err(ImageError::NotADirectory {
                path: path.to_path_buf(),
            });
        }
        let entries = entries(path)?;
        let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) =
            entries.into_iter().partition(|entry| entry.is_dir());
        if directories.is_empty() {
            return Err(ImageError::NoClasses {
                path: path.to_path_buf(),
            });
        }
        if directories.len() > MAX_CLASSES {
            return Err(ImageError::TooManyClasses {
                path: path.to_path_buf(),
                found: directories.len(),
            });
        }
        let mut folder = Self {
            classes: Vec::new(),
            n_others: files.len(),
        };
        for directory in directories {
            let name = directory.file_name().and_then(|name| name.to_str());
            let name = name
                .ok_or_else(|| ImageError::NotUtf8 {
                    path: directory.clone(),
                })?
                .to_owned();
            let mut walk = Walk::default();
            walk.enter(&directory)?;
            if walk.images.is_empty() {
                return Err(ImageError::NoImages { path: directory });
            }
            folder.n_others += walk.n_others;
            folder.classes.push(Class {
                name,
                files: walk.images,
            });
        }
        Ok(folder)
    }

    /// All images, class by class.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let classes = self.classes.iter();
        classes.flat_map(|class| class.files.iter().map(AsRef::as_ref))
    }
}

/// All images below a directory, in the order of their paths.
pub(super) fn images_below(path: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let mut walk = Walk::default();
    walk.enter(path)?;
    if walk.images.is_empty() {
        return Err(ImageError::NoImages {
            path: path.to_path_buf(),
        });
    }
    Ok(walk.images)
}

#[derive(Default)]
struct Walk {
    images: Vec<PathBuf>,
    n_others: usize,
    /// Directories that were entered, so that links that lead back are followed once.
    entered: HashSet<(u64, u64)>,
}

impl Walk {
    fn enter(&mut self, directory: &Path) -> Result<(), ImageError> {
        let metadata = fs::metadata(directory).map_err(|reason| ImageError::Unreadable {
            path: directory.to_path_buf(),
            reason,
        })?;
        if !self.entered.insert((metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        for entry in entries(directory)? {
            if entry.is_dir() {
                self.enter(&entry)?;
            } else if is_image(&entry) {
                self.images.push(entry);
            } else {
                self.n_others += 1;
            }
        }
        Ok(())
    }
}

/// By its content; a file that is named as an image is taken for one, so that a damaged one is told of.
fn is_image(file: &Path) -> bool {
    let end = file.extension().and_then(|end| end.to_str());
    let is_named = end.is_some_and(|end| {
        ["png", "jpg", "jpeg"]
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    });
    is_named || picture::is_one(file)
}

/// What lies in a directory in the order of the names' bytes, but what systems put there for themselves.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let unreadable = |reason| ImageError::Unreadable {
        path: directory.to_path_buf(),
        reason,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(b".") && name != b"Thumbs.db" {
            found.push(entry.path());
        }
    }
    found.sort_by(|one, other| {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
        bytes(one).cmp(&bytes(other))
    });
    Ok(found)
}
