use proptest::prelude::*;

use super::*;
use crate::data::{Targets, Task};

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
        columns: None,
        task: Task::Classification {
            classes: vec!["a".into(), "b".into()],
        },
        train: samples(train),
        validation: samples(validation),
        test: Samples::default(),
        preprocessing: Preprocessing::default(),
        notes: Vec::new(),
    }
}

/// Expects these features of the training and the validation part; two samples of 1 × 2 pixels in the first.
#[track_caller]
fn check(method: Preprocess, data: &Dataset, train: &[f32], validation: &[f32]) {
    let transformed = data.preprocessed(method).unwrap();
    assert_eq!(transformed.train.features, train);
    assert_eq!(transformed.validation.features, validation);
    let again = transformed.preprocessing.apply(&data.validation.features);
    assert_eq!(again, validation, "what is kept does the same");
}

/// Channel 0: 1 3 1 3 (mean 2, deviation 1); channel 1: 10 50 50 10 (mean 30, deviation 20).
fn two_channels() -> Dataset {
    dataset(
        2,
        &[1.0, 10.0, 3.0, 50.0, 1.0, 50.0, 3.0, 10.0],
        &[4.0, 30.0, 0.0, 90.0],
    )
}

#[test]
fn none_changes_nothing() {
    let data = two_channels();
    assert_eq!(data.preprocessed(Preprocess::None), Ok(data));
}

#[test]
fn scale_brings_all_values_of_training_between_0_and_1() {
    let data = dataset(1, &[10.0, 20.0, 30.0, 50.0], &[60.0, 0.0]);
    check(
        Preprocess::Scale,
        &data,
        &[0.0, 0.25, 0.5, 1.0],
        &[1.25, -0.25],
    );
}

#[test]
fn center_image_subtracts_the_mean_image() {
    // The mean image: 1 30 3 30.
    let data = two_channels();
    check(
        Preprocess::CenterImage,
        &data,
        &[0.0, -20.0, 0.0, 20.0, 0.0, 20.0, 0.0, -20.0],
        // The first and third value are constant in training.
        &[0.0, 0.0, 0.0, 60.0],
    );
}

#[test]
fn center_channel_subtracts_one_mean_a_channel() {
    check(
        Preprocess::CenterChannel,
        &two_channels(),
        &[-1.0, -20.0, 1.0, 20.0, -1.0, 20.0, 1.0, -20.0],
        &[2.0, 0.0, -2.0, 60.0],
    );
}

#[test]
fn a_channel_has_one_mean_and_deviation() {
    check(
        Preprocess::StandardizeChannel,
        &two_channels(),
        &[-1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0],
        &[2.0, 0.0, -2.0, 3.0],
    );
}

#[test]
fn a_feature_has_a_mean_and_deviation_of_its_own() {
    // Feature 0: 1 3; feature 1: 10 50.
    let data = dataset(1, &[1.0, 10.0, 3.0, 50.0], &[2.0, 90.0]);
    check(
        Preprocess::Standardize,
        &data,
        &[-1.0, -1.0, 1.0, 1.0],
        &[0.0, 3.0],
    );
}

#[test]
fn features_constant_in_training_become_0_everywhere() {
    let data = dataset(1, &[0.1, 1.0, 0.1, 3.0], &[5.0, 2.0]);
    check(
        Preprocess::Standardize,
        &data,
        &[0.0, -1.0, 0.0, 1.0],
        &[0.0, 0.0],
    );
    check(
        Preprocess::CenterImage,
        &data,
        &[0.0, -1.0, 0.0, 1.0],
        &[0.0, 0.0],
    );
    // One axis is left, along feature 1, with its mean 2.
    check(Preprocess::Pca, &data, &[-1.0, 0.0, 1.0, 0.0], &[0.0, 0.0]);
}

#[test]
fn data_in_which_nothing_varies_are_refused() {
    for method in Preprocess::NAMES
        .iter()
        .filter_map(|name| Preprocess::named(name))
    {
        let constant = dataset(1, &[0.1, 0.1, 0.1, 0.1], &[3.0, 2.0]).preprocessed(method);
        if method == Preprocess::None {
            assert!(constant.is_ok());
        } else {
            let message = constant.unwrap_err().to_string();
            assert!(
                message.contains("every feature is constant over the 2 training samples"),
                "{message}"
            );
        }
    }
}

