//! MNIST's IDX format: unsigned bytes behind a big-endian header; images and labels in two files.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats".

use std::path::{Path, PathBuf};

use super::input::{Input, check_values, plain_or_gz};
use super::raw::Raw;
use super::{DataError, Shape};

/// Type code of unsigned bytes, the only one accepted.
const UNSIGNED_BYTE: u8 = 0x08;

const ACCEPTED: &str = "an IDX file of unsigned bytes, which begins with 00 00 08";

/// Which of the two sets of a directory is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// `train-images-idx3-ubyte` and its labels.
    Train,
    /// `t10k-images-idx3-ubyte` and its labels.
    Test,
}

impl Set {
    fn prefix(self) -> &'static str {
        match self {
            Set::Train => "train",
            Set::Test => "t10k",
        }
    }
}

/// Reads images and labels; `path` is the directory of MNIST's four files, or a file of images beside its labels.
pub(super) fn read(path: &Path, set: Set) -> Result<Raw, DataError> {
    let images_path = if path.is_dir() {
        find_images(path, set).ok_or_else(|| DataError::NotInDirectory {
            directory: path.to_path_buf(),
            wanted: format!("{}-images-idx3-ubyte, or the same with .gz", set.prefix()),
        })?
    } else {
        path.to_path_buf()
    };
    let labels_path = labels_beside(&images_path)?;

    let mut images = Images::open(&images_path)?;
    let n_images = images.n;
    let mut labels = Input::open(&labels_path)?;
    let [n_labels] = dimensions(&mut labels, &labels_path, "labels")?;
    if n_images != n_labels {
        return Err(DataError::CountsDiffer {
            images: images_path,
            n_images,
            labels: labels_path,
            n_labels,
        });
    }
    images.check_size()?;
    let labels = labels.rest(n_labels, &format!("{n_labels} labels"))?;
    let pixels = images.pixels()?;
    Ok(Raw::from_bytes(images.shape(), pixels, &labels))
}

/// Reads images alone.
pub(super) fn read_unlabelled(path: &Path) -> Result<Raw, DataError> {
    let mut images = Images::open(path)?;
    images.check_size()?;
    let pixels = images.pixels()?;
    let labels = vec![0; images.n as usize];
    Ok(Raw::from_bytes(images.shape(), pixels, &labels))
}

/// A file of images whose header was read.
struct Images {
    path: PathBuf,
    input: Input,
    n: u64,
    height: u64,
    width: u64,
}

impl Images {
    fn open(path: &Path) -> Result<Self, DataError> {
        let mut input = Input::open(path)?;
        let [n, height, width] = dimensions(&mut input, path, "images")?;
        Ok(Self {
            path: path.to_path_buf(),
            input,
            n,
            height,
            width,
        })
    }

    /// Neither this product nor that with the number overflows: each dimension is below 2^32.
    fn check_size(&self) -> Result<(), DataError> {
        check_values(&self.path, self.n, self.height * self.width)
    }

    fn pixels(&mut self) -> Result<Vec<u8>, DataError> {
        let (n, height, width) = (self.n, self.height, self.width);
        let content = format!("{n} images of {height} × {width} pixels");
        self.input.rest(n * height * width, &content)
    }

    fn shape(&self) -> Shape {
        Shape {
            height: self.height as usize,
            width: self.width as usize,
            channels: 1,
        }
    }
}

/// Says of a directory that it holds a test set which is not used.
pub(super) fn unused_test_set(path: &Path) -> Option<String> {
    find_images(path, Set::Test).map(|file| {
        format!(
            "{} is left alone; test_path = the same directory makes it the test set",
            file.display()
        )
    })
}

/// The images of a set; both spellings that are in circulation, `-idx3` and `.idx3`.
fn find_images(directory: &Path, set: Set) -> Option<PathBuf> {
    ["-images-idx3-ubyte", "-images.idx3-ubyte"]
        .iter()
        .find_map(|suffix| plain_or_gz(directory, &format!("{}{suffix}", set.prefix())))
}

/// The labels of a file of images: the same name with `labels` for `images` and `idx1` for `idx3`, with or without `.gz`.
fn labels_beside(images: &Path) -> Result<PathBuf, DataError> {
    let directory = images.parent().unwrap_or(Path::new("."));
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    if !images.is_file() || !stem.contains("images") {
        // Opening says what is wrong with a path that is no file.
        Input::open(images)?;
        return Err(DataError::NotImagesName {
            path: images.to_path_buf(),
        });
    }
    let wanted = stem.replace("images", "labels").replace("idx3", "idx1");
    plain_or_gz(directory, &wanted).ok_or_else(|| DataError::NotInDirectory {
        directory: directory.to_path_buf(),
        wanted: format!("{wanted}, the labels of {name}, or the same with .gz"),
    })
}

/// Reads the header of an array of unsigned bytes with N dimensions, none of them 0.
fn dimensions<const N: usize>(
    input: &mut Input,
    path: &Path,
    content: &'static str,
) -> Result<[u64; N], DataError> {
    let magic: [u8; 4] = input.header(ACCEPTED)?;
    if magic[..2] != [0, 0] || magic[2] != UNSIGNED_BYTE {
        return Err(DataError::WrongMagic {
            path: path.to_path_buf(),
            found: magic,
            accepted: ACCEPTED,
        });
    }
    if usize::from(magic[3]) != N {
        return Err(DataError::WrongDimensions {
            path: path.to_path_buf(),
            content,
            found: magic[3],
            accepted: N as u8,
        });
    }
    let mut sizes = [0; N];
    for size in &mut sizes {
        *size = u64::from(u32::from_be_bytes(input.header(ACCEPTED)?));
    }
    if sizes.contains(&0) {
        return Err(DataError::NoSamples {
            path: path.to_path_buf(),
        });
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests;
