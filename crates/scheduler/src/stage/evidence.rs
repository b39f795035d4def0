//! The trials a stage's conclusions rest on, ranked, with their positions on a key.

use super::leaderboard::{Leaderboard, Ranking};
use crate::space::Dimension;
use crate::state::TrialRecord;
use crate::trial::Outcome;

/// Trials of a stage from best to worst, without the failed ones, which say nothing about their values.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    /// From best to worst.
    pub(super) ranked: Vec<&'a TrialRecord>,
    /// Said before any conclusion, where the ranking is not by the metric.
    pub(super) preface: String,
}

/// How many of `n` trials count as the best: max(4, ⌈n/8⌉), at most all.
pub(super) fn n_best(n: usize) -> usize {
    n.div_ceil(8).max(4).min(n)
}

impl<'a> Evidence<'a> {
    /// Ranks `records`: by the metric, or by the fall of the validation loss where the best are not better than
    /// their own untrained networks by three standard errors. There every trial is noise, and the metric would
    /// point anywhere.
    ///
    /// The standard error of an accuracy p on n validation samples is √(p(1−p)/n); of another metric, that of the
    /// mean over the best trials.
    pub(super) fn new(
        records: &'a [TrialRecord],
        leaderboard: &Leaderboard,
        validation_samples: usize,
    ) -> Self {
        let spoke = |record: &&TrialRecord| {
            matches!(
                record.outcome(),
                Some(Outcome::Completed | Outcome::Diverged { .. })
            )
        };
        let spoke: Vec<&TrialRecord> = records.iter().filter(spoke).collect();
        let ranked = leaderboard.ranked(spoke.iter().copied(), Ranking::Metric);
        let best = &ranked[..n_best(ranked.len())];
        let trained: Vec<&TrialRecord> = best
            .iter()
            .copied()
            .filter(|record| record.outcome() == Some(&Outcome::Completed))
            .collect();
        let gains: Option<Vec<f64>> = trained
            .iter()
            .map(|record| leaderboard.gain(record))
            .collect();
        if let Some(gains) = gains.filter(|gains| !gains.is_empty()) {
            let mean = mean(&gains);
            let error = match share_error(&trained, leaderboard, validation_samples) {
                Some(error) => error,
                None => (variance(&gains, mean) / gains.len() as f64).sqrt(),
            };
            let learned = mean > 0.0 && mean >= 3.0 * error;
            if !learned && leaderboard.knows_loss_fall(&spoke) {
                return Self {
                    ranked: leaderboard.ranked(spoke, Ranking::LossFall),
                    preface: format!(
                        "the {} best are not clearly better than their untrained networks, so trials are ranked by the \
                         fall of the validation loss; ",
                        gains.len()
                    ),
                };
            }
        }
        let preface = if trained.is_empty() && !ranked.is_empty() {
            "no trial completed, so those that diverged last count as the best; ".to_owned()
        } else {
            String::new()
        };
        Self { ranked, preface }
    }

    /// Positions on `dimension` from best trial to worst, of those that have one.
    pub(super) fn positions(&self, dimension: &Dimension) -> Vec<f64> {
        let position = |record: &&TrialRecord| {
            record
                .trial
                .params
                .get(&dimension.key)
                .and_then(|value| dimension.position(value))
        };
        self.ranked.iter().filter_map(position).collect()
    }

    /// Whether most of the best drew exactly 0 for `dimension`.
    pub(super) fn best_at_zero(&self, dimension: &Dimension) -> bool {
        let best = &self.ranked[..n_best(self.ranked.len())];
        let is_zero = |record: &&&TrialRecord| {
            record
                .trial
                .params
                .get(&dimension.key)
                .is_some_and(|value| dimension.is_zero_draw(value))
        };
        2 * best.iter().filter(is_zero).count() > best.len()
    }
}

/// Standard error of the untrained networks' metric, where it is a share of `n` validation samples.
fn share_error(trained: &[&TrialRecord], leaderboard: &Leaderboard, n: usize) -> Option<f64> {
    let shares: Vec<f64> = trained
        .iter()
        .filter_map(|record| leaderboard.untrained(record))
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
