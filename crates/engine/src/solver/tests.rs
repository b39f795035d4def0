//! What a training does with its data, and that it does the same every time.

use super::*;
use crate::config::{ModelKind, OptimizerKind, ScheduleKind};
use crate::data::Shape;

/// Two classes of points around (−1, −1, …) and (1, 1, …).
pub(super) fn dataset(n_train: usize, n_validation: usize) -> Arc<Dataset> {
    let shape = Shape {
        height: 4,
        width: 5,
        channels: 1,
    };
    let mut stream = Stream::new(1, Purpose::Split);
    let mut part = |n: usize| {
        let labels: Vec<u32> = (0..n as u32).map(|sample| sample % 2).collect();
        let features = labels
            .iter()
            .flat_map(|label| (0..shape.len()).map(move |_| if *label == 0 { -1.0 } else { 1.0 }))
            .map(|centre: f32| centre + 2.0 * stream.normal() as f32)
            .collect();
        Samples { features, labels }
    };
    let (train, validation, test) = (part(n_train), part(n_validation), part(0));
    Arc::new(Dataset {
        train,
        validation,
        test,
        ..empty(shape)
    })
}

fn empty(shape: Shape) -> Dataset {
    Dataset {
        shape,
        classes: vec!["below".to_owned(), "above".to_owned()],
        train: Samples::default(),
        validation: Samples::default(),
        test: Samples::default(),
        notes: Vec::new(),
    }
}

pub(super) fn config(change: impl FnOnce(&mut TrainConfig)) -> TrainConfig {
    let mut config = TrainConfig::default();
    config.train.learning_rate = 1e-2;
    config.train.batch_size = 10;
    change(&mut config);
    config
}

fn records(config: &TrainConfig, simd: Simd, seed: u32, epochs: u32) -> Vec<EpochEnd> {
    let mut solver = Solver::on(simd, config, dataset(95, 40), seed).unwrap();
    (0..epochs).map(|_| solver.train_epoch()).collect()
}

