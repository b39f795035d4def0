//! Trainings on images that are varied.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;

use finetooth_engine::config::TrainConfig;
use finetooth_engine::data;
use finetooth_engine::history::{EpochEnd, EpochRecord};
use finetooth_engine::solver::Solver;

/// The record before any training, and those of two epochs, of a small network on the digits.
fn records(augment: &str) -> [EpochRecord; 3] {
    let text = format!("data = {{ {augment} }}\nmodel = {{ kind = 'mlp', hidden = 20 }}");
    let config = TrainConfig::from_toml(&text.parse().unwrap(), Path::new("")).unwrap();
    let raw = data::load(&config.data, 1).unwrap();
    let dataset = raw.preprocessed(config.data.preprocess).unwrap();
    let mut solver = Solver::new(&config, Arc::new(dataset), 1).unwrap();
    let untrained = solver.untrained();
    let mut epoch = || match solver.train_epoch() {
        EpochEnd::Completed(record) => record,
        EpochEnd::Diverged(record) => panic!("{record:?}"),
    };
    [untrained, epoch(), epoch()]
}

const EVERYTHING: &str = "flip = true, shift = 1, crop = 1, jitter = 0.2, cutout = 2";

#[test]
fn training_images_are_varied_and_validation_images_are_not() {
    let (plain, varied) = (records(""), records(EVERYTHING));
    // Before any training only the validation set has been looked at.
    assert_eq!(plain[0].val_loss, varied[0].val_loss);
    assert!(varied[1].train_loss > plain[1].train_loss);
}

#[test]
fn every_way_of_varying_changes_the_training() {
    let plain = records("");
    for augment in [
        "flip = true",
        "shift = 1",
        "crop = 1",
        "jitter = 0.2",
        "cutout = 1",
    ] {
        assert_ne!(
            records(augment)[1].train_loss,
            plain[1].train_loss,
            "{augment}"
        );
    }
}

#[test]
fn the_same_seed_varies_the_same_way() {
    let losses = |records: [EpochRecord; 3]| records.map(|record| record.val_loss);
    assert_eq!(losses(records(EVERYTHING)), losses(records(EVERYTHING)));
}
