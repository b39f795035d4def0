//! Are the gradients those of the loss?

use std::fmt;

use super::Verdict;
use super::sample::sample;
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::gradcheck::{GradientCheck, TensorCheck};
use crate::seed::{Purpose, Stream};
use crate::solver::{SolverError, check_part};

/// Relative errors of the gradients, tensor by tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// In the order of the layers.
    pub tensors: Vec<TensorCheck>,
}

/// Samples that the gradients are of.
const N_SAMPLES: usize = 4;

/// Weights looked at in each tensor.
const PER_TENSOR: usize = 10;

/// Largest relative error of correct gradients.
const TOLERANCE: f64 = 1e-6;

/// The same next to a kink.
const TOLERANCE_AT_KINKS: f64 = 1e-4;

/// Compares analytic and numeric gradients on a few training samples with a little noise, in `f64`;
/// see [`GradientCheck`].
///
/// # Errors
/// See [`SolverError`].
///
/// # Example
/// ```
/// use finetooth_engine::sanity::{Verdict, gradients};
/// use finetooth_engine::{config::TrainConfig, data};
///
/// let config = TrainConfig::default();
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
/// assert_eq!(gradients(&config, &digits, 0)?.verdict(), Verdict::Passed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gradients(
    config: &TrainConfig,
    dataset: &Dataset,
    seed: u32,
) -> Result<Gradients, SolverError> {
    let loss = config.train.loss;
    check_part(dataset, &dataset.train, loss, "training")?;
    let check = GradientCheck {
        loss,
        l1: config.train.l1,
        l2: config.train.l2,
        per_tensor: PER_TENSOR,
        seed,
    };
    let mut samples = sample(dataset, seed, N_SAMPLES);
    // Even areas of images tie in every maximum, which has no gradient there.
    let mut noise = Stream::numbered(seed, Purpose::SanitySample, 1);
    for feature in &mut samples.features {
        *feature += (0.1 * noise.normal()) as f32;
    }
    let tensors = check.run(
        &config.model,
        &samples,
        dataset.shape,
        dataset.task.n_outputs(),
    )?;
    Ok(Gradients { tensors })
}

impl Gradients {
    /// Failed if an error is 1e-6 or more where the loss is smooth; warned if one is 1e-4 or more at
    /// a kink, where correct gradients may show it too.
    pub fn verdict(&self) -> Verdict {
        if self.tensors.iter().any(is_wrong) {
            Verdict::Failed
        } else if self.tensors.iter().any(is_doubtful) {
            Verdict::Warned
        } else {
            Verdict::Passed
        }
    }
}

fn is_wrong(tensor: &TensorCheck) -> bool {
    // Not a number is wrong, too.
    !matches!(
        tensor.max_error.partial_cmp(&TOLERANCE),
        Some(std::cmp::Ordering::Less)
    )
}

fn is_doubtful(tensor: &TensorCheck) -> bool {
    !matches!(
        tensor.max_error_at_kinks.partial_cmp(&TOLERANCE_AT_KINKS),
        Some(std::cmp::Ordering::Less)
    )
}

impl fmt::Display for Gradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name_all = |are: fn(&TensorCheck) -> bool, error: fn(&TensorCheck) -> f64| {
            let named: Vec<String> = self
                .tensors
                .iter()
                .filter(|tensor| are(tensor))
                .map(|tensor| format!("{} (by {:.1e})", tensor.tensor, error(tensor)))
                .collect();
            named.join(", ")
        };
        match self.verdict() {
            Verdict::Passed => {
                let n: usize = self.tensors.iter().map(|tensor| tensor.n_checked).sum();
                let worst = self.tensors.iter().map(|tensor| tensor.max_error);
                let worst = worst.fold(0.0, f64::max);
                write!(f, "{n} gradients agree with numeric ones to {worst:.1e}")
            }
            Verdict::Warned => write!(
                f,
                "gradients next to kinks differ from numeric ones in {}: look again with another seed",
                name_all(is_doubtful, |tensor| tensor.max_error_at_kinks)
            ),
            Verdict::Failed => write!(
                f,
                "gradients differ from numeric ones in {}: the backward pass of the layer, or of one after it, is wrong",
                name_all(is_wrong, |tensor| tensor.max_error)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;

    #[test]
    fn gradients_of_every_network_pass_on_real_samples() {
        for settings in [
            "train.l2 = 0.1",
            "model.kind = 'softmax'",
            "model = { kind = 'mlp', hidden = [20, 10] }",
        ] {
            let (config, digits) = digits(settings);
            let found = gradients(&config, &digits, 1).unwrap();
            assert_eq!(found.verdict(), Verdict::Passed, "{settings}: {found}");
            assert!(found.to_string().contains("agree with numeric ones"));
        }
    }

    #[test]
    fn features_that_are_no_numbers_fail() {
        let (config, digits) = digits("model.kind = 'mlp'");
        let mut digits = std::sync::Arc::unwrap_or_clone(digits);
        digits.train.features.fill(f32::NAN);
        let found = gradients(&config, &digits, 1).unwrap();
        assert_eq!(found.verdict(), Verdict::Failed);
        assert!(found.to_string().contains("linear_1.weights"), "{found}");
    }

    /// The verdict on one tensor with these errors, smooth and at kinks.
    #[track_caller]
    fn check(max_error: f64, max_error_at_kinks: f64, expected: Verdict, sentence: &str) {
        let found = Gradients {
            tensors: vec![TensorCheck {
                tensor: "conv2d_1.weights".to_owned(),
                n_checked: 10,
                n_at_kinks: 1,
                max_error,
                max_error_at_kinks,
            }],
        };
        assert_eq!(found.verdict(), expected);
        assert!(found.to_string().contains(sentence), "{found}");
    }

    #[test]
    fn wrong_gradients_fail_and_name_the_layer() {
        check(1e-9, 1e-6, Verdict::Passed, "to 1.0e-9");
        check(2e-3, 0.0, Verdict::Failed, "conv2d_1.weights (by 2.0e-3)");
        check(f64::INFINITY, 0.0, Verdict::Failed, "conv2d_1.weights");
        check(f64::NAN, 0.0, Verdict::Failed, "conv2d_1.weights");
        check(1e-9, 1.0, Verdict::Warned, "conv2d_1.weights (by 1.0e0)");
    }
}
