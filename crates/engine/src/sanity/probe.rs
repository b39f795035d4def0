//! Which learning rates are worth searching: a few steps at each of many.

use std::fmt;
use std::sync::Arc;

use super::Verdict;
use super::overfit::{half_decades, unregularized};
use super::sample::{few, sample};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::solver::{Solver, SolverError, check_part};

/// What a few steps at each learning rate led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Mean loss of the samples before any step.
    pub untrained_loss: f64,
    /// Learning rates, rising.
    pub rates: Vec<ProbedRate>,
}

/// One learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbedRate {
    /// Learning rate.
    pub learning_rate: f64,
    /// Mean loss of the samples after the steps; not finite where they diverged.
    pub loss: f64,
}

const N_SAMPLES: usize = 50;
const BATCH_SIZE: usize = 25;
const N_STEPS: usize = 100;

/// The range of a probe reaches from so many decades below the best rate …
const DECADES_BELOW: f64 = 2.0;
/// … to so many above.
const DECADES_ABOVE: f64 = 1.0;

/// Trains 100 steps of 25 out of 50 samples, without penalties, at each half decade of learning rates
/// from 1e-6 to 10: about the work of one epoch of 50,000 samples.
///
/// # Errors
/// See [`SolverError`].
///
/// # Example
/// ```
/// use finetooth_engine::sanity::probe;
/// use finetooth_engine::{config::TrainConfig, data};
///
/// let config = TrainConfig::default();
/// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
/// let (low, high) = probe(&config, &digits, 0)?.range().unwrap();
/// assert!(low < 1e-3 && 1e-3 < high);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn probe(config: &TrainConfig, dataset: &Dataset, seed: u32) -> Result<Probe, SolverError> {
    check_part(dataset, &dataset.train, config.train.loss, "training")?;
    let few = Arc::new(few(dataset, sample(dataset, seed, N_SAMPLES)));
    let mut config = unregularized(config);
    config.train.batch_size = BATCH_SIZE;
    let mut untrained_loss = f64::NAN;
    let mut rates = Vec::new();
    for learning_rate in half_decades() {
        config.train.learning_rate = learning_rate;
        let mut solver = Solver::new(&config, Arc::clone(&few), seed)?;
        untrained_loss = solver.untrained().val_loss;
        let loss = if solver.makes_steps(N_STEPS) {
            solver.untrained().val_loss
        } else {
            f64::INFINITY
        };
        rates.push(ProbedRate {
            learning_rate,
            loss,
        });
    }
    Ok(Probe {
        untrained_loss,
        rates,
    })
}

impl Probe {
    /// The learning rate of the lowest loss, of equals the lowest; `None` where no rate lowered the
    /// loss.
    pub fn best(&self) -> Option<&ProbedRate> {
        let mut best: Option<&ProbedRate> = None;
        for rate in &self.rates {
            if rate.loss < best.map_or(self.untrained_loss, |best| best.loss) {
                best = Some(rate);
            }
        }
        best
    }

    /// Learning rates to search: from 2 decades below the best to 1 above.
    pub fn range(&self) -> Option<(f64, f64)> {
        let best = self.best()?.learning_rate;
        Some((
            best * libm::pow(10.0, -DECADES_BELOW),
            best * libm::pow(10.0, DECADES_ABOVE),
        ))
    }

    /// Failed if no learning rate lowered the loss.
    pub fn verdict(&self) -> Verdict {
        if self.best().is_some() {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.best(), self.range()) {
            (Some(best), Some((low, high))) => write!(
                f,
                "{N_STEPS} steps lower the loss from {:.3} to {:.3} at a learning rate of {:.1e}: search {low:.1e} to {high:.1e}",
                self.untrained_loss, best.loss, best.learning_rate
            ),
            _ => write!(
                f,
                "no learning rate from 1e-6 to 10 lowers the loss from {:.3} in {N_STEPS} steps: look at the features and the \
                 initial weights",
                self.untrained_loss
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;

    /// Whether the range found for these settings holds a rate that is known to train well.
    #[track_caller]
    fn check(settings: &str, good: f64) {
        let (config, digits) = digits(settings);
        for seed in 0..3 {
            let found = probe(&config, &digits, seed).unwrap();
            let (low, high) = found.range().unwrap();
            assert!(low < good && good < high, "{settings}: {found}");
            assert_eq!((found.verdict(), found.rates.len()), (Verdict::Passed, 15));
        }
    }

    #[test]
    fn the_range_holds_rates_that_train_well() {
        check("", 3e-3);
        check("model.kind = 'mlp'\ntrain.optimizer = 'sgd'", 0.1);
        check("train.optimizer = 'momentum'", 1e-2);
        check(
            "model.kind = 'mlp'\ntrain = { optimizer = 'lion', l2 = 1e6 }",
            1e-3,
        );
    }

    fn probed(losses: &[f64]) -> Probe {
        let rates = losses.iter().zip(half_decades());
        Probe {
            untrained_loss: 2.0,
            rates: rates
                .map(|(loss, learning_rate)| ProbedRate {
                    learning_rate,
                    loss: *loss,
                })
                .collect(),
        }
    }

    #[test]
    fn the_best_rate_has_the_lowest_loss_and_of_equals_is_the_lowest() {
        let best = |losses: &[f64]| probed(losses).best().map(|best| best.learning_rate);
        let rates: Vec<f64> = half_decades().collect();
        assert_eq!(best(&[1.0, 0.5, 0.5, 3.0]), Some(rates[1]));
        assert_eq!(best(&[f64::NAN, f64::INFINITY, 1.9]), Some(rates[2]));
    }

    #[test]
    fn no_range_is_found_where_nothing_lowers_the_loss() {
        for losses in [&[][..], &[2.0, 3.0], &[f64::NAN, f64::INFINITY]] {
            let found = probed(losses);
            assert_eq!((found.verdict(), found.range()), (Verdict::Failed, None));
            assert!(found.to_string().contains("no learning rate"));
        }
    }
}
