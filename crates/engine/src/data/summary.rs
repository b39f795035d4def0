//! A data set in a few sentences, for people.

use super::{Dataset, Samples};

impl Dataset {
    /// Sizes of the parts, classes and their balance, then what the reader found and decided; one sentence each.
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
            self.balance(),
        ];
        lines.extend(self.notes.iter().cloned());
        lines
    }

    /// The number of classes, and the rarest and the commonest of the training part.
    fn balance(&self) -> String {
        let counts = class_counts(&self.train, self.classes.len());
        let by_count = |&(label, count): &(usize, usize)| (count, std::cmp::Reverse(label));
        let counted = || counts.iter().copied().enumerate();
        match (
            counted().min_by_key(by_count),
            counted().max_by_key(by_count),
        ) {
            (Some((rarest, few)), Some((commonest, many))) if few < many => format!(
                "{} classes; in training, \"{}\" is the rarest with {few} samples, \"{}\" the commonest with {many}",
                self.classes.len(),
                self.classes[rarest],
                self.classes[commonest],
            ),
            (Some((_, count)), _) => format!(
                "{} classes, with {count} training samples each",
                self.classes.len()
            ),
            _ => "no classes".to_owned(),
        }
    }
}

/// Samples of each class (C).
fn class_counts(samples: &Samples, n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    for &label in &samples.labels {
        counts[label as usize] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Shape;

    /// Expects this summary of training labels in two classes.
    #[track_caller]
    fn check(shape: [usize; 3], labels: &[u32], expected: [&str; 2]) {
        let [height, width, channels] = shape;
        let train = Samples {
            features: vec![0.0; labels.len() * height * width * channels],
            labels: labels.to_vec(),
        };
        let data = Dataset {
            shape: Shape {
                height,
                width,
                channels,
            },
            classes: vec!["no".into(), "yes".into()],
            train,
            validation: Samples::default(),
            test: Samples::default(),
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
}
