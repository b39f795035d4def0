//! Which arrays of a file are features and labels, and which are a test set's.

use std::path::Path;

use super::error::ArrayError;
use super::place::{Content, Place};
use crate::config::NpzOptions;
use crate::data::DataError;
use crate::data::raw::listed;

/// Names of features and labels that are found by themselves, in the order in which they are looked for.
const TRAINING: [(&str, &str); 2] = [("x", "y"), ("x_train", "y_train")];

/// Names of a test set's features and labels.
const TEST: (&str, &str) = ("x_test", "y_test");

/// Features and their labels.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) features: Place,
    pub(super) labels: Place,
}

/// What was found in a file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) training: Pair,
    /// The file's own test set.
    pub(super) test: Option<Pair>,
    /// What is left alone, one sentence each.
    pub(super) notes: Vec<String>,
}

/// Finds the arrays of `path`, and a test set beside them unless it is `test_elsewhere`.
pub(super) fn training(
    path: &Path,
    options: &NpzOptions,
    test_elsewhere: bool,
) -> Result<Found, DataError> {
    let names = match Content::of(path)? {
        Content::Single => return single(path, options),
        Content::Archive(names) => names,
    };
    if let Some(labels) = &options.label_path {
        return Err(ArrayError::LabelsTwice {
            path: path.to_path_buf(),
            labels: labels.clone(),
        }
        .into());
    }
    let training = pair(path, &names, options, &TRAINING)?;
    let has = |name: &str| names.iter().any(|known| known == name);
    let mut notes = Vec::new();
    let test = match (has(TEST.0), has(TEST.1)) {
        (true, true) if !test_elsewhere && options.are_default() => Some(Pair {
            features: Place::entry(path, TEST.0),
            labels: Place::entry(path, TEST.1),
        }),
        (true, true) => {
            notes.push(format!(
                "\"{}\" and \"{}\" of {} are left alone, as {}",
                TEST.0,
                TEST.1,
                path.display(),
                if test_elsewhere {
                    "test_path names the test set"
                } else {
                    "`features` or `label` names other arrays"
                }
            ));
            None
        }
        (true, false) => {
            notes.push(format!(
                "\"{}\" of {} is left alone, as there is no \"{}\"",
                TEST.0,
                path.display(),
                TEST.1
            ));
            None
        }
        _ => None,
    };
    Ok(Found {
        training,
        test,
        notes,
    })
}

/// Finds the arrays of a test set's own file: the names given, else those of a test set, else those of a training set.
pub(super) fn test(path: &Path, options: &NpzOptions) -> Result<Pair, DataError> {
    match Content::of(path)? {
        Content::Single => Err(ArrayError::TestWithoutLabels {
            path: path.to_path_buf(),
        }
        .into()),
        Content::Archive(names) => pair(path, &names, options, &[TEST, TRAINING[0]]),
    }
}

/// Finds features alone: `x`, `x_test`, or the only array.
pub(super) fn unlabelled(path: &Path) -> Result<Place, DataError> {
    let names = match Content::of(path)? {
        Content::Single => return Ok(Place::file(path)),
        Content::Archive(names) => names,
    };
    let mut usual = [TRAINING[0].0, TEST.0].into_iter();
    let only = names.first().filter(|_| names.len() == 1);
    let found = usual
        .find_map(|wanted| names.iter().find(|name| *name == wanted))
        .or(only);
    match found {
        Some(name) => Ok(Place::entry(path, name)),
        None => Err(ArrayError::NoFeatures {
            path: path.to_path_buf(),
            found: listed(&names),
        }
        .into()),
    }
}

fn single(path: &Path, options: &NpzOptions) -> Result<Found, DataError> {
    for (key, name) in [("features", &options.features), ("label", &options.label)] {
        if let Some(name) = name {
            return Err(ArrayError::NoNames {
                path: path.to_path_buf(),
                key,
                found: name.clone(),
            }
            .into());
        }
    }
    let labels = options
        .label_path
        .as_deref()
        .ok_or_else(|| ArrayError::NoLabels {
            path: path.to_path_buf(),
        })?;
    let content = Content::of(labels).map_err(|error| DataError::Labels(Box::new(error)))?;
    if let Content::Archive(_) = content {
        return Err(ArrayError::LabelsInArchive {
            path: labels.to_path_buf(),
        }
        .into());
    }
    Ok(Found {
        training: Pair {
            features: Place::file(path),
            labels: Place::file(labels),
        },
        test: None,
        notes: Vec::new(),
    })
}

/// The names given, and for what is not given those of the first pair whose other half is there.
fn pair(
    path: &Path,
    names: &[String],
    options: &NpzOptions,
    usual: &[(&str, &str)],
) -> Result<Pair, DataError> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let (given_features, given_label) = (options.features.as_deref(), options.label.as_deref());
    let complete = usual.iter().find(|(features, labels)| {
        (given_features.is_some() || has(features)) && (given_label.is_some() || has(labels))
    });
    // Incomplete ones too, so that the message tells what the one half lacks.
    let nearest = complete.or_else(|| {
        usual
            .iter()
            .find(|(features, labels)| has(features) || has(labels))
    });
    let wanted = |given: Option<&str>, half: fn(&(&str, &str)) -> String| match (given, nearest) {
        (Some(name), _) => vec![name.to_owned()],
        (None, Some(pair)) => vec![half(pair)],
        (None, None) => usual.iter().map(half).collect(),
    };
    let features = wanted(given_features, |pair| pair.0.to_owned());
    let labels = wanted(given_label, |pair| pair.1.to_owned());
    let find = |what: &'static str, key: &'static str, wanted: &[String]| match wanted {
        [name] if has(name) => Ok(Place::entry(path, name)),
        _ => Err(DataError::from(absent(path, names, what, key, wanted))),
    };
    Ok(Pair {
        features: find("features", "features", &features)?,
        labels: find("labels", "label", &labels)?,
    })
}

fn absent(
    path: &Path,
    names: &[String],
    what: &'static str,
    key: &'static str,
    wanted: &[String],
) -> ArrayError {
    const ALIKE: f64 = 0.75;
    let similarity = |known: &str| {
        let scores = wanted
            .iter()
            .map(|name| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase()));
        scores.fold(0.0, f64::max)
    };
    let nearest = names
        .iter()
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
        .filter(|known| similarity(known) >= ALIKE);
    let quoted: Vec<String> = wanted.iter().map(|name| format!("\"{name}\"")).collect();
    ArrayError::Absent {
        path: path.to_path_buf(),
        what,
        key,
        wanted: quoted.join(" or "),
        hint: nearest
            .map(|near| format!("; did you mean \"{near}\"?"))
            .unwrap_or_default(),
        accepted: if names.is_empty() {
            "an archive with arrays, as np.savez(\"data.npz\", x=x, y=y) writes it".to_owned()
        } else {
            listed(names)
        },
    }
}