#[test]
fn every_model_optimizer_and_precision_learns() {
    for kind in [
        ModelKind::Softmax,
        ModelKind::Mlp,
        ModelKind::ThreeLayerConvnet,
    ] {
        for optimizer in [
            OptimizerKind::Sgd,
            OptimizerKind::Momentum,
            OptimizerKind::Adam,
        ] {
            for dtype in [Dtype::F32, Dtype::F64] {
                let config = config(|config| {
                    config.model.kind = kind;
                    config.train.optimizer = optimizer;
                    config.train.dtype = dtype;
                });
                let mut solver = Solver::new(&config, dataset(200, 100), 3).unwrap();
                let before = solver.untrained();
                let after = (0..10).map(|_| solver.train_epoch()).last().unwrap();
                let EpochEnd::Completed(after) = after else {
                    panic!("{kind:?} with {optimizer:?} diverged")
                };
                assert!(
                    after.val_loss < before.val_loss,
                    "{kind:?} {optimizer:?}: {before:?} {after:?}"
                );
                assert!(
                    after.val_accuracy > 0.9,
                    "{kind:?} {optimizer:?}: {after:?}"
                );
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_on_every_instruction_set() {
    for simd in Simd::available() {
        let config = config(|_| {});
        assert_eq!(records(&config, *simd, 5, 3), records(&config, *simd, 5, 3));
        assert_ne!(records(&config, *simd, 5, 3), records(&config, *simd, 6, 3));
    }
}

#[test]
fn threads_side_by_side_give_the_bits_of_one_alone() {
    let config = config(|_| {});
    let alone = records(&config, Simd::detect(), 5, 3);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| records(&config, Simd::detect(), 5, 3)))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

#[test]
fn single_and_double_precision_agree_at_first() {
    let [single, double] = [Dtype::F32, Dtype::F64].map(|dtype| {
        let config = config(|config| config.train.dtype = dtype);
        *records(&config, Simd::detect(), 5, 1)[0].record()
    });
    assert!(
        (single.train_loss - double.train_loss).abs() < 1e-4,
        "{single:?} {double:?}"
    );
    assert!(
        (single.update_ratio - double.update_ratio).abs() < 1e-4,
        "{single:?} {double:?}"
    );
}

#[test]
fn divergence_is_found_within_the_epoch() {
    let config = config(|config| {
        config.train.optimizer = OptimizerKind::Sgd;
        config.train.learning_rate = 10.0;
        config.train.l2 = 1e6;
    });
    let end = records(&config, Simd::detect(), 5, 1)[0];
    let EpochEnd::Diverged(record) = end else {
        panic!("{end:?}")
    };
    assert!(
        !record.train_loss.is_finite() && record.val_loss.is_nan() && record.update_ratio.is_nan()
    );
}

#[test]
fn the_learning_rate_falls_from_epoch_to_epoch() {
    let config = config(|config| config.train.lr_decay = 0.5);
    let rates: Vec<f64> = records(&config, Simd::detect(), 5, 3)
        .iter()
        .map(|end| end.record().learning_rate)
        .collect();
    assert_eq!(rates, [1e-2, 5e-3, 2.5e-3]);
}

#[test]
fn an_epoch_reports_the_rate_of_its_first_step() {
    // 9 steps an epoch, laid out for 2 epochs; the third stays at the rate of the last step.
    let config = config(|config| {
        config.train.schedule = ScheduleKind::Linear;
        config.train.epochs = 2;
    });
    let rates: Vec<f64> = records(&config, Simd::detect(), 5, 3)
        .iter()
        .map(|end| end.record().learning_rate)
        .collect();
    assert_eq!(rates, [1e-2, 5e-3, 1e-2 * (1.0 - 17.0 / 18.0)]);
}

#[test]
fn rates_change_within_an_epoch_too() {
    // The last update of the only epoch has 1/9 of the rate of a constant one, from weights that
    // differ little at so low a rate.
    let ratio = |schedule: ScheduleKind| {
        let config = config(|config| {
            config.train.schedule = schedule;
            config.train.epochs = 1;
            config.train.optimizer = OptimizerKind::Sgd;
            config.train.learning_rate = 1e-8;
            config.train.dtype = Dtype::F64;
        });
        records(&config, Simd::detect(), 5, 1)[0]
            .record()
            .update_ratio
    };
    let share = ratio(ScheduleKind::Linear) / ratio(ScheduleKind::Constant);
    assert!((share - 1.0 / 9.0).abs() < 1e-5, "{share}");
}

#[test]
fn the_untrained_network_has_validation_figures_alone() {
    let mut solver = Solver::new(&config(|_| {}), dataset(20, 10), 0).unwrap();
    let record = solver.untrained();
    assert_eq!((record.epoch, record.learning_rate), (0, 1e-2));
    assert!(
        record.train_loss.is_nan()
            && record.train_accuracy.is_nan()
            && record.update_ratio.is_nan()
    );
    assert!(record.val_loss > 0.0 && (0.0..=1.0).contains(&record.val_accuracy));
    assert_eq!(
        solver.untrained().val_loss.to_bits(),
        record.val_loss.to_bits()
    );
}

#[test]
fn a_batch_larger_than_the_training_set_is_the_training_set() {
    let larger = config(|config| config.train.batch_size = 1000);
    let exact = config(|config| config.train.batch_size = 95);
    assert_eq!(
        records(&larger, Simd::detect(), 5, 2),
        records(&exact, Simd::detect(), 5, 2)
    );
}

#[test]
fn the_update_ratio_of_plain_descent_follows_the_rate() {
    let ratio = |learning_rate: f64| {
        let config = config(|config| {
            config.train.optimizer = OptimizerKind::Sgd;
            config.train.learning_rate = learning_rate;
            config.train.batch_size = 95;
            config.train.dtype = Dtype::F64;
        });
        records(&config, Simd::detect(), 5, 1)[0]
            .record()
            .update_ratio
    };
    // One step from the same weights: the update is proportional to the rate.
    assert!((ratio(1e-3) / ratio(1e-4) - 10.0).abs() < 1e-9);
}

#[test]
fn a_bound_on_the_gradients_bounds_the_step() {
    let update_norm = |clip_norm: Option<f64>| {
        let config = config(|config| {
            config.train.optimizer = OptimizerKind::Sgd;
            config.train.learning_rate = 1.0;
            config.train.batch_size = 95;
            config.train.dtype = Dtype::F64;
            config.train.clip_norm = clip_norm;
        });
        let mut solver = Solver::new(&config, dataset(95, 40), 5).unwrap();
        let Precision::F64(training) = &mut solver.training else {
            unreachable!("the precision is f64")
        };
        training.epoch = 1;
        training.shuffle();
        training.step_loss(0);
        training.measured_update(0).update_norm
    };
    let free = update_norm(None);
    assert!(free > 0.1, "{free}");
    assert_eq!(update_norm(Some(100.0)), free);
    // Biases count in the bounded norm and not in that of the update.
    let bounded = update_norm(Some(0.01));
    assert!((0.009..0.01).contains(&bounded), "{bounded}");
}

#[test]
fn data_that_do_not_belong_together_are_refused() {
    let refused = |change: fn(&mut Dataset), expected: &str| {
        let mut data = Arc::unwrap_or_clone(dataset(20, 10));
        change(&mut data);
        let error = Solver::new(&TrainConfig::default(), Arc::new(data), 0)
            .err()
            .unwrap();
        assert_eq!(error.to_string(), expected);
    };
    refused(
        |data| data.train = Samples::default(),
        "the training set has no samples",
    );
    refused(
        |data| data.validation = Samples::default(),
        "the validation set has no samples",
    );
    refused(
        |data| data.train.labels[3] = 2,
        "the training set has a label 2, of 2 classes counted from 0",
    );
    refused(
        |data| data.validation.features.truncate(7),
        "the validation set has 7 values for 10 samples of 20",
    );
}

#[test]
fn a_solver_can_move_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Solver>();
}
