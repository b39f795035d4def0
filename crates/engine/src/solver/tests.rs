//! What a training does with its data, and that it does the same every time.

use super::*;
use crate::config::{Activation, ModelKind, OptimizerKind, ScheduleKind};
use crate::data::{Preprocessing, Shape, TargetScale, Task};

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
        let targets = Targets::Labels(labels);
        Samples { features, targets }
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
        columns: None,
        task: Task::Classification {
            classes: vec!["below".to_owned(), "above".to_owned()],
        },
        train: Samples::default(),
        validation: Samples::default(),
        test: Samples::default(),
        preprocessing: Preprocessing::default(),
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
fn every_activation_and_normalisation_learns() {
    let learns = |name: &str, change: &dyn Fn(&mut TrainConfig)| {
        let config = config(|config| change(config));
        let mut solver = Solver::new(&config, dataset(200, 100), 3).unwrap();
        let after = (0..20).map(|_| solver.train_epoch()).last().unwrap();
        let EpochEnd::Completed(after) = after else {
            panic!("{name} diverged")
        };
        assert!(after.val_accuracy > 0.9, "{name}: {after:?}");
    };
    for name in Activation::NAMES {
        for kind in [ModelKind::Mlp, ModelKind::ThreeLayerConvnet] {
            learns(name, &|config| {
                config.model.kind = kind;
                config.model.activation = Activation::named(name).unwrap();
            });
        }
    }
    learns("batch_norm", &|config| config.model.batch_norm = true);
    learns("dropout", &|config| config.model.dropout = 0.3);
}

