//! The loss of the untrained network: what guessing costs, and no less for the true labels.

use std::fmt;

use super::Verdict;
use super::sample::sample;
use crate::config::{Loss, LossKind, TrainConfig};
use crate::data::{Dataset, Samples};
use crate::kernel::Simd;
use crate::network::{Network, Sizes};
use crate::solver::{SolverError, check_part};

/// Losses of untrained networks, in nats, without penalties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitialLoss {
    /// log C, the loss of equal scores.
    pub log_classes: f64,
    /// Of the network that the seed draws.
    pub loss: f64,
    /// Of that network with the weights of its output layer times 0.01.
    pub shrunk: f64,
    /// Of that network with the weights of its output layer times 0.
    pub flat: f64,
    /// Loss of the true labels less that of labels at random for the same scores, mean over networks
    /// drawn from 16 seeds.
    pub advantage: f64,
    /// Standard error of `advantage`.
    pub standard_error: f64,
}

/// What is measured.
const SOFTMAX: Loss = Loss::Softmax {
    label_smoothing: 0.0,
};

/// Samples looked at, at most.
const N_SAMPLES: usize = 256;

/// Networks drawn.
const N_DRAWS: u32 = 16;

/// Standard errors allowed: 4 of Student's t with 15 degrees of freedom are exceeded once in 900
/// times, 3 would be once in 110.
const STANDARD_ERRORS: f64 = 4.0;

/// Relative error of log C allowed.
const TOLERANCE: f64 = 0.01;

/// Loss above log C that is still usual; Kaiming's weights give about 0.8 on the digits.
const USUAL_EXCESS: f64 = 2.0;

/// Computes the losses of untrained networks on up to 256 training samples, in `f64`, without label
/// smoothing; `None` where the loss is another than softmax cross-entropy.
///
/// For scores s and the classes' shares p, labels at random cost log Σ exp s − Σ p s; the difference
/// from the true labels' is linear in the scores, so its mean over random weights is 0 if the loss
/// reads the labels as it should.
///
/// # Errors
/// See [`SolverError`].
///
/// # Example
/// ```
/// use finetooth_engine::sanity::{Verdict, initial_loss};
/// use finetooth_engine::{config::TrainConfig, data};
///
/// let config = TrainConfig::default();
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
/// let found = initial_loss(&config, &digits, 0)?.expect("the loss is softmax");
/// assert_eq!(found.verdict(), Verdict::Passed);
/// assert!((found.shrunk - f64::ln(10.0)).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn initial_loss(
    config: &TrainConfig,
    dataset: &Dataset,
    seed: u32,
) -> Result<Option<InitialLoss>, SolverError> {
    if config.train.loss.kind() != LossKind::Softmax {
        return Ok(None);
    }
    check_part(dataset, &dataset.train, config.train.loss, "training")?;
    let samples = sample(dataset, seed, N_SAMPLES);
    let n_classes = dataset.task.n_outputs();
    let sizes = Sizes {
        training: 2,
        capacity: samples.len().max(2),
        n_buffers: 0,
    };
    let mut network = Network::<f64>::new(
        &config.model,
        dataset.shape,
        n_classes,
        &sizes,
        Simd::detect(),
    )?;
    for (place, features) in samples
        .features
        .chunks_exact(dataset.shape.len())
        .enumerate()
    {
        network.load(place, features);
    }
    let advantages: Vec<f64> = (0..N_DRAWS)
        .map(|draw| {
            network.initialize(config.model.init, seed.wrapping_add(draw));
            mean_loss(&mut network, &samples) - loss_at_random(&network, &samples, n_classes)
        })
        .collect();
    let (advantage, standard_error) = mean_and_error(&advantages);
    network.initialize(config.model.init, seed);
    let loss = mean_loss(&mut network, &samples);
    scale_output_layer(&mut network, 0.01);
    let shrunk = mean_loss(&mut network, &samples);
    scale_output_layer(&mut network, 0.0);
    let flat = mean_loss(&mut network, &samples);
    Ok(Some(InitialLoss {
        log_classes: libm::log(n_classes as f64),
        loss,
        shrunk,
        flat,
        advantage,
        standard_error,
    }))
}

fn mean_loss(network: &mut Network<f64>, samples: &Samples) -> f64 {
    network.loss(SOFTMAX, &samples.targets).sum / samples.len() as f64
}

