//! What the layers put out, what comes back to them, and how far steps move them.

use std::fmt;
use std::sync::Arc;

use super::Verdict;
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::solver::{Solver, SolverError};

/// Statistics of every layer after a few steps of training.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// Steps made.
    pub n_steps: usize,
    /// In their order.
    pub layers: Vec<LayerStatistics>,
    /// How far the last step moved each tensor of weights; `None` where the training diverged.
    pub updates: Option<Vec<UpdateRatio>>,
}

/// Statistics of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerStatistics {
    /// Its name, for instance `linear_1`.
    pub layer: String,
    /// Of its outputs.
    pub activations: Spread,
    /// Of the gradients of the loss by its outputs.
    pub gradients: Spread,
    /// Units that are 0 for every sample; `None` for layers that end without a rectifier.
    pub dead: Option<DeadUnits>,
}

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Share of values that are 0, in [0, 1].
    pub zeros: f64,
}

/// Units (channels, or features) that a rectifier keeps at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadUnits {
    /// Units that are 0 for every sample looked at.
    pub n_dead: usize,
    /// Units in all.
    pub n_units: usize,
}

impl DeadUnits {
    /// Share of the units, in [0, 1].
    pub fn share(self) -> f64 {
        self.n_dead as f64 / self.n_units as f64
    }
}

/// How far a step moved one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRatio {
    /// `layer.weights`.
    pub tensor: String,
    /// ‖update‖ / ‖weights before it‖; about 1e-3 is usual.
    pub ratio: f64,
}

/// Samples looked at, at most.
const N_SAMPLES: usize = 1000;

/// Share of dead units that is unusual, and that which is wrong.
///
/// The default network has 0.2 on the digits after 50 steps at its learning rate of 1e-3, 0.5 at 1e-2,
/// where it still learns well, and from 0.8 at 0.1, where it no longer does.
///
/// Source of the first: CS231n notes, "Neural Networks Part 1": as much as 40 % can be dead if the
/// learning rate is too high.
const DEAD: [f64; 2] = [0.4, 0.8];

/// Usual ratios: 1e-3 within two decades.
const RATIOS: std::ops::RangeInclusive<f64> = 1e-5..=1e-1;

/// Trains `n_steps` steps, at least 1, and looks at up to 1000 training samples.
///
/// # Errors
/// See [`SolverError`].
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use finetooth_engine::sanity::{Verdict, layers};
/// use finetooth_engine::{config::TrainConfig, data};
///
/// let config = TrainConfig::default();
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
/// let found = layers(&config, Arc::new(digits), 0, 20)?;
/// assert_eq!(found.verdict(), Verdict::Passed);
/// let updates = found.updates.unwrap();
/// assert_eq!(updates[1].tensor, "linear_1.weights");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn layers(
    config: &TrainConfig,
    dataset: Arc<Dataset>,
    seed: u32,
    n_steps: usize,
) -> Result<Layers, SolverError> {
    let mut solver = Solver::new(config, dataset, seed)?;
    let updates = solver.step_ratios(n_steps.max(1));
    Ok(Layers {
        n_steps: n_steps.max(1),
        layers: solver.into_statistics(N_SAMPLES),
        updates,
    })
}

/// One thing that is not as it should be.
struct Finding {
    verdict: Verdict,
    sentence: String,
}

impl Layers {
    /// Failed if the training diverged, nothing passes through a layer in one of the directions, or 80 %
    /// of a layer's units are dead; warned from 40 % dead units, or where an update ratio is not within
    /// 1e-5 to 1e-1.
    pub fn verdict(&self) -> Verdict {
        let findings = self.findings();
        let worst = findings.iter().map(|finding| finding.verdict).max();
        worst.unwrap_or(Verdict::Passed)
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |verdict, sentence| findings.push(Finding { verdict, sentence });
        let Some(updates) = &self.updates else {
            let sentence = format!(
                "the training diverged within {} steps: lower the learning rate",
                self.n_steps
            );
            add(Verdict::Failed, sentence);
            return findings;
        };
        for layer in &self.layers {
            let name = &layer.layer;
            match layer.dead {
                Some(dead) if dead.share() >= DEAD[0] => add(
                    if dead.share() >= DEAD[1] {
                        Verdict::Failed
                    } else {
                        Verdict::Warned
                    },
                    format!(
                        "{} of {} units of {name} are dead: lower the learning rate, or look at initial weights and biases",
                        dead.n_dead, dead.n_units
                    ),
                ),
                _ if !passes(layer.activations) => add(
                    Verdict::Failed,
                    format!(
                        "{name} puts out the same whatever comes in: look at the features and the initial weights"
                    ),
                ),
                _ if !passes(layer.gradients) => add(
                    Verdict::Failed,
                    format!(
                        "no gradient reaches {name}: look at the layers after it and their initial weights"
                    ),
                ),
                _ => {}
            }
        }
        for update in updates
            .iter()
            .filter(|update| !RATIOS.contains(&update.ratio))
        {
            let direction = if update.ratio < *RATIOS.start() {
                "raise"
            } else {
                "lower"
            };
            let sentence = format!(
                "a step moves {} by {:.1e} of themselves, where about 1e-3 is usual: {direction} the learning rate",
                update.tensor, update.ratio
            );
            add(Verdict::Warned, sentence);
        }
        findings
    }
}

