//! A data set in a few sentences, for people.

use super::{Dataset, TargetScale, Targets, Task};

impl Dataset {
    /// Sizes of the parts, classes and their balance or the number's mean and spread, then what the reader found and decided; one sentence each.
    pub fn summary(&self) -> Vec<String> {
        let shape = self.shape;
        let kind = if shape.height == 1 && shape.width == 1 {
            format!("{} features", shape.channels)
        } else {
            let channels = match shape.channels {
                1 => "one channel".to_owned(),
                n => format!("{n} channels"),
            };
            format!("{} × {} pixels, {channels}", shape.height, shape.width)
        };
        let mut lines = vec![
            format!(
                "{} training, {} validation and {} test samples of {kind}",
                self.train.len(),
                self.validation.len(),
                self.test.len()
            ),
            match &self.task {
                Task::Classification { classes } => self.balance(classes),
                Task::Regression { scale } => self.spread(*scale),
            },
        ];
        lines.extend(self.notes.iter().cloned());
        lines
    }

    /// The number of classes, and the rarest and the commonest of the training part.
    fn balance(&self, classes: &[String]) -> String {
        let counts = class_counts(&self.train.targets, classes.len());
        let by_count = |&(label, count): &(usize, usize)| (count, std::cmp::Reverse(label));
        let counted = || counts.iter().copied().enumerate();
        match (
            counted().min_by_key(by_count),
            counted().max_by_key(by_count),
        ) {
            (Some((rarest, few)), Some((commonest, many))) if few < many => format!(
                "{} classes; in training, \"{}\" is the rarest with {few} samples, \"{}\" the commonest with {many}",
                classes.len(),
                classes[rarest],
                classes[commonest],
            ),
            (Some((_, count)), _) => format!(
                "{} classes, with {count} training samples each",
                classes.len()
            ),
            _ => "no classes".to_owned(),
        }
    }

    /// Mean, deviation and range of the label in the training part, in its own unit.
    fn spread(&self, scale: TargetScale) -> String {
        let targets = self.train.targets.values().unwrap_or_default();
        let label = |target: f32| scale.mean + scale.deviation * f64::from(target);
        let lowest = targets.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = targets.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        format!(
            "the label is a number; in training, its mean is {}, its standard deviation {}, from {} to {}",
            brief(scale.mean),
            brief(scale.deviation),
            brief(label(lowest)),
            brief(label(highest)),
        )
    }
}

/// Four significant digits: `0.002135`, `153.4`, `1e300`.
fn brief(value: f64) -> String {
    let rounded = format!("{value:.3e}").parse().unwrap_or(value);
    let text = format!("{rounded:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Samples of each class (C).
fn class_counts(targets: &Targets, n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    for label in targets.labels().unwrap_or_default() {
        counts[*label as usize] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Preprocessing, Samples, Shape};

    /// Expects this summary of training labels in two classes.
    #[track_caller]
    fn check(shape: [usize; 3], labels: &[u32], expected: [&str; 2]) {
        let [height, width, channels] = shape;
        let train = Samples {
            features: vec![0.0; labels.len() * height * width * channels],
            targets: Targets::Labels(labels.to_vec()),
        };
        let data = Dataset {
            columns: None,
            shape: Shape {
                height,
                width,
                channels,
            },
            task: Task::Classification {
                classes: vec!["no".into(), "yes".into()],
            },
            train,
            validation: Samples::default(),
            test: Samples::default(),
            preprocessing: Preprocessing::default(),
            notes: vec!["a note".into()],
        };
        assert_eq!(data.summary(), [expected[0], expected[1], "a note"]);
    }

    #[test]
    fn parts_shape_and_balance_are_told() {
        check(
            [1, 1, 5],
            &[0, 1, 0],
            [
                "3 training, 0 validation and 0 test samples of 5 features",
                "2 classes; in training, \"yes\" is the rarest with 1 samples, \"no\" the commonest with 2",
            ],
        );
        check(
            [8, 6, 3],
            &[0, 1],
            [
                "2 training, 0 validation and 0 test samples of 8 × 6 pixels, 3 channels",
                "2 classes, with 1 training samples each",
            ],
        );
    }

    #[test]
    fn mean_and_spread_of_a_number_are_told() {
        let data = Dataset {
            columns: None,
            shape: Shape {
                height: 1,
                width: 1,
                channels: 1,
            },
            task: Task::Regression {
                scale: TargetScale {
                    mean: 30.0,
                    deviation: 20.0,
                },
            },
            train: Samples {
                features: vec![0.0; 2],
                targets: Targets::Values(vec![-1.0, 1.5]),
            },
            validation: Samples::default(),
            test: Samples::default(),
            preprocessing: Preprocessing::default(),
            notes: Vec::new(),
        };
        assert_eq!(
            data.summary()[1],
            "the label is a number; in training, its mean is 30, its standard deviation 20, from 10 to 60"
        );
    }
}
