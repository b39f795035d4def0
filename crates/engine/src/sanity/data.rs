//! What in the data misleads: classes that are missing, values that are none, samples on both sides.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use super::Verdict;
use crate::data::{Dataset, Samples};

/// What was found in the training and validation parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFindings {
    /// Classes without a training sample.
    pub untaught: Vec<String>,
    /// Classes without a validation sample.
    pub unexamined: Vec<String>,
    /// Feature values that are not finite, in both parts.
    pub n_not_finite: usize,
    /// Features that are the same in all training samples.
    pub n_constant: usize,
    /// Features of a sample.
    pub n_features: usize,
    /// Whether the samples are images, where constant pixels are usual.
    pub is_image: bool,
    /// Validation samples whose features are those of a training sample.
    pub n_shared: usize,
    /// Validation samples.
    pub n_validation: usize,
}

/// Share of validation samples that may be in the training set, too.
const SHARED: f64 = 0.01;

/// Looks at labels and features of the training and the validation part.
///
/// # Example
/// ```
/// use finetooth_engine::sanity::{Verdict, data};
/// use finetooth_engine::config::TrainConfig;
///
/// let config = TrainConfig::default();
/// let digits = finetooth_engine::data::load(&config.data, 0)?;
/// let found = data(&digits);
/// assert_eq!((found.verdict(), found.n_shared), (Verdict::Passed, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn data(dataset: &Dataset) -> DataFindings {
    let n_features = dataset.shape.len();
    let not_finite = |part: &Samples| part.features.iter().filter(|x| !x.is_finite()).count();
    DataFindings {
        untaught: missing(dataset, &dataset.train),
        unexamined: missing(dataset, &dataset.validation),
        n_not_finite: not_finite(&dataset.train) + not_finite(&dataset.validation),
        n_constant: constant(&dataset.train.features, n_features),
        n_features,
        is_image: dataset.shape.height > 1 || dataset.shape.width > 1,
        n_shared: shared(&dataset.train, &dataset.validation, n_features),
        n_validation: dataset.validation.len(),
    }
}

fn missing(dataset: &Dataset, part: &Samples) -> Vec<String> {
    let classes = dataset.task.classes().unwrap_or_default();
    let mut is_there = vec![false; classes.len()];
    for label in part.targets.labels().unwrap_or_default() {
        if let Some(is_there) = is_there.get_mut(*label as usize) {
            *is_there = true;
        }
    }
    let classes = classes.iter().zip(is_there);
    classes
        .filter(|(_, is_there)| !is_there)
        .map(|(class, _)| class.clone())
        .collect()
}

fn constant(features: &[f32], n_features: usize) -> usize {
    let Some((first, _)) = features.split_at_checked(n_features) else {
        return 0;
    };
    let mut is_constant = vec![true; n_features];
    for row in features.chunks_exact(n_features.max(1)) {
        for ((is_constant, value), first) in is_constant.iter_mut().zip(row).zip(first) {
            *is_constant &= value == first;
        }
    }
    is_constant
        .iter()
        .filter(|is_constant| **is_constant)
        .count()
}

/// Samples of `validation` that are in `train`, too.
fn shared(train: &Samples, validation: &Samples, n_features: usize) -> usize {
    let rows = |part: &Samples| -> Vec<(u64, usize)> {
        let rows = part.features.chunks_exact(n_features.max(1)).enumerate();
        rows.map(|(place, row)| (xxh3_64(bytemuck::cast_slice(row)), place))
            .collect()
    };
    let mut known = rows(train);
    known.sort_unstable();
    let is_known = |(hash, place): &(u64, usize)| {
        let first = known.partition_point(|(other, _)| other < hash);
        known[first..]
            .iter()
            .take_while(|(other, _)| other == hash)
            .any(|(_, other)| row(train, *other, n_features) == row(validation, *place, n_features))
    };
    rows(validation).iter().filter(|row| is_known(row)).count()
}

fn row(part: &Samples, place: usize, n_features: usize) -> &[f32] {
    &part.features[place * n_features..][..n_features]
}

/// One thing that misleads.
struct Finding {
    verdict: Verdict,
    sentence: String,
}

