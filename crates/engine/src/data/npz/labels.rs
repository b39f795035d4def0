//! An array of labels as classes or numbers.

use std::collections::BTreeMap;

use super::error::ArrayError;
use super::header::Header;
use super::place::Place;
use crate::config::LabelKind;
use crate::data::{DataError, Targets};

/// Classes that labels may have; labels with more are a number to be predicted, or an identifier.
const MAX_CLASSES: usize = 1000;

const ACCEPTED: &str =
    "(N) or (N, 1), one label a sample; of one-hot labels (N, C), y.argmax(axis=1)";

/// Class names, by value, and the targets (N); no classes where labels are numbers.
pub(super) type Labels = (Vec<String>, Targets);

/// The number of labels (N), of an array of (N) or (N, 1).
pub(super) fn count(place: &Place, header: &Header) -> Result<u64, DataError> {
    match header.shape.as_slice() {
        [n] | [n, 1] => Ok(*n),
        found => Err(ArrayError::WrongDimensions {
            array: place.to_string(),
            found: found.to_vec(),
            accepted: ACCEPTED,
        }
        .into()),
    }
}

/// Reads labels.
pub(super) fn read(place: &Place, header: &Header, kind: LabelKind) -> Result<Labels, DataError> {
    match kind {
        LabelKind::Number => numbers(place, header).map(|values| (Vec::new(), values)),
        LabelKind::Class if header.dtype.is_whole() => classes(place, header),
        LabelKind::Class => Err(ArrayError::RealLabels {
            array: place.to_string(),
            found: header.dtype.to_string(),
        }
        .into()),
    }
}

fn numbers(place: &Place, header: &Header) -> Result<Targets, DataError> {
    let values = place.read(|stream, _| {
        stream.values(header, |position, bytes| {
            finite(place, position, header.dtype.number(bytes))
        })
    })?;
    Ok(Targets::Values(values))
}

fn classes(place: &Place, header: &Header) -> Result<Labels, DataError> {
    // Label of each value in the order in which they come, until all are known.
    let mut seen: BTreeMap<i128, u32> = BTreeMap::new();
    let mut labels = place.read(|stream, _| {
        stream.values(header, |_, bytes| {
            let next = seen.len() as u32;
            let label = *seen.entry(header.dtype.whole(bytes)).or_insert(next);
            if label as usize == MAX_CLASSES {
                return Err(ArrayError::TooManyClasses {
                    array: place.to_string(),
                    accepted: MAX_CLASSES,
                }
                .into());
            }
            Ok(label)
        })
    })?;
    let mut by_value = vec![0; seen.len()];
    for (label, seen) in (0..).zip(seen.values()) {
        by_value[*seen as usize] = label;
    }
    for label in &mut labels {
        *label = by_value[*label as usize];
    }
    let name = |value: &i128| match (header.dtype.is_bool(), value) {
        (true, 0) => "False".to_owned(),
        (true, _) => "True".to_owned(),
        (false, value) => value.to_string(),
    };
    let classes = seen.keys().map(name).collect();
    Ok((classes, Targets::Labels(labels)))
}

/// A number, if it is finite.
pub(super) fn finite(place: &Place, sample: u64, value: f32) -> Result<f32, DataError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(ArrayError::NotFinite {
        array: place.to_string(),
        sample,
        found: if value.is_nan() {
            "NaN".to_owned()
        } else {
            "an infinite number, or one beyond 3.4e38,".to_owned()
        },
    }
    .into())
}
