//! NumPy's arrays: `.npz`, an archive of them, and `.npy`, one in a file.
//!
//! `place` opens an array, `header` and `dtype` say what it is, `stream` reads it within what there can be, `names`
//! finds features and labels, `layout` puts values in the order of samples, `labels` makes classes or numbers.
//!
//! Source: NumPy's documentation, "numpy.lib.format".

mod dtype;
mod error;
mod header;
mod labels;
mod layout;
mod names;
mod place;
mod stream;

use std::path::Path;

pub use self::error::ArrayError;
use self::header::Header;
use self::layout::Layout;
use self::names::Pair;
use self::place::Place;
use super::input::check_values;
use super::raw::{Cells, Raw};
use super::{DataError, Shape, Targets};
use crate::config::{LabelKind, NpzOptions};

/// Reads features (N, D), (N, H, W) or (N, H, W, C) and labels (N), and a test set: that of `test_path`, else that of
/// `path` itself.
///
/// `shape` = [channels, height, width] makes images of rows, and says of (N, C, H, W) that channels come first.
pub(super) fn read(
    path: &Path,
    test_path: Option<&Path>,
    options: &NpzOptions,
    label_kind: LabelKind,
    shape: Option<[usize; 3]>,
) -> Result<(Raw, Option<Raw>), DataError> {
    let found = names::training(path, options, test_path.is_some())?;
    let mut raw = read_pair(&found.training, label_kind, shape)?;
    raw.notes.extend(found.notes);
    let test = match test_path {
        Some(path) => {
            let test = names::test(path, options)
                .and_then(|pair| read_pair(&pair, label_kind, shape))
                .map_err(|error| DataError::TestSet(Box::new(error)))?;
            Some(test)
        }
        None => match found.test {
            Some(pair) => Some(read_pair(&pair, label_kind, shape)?),
            None => None,
        },
    };
    Ok((raw, test))
}

/// Reads the features of a file without labels: `x`, `x_test`, or the only array; channels first too, and rows plane by plane, where
/// these are of `shape`.
pub(super) fn read_unlabelled(path: &Path, shape: Shape) -> Result<Raw, DataError> {
    let place = names::unlabelled(path)?;
    let header = place.header()?;
    let as_they_are = Layout::of(&header, None).filter(|layout| layout.shape == shape);
    let planes = [shape.channels, shape.height, shape.width];
    let is_planes = as_they_are.is_none() && Layout::of(&header, Some(planes)).is_some();
    let (layout, cells) = read_features(&place, &header, is_planes.then_some(planes))?;
    Ok(Raw {
        shape: layout.shape,
        classes: Vec::new(),
        targets: Targets::default(),
        cells,
        columns: None,
        notes: Vec::new(),
    })
}

fn read_pair(
    pair: &Pair,
    label_kind: LabelKind,
    shape: Option<[usize; 3]>,
) -> Result<Raw, DataError> {
    let Pair { features, labels } = pair;
    let features_header = features.header()?;
    // What is wrong with a file of labels is told at the key that names it.
    let of_labels = |error| match error {
        error if !labels.is_file() => error,
        error => DataError::Labels(Box::new(error)),
    };
    let labels_header = labels.header().map_err(of_labels)?;
    let n_labels = labels::count(labels, &labels_header).map_err(of_labels)?;
    let n_features = features_header.shape.first().copied();
    for (array, header) in [(features, &features_header), (labels, &labels_header)] {
        if header.shape.contains(&0) {
            return Err(ArrayError::NoSamples {
                array: array.to_string(),
                found: header.shape.clone(),
            }
            .into());
        }
    }
    if let Some(n_features) = n_features.filter(|n| *n != n_labels) {
        return Err(ArrayError::CountsDiffer {
            features: features.to_string(),
            n_features,
            labels: labels.to_string(),
            n_labels,
        }
        .into());
    }
    let (classes, targets) = labels::read(labels, &labels_header, label_kind).map_err(of_labels)?;
    let (layout, cells) = read_features(features, &features_header, shape)?;
    let mut notes = vec![format!(
        "{}: {} samples, features {} ({}), labels {} ({})",
        features.path().display(),
        targets.len(),
        features.name(),
        features_header.dtype,
        labels.name(),
        labels_header.dtype,
    )];
    if shape.is_none() && layout.looks_like_planes() {
        let found = layout.shape;
        notes.push(format!(
            "the last dimension, {}, is taken for channels; if the first, {}, is meant, \
             shape = [{}, {}, {}] says so",
            found.channels, found.height, found.height, found.width, found.channels
        ));
    }
    Ok(Raw {
        shape: layout.shape,
        classes,
        targets,
        cells,
        columns: None,
        notes,
    })
}

/// Reads features; bytes stay bytes.
fn read_features(
    place: &Place,
    header: &Header,
    shape: Option<[usize; 3]>,
) -> Result<(Layout, Cells), DataError> {
    place.read(|stream, _| {
        stream.bounded(header)?;
        let layout = Layout::of(header, shape).ok_or_else(|| misfit(place, header, shape))?;
        let n = header.shape.first().copied().unwrap_or_default();
        check_values(place.path(), n, layout.shape.len() as u64)?;
        let cells = if header.dtype.is_byte() {
            let bytes = stream.values(header, |_, bytes| Ok(bytes[0]))?;
            Cells::Pixels(layout.arranged(bytes))
        } else {
            let values = stream.values(header, |position, bytes| {
                let value = header.dtype.number(bytes);
                // The sample is worth a division only where it is told.
                if value.is_finite() {
                    Ok(value)
                } else {
                    labels::finite(place, layout.sample_of(position), value)
                }
            })?;
            Cells::Numbers(layout.arranged(values))
        };
        Ok((layout, cells))
    })
}

/// Says whether the shape given or the array's own is what cannot be.
fn misfit(place: &Place, header: &Header, shape: Option<[usize; 3]>) -> DataError {
    match shape {
        Some(found) if matches!(header.shape.len(), 2..=4) => DataError::WrongShape {
            path: place.path().to_path_buf(),
            found,
            accepted: format!(
                "one of the array's own sizes {:?}, samples first",
                header.shape
            ),
        },
        _ => ArrayError::WrongDimensions {
            array: place.to_string(),
            found: header.shape.clone(),
            accepted: layout::ACCEPTED,
        }
        .into(),
    }
}

#[cfg(test)]
mod tests;
