//! Can the network learn a handful of samples by heart?

use std::fmt;
use std::sync::Arc;

use super::Verdict;
use super::sample::{few, sample};
use crate::config::{Augment, LayerSpec, Loss, ScheduleKind, TrainConfig};
use crate::data::{Dataset, Samples, Targets};
use crate::history::{EpochEnd, EpochRecord};
use crate::solver::{Solver, SolverError, check_part};

/// How a small set is learnt by heart: without penalties, at one learning rate after the other until
/// one succeeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfit {
    /// Training samples.
    pub n_samples: usize,
    /// Samples of a step.
    pub batch_size: usize,
    /// Epochs at each learning rate, at most.
    pub epochs: u32,
    /// Learning rates, in the order in which they are tried.
    pub learning_rates: Vec<f64>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfitted {
    /// Samples to be learnt.
    pub n_samples: usize,
    /// Samples with the features of another one and another label: no network can learn both.
    pub n_contradictions: usize,
    /// Learning rates tried; the last one succeeded or none did.
    pub attempts: Vec<Attempt>,
}

/// One learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// Learning rate.
    pub learning_rate: f64,
    /// Epochs after which every sample was right, of numbers R² at least 0.99; `None`: never.
    pub epochs: Option<u32>,
    /// Largest share of samples right after an epoch, of numbers R²; NaN if the first diverged.
    pub accuracy: f64,
    /// The same within the first 30 epochs.
    pub accuracy_within_30: f64,
}

/// R² of numbers that counts as learnt by heart.
const LEARNT_R2: f64 = 0.99;

/// Learning rates by half decades from 1e-6 to 10, rising.
pub(super) fn half_decades() -> impl Iterator<Item = f64> {
    (-12..=2).map(|half| libm::pow(10.0, 0.5 * f64::from(half)))
}

impl Overfit {
    /// 100 samples in batches of 50, up to 100 epochs; first at the configuration's own learning rate,
    /// then at those of the half decades from 1e-6 to 10, the nearest first.
    pub fn new(config: &TrainConfig) -> Self {
        let own = config.train.learning_rate;
        let mut learning_rates: Vec<f64> = half_decades().collect();
        let distance = |rate: &f64| libm::log(rate / own.max(f64::MIN_POSITIVE)).abs();
        learning_rates.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        learning_rates.insert(0, own);
        Self {
            n_samples: 100,
            batch_size: 50,
            epochs: 100,
            learning_rates,
        }
    }

    /// Trains on a few samples until all are right.
    ///
    /// # Errors
    /// See [`SolverError`].
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::sanity::{Overfit, Verdict};
    /// use finetooth_engine::{config::TrainConfig, data};
    ///
    /// let config = TrainConfig::default();
    /// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
    /// let found = Overfit::new(&config).run(&config, &digits, 0)?;
    /// assert_eq!(found.verdict(), Verdict::Passed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(
        &self,
        config: &TrainConfig,
        dataset: &Dataset,
        seed: u32,
    ) -> Result<Overfitted, SolverError> {
        check_part(dataset, &dataset.train, config.train.loss, "training")?;
        let samples = sample(dataset, seed, self.n_samples);
        let n_contradictions = contradictions(&samples, dataset.shape.len());
        let n_samples = samples.len();
        let few = Arc::new(few(dataset, samples));
        let mut attempts = Vec::new();
        for learning_rate in &self.learning_rates {
            let attempt = self.attempt(config, &few, seed, *learning_rate)?;
            attempts.push(attempt);
            if attempt.epochs.is_some() {
                break;
            }
        }
        Ok(Overfitted {
            n_samples,
            n_contradictions,
            attempts,
        })
    }

    fn attempt(
        &self,
        config: &TrainConfig,
        few: &Arc<Dataset>,
        seed: u32,
        learning_rate: f64,
    ) -> Result<Attempt, SolverError> {
        let mut config = unregularized(config);
        config.train.learning_rate = learning_rate;
        config.train.batch_size = self.batch_size;
        config.train.epochs = self.epochs;
        let mut solver = Solver::new(&config, Arc::clone(few), seed)?;
        let learnt = if few.task.scale().is_some() {
            LEARNT_R2
        } else {
            1.0
        };
        let (mut best, mut accuracy_within_30) = (f64::NAN, f64::NAN);
        let mut epochs = None;
        for epoch in 1..=self.epochs {
            let EpochEnd::Completed(record) = solver.train_epoch() else {
                break;
            };
            best = f64::max(best, accuracy(&record));
            if epoch <= 30 {
                accuracy_within_30 = f64::max(accuracy_within_30, accuracy(&record));
            }
            if accuracy(&record) >= learnt {
                epochs = Some(epoch);
                break;
            }
        }
        Ok(Attempt {
            learning_rate,
            epochs,
            accuracy: best,
            accuracy_within_30,
        })
    }
}

/// Share of the samples that are right; of numbers R².
fn accuracy(record: &EpochRecord) -> f64 {
    record
        .errors
        .map_or(record.val_accuracy, |errors| errors.val_r2)
}

/// The configuration without penalties, dropout, smoothing, augmentation and schedule.
pub(super) fn unregularized(config: &TrainConfig) -> TrainConfig {
    let mut config = config.clone();
    config.data.augment = Augment::default();
    config.model.dropout = 0.0;
    config
        .model
        .layers
        .retain(|layer| !matches!(layer, LayerSpec::Dropout { .. }));
    let train = &mut config.train;
    train.schedule = ScheduleKind::Constant;
    train.warmup_epochs = 0;
    train.l1 = 0.0;
    train.l2 = 0.0;
    train.weight_decay = 0.0;
    train.max_norm = None;
    if let Loss::Softmax { label_smoothing } = &mut train.loss {
        *label_smoothing = 0.0;
    }
    config
}

