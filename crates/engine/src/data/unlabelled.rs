//! Samples without labels, as a trained network is asked about them.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::columns::Columns;
use super::input::Input;
use super::raw::{Cells, Raw};
use super::{DataError, Shape, cifar10, csv, idx, images, npz};

/// Samples without labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlabelled {
    /// (N, height, width, channels), not preprocessed.
    pub features: Vec<f32>,
    /// The file of each (N), where they are files of their own.
    pub files: Option<Vec<String>>,
}

/// Why samples could not be read; messages read after "failed to …".
#[derive(Debug, Error)]
pub enum UnlabelledError {
    /// The file itself, or a cell of it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Rows of another length.
    #[error(
        "take the rows of {}: they have {found} cells; accepted: {accepted}{order}",
        path.display()
    )]
    Width {
        /// The file.
        path: PathBuf,
        /// Cells of a row.
        found: usize,
        /// Cells that a sample has.
        accepted: usize,
        /// In which order, or what else is accepted.
        order: String,
    },
    /// Columns that the network was trained on are not there.
    #[error(
        "find the columns {absent} in {}: the model was trained on them; found: {found}",
        path.display()
    )]
    ColumnsAbsent {
        /// The file.
        path: PathBuf,
        /// What is not there.
        absent: String,
        /// The file's columns.
        found: String,
    },
    /// No row below the header.
    #[error("find samples in {}: it has no row of them", path.display())]
    NoSamples {
        /// The file.
        path: PathBuf,
    },
    /// Images of another size.
    #[error(
        "take the samples of {}: they are {found:?} (height, width, channels); the model takes {accepted:?}",
        path.display()
    )]
    OtherShape {
        /// The file.
        path: PathBuf,
        /// Their shape.
        found: [usize; 3],
        /// The model's.
        accepted: [usize; 3],
    },
    /// An image format of samples for a network that was trained on the columns of a table.
    #[error(
        "take the samples of {}: the model was trained on a table with columns; accepted: comma-separated values",
        path.display()
    )]
    NotATable {
        /// The file.
        path: PathBuf,
    },
}

/// Reads samples (N, height, width, channels) of `shape`, not preprocessed, from a file in one of the formats of data sets, told
/// by its content: NumPy's arrays (`x`, `x_test`, or the only one), MNIST's images, batches of CIFAR-10 (`.bin`), an image or a directory
/// of images, which are brought to the size of `shape`, else comma-separated values. Labels that are there too are passed over.
///
/// - `columns`: those that the network was trained on, where it was a table.
///
/// # Errors
/// See [`UnlabelledError`].
pub fn read_unlabelled(
    path: &Path,
    shape: Shape,
    columns: Option<&Columns>,
) -> Result<Unlabelled, UnlabelledError> {
    let found = match Kind::of(path, shape)? {
        Kind::Text => {
            let bytes = Input::open(path)?.all("a table of comma-separated values")?;
            return read_unlabelled_text(path, bytes, shape, columns);
        }
        _ if columns.is_some() => {
            return Err(UnlabelledError::NotATable {
                path: path.to_path_buf(),
            });
        }
        Kind::Arrays => npz::read_unlabelled(path, shape)?,
        Kind::Idx => idx::read_unlabelled(path)?,
        Kind::Cifar10 => cifar10::read(path, cifar10::Set::Test)?,
        Kind::Images if !matches!(shape.channels, 1 | 3) => {
            return Err(UnlabelledError::OtherShape {
                path: path.to_path_buf(),
                found: [shape.height, shape.width, 3],
                accepted: [shape.height, shape.width, shape.channels],
            });
        }
        Kind::Images => {
            let (pixels, files) = images::read_unlabelled(path, shape)?;
            return Ok(Unlabelled {
                features: pixels.into_iter().map(f32::from).collect(),
                files: Some(files),
            });
        }
    };
    Ok(Unlabelled {
        features: of_shape(path, found, shape)?,
        files: None,
    })
}

/// As [`read_unlabelled`], of a text of comma-separated values that came from somewhere else; `name` tells where.
///
/// # Errors
/// See [`UnlabelledError`].
pub fn read_unlabelled_text(
    name: &Path,
    bytes: Vec<u8>,
    shape: Shape,
    columns: Option<&Columns>,
) -> Result<Unlabelled, UnlabelledError> {
    Ok(Unlabelled {
        features: csv::read_unlabelled(name, bytes, columns, shape)?,
        files: None,
    })
}

fn of_shape(path: &Path, found: Raw, shape: Shape) -> Result<Vec<f32>, UnlabelledError> {
    let sizes = |of: Shape| [of.height, of.width, of.channels];
    if found.shape != shape {
        return Err(UnlabelledError::OtherShape {
            path: path.to_path_buf(),
            found: sizes(found.shape),
            accepted: sizes(shape),
        });
    }
    Ok(match found.cells {
        Cells::Numbers(values) => values,
        Cells::Pixels(pixels) => pixels.into_iter().map(f32::from).collect(),
    })
}

enum Kind {
    Text,
    Arrays,
    Idx,
    Cifar10,
    Images,
}

impl Kind {
    fn of(path: &Path, shape: Shape) -> Result<Self, DataError> {
        const CIFAR10: Shape = Shape {
            height: 32,
            width: 32,
            channels: 3,
        };
        let name = Path::new(path.file_name().unwrap_or_default());
        let unpacked = match name.extension() {
            Some(end) if end == "gz" => name.with_extension(""),
            _ => name.to_path_buf(),
        };
        let is_batch = unpacked.extension().is_some_and(|end| end == "bin");
        if shape == CIFAR10 && is_batch {
            return Ok(Self::Cifar10);
        }
        if path.is_dir() {
            return Ok(Self::Images);
        }
        let start: [u8; 4] = match Input::open(path)?.header("samples") {
            // A table of a single digit is short.
            Err(DataError::NoHeader { .. }) => return Ok(Self::Text),
            other => other?,
        };
        Ok(match &start {
            b"\x93NUM" | b"PK\x03\x04" | b"PK\x05\x06" => Self::Arrays,
            [0, 0, 8, 3] => Self::Idx,
            start if images::begins_as_one(start) => Self::Images,
            _ => Self::Text,
        })
    }
}
