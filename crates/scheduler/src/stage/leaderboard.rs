//! The total order of trials, NaN and ties included.

use std::cmp::Ordering;

use crate::state::TrialRecord;
use crate::sweep::{Goal, Metric};
use crate::trial::Outcome;

/// How trials are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranking {
    /// By the best metric.
    Metric,
    /// By the fall of the validation loss since the untrained network: where no trial learned anything, its
    /// metric is noise and this still points the way.
    LossFall,
}

/// The metric of a trial at its best epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// The epoch, from 1; the earliest of equals.
    pub epoch: u32,
    /// The metric's value then; never NaN.
    pub value: f64,
}

/// Compares trials by what they reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaderboard {
    metric_column: usize,
    loss_column: Option<usize>,
    goal: Goal,
    accuracy: bool,
}

impl Leaderboard {
    /// For reports with these `columns`; `None` where the metric is not one of them.
    pub fn new(metric: &Metric, columns: &[String]) -> Option<Self> {
        let find = |name: &str| columns.iter().position(|column| column == name);
        Some(Self {
            metric_column: find(&metric.name)?,
            loss_column: find("val_loss"),
            goal: metric.goal,
            accuracy: metric.name.ends_with("accuracy"),
        })
    }

    /// The best metric of a trial over its epochs from 1 on; `None` where it never had a number.
    pub fn best(&self, record: &TrialRecord) -> Option<Best> {
        let mut best: Option<Best> = None;
        for report in record.reports.iter().filter(|report| report.epoch > 0) {
            let value = report
                .values
                .get(self.metric_column)
                .copied()
                .unwrap_or(f64::NAN);
            let better = |best: &Best| self.goal.score(value) > self.goal.score(best.value);
            if !value.is_nan() && best.as_ref().is_none_or(better) {
                best = Some(Best {
                    epoch: report.epoch,
                    value,
                });
            }
        }
        best
    }

    /// The metric of the untrained network, where it was reported.
    pub(super) fn untrained(&self, record: &TrialRecord) -> Option<f64> {
        record
            .value(self.metric_column, 0)
            .filter(|value| value.is_finite())
    }

    /// Whether the metric is an accuracy: a share of the validation samples.
    pub(super) fn is_accuracy(&self) -> bool {
        self.accuracy
    }

    /// How far the metric of the best epoch lies above (better) or below (worse) the untrained network's.
    pub(super) fn gain(&self, record: &TrialRecord) -> Option<f64> {
        let gain =
            self.goal.score(self.best(record)?.value) - self.goal.score(self.untrained(record)?);
        gain.is_finite().then_some(gain)
    }

    fn loss_fall(&self, record: &TrialRecord) -> Option<f64> {
        let column = self.loss_column?;
        let losses = record
            .reports
            .iter()
            .filter(|report| report.epoch > 0)
            .filter_map(|r| r.values.get(column));
        let lowest = losses
            .copied()
            .filter(|loss| loss.is_finite())
            .min_by(f64::total_cmp)?;
        Some(record.value(column, 0).filter(|loss| loss.is_finite())? - lowest)
    }

    /// Whether the fall of the loss can be told for every one of `records` that completed.
    pub(super) fn knows_loss_fall(&self, records: &[&TrialRecord]) -> bool {
        let completed = |record: &&&TrialRecord| record.outcome() == Some(&Outcome::Completed);
        records
            .iter()
            .filter(completed)
            .all(|record| self.loss_fall(record).is_some())
    }

    /// The best of `records` by the metric with its best epoch, where one completed with a finite metric.
    pub fn winner<'a>(&self, records: &'a [TrialRecord]) -> Option<(&'a TrialRecord, Best)> {
        let completed = records
            .iter()
            .filter(|record| record.outcome() == Some(&Outcome::Completed));
        let first = completed.min_by(|one, other| self.compare(one, other, Ranking::Metric))?;
        let best = self.best(first).filter(|best| best.value.is_finite())?;
        Some((first, best))
    }

    fn compare(&self, one: &TrialRecord, other: &TrialRecord, ranking: Ranking) -> Ordering {
        let by_place = self.place(one, ranking).compare(self.place(other, ranking));
        by_place.then(one.trial.id.cmp(&other.trial.id))
    }

    /// `records` from best to worst: completed by `ranking`, then diverged (the later the better), then failed;
    /// ties by id.
    pub fn ranked<'a>(
        &self,
        records: impl IntoIterator<Item = &'a TrialRecord>,
        ranking: Ranking,
    ) -> Vec<&'a TrialRecord> {
        let mut keyed: Vec<(Place, &TrialRecord)> = records
            .into_iter()
            .map(|record| (self.place(record, ranking), record))
            .collect();
        keyed.sort_by(|(a, one), (b, other)| a.compare(*b).then(one.trial.id.cmp(&other.trial.id)));
        keyed.into_iter().map(|(_, record)| record).collect()
    }

    fn place(&self, record: &TrialRecord, ranking: Ranking) -> Place {
        let score = match ranking {
            Ranking::Metric => self.best(record).map(|best| self.goal.score(best.value)),
            Ranking::LossFall => self.loss_fall(record),
        };
        match (record.outcome(), score) {
            (Some(Outcome::Completed), Some(score)) => Place::Scored(score),
            (Some(Outcome::Diverged { epoch, .. }), _) => Place::Diverged(*epoch),
            (Some(Outcome::Completed), None) => Place::Diverged(0),
            (Some(Outcome::Failed { .. }) | None, _) => Place::Failed,
        }
    }
}

/// Classes of trials, best first.
#[derive(Debug, Clone, Copy)]
enum Place {
    Scored(f64),
    Diverged(u32),
    Failed,
}

impl Place {
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Scored(one), Self::Scored(other)) => other.total_cmp(&one),
            (Self::Diverged(one), Self::Diverged(other)) => other.cmp(&one),
            (one, other) => one.class().cmp(&other.class()),
        }
    }

    fn class(self) -> u8 {
        match self {
            Self::Scored(_) => 0,
            Self::Diverged(_) => 1,
            Self::Failed => 2,
        }
    }
}
