//! Scaling of features, fitted on the training part only.

use super::{Dataset, Samples};
use crate::config::Preprocess;

impl Dataset {
    /// The same data with their features scaled; the mean and deviation are the training part's.
    ///
    /// x′ = (x − μ_g) / σ_g, where g is the value's channel (`standardize_channel`) or the value's own place in
    /// the sample (`standardize`), and σ_g² = Σ(x − μ_g)² / n_g over the training part. Where the training part is
    /// constant, x′ = 0 in every part. Sums are in f64, in the order of the data.
    ///
    /// Source: Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.3.
    #[must_use]
    pub fn preprocessed(&self, preprocess: Preprocess) -> Dataset {
        // Values at equal distances share a group: every channel-th value, or every sample-th.
        let n_groups = match preprocess {
            Preprocess::None => return self.clone(),
            Preprocess::StandardizeChannel => self.shape.channels,
            Preprocess::Standardize => self.shape.len(),
        };
        let groups = fit(&self.train.features, n_groups);
        let scaled = |part: &Samples| Samples {
            features: scale(&part.features, &groups),
            targets: part.targets.clone(),
        };
        Dataset {
            shape: self.shape,
            task: self.task.clone(),
            train: scaled(&self.train),
            validation: scaled(&self.validation),
            test: scaled(&self.test),
            notes: self.notes.clone(),
        }
    }
}

/// How the values of a group are scaled: x′ = (x − mean) · factor.
#[derive(Debug, Clone, Copy)]
struct Group {
    mean: f64,
    /// 1/σ; 0 where all values of the training part are equal.
    factor: f64,
}

/// Mean and deviation of each group; the values of group g are at g, g + n_groups, g + 2·n_groups, …
fn fit(features: &[f32], n_groups: usize) -> Vec<Group> {
    let n = (features.len() / n_groups) as f64;
    let mut sums = vec![0.0; n_groups];
    let mut bounds = vec![(f32::INFINITY, f32::NEG_INFINITY); n_groups];
    for row in features.chunks_exact(n_groups) {
        for ((&x, sum), (low, high)) in row.iter().zip(&mut sums).zip(&mut bounds) {
            *sum += f64::from(x);
            *low = low.min(x);
            *high = high.max(x);
        }
    }
    let mut squares = vec![0.0; n_groups];
    for row in features.chunks_exact(n_groups) {
        for ((&x, sum), square) in row.iter().zip(&sums).zip(&mut squares) {
            let distance = f64::from(x) - sum / n;
            *square += distance * distance;
        }
    }
    sums.into_iter()
        .zip(squares)
        .zip(bounds)
        .map(|((sum, square), (low, high))| Group {
            mean: sum / n,
            // Compared as they are: the mean of equal values need not equal them.
            factor: if low < high {
                1.0 / (square / n).sqrt()
            } else {
                0.0
            },
        })
        .collect()
}

fn scale(features: &[f32], groups: &[Group]) -> Vec<f32> {
    let mut scaled = Vec::with_capacity(features.len());
    for row in features.chunks_exact(groups.len()) {
        scaled.extend(row.iter().zip(groups).map(|(&x, group)| {
            if group.factor == 0.0 {
                return 0.0;
            }
            // An outlier far beyond the training part must not become infinite.
            let value = (f64::from(x) - group.mean) * group.factor;
            value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
        }));
    }
    scaled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::{Shape, Targets, Task};

    /// Two training samples and one of validation, of 1 × 2 pixels with the given number of channels.
    fn dataset(channels: usize, train: &[f32], validation: &[f32]) -> Dataset {
        let shape = Shape {
            height: 1,
            width: 2,
            channels,
        };
        let samples = |features: &[f32]| Samples {
            features: features.to_vec(),
            targets: Targets::Labels(vec![0; features.len() / shape.len()]),
        };
        Dataset {
            shape,
            task: Task::Classification {
                classes: vec!["a".into(), "b".into()],
            },
            train: samples(train),
            validation: samples(validation),
            test: Samples::default(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn none_changes_nothing() {
        let data = dataset(1, &[1.0, 2.0, 3.0, 6.0], &[7.0, 8.0]);
        assert_eq!(data.preprocessed(Preprocess::None), data);
    }

    #[test]
    fn a_channel_has_one_mean_and_deviation() {
        // Channel 0: 1 3 1 3 (mean 2, deviation 1); channel 1: 10 50 50 10 (mean 30, deviation 20).
        let data = dataset(
            2,
            &[1.0, 10.0, 3.0, 50.0, 1.0, 50.0, 3.0, 10.0],
            &[4.0, 30.0, 0.0, 90.0],
        )
        .preprocessed(Preprocess::StandardizeChannel);
        assert_eq!(
            data.train.features,
            [-1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0]
        );
        assert_eq!(data.validation.features, [2.0, 0.0, -2.0, 3.0]);
    }

    #[test]
    fn a_feature_has_a_mean_and_deviation_of_its_own() {
        // Feature 0: 1 3; feature 1: 10 50.
        let data =
            dataset(1, &[1.0, 10.0, 3.0, 50.0], &[2.0, 90.0]).preprocessed(Preprocess::Standardize);
        assert_eq!(data.train.features, [-1.0, -1.0, 1.0, 1.0]);
        assert_eq!(data.validation.features, [0.0, 3.0]);
    }

    #[test]
    fn features_constant_in_training_become_0_everywhere() {
        let data =
            dataset(1, &[0.1, 1.0, 0.1, 3.0], &[5.0, 2.0]).preprocessed(Preprocess::Standardize);
        assert_eq!(data.train.features, [0.0, -1.0, 0.0, 1.0]);
        assert_eq!(data.validation.features, [0.0, 0.0]);
    }

    #[test]
    fn an_outlier_stays_finite() {
        let data =
            dataset(1, &[0.0, 0.0, 1e-40, 1.0], &[3e38, 0.0]).preprocessed(Preprocess::Standardize);
        assert!(data.validation.features.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn empty_parts_stay_empty() {
        let data = dataset(1, &[1.0, 2.0, 3.0, 4.0], &[]).preprocessed(Preprocess::Standardize);
        assert!(data.validation.is_empty() && data.test.is_empty());
    }

    proptest! {
        #[test]
        fn validation_never_moves_what_training_becomes(
            train in prop::collection::vec(-1e6_f32..1e6, 8),
            one in prop::collection::vec(-1e6_f32..1e6, 4),
            other in prop::collection::vec(-1e6_f32..1e6, 4),
            preprocess in prop::sample::select(vec![Preprocess::Standardize, Preprocess::StandardizeChannel]),
        ) {
            let one = dataset(2, &train, &one).preprocessed(preprocess);
            let other = dataset(2, &train, &other).preprocessed(preprocess);
            prop_assert_eq!(one.train, other.train);
        }

        #[test]
        fn standardized_training_data_have_mean_0_and_deviation_1(
            train in prop::collection::vec(-1e3_f32..1e3, 64),
        ) {
            let features = dataset(1, &train, &[]).preprocessed(Preprocess::StandardizeChannel).train.features;
            let n = features.len() as f64;
            let mean = features.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            let variance = features.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / n;
            prop_assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
        }
    }
}