/// Mean loss of the last scores, were the labels dealt out anew.
fn loss_at_random(network: &Network<f64>, samples: &Samples, n_classes: usize) -> f64 {
    let mut shares = vec![0.0; n_classes];
    for label in samples.targets.labels().unwrap_or_default() {
        shares[*label as usize] += 1.0 / samples.len() as f64;
    }
    let of_sample = |sample: usize| {
        let scores = network.scores().row(sample);
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|s| libm::exp(s - largest)).sum();
        let expected: f64 = scores.iter().zip(&shares).map(|(s, share)| s * share).sum();
        largest + libm::log(sum) - expected
    };
    (0..samples.len()).map(of_sample).sum::<f64>() / samples.len() as f64
}

fn scale_output_layer(network: &mut Network<f64>, factor: f64) {
    let (tensors, weights, _) = network.update_parts();
    if let Some(output) = tensors.iter().rev().find(|tensor| tensor.is_weight()) {
        weights[output.range.clone()]
            .iter_mut()
            .for_each(|weight| *weight *= factor);
    }
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    (mean, (squares / (n * (n - 1.0))).sqrt())
}

/// What the numbers say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Fine,
    WrongLoss,
    WrongLabels,
    FarTooLarge,
    Large,
}

impl InitialLoss {
    /// Failed unless equal scores cost log C, small ones too within 1 %, and the true labels, within 4
    /// standard errors, as much as labels at random; warned where the loss is above log C + 2.
    pub fn verdict(&self) -> Verdict {
        match self.cause() {
            Cause::Fine => Verdict::Passed,
            Cause::Large => Verdict::Warned,
            Cause::WrongLoss | Cause::WrongLabels | Cause::FarTooLarge => Verdict::Failed,
        }
    }

    fn cause(&self) -> Cause {
        let is_near = |loss: f64| (loss / self.log_classes - 1.0).abs() <= TOLERANCE;
        // What rounding leaves where all networks agree.
        let rounding = 1e-9 * self.log_classes;
        let is_fair = self.advantage.abs() <= STANDARD_ERRORS * self.standard_error + rounding;
        if !is_near(self.flat) {
            Cause::WrongLoss
        } else if !is_near(self.shrunk) {
            Cause::FarTooLarge
        } else if !is_fair {
            Cause::WrongLabels
        } else if self.loss <= self.log_classes + USUAL_EXCESS {
            Cause::Fine
        } else {
            Cause::Large
        }
    }
}