#[test]
fn a_single_sample_leaves_nothing_but_by_what_is_within_it() {
    let single = dataset(1, &[1.0, 3.0], &[5.0, 2.0]);
    check(
        Preprocess::StandardizeChannel,
        &single,
        &[-1.0, 1.0],
        &[3.0, 0.0],
    );
    check(Preprocess::Scale, &single, &[0.0, 1.0], &[2.0, 0.5]);
    for method in [
        Preprocess::CenterImage,
        Preprocess::Standardize,
        Preprocess::PcaWhiten,
    ] {
        assert!(matches!(
            single.preprocessed(method),
            Err(PreprocessError::Constant { n_samples: 1, .. })
        ));
    }
}

#[test]
fn an_outlier_stays_finite() {
    let data = dataset(1, &[0.0, 0.0, 1e-40, 1.0], &[3e38, 0.0]);
    for method in [Preprocess::Standardize, Preprocess::PcaWhiten] {
        let validation = data.preprocessed(method).unwrap().validation;
        assert!(validation.features.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn empty_parts_stay_empty() {
    for method in [Preprocess::Standardize, Preprocess::Pca] {
        let data = dataset(1, &[1.0, 2.0, 3.0, 5.0], &[])
            .preprocessed(method)
            .unwrap();
        assert!(data.validation.is_empty() && data.test.is_empty());
        let nothing = dataset(1, &[], &[1.0, 2.0]).preprocessed(method).unwrap();
        assert_eq!(nothing.validation.features, [0.0, 0.0]);
    }
}

#[test]
fn too_many_features_are_refused_before_anything_is_computed() {
    let shape = Shape {
        height: 1,
        width: 4097,
        channels: 1,
    };
    let error = Preprocessing::fit(Preprocess::PcaWhiten, shape, &vec![0.0; 4097]).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("\"pca_whiten\" rotates at most 4096 features, and the samples have 4097"),
        "{message}"
    );
}

#[test]
fn new_samples_go_through_what_was_fitted() {
    let fitted = two_channels()
        .preprocessed(Preprocess::Standardize)
        .unwrap();
    // Of the four values only the second and fourth vary, with mean 30 and deviation 20.
    assert_eq!(
        fitted.preprocessing.apply(&[7.0, 10.0, 7.0, 70.0]),
        [0.0, -1.0, 0.0, 2.0]
    );
    assert_eq!(fitted.preprocessing.apply(&[]), [0.0; 0]);
}

fn every_method() -> impl Strategy<Value = Preprocess> {
    prop::sample::select(Preprocess::NAMES).prop_map(|name| Preprocess::named(name).unwrap())
}

proptest! {
    #[test]
    fn validation_never_moves_what_training_becomes(
        train in prop::collection::vec(-1e6_f32..1e6, 8),
        one in prop::collection::vec(-1e6_f32..1e6, 4),
        other in prop::collection::vec(-1e6_f32..1e6, 4),
        method in every_method(),
    ) {
        let one = dataset(2, &train, &one).preprocessed(method).unwrap();
        let other = dataset(2, &train, &other).preprocessed(method).unwrap();
        prop_assert_eq!(one.train, other.train);
        prop_assert_eq!(one.preprocessing, other.preprocessing);
    }

    #[test]
    fn standardized_training_data_have_mean_0_and_deviation_1(
        train in prop::collection::vec(-1e3_f32..1e3, 64),
    ) {
        let data = dataset(1, &train, &[]).preprocessed(Preprocess::StandardizeChannel).unwrap();
        let features = data.train.features;
        let n = features.len() as f64;
        let mean = features.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = features.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / n;
        prop_assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }

    #[test]
    fn finite_features_stay_finite(
        train in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 4..=24),
        validation in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 4),
        method in every_method(),
    ) {
        let n = train.len() / 4 * 4;
        if let Ok(data) = dataset(2, &train[..n], &validation).preprocessed(method) {
            let mut all = data.train.features.iter().chain(&data.validation.features);
            prop_assert!(all.all(|x| x.is_finite()), "{method:?}");
        }
    }
}