/// Whether anything but a constant passes.
fn passes(spread: Spread) -> bool {
    spread.deviation > 0.0 && spread.deviation.is_finite()
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = self.findings();
        if findings.is_empty() {
            let ratios = self.updates.iter().flatten().map(|update| update.ratio);
            let (low, high) = ratios.fold((f64::INFINITY, 0.0), |(low, high), ratio| {
                (f64::min(low, ratio), f64::max(high, ratio))
            });
            return write!(
                f,
                "after {} steps every layer is alive; a step moves weights by {low:.1e} to {high:.1e} of themselves",
                self.n_steps
            );
        }
        let sentences: Vec<String> = findings
            .into_iter()
            .map(|finding| finding.sentence)
            .collect();
        f.write_str(&sentences.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;

    #[track_caller]
    fn check(settings: &str, n_steps: usize, expected: Verdict, sentence: &str) {
        let (config, digits) = digits(settings);
        let found = layers(&config, digits, 1, n_steps).unwrap();
        assert_eq!(found.verdict(), expected, "{settings}: {found}");
        assert!(found.to_string().contains(sentence), "{found}");
    }

    #[test]
    fn layers_of_sound_networks_pass() {
        check("", 30, Verdict::Passed, "every layer is alive");
        check("model.kind = 'mlp'", 1, Verdict::Passed, "after 1 steps");
        check(
            "model.kind = 'softmax'\ntrain = { optimizer = 'sgd', learning_rate = 0.1 }",
            30,
            Verdict::Passed,
            "",
        );
    }

    #[test]
    fn learning_rates_far_off_are_seen_in_the_update_ratios() {
        check(
            "train.learning_rate = 1e-8",
            5,
            Verdict::Warned,
            "raise the learning rate",
        );
        check(
            "model.kind = 'softmax'\ntrain.learning_rate = 1.0",
            2,
            Verdict::Warned,
            "lower the learning rate",
        );
    }

    #[test]
    fn learning_rates_far_too_high_kill_units_or_diverge() {
        check(
            "train.learning_rate = 1e-2",
            50,
            Verdict::Warned,
            "are dead",
        );
        check("train.learning_rate = 1.0", 50, Verdict::Failed, "are dead");
        let (mut config, digits) = digits("train.optimizer = 'sgd'");
        config.train.learning_rate = 1e30;
        let found = layers(&config, digits, 1, 10).unwrap();
        assert_eq!((found.verdict(), &found.updates), (Verdict::Failed, &None));
        assert!(found.to_string().contains("diverged"), "{found}");
    }

    #[test]
    fn layers_that_let_nothing_through_fail() {
        // No key leads to such a network, so its signal is cut off by hand.
        let (config, digits) = digits("model.kind = 'mlp'");
        let mut found = layers(&config, digits, 1, 1).unwrap();
        let silent = Spread {
            mean: 0.5,
            deviation: 0.0,
            zeros: 0.0,
        };
        found.layers[0].gradients = silent;
        assert!(found.to_string().contains("no gradient reaches linear_1"));
        found.layers[0].activations = silent;
        assert_eq!(found.verdict(), Verdict::Failed);
        assert!(found.to_string().contains("linear_1 puts out the same"));
        found.layers[0].activations.deviation = f64::NAN;
        assert_eq!(found.verdict(), Verdict::Failed);
    }
}