impl DataFindings {
    /// Failed if a feature is not finite, a class has no training sample or all features are
    /// constant; warned if a class has no validation sample, more than 1 % of the validation samples
    /// are in the training set, too, or a column of a table is constant.
    pub fn verdict(&self) -> Verdict {
        let findings = self.findings();
        let worst = findings.iter().map(|finding| finding.verdict).max();
        worst.unwrap_or(Verdict::Passed)
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |applies: bool, verdict, sentence: String| {
            if applies {
                findings.push(Finding { verdict, sentence });
            }
        };
        let names = |classes: &[String]| classes.join(", ");
        add(
            self.n_not_finite > 0,
            Verdict::Failed,
            format!(
                "{} values are not finite: look at the file and at the preprocessing",
                self.n_not_finite
            ),
        );
        add(
            !self.untaught.is_empty(),
            Verdict::Failed,
            format!(
                "there is no training sample of {}: take more samples, or leave the class out",
                names(&self.untaught)
            ),
        );
        add(
            !self.unexamined.is_empty(),
            Verdict::Warned,
            format!(
                "there is no validation sample of {}: make the validation set larger",
                names(&self.unexamined)
            ),
        );
        let is_blank = self.n_constant == self.n_features;
        add(
            is_blank,
            Verdict::Failed,
            "all training samples are the same: look at how the data are read".to_owned(),
        );
        add(
            self.n_constant > 0 && !self.is_image && !is_blank,
            Verdict::Warned,
            format!(
                "{} of {} columns are constant: leave them out, they teach nothing",
                self.n_constant, self.n_features
            ),
        );
        add(
            self.n_shared as f64 > SHARED * self.n_validation as f64,
            Verdict::Warned,
            format!(
                "{} of {} validation samples are in the training set, too, so that what is measured is partly memory: \
                 remove duplicates",
                self.n_shared, self.n_validation
            ),
        );
        findings
    }
}

impl fmt::Display for DataFindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = self.findings();
        if findings.is_empty() {
            return write!(
                f,
                "every class is in both parts, all values are finite, {} of {} validation samples are in the training set",
                self.n_shared, self.n_validation
            );
        }
        let sentences: Vec<String> = findings
            .into_iter()
            .map(|finding| finding.sentence)
            .collect();
        f.write_str(&sentences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Preprocessing, Shape, Targets, Task};

    /// Two columns and two classes; the validation part shares no sample.
    fn sound() -> Dataset {
        let part = |offset: f32| Samples {
            features: (0..8).map(|value| value as f32 + offset).collect(),
            targets: Targets::Labels(vec![0, 1, 0, 1]),
        };
        Dataset {
            columns: None,
            shape: Shape {
                height: 1,
                width: 1,
                channels: 2,
            },
            task: Task::Classification {
                classes: vec!["no".to_owned(), "yes".to_owned()],
            },
            train: part(0.0),
            validation: part(0.5),
            test: Samples::default(),
            preprocessing: Preprocessing::default(),
            notes: Vec::new(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Dataset), expected: Verdict, sentence: &str) {
        let mut dataset = sound();
        change(&mut dataset);
        let found = data(&dataset);
        assert_eq!(found.verdict(), expected, "{found}");
        assert!(found.to_string().contains(sentence), "{found}");
    }

    #[test]
    fn sound_data_pass() {
        check(|_| (), Verdict::Passed, "every class is in both parts");
    }

    #[test]
    fn classes_that_are_missing_are_named() {
        check(
            |data| data.train.targets = Targets::Labels(vec![0; 4]),
            Verdict::Failed,
            "no training sample of yes",
        );
        check(
            |data| data.validation.targets = Targets::Labels(vec![1; 4]),
            Verdict::Warned,
            "no validation sample of no",
        );
        check(
            |data| data.validation = Samples::default(),
            Verdict::Warned,
            "no validation sample of no, yes",
        );
    }

    #[test]
    fn values_that_are_no_numbers_fail() {
        check(
            |data| {
                data.train.features[3] = f32::NAN;
                data.validation.features[0] = f32::INFINITY;
            },
            Verdict::Failed,
            "2 values are not finite",
        );
    }

    #[test]
    fn constant_columns_of_tables_are_warned_of_and_pixels_are_not() {
        let blank_column = |data: &mut Dataset| {
            data.train
                .features
                .chunks_mut(2)
                .for_each(|row| row[1] = 4.0);
        };
        check(blank_column, Verdict::Warned, "1 of 2 columns are constant");
        check(
            |data| {
                blank_column(data);
                data.shape = Shape {
                    height: 2,
                    width: 1,
                    channels: 1,
                };
            },
            Verdict::Passed,
            "",
        );
        check(
            |data| data.train.features.fill(1.0),
            Verdict::Failed,
            "all training samples are the same",
        );
    }

    #[test]
    fn samples_on_both_sides_are_counted() {
        check(
            |data| data.validation.features[2..6].copy_from_slice(&[0.0, 1.0, 6.0, 7.0]),
            Verdict::Warned,
            "2 of 4 validation samples are in the training set, too",
        );
    }
}
