//! Steps by hand, to compare every rule with its published formula.

use super::{Optimizer, OptimizerKind, Penalties, Simd, Step, Tensor};
use crate::config::TrainConfig;
use crate::threads::Threads;

/// The rule of that name with its default keys, for `n` weights.
pub(super) fn named<T: crate::kernel::Real>(kind: OptimizerKind, n: usize) -> Optimizer<T> {
    let table = format!("train = {{ optimizer = '{}' }}", kind.name());
    let config = TrainConfig::from_toml(&table.parse().unwrap(), std::path::Path::new(""));
    Optimizer::new(&config.unwrap().train, n)
}

/// As [`check_rule`], a rule with its default keys, at λ = 0.5 without decay.
#[track_caller]
pub(super) fn check(kind: OptimizerKind, expected: [(f64, f64); 3]) {
    check_rule(&mut named(kind, 2), 0.5, 0.0, expected);
}

/// As [`check_rule`], a rule with its default keys, at δ = 0.5 without penalty.
#[track_caller]
pub(super) fn check_decayed(kind: OptimizerKind, expected: [(f64, f64); 3]) {
    check_rule(&mut named(kind, 2), 0.0, 0.5, expected);
}

/// Takes steps on one weight and one bias, both at 1, both with gradient g = 1, 1, −2 in turn, at
/// η = 0.1, and compares with (w, b) after each.
#[track_caller]
pub(super) fn check_rule(
    optimizer: &mut Optimizer<f64>,
    l2: f64,
    weight_decay: f64,
    expected: [(f64, f64); 3],
) {
    let tensors = [Tensor::weight("w", 0..1, 1, false), Tensor::bias("b", 1..2)];
    let mut weights = [1.0, 1.0];
    for (g, (w, b)) in [1.0, 1.0, -2.0].into_iter().zip(expected) {
        let mut gradients = [g, g];
        let before = weights;
        optimizer.update(
            Step {
                simd: Simd::detect(),
                threads: &Threads::default(),
                learning_rate: 0.1,
                penalties: Penalties { l1: 0.0, l2 },
                weight_decay,
                keep_update: true,
            },
            &tensors,
            &mut weights,
            &mut gradients,
        );
        assert!(
            (weights[0] - w).abs() < 1e-12 && (weights[1] - b).abs() < 1e-12,
            "{weights:?} is not {w}, {b}"
        );
        assert_eq!(
            [before[0] + gradients[0], before[1] + gradients[1]],
            weights
        );
    }
}
