//! The trials a stage's conclusions rest on, ranked, with their positions on a key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::leaderboard::{Leaderboard, Ranking};
use crate::space::Dimension;
use crate::state::{Settled, TrialRecord};
use crate::trial::Outcome;

/// Trials from best to worst, without the failed ones, which say nothing about their values.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// From best to worst; where there are very many, the best of them.
    ranked: Vec<Settled<'a>>,
    /// How many trials of all tell of a key.
    counts: Counts<'a>,
    /// Said before any conclusion, where the ranking is not by the metric.
    pub(super) preface: String,
}

/// How many trials there are, beside those that are ranked.
#[derive(Debug)]
enum Counts<'a> {
    /// No others.
    Ranked,
    /// So many for each key: with a value, and with a position.
    Given(&'a BTreeMap<Arc<str>, Told>),
}

/// How many trials tell of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Have a value of it.
    pub(crate) values: usize,
    /// Have a position on it: no zero draw, no list.
    pub(crate) positions: usize,
}

/// More trials than these tell no more of where the best lie.
pub(super) const ENOUGH: usize = 256;

/// How many of `n` trials count as the best: max(4, ⌈n/8⌉), at most 256 and at most all.
pub(super) fn n_best(n: usize) -> usize {
    n.div_ceil(8).clamp(4, ENOUGH).min(n)
}

impl<'a> Evidence<'a> {
    /// Ranks `records`: by the metric, or by the fall of the validation loss where the best are not better than
    /// their own untrained networks by three standard errors. There every trial is noise, and the metric would
    /// point anywhere.
    ///
    /// The standard error of an accuracy p on n validation samples is √(p(1−p)/n); of another metric, that of the
    /// mean over the best trials.
    pub fn new(
        records: &'a [TrialRecord],
        leaderboard: &Leaderboard,
        validation_samples: usize,
    ) -> Self {
        let spoke =
            |record: &Settled<'_>| !matches!(record.outcome, None | Some(Outcome::Failed { .. }));
        let spoke: Vec<Settled<'_>> = records.iter().map(Settled::from).filter(spoke).collect();
        let by_metric = leaderboard.ranked(spoke.iter().copied(), Ranking::Metric);
        let ranking = ranking(&by_metric, &spoke, leaderboard, validation_samples);
        let ranked = match ranking {
            Ranking::Metric => by_metric,
            Ranking::LossFall => leaderboard.ranked(spoke, Ranking::LossFall),
        };
        Self {
            preface: preface(ranking, &ranked),
            ranked,
            counts: Counts::Ranked,
        }
    }

    /// Of trials that are `ranked` already by `ranking`, the best of so many as `counts` says for each key.
    pub(crate) fn ranked(
        ranked: Vec<Settled<'a>>,
        ranking: Ranking,
        counts: &'a BTreeMap<Arc<str>, Told>,
    ) -> Self {
        Self {
            preface: preface(ranking, &ranked),
            ranked,
            counts: Counts::Given(counts),
        }
    }