#[test]
fn the_same_seed_gives_the_same_bits_on_every_instruction_set() {
    for simd in Simd::available() {
        let config = config(|config| {
            config.model.batch_norm = true;
            config.model.dropout = 0.3;
        });
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
fn the_rate_falls_where_the_validation_loss_does_not() {
    // Steps so small that no loss falls by a ten-thousandth: after the first epoch each is bad.
    let config = config(|config| {
        config.train.schedule = ScheduleKind::Plateau;
        config.train.patience = 1;
        config.train.step_factor = 0.5;
        config.train.optimizer = OptimizerKind::Sgd;
        config.train.learning_rate = 1e-8;
    });
    let rates: Vec<f64> = records(&config, Simd::detect(), 5, 6)
        .iter()
        .map(|end| end.record().learning_rate)
        .collect();
    assert_eq!(rates, [1e-8, 1e-8, 1e-8, 5e-9, 5e-9, 2.5e-9]);
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
        training.begin_step(0);
        training.measured_update(0).update_norm
    };
    let free = update_norm(None);
    assert!(free > 0.1, "{free}");
    assert_eq!(update_norm(Some(100.0)), free);
    // Biases count in the bounded norm and not in that of the update.
    let bounded = update_norm(Some(0.01));
    assert!((0.009..0.01).contains(&bounded), "{bounded}");
}

/// y = 3 x₀ − 2 x₁ plus a little noise, in units of 20 around 100.
fn line(n_train: usize, n_validation: usize) -> Arc<Dataset> {
    let shape = Shape {
        height: 1,
        width: 1,
        channels: 2,
    };
    let mut stream = Stream::new(2, Purpose::Split);
    let mut part = |n: usize| {
        let features: Vec<f32> = (0..2 * n).map(|_| stream.normal() as f32).collect();
        let target = |x: &[f32]| 0.75 * x[0] - 0.5 * x[1] + 0.1 * stream.normal() as f32;
        Samples {
            targets: Targets::Values(features.chunks(2).map(target).collect()),
            features,
        }
    };
    let (train, validation) = (part(n_train), part(n_validation));
    let scale = TargetScale {
        mean: 100.0,
        deviation: 20.0,
    };
    Arc::new(Dataset {
        train,
        validation,
        columns: None,
        task: Task::Regression { scale },
        ..empty(shape)
    })
}

#[test]
fn numbers_are_learned_and_their_errors_told_in_their_own_unit() {
    for (loss, dtype) in [
        (Loss::Mse, Dtype::F32),
        (Loss::Huber, Dtype::F32),
        (Loss::Mse, Dtype::F64),
    ] {
        let config = config(|config| {
            config.model.kind = ModelKind::Softmax;
            config.train.loss = loss;
            config.train.dtype = dtype;
            config.train.lr_decay = 0.9;
        });
        let mut solver = Solver::new(&config, line(500, 200), 3).unwrap();
        let untrained = solver.untrained().errors.unwrap();
        assert!(untrained.train_rmse.is_nan() && untrained.val_r2 < 0.5);
        let record = *(0..30)
            .map(|_| solver.train_epoch())
            .last()
            .unwrap()
            .record();
        let errors = record.errors.unwrap();
        // The noise alone: a deviation of 0.1 · 20 = 2, of which |e| is √(2/π) on average = 1.6.
        for (found, expected) in [
            (errors.train_rmse, 2.0),
            (errors.val_rmse, 2.0),
            (errors.train_mae, 1.6),
            (errors.val_mae, 1.6),
        ] {
            assert!(
                (found / expected - 1.0).abs() < 0.15,
                "{loss:?} {dtype:?}: {errors:?}"
            );
        }
        // 1 − 0.01/(0.75² + 0.5² + 0.01) = 0.988.
        assert!((errors.val_r2 - 0.988).abs() < 0.005, "{errors:?}");
        assert!(record.val_accuracy.is_nan() && record.train_accuracy.is_nan());
        if loss == Loss::Mse {
            assert!((record.val_loss - (errors.val_rmse / 20.0).powi(2)).abs() < 1e-6);
        }
    }
}

#[test]
fn every_loss_of_classes_learns() {
    let smoothed = Loss::Softmax {
        label_smoothing: 0.2,
    };
    for loss in [Loss::Hinge, smoothed] {
        let config = config(|config| config.train.loss = loss);
        let mut solver = Solver::new(&config, dataset(200, 100), 3).unwrap();
        let record = *(0..10)
            .map(|_| solver.train_epoch())
            .last()
            .unwrap()
            .record();
        assert!(record.val_accuracy > 0.9, "{loss:?}: {record:?}");
        assert_eq!(record.errors, None);
    }
}

#[test]
fn labels_that_are_all_equal_have_no_share_that_is_explained() {
    let mut data = Arc::unwrap_or_clone(line(20, 3));
    data.validation.targets = Targets::Values(vec![0.5; 3]);
    let config = config(|config| config.train.loss = Loss::Mse);
    let config = TrainConfig {
        model: crate::config::ModelConfig {
            kind: ModelKind::Mlp,
            ..config.model
        },
        ..config
    };
    let mut solver = Solver::new(&config, Arc::new(data), 0).unwrap();
    let errors = solver.untrained().errors.unwrap();
    assert!(errors.val_r2.is_nan() && errors.val_rmse.is_finite());
}

#[test]
fn a_loss_of_other_labels_is_refused() {
    let refused = |loss, data, expected: &str| {
        let config = config(|config| config.train.loss = loss);
        let error = Solver::new(&config, data, 0).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    refused(
        Loss::Mse,
        dataset(20, 10),
        "loss = \"mse\" does not fit the training set, whose labels are classes; accepted: softmax, hinge",
    );
    refused(
        Loss::Hinge,
        line(20, 10),
        "loss = \"hinge\" does not fit the training set, whose labels are numbers; accepted: mse, huber",
    );
}

#[test]
fn no_unit_grows_beyond_its_bound() {
    let norms = |max_norm: Option<f64>| {
        let config = config(|config| {
            config.model.kind = ModelKind::Softmax;
            config.train.max_norm = max_norm;
        });
        let mut solver = Solver::new(&config, dataset(95, 40), 5).unwrap();
        for _ in 0..3 {
            solver.train_epoch();
        }
        let Precision::F32(training) = &solver.training else {
            unreachable!("the precision is f32")
        };
        // (20 inputs, 2 classes).
        let weights = &training.network.parameters()[training.network.tensors()[0].range.clone()];
        [0, 1].map(|unit| {
            let weights = weights.iter().skip(unit).step_by(2);
            weights.map(|w| w * w).sum::<f32>().sqrt()
        })
    };
    assert!(
        norms(None).iter().all(|norm| *norm > 0.6),
        "{:?}",
        norms(None)
    );
    assert!(
        norms(Some(0.5))
            .iter()
            .all(|norm| (norm - 0.5).abs() < 1e-6),
        "{:?}",
        norms(Some(0.5))
    );
}

#[test]
fn absolute_values_leave_fewer_large_weights() {
    let sum = |l1: f64| {
        let config = config(|config| {
            config.model.kind = ModelKind::Softmax;
            config.train.l1 = l1;
        });
        let mut solver = Solver::new(&config, dataset(95, 40), 5).unwrap();
        for _ in 0..10 {
            solver.train_epoch();
        }
        let Precision::F32(training) = &solver.training else {
            unreachable!("the precision is f32")
        };
        let weights = training.network.parameters();
        Penalties { l1: 1.0, l2: 0.0 }.value(training.network.tensors(), weights)
    };
    assert!(sum(0.1) < 0.5 * sum(0.0), "{} {}", sum(0.1), sum(0.0));
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
        |data| {
            data.task = Task::Classification {
                classes: vec!["only".to_owned()],
            }
        },
        "the data have 1 class(es); a classifier needs at least 2",
    );
    refused(
        |data| data.train = Samples::default(),
        "the training set has no samples",
    );
    refused(
        |data| data.validation = Samples::default(),
        "the validation set has no samples",
    );
    refused(
        |data| data.train.targets = Targets::Labels(vec![2; 20]),
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
