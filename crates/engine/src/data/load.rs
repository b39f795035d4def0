//! From a configuration to a data set: read, split, missing numbers filled in.

use std::path::Path;

use super::raw::Raw;
use super::split::{Sizes, split, split_unstratified};
use super::{
    DataError, Dataset, Preprocessing, Samples, TargetScale, Targets, Task, cifar10, csv, digits,
    idx, images, npz,
};
use crate::config::{DataConfig, Source};

/// Loads a data set and splits it; features as they are in the file, missing numbers filled in.
///
/// - The split depends only on the file, the sizes and `seed`; it is stratified where labels are classes. Fractions
///   are of all samples of `path`, rounded up. `train_limit` keeps such a choice of what is left for training.
/// - With `test_path`, the test set is the whole of that file (of a directory: MNIST's `t10k` files, CIFAR-10's
///   `test_batch`), and `test` is not used. Without it, such files in the directory of `path` are left alone, and a
///   note says so. An `.npz` file with `x_test` and `y_test` beside what it is read for is its own test set.
/// - Labels that are numbers are brought to mean 0 and deviation 1 over the training part; the task keeps both.
/// - A missing number becomes the mean of its column over the training part, so that nothing leaks from the others.
///
/// # Errors
/// See [`DataError`].
///
/// # Example
/// ```
/// use finetooth_engine::config::{
///     Augment, CsvLabel, CsvOptions, DataConfig, LabelKind, NpzOptions, Preprocess, Share,
///     Source,
/// };
/// use finetooth_engine::data;
///
/// let config = DataConfig {
///     source: Source::Digits,
///     path: None,
///     test_path: None,
///     validation: Share::Fraction(0.2),
///     test: Share::Count(0),
///     train_limit: None,
///     resize: None,
///     shape: None,
///     preprocess: Preprocess::StandardizeChannel,
///     augment: Augment::default(),
///     csv: CsvOptions {
///         label: CsvLabel::Position(-1),
///         label_kind: LabelKind::Class,
///         header: None,
///         delimiter: None,
///         missing: vec![],
///     },
///     npz: NpzOptions::default(),
/// };
/// let digits = data::load(&config, 0)?;
/// assert_eq!((digits.train.len(), digits.validation.len()), (1437, 360));
/// # Ok::<(), data::DataError>(())
/// ```
pub fn load(config: &DataConfig, seed: u32) -> Result<Dataset, DataError> {
    let (raw, test) = read(config)?;
    check_variety(&raw)?;
    let sizes = Sizes {
        validation: config.validation,
        test: test.is_none().then_some(config.test),
        train_limit: config.train_limit,
    };
    let split = match &raw.targets {
        Targets::Labels(labels) => split(labels, &raw.classes, sizes, seed)?,
        Targets::Values(values) => split_unstratified(values.len(), sizes, seed)?,
    };
    let mut notes = raw.notes.clone();
    let mut parts = [
        raw.part(&split.train),
        raw.part(&split.validation),
        match &test {
            Some(test) => {
                notes.extend(test.notes.iter().cloned());
                test.whole()
            }
            None => raw.part(&split.test),
        },
    ];
    let mut columns = raw.columns;
    if let Some(columns) = &mut columns {
        let means = means(&parts[0], raw.shape.len());
        fill_missing(&mut parts, &means);
        columns.set_means(raw.shape, &means);
    }
    let task = standardize_targets(&mut parts).map_or(
        Task::Classification {
            classes: raw.classes,
        },
        |scale| Task::Regression { scale },
    );
    let [train, validation, test] = parts;
    Ok(Dataset {
        shape: raw.shape,
        columns,
        task,
        train,
        validation,
        test,
        preprocessing: Preprocessing::default(),
        notes,
    })
}

/// Refuses labels that are all the same.
fn check_variety(raw: &Raw) -> Result<(), DataError> {
    match &raw.targets {
        Targets::Labels(labels) if raw.classes.len() < 2 => Err(DataError::OneClass {
            n_samples: labels.len(),
            class: raw.classes.first().cloned().unwrap_or_default(),
        }),
        Targets::Values(values) if values.iter().all(|value| *value == values[0]) => {
            Err(DataError::OneNumber {
                n_samples: values.len(),
                label: values[0],
            })
        }
        _ => Ok(()),
    }
}

/// Brings numbers to mean 0 and deviation 1 over the training part, in all parts; none if they are classes.
fn standardize_targets(parts: &mut [Samples; 3]) -> Option<TargetScale> {
    let scale = TargetScale::fit(parts[0].targets.values()?);
    for part in parts {
        if let Targets::Values(values) = &mut part.targets {
            for value in values {
                *value = scale.standardized(*value);
            }
        }
    }
    Some(scale)
}

