//! What holds for every rule: the same bits on all instruction sets, and that it trains.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any, proptest};

use super::reference_steps::named;
use super::*;
use crate::config::TrainConfig;
use crate::data;
use crate::history::EpochEnd;
use crate::kernel::reference::Noise;
use crate::solver::Solver;
use crate::threads::Threads;

fn all() -> impl Iterator<Item = OptimizerKind> {
    OptimizerKind::NAMES
        .iter()
        .map(|name| OptimizerKind::named(name).unwrap())
}

/// Weights and the last update after three steps on `tensors` with random gradients.
fn trained<T: Real>(
    kind: OptimizerKind,
    simd: Simd,
    tensors: &[Tensor],
    seed: u32,
) -> (Vec<T>, Vec<T>) {
    let n = tensors.last().map_or(0, |tensor| tensor.range.end);
    let mut noise = Noise::new(seed);
    let (mut weights, mut gradients) = (noise.values(n), vec![T::ZERO; n]);
    let mut optimizer = named(kind, n);
    for keep_update in [false, false, true] {
        gradients = noise.values(n);
        optimizer.update(
            Step {
                simd,
                threads: &Threads::default(),
                learning_rate: 0.01,
                penalties: Penalties { l1: 0.05, l2: 0.1 },
                weight_decay: 0.2,
                keep_update,
            },
            tensors,
            &mut weights,
            &mut gradients,
        );
    }
    (weights, gradients)
}

/// Whether a tensor of `n` weights, on every instruction set, ends at the bits of `n` tensors of one
/// weight each, which leave nothing to put into vectors.
#[track_caller]
fn check_same_bits<T: Real>(n: usize, seed: u32) {
    let whole = [Tensor::weight("w", 0..n, 1, false)];
    let single: Vec<Tensor> = (0..n)
        .map(|i| Tensor::weight("w", i..i + 1, 1, false))
        .collect();
    for kind in all() {
        let expected = trained::<T>(kind, Simd::available()[0], &single, seed);
        for simd in Simd::available() {
            let found = trained::<T>(kind, *simd, &whole, seed);
            assert!(
                found == expected,
                "{} on {}: {found:?} is not {expected:?}",
                kind.name(),
                simd.name()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_rule_gives_the_same_bits_on_every_instruction_set(n in 0_usize..150, seed in any::<u32>()) {
        check_same_bits::<f32>(n, seed);
        check_same_bits::<f64>(n, seed);
    }
}

#[test]
fn every_rule_decays_weights_by_the_rate_and_no_biases() {
    // A gradient of 0 asks for no step: what is left is w − η δ w.
    for kind in all() {
        let tensors = [Tensor::weight("w", 0..1, 1, false), Tensor::bias("b", 1..2)];
        let mut weights = [1.0, 1.0];
        named::<f64>(kind, 2).update(
            Step {
                simd: Simd::detect(),
                threads: &Threads::default(),
                learning_rate: 0.1,
                penalties: Penalties { l1: 0.0, l2: 0.0 },
                weight_decay: 0.5,
                keep_update: false,
            },
            &tensors,
            &mut weights,
            &mut [0.0, 0.0],
        );
        assert_eq!(weights, [0.95, 1.0], "{}", kind.name());
    }
}

#[test]
fn absolute_values_pull_by_the_rate_whatever_the_weight() {
    // η λ₁ = 0.1 · 0.5 from each weight that is not 0, towards 0; none from the bias.
    let tensors = [Tensor::weight("w", 0..3, 1, false), Tensor::bias("b", 3..4)];
    let mut weights = [1.0, -2.0, 0.0, 1.0];
    named::<f64>(OptimizerKind::Sgd, 4).update(
        Step {
            simd: Simd::detect(),
            threads: &Threads::default(),
            learning_rate: 0.1,
            penalties: Penalties { l1: 0.5, l2: 0.0 },
            weight_decay: 0.0,
            keep_update: false,
        },
        &tensors,
        &mut weights,
        &mut [0.0; 4],
    );
    assert_eq!(weights, [0.95, -1.95, 0.0, 1.0]);
}

#[test]
fn every_rule_trains_the_digits() {
    let rate = |kind: OptimizerKind| match kind {
        OptimizerKind::Sgd => 0.1,
        OptimizerKind::Momentum | OptimizerKind::Nesterov | OptimizerKind::Adagrad => 0.02,
        OptimizerKind::Adadelta => 1.0,
        OptimizerKind::Rmsprop
        | OptimizerKind::Adam
        | OptimizerKind::Adamw
        | OptimizerKind::Nadam
        | OptimizerKind::Lion => 3e-3,
    };
    for kind in all() {
        let text = format!(
            "[model]\nkind = 'mlp'\n[train]\noptimizer = '{}'\nlearning_rate = {:?}",
            kind.name(),
            rate(kind)
        );
        let config = TrainConfig::from_toml(&text.parse().unwrap(), Path::new("")).unwrap();
        let dataset = data::load(&config.data, 1)
            .unwrap()
            .preprocessed(config.data.preprocess)
            .unwrap();
        let mut solver = Solver::new(&config, Arc::new(dataset), 1).unwrap();
        let end = (0..5).map(|_| solver.train_epoch()).last();
        let Some(EpochEnd::Completed(record)) = end else {
            panic!("{text}: {end:?}")
        };
        assert!(record.val_accuracy > 0.9, "{text}: {record:?}");
    }
}