fn contradictions(samples: &Samples, per_sample: usize) -> usize {
    let features = |sample: usize| &samples.features[sample * per_sample..][..per_sample];
    let differ = |one: usize, other: usize| match &samples.targets {
        Targets::Labels(labels) => labels[one] != labels[other],
        Targets::Values(values) => values[one] != values[other],
    };
    let contradicts =
        |one: usize, other: usize| differ(one, other) && features(one) == features(other);
    (0..samples.len())
        .filter(|one| (0..samples.len()).any(|other| contradicts(*one, other)))
        .count()
}

impl Overfitted {
    /// Failed if no learning rate got every sample right.
    pub fn verdict(&self) -> Verdict {
        if self.success().is_some() {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }

    fn success(&self) -> Option<(&Attempt, u32)> {
        let last = self.attempts.last()?;
        Some((last, last.epochs?))
    }

    fn best(&self) -> Option<&Attempt> {
        let finite = |attempt: &&Attempt| !attempt.accuracy.is_nan();
        let by_accuracy = |a: &&Attempt, b: &&Attempt| a.accuracy.total_cmp(&b.accuracy);
        self.attempts.iter().filter(finite).max_by(by_accuracy)
    }
}

impl fmt::Display for Overfitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.n_samples;
        if let Some((attempt, epochs)) = self.success() {
            let rate = attempt.learning_rate;
            return write!(
                f,
                "{n} samples are learnt by heart in {epochs} epochs at a learning rate of {rate:.1e}"
            );
        }
        write!(f, "the network cannot overfit {n} samples")?;
        if let Some(best) = self.best() {
            write!(
                f,
                ": {:.0} % are right at best, at a learning rate of {:.1e}",
                100.0 * best.accuracy,
                best.learning_rate
            )?;
        } else {
            write!(f, ": every learning rate tried diverged")?;
        }
        if self.n_contradictions > 0 {
            return write!(
                f,
                "; {} of them have the features of another one and another label, look at how the data are read",
                self.n_contradictions
            );
        }
        f.write_str(
            "; the usual causes are features that are not standardized, too small a network, dropout or clipping that is \
             too strong, and initial weights that are too small or too large",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::digits;
    use super::*;

    #[test]
    fn sound_networks_learn_a_hundred_digits_by_heart() {
        for settings in [
            "",
            "model.kind = 'mlp'\ntrain.dtype = 'f64'",
            "model.kind = 'softmax'\ntrain = { optimizer = 'sgd', learning_rate = 1e-6, l2 = 1e6 }",
        ] {
            let (config, digits) = digits(settings);
            let found = Overfit::new(&config).run(&config, &digits, 1).unwrap();
            assert_eq!(found.verdict(), Verdict::Passed, "{settings}: {found}");
            assert!(
                found
                    .to_string()
                    .starts_with("100 samples are learnt by heart")
            );
            let (attempt, epochs) = found.success().unwrap();
            assert!(epochs <= 100 && attempt.accuracy == 1.0);
        }
    }

    #[test]
    fn a_learning_rate_of_zero_learns_nothing() {
        let (config, digits) = digits("model.kind = 'mlp'");
        let check = Overfit {
            learning_rates: vec![0.0],
            epochs: 3,
            ..Overfit::new(&config)
        };
        let found = check.run(&config, &digits, 1).unwrap();
        assert_eq!(found.verdict(), Verdict::Failed);
        assert!(found.to_string().contains("usual causes"), "{found}");
        assert_eq!(found.attempts[0].epochs, None);
    }

    #[test]
    fn samples_that_contradict_each_other_are_counted() {
        let (config, digits) = digits("model.kind = 'softmax'");
        let mut digits = Arc::unwrap_or_clone(digits);
        digits.train.features.fill(1.0);
        let check = Overfit {
            n_samples: 20,
            epochs: 2,
            learning_rates: vec![1e-2],
            ..Overfit::new(&config)
        };
        let found = check.run(&config, &digits, 1).unwrap();
        assert_eq!(
            (found.verdict(), found.n_contradictions),
            (Verdict::Failed, 20)
        );
        assert!(
            found.to_string().contains("how the data are read"),
            "{found}"
        );
    }

    #[test]
    fn rates_that_diverge_are_no_success() {
        let (config, digits) = digits("train.optimizer = 'sgd'");
        let check = Overfit {
            learning_rates: vec![1e30],
            ..Overfit::new(&config)
        };
        let found = check.run(&config, &digits, 1).unwrap();
        assert_eq!(found.verdict(), Verdict::Failed);
        assert!(
            found
                .to_string()
                .contains("every learning rate tried diverged"),
            "{found}"
        );
    }

    #[test]
    fn rates_are_tried_from_the_configured_one_outwards() {
        let (config, _) = digits("train.learning_rate = 2e-3");
        let rates = Overfit::new(&config).learning_rates;
        let rounded: Vec<String> = rates[..5]
            .iter()
            .map(|rate| format!("{rate:.1e}"))
            .collect();
        assert_eq!(rounded, ["2.0e-3", "3.2e-3", "1.0e-3", "1.0e-2", "3.2e-4"]);
        assert_eq!(rates.len(), 16);
    }
}