/// The samples of `path`, and those of `test_path` with the same shape and classes.
fn read(config: &DataConfig) -> Result<(Raw, Option<Raw>), DataError> {
    let test_path = config.test_path.as_deref();
    let (raw, mut test) = match config.source {
        Source::Digits if test_path.is_some() => return Err(DataError::NoTestPath),
        Source::Digits => (digits::read(), None),
        Source::Idx => {
            let path = required_path(
                config,
                "idx",
                "a directory of MNIST's files, or one of images",
            )?;
            let mut train = idx::read(path, idx::Set::Train)?;
            if test_path.is_none() {
                train.notes.extend(idx::unused_test_set(path));
            }
            let test = test_path.map(|path| idx::read(path, idx::Set::Test));
            (train, test.transpose().map_err(in_test_set)?)
        }
        Source::Cifar10 => {
            let path = required_path(config, "cifar10", "a directory of batches, or one of them")?;
            let mut train = cifar10::read(path, cifar10::Set::Train)?;
            if test_path.is_none() {
                train.notes.extend(cifar10::unused_test_set(path));
            }
            let test = test_path.map(|path| cifar10::read(path, cifar10::Set::Test));
            (train, test.transpose().map_err(in_test_set)?)
        }
        Source::Csv => {
            let path = required_path(config, "csv", "a table, plain or gzip")?;
            csv::read(path, test_path, &config.csv, config.shape)?
        }
        Source::Npz => {
            let path = required_path(config, "npz", "an .npz file, or an .npy file of features")?;
            let label_kind = config.csv.label_kind;
            npz::read(path, test_path, &config.npz, label_kind, config.shape)?
        }
        Source::Images => {
            let path = required_path(config, "images", "a directory with one for each class")?;
            let train = images::read(path, config.resize)?;
            let test = test_path.map(|path| images::read(path, config.resize));
            (train, test.transpose().map_err(in_test_set)?)
        }
    };
    let file = config.path.as_deref().unwrap_or(Path::new("the digits"));
    check_shape(file, &raw, config.shape)?;
    if let Some(test) = &mut test {
        let shape = raw.shape;
        let path = test_path.unwrap_or(file);
        check_shape(
            path,
            test,
            Some([shape.channels, shape.height, shape.width]),
        )
        .and_then(|()| test.relabel(&raw.classes, path))
        .map_err(|error| match test_path {
            Some(_) => in_test_set(error),
            None => error,
        })?;
    }
    Ok((raw, test))
}

fn required_path<'a>(
    config: &'a DataConfig,
    source_name: &'static str,
    accepted: &'static str,
) -> Result<&'a Path, DataError> {
    config.path.as_deref().ok_or(DataError::NoPath {
        source_name,
        accepted,
    })
}

fn in_test_set(error: DataError) -> DataError {
    DataError::TestSet(Box::new(error))
}

/// Refuses samples of another shape than [channels, height, width], if one is given.
fn check_shape(path: &Path, raw: &Raw, shape: Option<[usize; 3]>) -> Result<(), DataError> {
    let accepted = [raw.shape.channels, raw.shape.height, raw.shape.width];
    match shape {
        Some(found) if found != accepted => Err(DataError::WrongShape {
            path: path.to_path_buf(),
            found,
            accepted: format!("{accepted:?}, the shape of its samples"),
        }),
        _ => Ok(()),
    }
}

/// The mean of each feature (D) over the training part, missing (NaN) values left out; 0 if it has none.
fn means(train: &Samples, n_features: usize) -> Vec<f32> {
    let (mut sums, mut counts) = (vec![0.0; n_features], vec![0_u32; n_features]);
    for sample in train.features.chunks_exact(n_features) {
        for (feature_idx, &x) in sample.iter().enumerate() {
            if !x.is_nan() {
                sums[feature_idx] += f64::from(x);
                counts[feature_idx] += 1;
            }
        }
    }
    let means = sums.iter().zip(&counts);
    means
        .map(|(sum, &count)| (sum / f64::from(count.max(1))) as f32)
        .collect()
}

/// Gives each missing (NaN) value the mean of its feature.
fn fill_missing(parts: &mut [Samples; 3], means: &[f32]) {
    for part in parts {
        for sample in part.features.chunks_exact_mut(means.len()) {
            for (x, &mean) in sample.iter_mut().zip(means) {
                if x.is_nan() {
                    *x = mean;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
