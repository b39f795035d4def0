//! What trials had reached after each epoch, for the median rule.

use super::leaderboard::Leaderboard;
use crate::event::Floor;
use crate::state::Settled;
use crate::sweep::Prune;

/// The best metric so far of every trial, epoch by epoch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Curves {
    /// `by_epoch[e - 1]` holds the sorted scores after epoch e.
    by_epoch: Vec<Vec<f64>>,
}

impl Curves {
    /// Takes the epochs of `record` beyond `from`.
    pub(crate) fn take(&mut self, leaderboard: &Leaderboard, record: Settled<'_>, from: u32) {
        let mut best = f64::NEG_INFINITY;
        for report in record.reports.iter().filter(|report| report.epoch > 0) {
            if let Some(score) = leaderboard.score(report) {
                best = best.max(score);
            }
            if report.epoch > from {
                let index = report.epoch as usize - 1;
                if self.by_epoch.len() <= index {
                    self.by_epoch.resize(index + 1, Vec::new());
                }
                let scores = &mut self.by_epoch[index];
                let at = scores.partition_point(|other| *other < best);
                scores.insert(at, best);
            }
        }
    }

    /// The floors of the median rule: for each epoch, from `prune.min_epochs` on, that at least `prune.min_trials`
    /// trials were trained to, the median of their scores.
    ///
    /// Source: Golovin et al. (2017), "Google Vizier", section 3.1, with the best score so far in place of the mean.
    pub(crate) fn floors(&self, leaderboard: &Leaderboard, prune: &Prune) -> Vec<Floor> {
        let epochs = self.by_epoch.iter().zip(1_u32..);
        epochs
            .filter(|(scores, epoch)| {
                *epoch >= prune.min_epochs && scores.len() >= prune.min_trials as usize
            })
            .filter_map(|(scores, epoch)| {
                let score = scores[(scores.len() - 1) / 2];
                score.is_finite().then(|| Floor {
                    epoch,
                    metric: leaderboard.columns().goal.score(score),
                    trials: scores.len() as u32,
                })
            })
            .collect()
    }
}
