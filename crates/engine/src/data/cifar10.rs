//! The binary version of CIFAR-10: records of a label byte and 3 × 1024 bytes, the red, green and blue planes.
//!
//! Source: A. Krizhevsky, "The CIFAR-10 dataset", section "Binary version".

use std::path::{Path, PathBuf};

use super::input::{Input, check_values, plain_or_gz};
use super::raw::{Cells, Raw};
use super::{DataError, Shape, Targets};

const SHAPE: Shape = Shape {
    height: 32,
    width: 32,
    channels: 3,
};
const PLANE: usize = 32 * 32;
const RECORD: usize = 1 + 3 * PLANE;
const ACCEPTED: &str = "CIFAR-10's binary version, records of 3073 bytes";

/// Class names in label order. Source: `batches.meta.txt` of the data set.
const CLASSES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

/// Which files of a directory are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// `data_batch_1.bin` to `data_batch_5.bin`, those that are there.
    Train,
    /// `test_batch.bin`.
    Test,
}

/// Reads the batches of a directory in the order of their numbers, or one file.
pub(super) fn read(path: &Path, set: Set) -> Result<Raw, DataError> {
    let (files, notes) = if path.is_dir() {
        batches(path, set)?
    } else {
        (vec![path.to_path_buf()], Vec::new())
    };
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for file in &files {
        append(file, &mut pixels, &mut labels)?;
    }
    Ok(Raw {
        shape: SHAPE,
        classes: CLASSES.map(str::to_owned).to_vec(),
        targets: Targets::Labels(labels),
        cells: Cells::Pixels(pixels),
        columns: None,
        notes,
    })
}

/// Says of a directory that it holds a test set which is not used.
pub(super) fn unused_test_set(path: &Path) -> Option<String> {
    plain_or_gz(path, "test_batch.bin").map(|file| {
        format!(
            "{} is left alone; test_path = the same directory makes it the test set",
            file.display()
        )
    })
}

/// The files of a set, and what a reader of the notes should know of them.
fn batches(directory: &Path, set: Set) -> Result<(Vec<PathBuf>, Vec<String>), DataError> {
    let missing = |wanted: &str| DataError::NotInDirectory {
        directory: directory.to_path_buf(),
        wanted: format!("{wanted}, or the same with .gz"),
    };
    if set == Set::Test {
        let file =
            plain_or_gz(directory, "test_batch.bin").ok_or_else(|| missing("test_batch.bin"))?;
        return Ok((vec![file], Vec::new()));
    }
    let files: Vec<PathBuf> = (1..=5)
        .filter_map(|i| plain_or_gz(directory, &format!("data_batch_{i}.bin")))
        .collect();
    if files.is_empty() {
        return Err(missing("data_batch_1.bin to data_batch_5.bin"));
    }
    let mut notes = Vec::new();
    if files.len() < 5 {
        notes.push(format!(
            "{} holds {} of CIFAR-10's 5 training batches",
            directory.display(),
            files.len()
        ));
    }
    Ok((files, notes))
}

/// Appends a file's images, planes interleaved to (height, width, channels), and labels.
fn append(path: &Path, pixels: &mut Vec<u8>, labels: &mut Vec<u32>) -> Result<(), DataError> {
    let bytes = Input::open(path)?.all(ACCEPTED)?;
    let (records, rest) = bytes.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(DataError::NotWholeRecords {
            path: path.to_path_buf(),
            found: bytes.len() as u64,
            record: RECORD as u64,
        });
    }
    check_values(
        path,
        (labels.len() + records.len()) as u64,
        SHAPE.len() as u64,
    )?;
    pixels.reserve(records.len() * SHAPE.len());
    for (record_idx, record) in records.iter().enumerate() {
        let label = record[0];
        if usize::from(label) >= CLASSES.len() {
            return Err(DataError::WrongLabel {
                path: path.to_path_buf(),
                record_idx: record_idx as u64,
                found: label,
            });
        }
        labels.push(u32::from(label));
        let (red, green, blue) = (
            &record[1..=PLANE],
            &record[1 + PLANE..=2 * PLANE],
            &record[1 + 2 * PLANE..],
        );
        for ((&r, &g), &b) in red.iter().zip(green).zip(blue) {
            pixels.extend([r, g, b]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
