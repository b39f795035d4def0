//! The penalty: what it adds to the loss, and what it does to the weights.

use std::fmt;

use super::Verdict;
use crate::config::{OptimizerKind, TrainConfig, TrainSettings};
use crate::data::Dataset;
use crate::kernel::Simd;
use crate::network::{Network, NetworkError, Sizes, Tensor};
use crate::optim::{Optimizer, Step};
use crate::penalty::Penalties;
use crate::threads::Threads;

/// What the penalty ½ · l2 · ΣW² does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regularization {
    /// Strength looked at: that of the configuration, 1 where it has none.
    pub l2: f64,
    /// What it adds to the loss.
    pub raised_by: f64,
    /// ½ · l2 · ΣW², weight by weight.
    pub expected: f64,
    /// Largest error of the pull −l2 · W on a weight, or of 0 on a bias, in a step of plain descent;
    /// relative to the largest pull.
    pub pull_error: f64,
}

/// Relative error allowed.
const TOLERANCE: f64 = 1e-6;

/// Measures the penalty on the weights that the seed draws, with biases that are not 0, in `f64`.
///
/// # Errors
/// See [`NetworkError`].
pub fn regularization(
    config: &TrainConfig,
    dataset: &Dataset,
    seed: u32,
) -> Result<Regularization, NetworkError> {
    let sizes = Sizes {
        training: 2,
        capacity: 2,
        n_buffers: 0,
    };
    let n_outputs = dataset.task.n_outputs();
    let mut network = Network::<f64>::new(
        &config.model,
        dataset.shape,
        n_outputs,
        &sizes,
        Simd::detect(),
    )?;
    network.initialize(config.model.init, seed);
    let tensors = network.tensors().to_vec();
    Ok(measure(
        &config.train,
        &tensors,
        &tensors,
        network.update_parts().1,
    ))
}

/// What the penalty on `penalized` tensors does where `tensors` are right.
fn measure(
    settings: &TrainSettings,
    tensors: &[Tensor],
    penalized: &[Tensor],
    weights: &mut [f64],
) -> Regularization {
    let l2 = if settings.l2 > 0.0 { settings.l2 } else { 1.0 };
    let mut pulls = vec![0.0; weights.len()];
    let mut expected = 0.0;
    for tensor in tensors {
        for place in tensor.range.clone() {
            if tensor.is_weight() {
                expected += 0.5 * l2 * weights[place] * weights[place];
                pulls[place] = -l2 * weights[place];
            } else {
                weights[place] = 1.0;
            }
        }
    }
    let penalties = Penalties { l1: 0.0, l2 };
    let raised_by = penalties.value(penalized, weights);
    let before = weights.to_vec();
    let settings = TrainSettings {
        optimizer: OptimizerKind::Sgd,
        ..settings.clone()
    };
    Optimizer::new(&settings, weights.len()).update(
        Step {
            simd: Simd::detect(),
            threads: &Threads::default(),
            learning_rate: 1.0,
            penalties,
            weight_decay: 0.0,
            keep_update: false,
        },
        penalized,
        weights,
        &mut vec![0.0; before.len()],
    );
    let largest = pulls
        .iter()
        .fold(f64::MIN_POSITIVE, |largest, pull| largest.max(pull.abs()));
    let errors = weights
        .iter()
        .zip(&before)
        .zip(&pulls)
        .map(|((after, before), pull)| (after - before - pull).abs() / largest);
    Regularization {
        l2,
        raised_by,
        expected,
        pull_error: errors.fold(0.0, f64::max),
    }
}

impl Regularization {
    /// Failed unless both are right to 1e-6.
    pub fn verdict(&self) -> Verdict {
        if self.value_is_right() && self.pull_error <= TOLERANCE {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }

    fn value_is_right(&self) -> bool {
        (self.raised_by - self.expected).abs() <= TOLERANCE * self.expected
    }
}

impl fmt::Display for Regularization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            l2,
            raised_by,
            expected,
            pull_error,
        } = self;
        write!(f, "l2 = {l2} raises the loss by {raised_by:.6}")?;
        if !self.value_is_right() {
            write!(f, ", not by ½·l2·ΣW² = {expected:.6}")?;
        }
        if *pull_error > TOLERANCE {
            write!(
                f,
                ", and pulls on the weights with an error of {pull_error:.1e}"
            )?;
        }
        match self.verdict() {
            Verdict::Passed => Ok(()),
            _ => f.write_str(": it must act on all weights alike and on no bias"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;

    #[test]
    fn the_penalty_of_every_network_is_right() {
        for settings in [
            "",
            "model.kind = 'softmax'\ntrain.l2 = 1e-4",
            "model = { kind = 'mlp', hidden = [30, 20] }\ntrain = { l2 = 1e6, optimizer = 'adam' }",
        ] {
            let (config, digits) = digits(settings);
            let found = regularization(&config, &digits, 1).unwrap();
            assert_eq!(found.verdict(), Verdict::Passed, "{found:?}");
            assert!(found.expected > 0.0 && found.to_string().starts_with("l2 = "));
        }
    }

    #[test]
    fn a_penalty_on_biases_or_not_on_all_weights_fails() {
        let tensors = [
            Tensor::weight("linear_1.weights", 0..2, 1, false),
            Tensor::bias("linear_1.biases", 2..3),
        ];
        let settings = TrainConfig::default().train;
        let measured =
            |penalized: &[Tensor]| measure(&settings, &tensors, penalized, &mut [3.0, 4.0, 0.0]);
        let fails = |penalized: &[Tensor], sentence: &str| {
            let found = measured(penalized);
            assert_eq!(found.verdict(), Verdict::Failed, "{found:?}");
            assert!(found.to_string().contains(sentence), "{found}");
        };
        // ½ · (3² + 4²).
        let sound = measured(&tensors);
        assert_eq!(
            (sound.l2, sound.expected, sound.raised_by),
            (1.0, 12.5, 12.5)
        );
        assert_eq!(sound.verdict(), Verdict::Passed);
        let bias_as_weight = Tensor::weight("linear_1.biases", 2..3, 1, false);
        fails(
            &[tensors[0].clone(), bias_as_weight],
            "raises the loss by 13.000000, not by",
        );
        let first_alone = Tensor::weight("linear_1.weights", 0..1, 1, false);
        fails(
            &[first_alone],
            "pulls on the weights with an error of 1.0e0",
        );
    }
}
