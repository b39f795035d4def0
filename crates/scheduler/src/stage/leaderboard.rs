//! The total order of trials, NaN and ties included.

use std::cmp::Ordering;

use crate::state::{Settled, State};
use crate::stop::Columns;
use crate::sweep::Metric;
use crate::trial::{Outcome, Report, TrialId};

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
    columns: Columns,
    accuracy: bool,
}

impl Leaderboard {
    /// For reports with these `columns`; `None` where the metric is not one of them.
    pub fn new(metric: &Metric, columns: &[String]) -> Option<Self> {
        let find = |name: &str| columns.iter().position(|column| column == name);
        Some(Self {
            columns: Columns {
                metric: find(&metric.name)?,
                goal: metric.goal,
                train_loss: find("train_loss"),
                val_loss: find("val_loss"),
            },
            accuracy: metric.name.ends_with("accuracy"),
        })
    }

    /// Where in a report the numbers stand by which trials are compared and stopped.
    pub fn columns(&self) -> Columns {
        self.columns
    }

    /// The metric of `report` as a score, larger is better; `None` where it is no number.
    pub(crate) fn score(&self, report: &Report) -> Option<f64> {
        let value = report.values.get(self.columns.metric)?;
        (!value.is_nan()).then(|| self.columns.goal.score(*value))
    }

    /// The best metric of a trial over its epochs from 1 on; `None` where it never had a number.
    pub fn best<'a>(&self, record: impl Into<Settled<'a>>) -> Option<Best> {
        let record = record.into();
        let mut best: Option<Best> = None;
        for report in record.reports.iter().filter(|report| report.epoch > 0) {
            let goal = self.columns.goal;
            let better =
                |score: &f64| best.is_none_or(|best: Best| *score > goal.score(best.value));
            if let Some(score) = self.score(report).filter(better) {
                best = Some(Best {
                    epoch: report.epoch,
                    value: goal.score(score),
                });
            }
        }
        best
    }

    /// The metric of the untrained network, where it was reported.
    pub(super) fn untrained(&self, record: Settled<'_>) -> Option<f64> {
        record
            .value(self.columns.metric, 0)
            .filter(|value| value.is_finite())
    }

    /// Whether the metric is an accuracy: a share of the validation samples.
    pub(super) fn is_accuracy(&self) -> bool {
        self.accuracy
    }

    /// How far the metric of the best epoch lies above (better) or below (worse) the untrained network's.
    pub(super) fn gain(&self, record: Settled<'_>) -> Option<f64> {
        let gain = self.columns.goal.score(self.best(record)?.value)
            - self.columns.goal.score(self.untrained(record)?);
        gain.is_finite().then_some(gain)
    }

    fn loss_fall(&self, record: Settled<'_>) -> Option<f64> {
        let column = self.columns.val_loss?;
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
    pub(super) fn knows_loss_fall(&self, records: &[Settled<'_>]) -> bool {
        let completed = |record: &&Settled<'_>| record.outcome == Some(&Outcome::Completed);
        records
            .iter()
            .filter(completed)
            .all(|record| self.loss_fall(*record).is_some())
    }

    /// The best of `records` by the metric with its best epoch, where one completed with a finite metric.
    pub fn winner<'a, R: Into<Settled<'a>>>(
        &self,
        records: impl IntoIterator<Item = R>,
    ) -> Option<(Settled<'a>, Best)> {
        let completed = records
            .into_iter()
            .map(Into::into)
            .filter(|record| record.outcome == Some(&Outcome::Completed));
        let first = completed.min_by_key(|record| self.standing(*record, Ranking::Metric))?;
        let best = self.best(first).filter(|best| best.value.is_finite())?;
        Some((first, best))
    }

    /// The winner of a sweep as far as it is: the one its verdict names, else the best of the trials that results tell
    /// of.
    pub fn leader<'a>(&self, state: &'a State) -> Option<(Settled<'a>, Best)> {
        let mut committed = state.committed();
        match state.finished().and_then(|(_, winner)| winner) {
            Some(id) => {
                let winner = committed.find(|record| record.trial.id == id)?;
                Some((winner, self.best(winner)?))
            }
            None => self.winner(committed),
        }
    }

    /// Where a trial stands among others: the least is the best, ties go by id.
    pub(crate) fn standing(&self, record: Settled<'_>, ranking: Ranking) -> Standing {
        Standing(self.place(record, ranking), record.trial.id)
    }

    /// `records` from best to worst: completed and pruned by `ranking`, then diverged (the later the better, then the one
    /// with the lower learning rate), then failed; ties by id.
    pub fn ranked<'a, R: Into<Settled<'a>>>(
        &self,
        records: impl IntoIterator<Item = R>,
        ranking: Ranking,
    ) -> Vec<Settled<'a>> {
        let mut keyed: Vec<(Standing, Settled<'a>)> = records
            .into_iter()
            .map(Into::into)
            .map(|record| (self.standing(record, ranking), record))
            .collect();
        keyed.sort_by_key(|(standing, _)| *standing);
        keyed.into_iter().map(|(_, record)| record).collect()
    }

    fn place(&self, record: Settled<'_>, ranking: Ranking) -> Place {
        let score = match ranking {
            Ranking::Metric => self
                .best(record)
                .map(|best| self.columns.goal.score(best.value)),
            Ranking::LossFall => self.loss_fall(record),
        };
        match (record.outcome, score) {
            (Some(Outcome::Completed | Outcome::Pruned { .. }), Some(score)) => {
                Place::Scored(score)
            }
            (Some(Outcome::Diverged { epoch, .. }), _) => Place::Diverged(*epoch, rate(record)),
            (Some(Outcome::Completed | Outcome::Pruned { .. }), None) => {
                Place::Diverged(0, rate(record))
            }
            (Some(Outcome::Failed { .. }) | None, _) => Place::Failed,
        }
    }
}

/// The trial's learning rate, under either of its usual names; 0 where it has none.
fn rate(record: Settled<'_>) -> f64 {
    let names = ["learning_rate", "lr"].into_iter();
    let mut values = names.filter_map(|name| record.trial.params.get(name)?.as_f64());
    values.next().unwrap_or(0.0)
}

/// Place and id of a trial: smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing(pub(crate) Place, pub(crate) TrialId);

/// Classes of trials, best first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Larger is better; never NaN.
    Scored(f64),
    /// In this epoch, later is better; with this learning rate, lower is better. Of trials that all diverge at once the
    /// rate still points the way.
    Diverged(u32, f64),
    /// Says nothing about its values.
    Failed,
}

impl Place {
    fn class(self) -> u8 {
        match self {
            Self::Scored(_) => 0,
            Self::Diverged(..) => 1,
            Self::Failed => 2,
        }
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Scored(one), Self::Scored(other)) => other.total_cmp(one),
            (Self::Diverged(one, rate), Self::Diverged(other, other_rate)) => {
                other.cmp(one).then(rate.total_cmp(other_rate))
            }
            (one, other) => one.class().cmp(&other.class()),
        }
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Place {}
