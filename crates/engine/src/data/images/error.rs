//! Why images could not be loaded.

use std::path::PathBuf;

use thiserror::Error;

/// What is wrong with a folder of images. Messages read after "failed to …".
#[derive(Debug, Error)]
pub enum ImageError {
    /// No directory for any class.
    #[error(
        "find classes in {}: it has no directories; accepted: one for each class, with its images in it",
        path.display()
    )]
    NoClasses {
        /// The directory.
        path: PathBuf,
    },
    /// A file where a directory is wanted.
    #[error("read {}: it is no directory; accepted: one with a directory for each class", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A directory cannot be read.
    #[error("read {}: {reason}", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// A class without images.
    #[error("find images in {}: there is no PNG or JPEG file in it; remove it, or fill it", path.display())]
    NoImages {
        /// The directory.
        path: PathBuf,
    },
    /// A class whose name is no text.
    #[error("name the class {}: its name is not UTF-8; rename it", path.display())]
    NotUtf8 {
        /// The directory.
        path: PathBuf,
    },
    /// More classes than can be.
    #[error("read {}: it has {found} directories; accepted: 1000 classes at most", path.display())]
    TooManyClasses {
        /// The directory.
        path: PathBuf,
        /// How many.
        found: usize,
    },
    /// Images of several sizes.
    #[error(
        "take images of one size: {} has {} × {} pixels and {} has {} × {}; resize = [HEIGHT, WIDTH] brings all to one",
        first.display(), first_size[0], first_size[1], other.display(), other_size[0], other_size[1]
    )]
    SizesDiffer {
        /// The first image.
        first: PathBuf,
        /// Its height and width.
        first_size: [usize; 2],
        /// The first of another size.
        other: PathBuf,
        /// Its height and width.
        other_size: [usize; 2],
    },
    /// An image that cannot be decoded.
    #[error("decode {}: it is damaged, cut off, or no image ({reason}); replace or remove it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// An image that claims to be huge.
    #[error(
        "decode {}: it would take {bytes} bytes; accepted: images of {limit} bytes at most",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes of its pixels.
        bytes: u64,
        /// Largest number.
        limit: u64,
    },
}

impl ImageError {
    /// The key of `[data]` to change.
    pub(in crate::data) fn key(&self) -> &'static str {
        match self {
            Self::SizesDiffer { .. } => "resize",
            _ => "path",
        }
    }
}