    /// The trials that have a value of `dimension`, from best to worst.
    pub(super) fn with_value<'s>(
        &'s self,
        dimension: &'s Dimension,
    ) -> impl Iterator<Item = Settled<'a>> {
        let has_value = |record: &Settled<'_>| record.trial.params.get(&dimension.key).is_some();
        self.ranked.iter().copied().filter(has_value)
    }

    fn positions(&self, dimension: &Dimension) -> impl Iterator<Item = f64> {
        self.ranked.iter().filter_map(|record| {
            let value = record.trial.params.get(&dimension.key)?;
            dimension.position(value)
        })
    }

    /// How many trials have a position on `dimension`.
    pub(super) fn n_positions(&self, dimension: &Dimension) -> usize {
        match self.counts {
            Counts::Ranked => self.positions(dimension).count(),
            Counts::Given(counts) => counts.get(&dimension.key).map_or(0, |told| told.positions),
        }
    }

    /// How many trials have a value of `dimension`.
    pub(super) fn n_values(&self, dimension: &Dimension) -> usize {
        match self.counts {
            Counts::Ranked => self.with_value(dimension).count(),
            Counts::Given(counts) => counts.get(&dimension.key).map_or(0, |told| told.values),
        }
    }

    /// Positions on `dimension`, from best trial to worst, of up to the `n` best that have one.
    pub(super) fn best_positions(&self, dimension: &Dimension, n: usize) -> Vec<f64> {
        self.positions(dimension).take(n).collect()
    }

    /// Whether most of the best that have a value drew exactly 0 for `dimension`.
    pub(super) fn best_at_zero(&self, dimension: &Dimension) -> bool {
        if dimension.zero == 0.0 {
            return false;
        }
        let n_best = n_best(self.n_values(dimension));
        let best: Vec<Settled<'_>> = self.with_value(dimension).take(n_best).collect();
        let is_zero = |record: &&Settled<'_>| {
            record
                .trial
                .params
                .get(&dimension.key)
                .is_some_and(|value| dimension.is_zero_draw(value))
        };
        2 * best.iter().filter(is_zero).count() > best.len()
    }
}

/// What `spoke`, of which `by_metric` are the best first, is to be ranked by.
pub(crate) fn ranking(
    by_metric: &[Settled<'_>],
    spoke: &[Settled<'_>],
    leaderboard: &Leaderboard,
    validation_samples: usize,
) -> Ranking {
    let trained = completed(&by_metric[..n_best(by_metric.len())]);
    let gains = trained.iter().map(|record| leaderboard.gain(*record));
    let Some(gains) = gains
        .collect::<Option<Vec<f64>>>()
        .filter(|gains| !gains.is_empty())
    else {
        return Ranking::Metric;
    };
    let mean = mean(&gains);
    let error = match share_error(&trained, leaderboard, validation_samples) {
        Some(error) => error,
        None => (variance(&gains, mean) / gains.len() as f64).sqrt(),
    };
    let learned = mean > 0.0 && mean >= 3.0 * error;
    if learned || !leaderboard.knows_loss_fall(spoke) {
        Ranking::Metric
    } else {
        Ranking::LossFall
    }
}

fn preface(ranking: Ranking, ranked: &[Settled<'_>]) -> String {
    let trained = completed(&ranked[..n_best(ranked.len())]);
    match ranking {
        Ranking::LossFall => format!(
            "the {} best are not clearly better than their untrained networks, so trials are ranked by the fall of \
             the validation loss; ",
            trained.len()
        ),
        Ranking::Metric if trained.is_empty() && !ranked.is_empty() => {
            "no trial completed, so those that diverged last count as the best; ".to_owned()
        }
        Ranking::Metric => String::new(),
    }
}

fn completed<'a>(records: &[Settled<'a>]) -> Vec<Settled<'a>> {
    let is_completed = |record: &&Settled<'_>| record.outcome == Some(&Outcome::Completed);
    records.iter().filter(is_completed).copied().collect()
}

/// Standard error of the untrained networks' metric, where it is a share of `n` validation samples.
fn share_error(trained: &[Settled<'_>], leaderboard: &Leaderboard, n: usize) -> Option<f64> {
    let shares: Vec<f64> = trained
        .iter()
        .filter_map(|record| leaderboard.untrained(*record))
        .collect();
    let share = mean(&shares);
    (leaderboard.is_accuracy() && n > 0 && (0.0..=1.0).contains(&share))
        .then(|| (share * (1.0 - share) / n as f64).sqrt())
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn variance(numbers: &[f64], mean: f64) -> f64 {
    let squares: f64 = numbers
        .iter()
        .map(|number| (number - mean) * (number - mean))
        .sum();
    squares / (numbers.len() as f64 - 1.0).max(1.0)
}