impl fmt::Display for InitialLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            log_classes,
            loss,
            shrunk,
            flat,
            advantage,
            standard_error,
        } = self;
        match self.cause() {
            Cause::Fine => write!(
                f,
                "the untrained network's loss is {loss:.3}, where guessing costs {log_classes:.3}"
            ),
            Cause::WrongLoss => write!(
                f,
                "equal scores cost {flat:.3}, not log C = {log_classes:.3}: the loss or the number of classes is wrong"
            ),
            Cause::FarTooLarge => write!(
                f,
                "the untrained network's loss is {loss:.3}, and {shrunk:.3} with an output layer a hundredth as large, \
                 where guessing costs {log_classes:.3}: standardize the features, or take smaller initial weights \
                 (init = \"kaiming\", a smaller weight_scale)"
            ),
            Cause::WrongLabels => write!(
                f,
                "for untrained networks the true labels cost {advantage:.4} ± {standard_error:.4} more than labels at random: \
                 {}",
                if *advantage < 0.0 {
                    "the labels have leaked into the scores"
                } else {
                    "the loss reads other labels than those of the data"
                }
            ),
            Cause::Large => write!(
                f,
                "the untrained network's loss is {loss:.3}, where guessing costs {log_classes:.3}: \
                 smaller initial weights (init = \"kaiming\", a smaller weight_scale) would save it the way back"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;
    use crate::data::Targets;

    #[track_caller]
    fn check(settings: &str, seed: u32, expected: Verdict, sentence: &str) {
        let (config, digits) = digits(settings);
        let found = initial_loss(&config, &digits, seed).unwrap().unwrap();
        assert_eq!(
            found.verdict(),
            expected,
            "{settings}, seed {seed}: {found}"
        );
        assert!(found.to_string().contains(sentence), "{found}");
    }

    #[test]
    fn other_losses_are_not_looked_at() {
        let (config, digits) = digits("train.loss = 'hinge'");
        assert_eq!(initial_loss(&config, &digits, 0).unwrap(), None);
    }

    #[test]
    fn sound_networks_pass_from_any_seed() {
        for seed in 0..12 {
            check("", seed, Verdict::Passed, "guessing costs 2.303");
            check("model.kind = 'mlp'", seed, Verdict::Passed, "");
            check("model.kind = 'softmax'", seed, Verdict::Passed, "");
            check("model.init = 'xavier'", seed, Verdict::Passed, "");
        }
    }

    #[test]
    fn weights_that_are_too_large_fail_or_are_warned_of() {
        let scale = |scale: f64| format!("model = {{ init = 'normal', weight_scale = {scale:?} }}");
        check(&scale(10.0), 1, Verdict::Failed, "smaller initial weights");
        check(&scale(0.25), 1, Verdict::Warned, "smaller initial weights");
        check(&scale(0.01), 1, Verdict::Passed, "");
    }

    #[test]
    fn features_that_are_too_large_fail() {
        let (config, digits) = digits("");
        let mut digits = std::sync::Arc::unwrap_or_clone(digits);
        digits.train.features.iter_mut().for_each(|x| *x *= 1e4);
        let found = initial_loss(&config, &digits, 0).unwrap().unwrap();
        assert_eq!(found.verdict(), Verdict::Failed);
        assert!(
            found.to_string().contains("standardize the features"),
            "{found}"
        );
    }

    #[test]
    fn labels_at_random_cost_the_mean_over_all_ways_to_deal_them_out() {
        // Two samples of classes 0 and 1 in a net of one layer: of the two ways, each label meets each
        // sample once.
        let (config, digits) = digits("model.kind = 'softmax'");
        let place = |label| {
            digits
                .train
                .targets
                .labels()
                .unwrap()
                .iter()
                .position(|l| *l == label)
                .unwrap()
        };
        let row = |label| &digits.train.features[place(label) * 64..][..64];
        let samples = Samples {
            features: [row(0), row(1)].concat(),
            targets: Targets::Labels(vec![0, 1]),
        };
        let sizes = Sizes {
            training: 1,
            capacity: 2,
            n_buffers: 0,
        };
        let mut network =
            Network::<f64>::new(&config.model, digits.shape, 10, &sizes, Simd::detect()).unwrap();
        network.initialize(config.model.init, 5);
        network.load(0, row(0));
        network.load(1, row(1));
        let found = {
            network.loss(SOFTMAX, &samples.targets);
            loss_at_random(&network, &samples, 10)
        };
        let ways = [[0, 1], [1, 0]].map(|labels| {
            let labels = Targets::Labels(labels.to_vec());
            network.loss(SOFTMAX, &labels).sum / 4.0
        });
        assert!((found - ways[0] - ways[1]).abs() < 1e-12);
    }

    const SOUND: InitialLoss = InitialLoss {
        log_classes: std::f64::consts::LN_10,
        loss: 2.9,
        shrunk: 2.303,
        flat: std::f64::consts::LN_10,
        advantage: 0.03,
        standard_error: 0.02,
    };

    #[test]
    fn what_is_wrong_is_told_apart() {
        let told = |found: InitialLoss, verdict: Verdict, sentence: &str| {
            assert_eq!(found.verdict(), verdict);
            assert!(found.to_string().contains(sentence), "{found}");
        };
        told(SOUND, Verdict::Passed, "");
        let leaked = InitialLoss {
            advantage: -0.09,
            ..SOUND
        };
        told(leaked, Verdict::Failed, "leaked");
        let shifted = InitialLoss {
            advantage: 0.09,
            ..SOUND
        };
        told(shifted, Verdict::Failed, "reads other labels");
        let wrong = InitialLoss { flat: 1.0, ..SOUND };
        told(wrong, Verdict::Failed, "the loss or the number of classes");
        let nan = InitialLoss {
            shrunk: f64::NAN,
            ..SOUND
        };
        told(nan, Verdict::Failed, "standardize");
        let nan = InitialLoss {
            advantage: f64::NAN,
            ..SOUND
        };
        told(nan, Verdict::Failed, "");
    }
}
