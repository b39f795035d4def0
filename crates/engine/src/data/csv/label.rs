//! The label column of a table: where it is, and which classes or numbers it holds.

use std::collections::BTreeSet;

use super::dialect::Dialect;
use super::rows::Text;
use crate::config::CsvLabel;
use crate::data::DataError;
use crate::data::raw::listed;

/// Classes that a label may have; a label with more is a number to be predicted, or an identifier.
const MAX_CLASSES: usize = 1000;

/// The position of the label column in rows of `width` cells.
pub(super) fn find(
    text: &Text,
    dialect: &Dialect,
    label: &CsvLabel,
    width: usize,
) -> Result<usize, DataError> {
    match (label, &dialect.header) {
        (CsvLabel::Position(position), _) => {
            let from_start = if *position < 0 {
                position + width as i64
            } else {
                *position
            };
            usize::try_from(from_start)
                .ok()
                .filter(|&label_idx| label_idx < width)
                .ok_or_else(|| DataError::LabelPosition {
                    path: text.path.clone(),
                    found: *position,
                    width,
                })
        }
        (CsvLabel::Name(name), None) => Err(DataError::LabelNeedsHeader {
            path: text.path.clone(),
            found: name.clone(),
        }),
        (CsvLabel::Name(name), Some(names)) => {
            let mut matches = (0..width).filter(|&column_idx| names[column_idx] == *name);
            match (matches.next(), matches.next()) {
                (Some(label_idx), None) => Ok(label_idx),
                (Some(first), Some(second)) => Err(DataError::LabelTwice {
                    path: text.path.clone(),
                    found: name.clone(),
                    first,
                    second,
                }),
                (None, _) => Err(DataError::LabelAbsent {
                    path: text.path.clone(),
                    found: name.clone(),
                    hint: nearest(name, names)
                        .map(|near| format!("; did you mean \"{near}\"?"))
                        .unwrap_or_default(),
                    accepted: listed(names),
                }),
            }
        }
    }
}

/// The most similar name, if any is similar at all.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a String> {
    let similarity =
        |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    names
        .iter()
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
        .filter(|near| similarity(near) >= 0.75)
}

/// What the label column holds.
#[derive(Debug)]
pub(super) enum Labels {
    /// Class names in label order: by value if all are integers, else by text.
    Classes(Vec<String>),
    /// Numbers.
    Numbers,
}

impl Labels {
    /// The class names; none where the labels are numbers.
    pub(super) fn classes(&self) -> &[String] {
        match self {
            Self::Classes(classes) => classes,
            Self::Numbers => &[],
        }
    }
}

/// The classes met so far.
#[derive(Default)]
pub(super) struct Classes(BTreeSet<String>);

impl Classes {
    /// Takes note of a label; past [`MAX_CLASSES`] nothing more is kept.
    pub(super) fn add(&mut self, class: &str) {
        if self.0.len() <= MAX_CLASSES && !self.0.contains(class) {
            self.0.insert(class.to_owned());
        }
    }

    /// Class names by value if all are integers, else by text.
    pub(super) fn in_label_order(self, text: &Text) -> Result<Vec<String>, DataError> {
        if self.0.is_empty() {
            return Err(DataError::NoSamples {
                path: text.path.clone(),
            });
        }
        if self.0.len() > MAX_CLASSES {
            return Err(DataError::TooManyClasses {
                path: text.path.clone(),
                accepted: MAX_CLASSES,
            });
        }
        let mut classes: Vec<String> = self.0.into_iter().collect();
        if classes.iter().all(|class| class.parse::<i64>().is_ok()) {
            // Stable, so that different spellings of one number keep their order.
            classes.sort_by_key(|class| class.parse::<i64>().ok());
        }
        Ok(classes)
    }
}
