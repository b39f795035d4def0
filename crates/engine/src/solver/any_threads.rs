//! The same bits on any number of threads, beside others, and continued on another number.

use super::tests::{config, dataset};
use super::*;
use crate::config::{LayerSpec, ModelKind, OptimizerKind};
use crate::threads::Threads;

/// Shares even the least work between `n` threads.
fn on_threads(simd: Simd, config: &TrainConfig, n: usize) -> Solver {
    let mut solver = Solver::on(simd, config, dataset(95, 40), 3).unwrap();
    let threads = Threads::eager(n);
    with_training!(&mut solver.training, training => training.network.use_threads(&threads));
    solver.threads = threads;
    solver.keep_step_losses();
    solver
}

/// All that a training consists of.
fn bytes(solver: &Solver) -> Vec<u8> {
    let mut bytes = Vec::new();
    solver.write(&mut bytes).unwrap();
    bytes
}

fn trained(simd: Simd, config: &TrainConfig, n: usize) -> Vec<u8> {
    let mut solver = on_threads(simd, config, n);
    let untrained = solver.untrained();
    assert!(untrained.val_loss > 0.0);
    for _ in 0..2 {
        solver.train_epoch();
    }
    bytes(&solver)
}

/// Trains on 1, 2, 3 and 8 threads, in either precision and on every instruction set.
#[track_caller]
fn check(change: impl Fn(&mut TrainConfig)) {
    for dtype in [Dtype::F32, Dtype::F64] {
        for simd in Simd::available() {
            let config = config(|config| {
                config.train.dtype = dtype;
                config.train.batch_size = 45;
                change(config);
            });
            let alone = trained(*simd, &config, 1);
            for n in [2, 3, 8] {
                assert!(
                    trained(*simd, &config, n) == alone,
                    "{n} threads, {dtype:?}, {}: {config:?}",
                    simd.name()
                );
            }
        }
    }
}

fn layers(config: &mut TrainConfig, list: &[&str]) {
    config.model.kind = ModelKind::Layers;
    config.model.layers = list
        .iter()
        .map(|layer| LayerSpec::parse(layer).unwrap())
        .collect();
}

const DEEP: &[&str] = &[
    "conv 18 3x3",
    "batch_norm",
    "relu",
    "conv 20 3x3",
    "batch_norm",
    "relu",
    "max_pool 2",
    "conv 7 3x3",
    "batch_norm",
    "relu",
    "linear 9",
    "relu",
    "linear 2",
];

#[test]
fn a_convnet_trains_to_the_same_bits_on_any_number_of_threads() {
    check(|config| {
        config.model.kind = ModelKind::ThreeLayerConvnet;
        config.model.n_filters = 20;
        config.model.filter_size = 5;
    });
    // Fewer samples than a piece takes, and one.
    for batch_size in [1, 2, 7, 9] {
        check(|config| {
            config.model.kind = ModelKind::ThreeLayerConvnet;
            config.train.batch_size = batch_size;
        });
    }
}

#[test]
fn convolutions_in_tiles_with_batch_norm_do() {
    check(|config| layers(config, DEEP));
    check(|config| {
        layers(config, DEEP);
        config.train.batch_size = 2;
    });
}

#[test]
fn every_other_layer_does() {
    check(|config| {
        layers(
            config,
            &[
                "conv 18 3x3",
                "tanh",
                "conv 17 3x3",
                "relu",
                "max_pool 2",
                "conv 5 3x2 stride 1x2 pad 1",
                "gelu",
                "batch_norm",
                "avg_pool 2 stride 1",
                "layer_norm",
                "dropout 0.2",
                "linear 30",
                "elu",
                "linear 2",
            ],
        );
    });
}

#[test]
fn linear_layers_and_update_rules_do() {
    for name in OptimizerKind::NAMES {
        check(|config| {
            config.model.kind = ModelKind::Mlp;
            // 20 · 900 weights are two pieces of an update.
            config.model.hidden = vec![900, 3];
            config.train.optimizer = OptimizerKind::named(name).unwrap();
            config.train.learning_rate = 1e-3;
            config.train.l2 = 1e-3;
            config.train.clip_norm = Some(1.0);
        });
    }
}

#[test]
fn trainings_at_once_are_as_alone() {
    let config = config(|config| layers(config, DEEP));
    let alone = trained(Simd::detect(), &config, 1);
    for n_trainings in [2, 8] {
        std::thread::scope(|scope| {
            let spawn = |place: usize| {
                let config = &config;
                scope.spawn(move || trained(Simd::detect(), config, 1 + place % 3))
            };
            let trainings: Vec<_> = (0..n_trainings).map(spawn).collect();
            for training in trainings {
                assert!(
                    training.join().unwrap() == alone,
                    "of {n_trainings} at once"
                );
            }
        });
    }
}

#[test]
fn a_checkpoint_continues_on_another_number_of_threads() {
    let config = config(|config| layers(config, DEEP));
    let simd = Simd::detect();
    let mut solver = on_threads(simd, &config, 1);
    solver.train_epoch();
    let half = bytes(&solver);
    solver.train_epoch();
    let mut continued = on_threads(simd, &config, 3);
    let identity = continued.identity();
    continued.restore_from(&half, &identity).unwrap();
    continued.train_epoch();
    assert!(bytes(&continued) == bytes(&solver));
}

#[test]
fn the_threads_of_a_training_may_be_changed() {
    let config = config(|config| layers(config, DEEP));
    let alone = trained(Simd::detect(), &config, 1);
    let mut solver = Solver::new(&config, dataset(95, 40), 3).unwrap();
    solver.keep_step_losses();
    for n in [2, 1] {
        solver.use_threads(NonZero::new(n).unwrap()).unwrap();
        solver.train_epoch();
    }
    assert!(bytes(&solver) == alone);
}
