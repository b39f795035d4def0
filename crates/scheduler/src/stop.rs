//! When a trial is stopped for good before its last epoch.

use serde::{Deserialize, Serialize};

use crate::event::Floor;
use crate::number::{self, is_missing, shortest};
use crate::sweep::Goal;
use crate::trial::{Outcome, Report};

/// How many times the untrained network's loss is too much.
const CEILING: f64 = 3.0;
/// In how many epochs in a row.
const EPOCHS_ABOVE: u32 = 2;

/// Where in a report the numbers stand that a trial is stopped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The sweep's metric.
    pub metric: usize,
    /// Which direction of it is better.
    pub goal: Goal,
    /// The training loss, where it is reported.
    pub train_loss: Option<usize>,
    /// The validation loss, where it is reported.
    pub val_loss: Option<usize>,
}

/// Follows one trial's reports from its first on and says when it ends. What it decides follows from those and from
/// the round's plan alone, so that whoever runs the trial needs to ask nobody.
///
/// Two rules: a loss that is no finite number, or above three times the untrained network's in two epochs in a row,
/// is a divergence; and a trial whose best metric so far is worse than the plan's floor for the epoch is pruned.
///
/// The default one stops nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    columns: Option<Columns>,
    floors: Vec<Floor>,
    #[serde(with = "number::optional")]
    initial_loss: Option<f64>,
    n_above: u32,
    #[serde(with = "number::optional")]
    best: Option<f64>,
}

impl Watch {
    /// Of a trial that reported `earlier` in its former rungs.
    pub fn new(columns: Columns, floors: Vec<Floor>, earlier: &[Report]) -> Self {
        let mut watch = Self {
            columns: Some(columns),
            ..Self::default()
        };
        for report in earlier {
            watch.judge(report);
        }
        Self { floors, ..watch }
    }

    /// Takes the next report; the outcome, where the trial ends with it.
    pub fn judge(&mut self, report: &Report) -> Option<Outcome> {
        let columns = self.columns?;
        let value = |column: Option<usize>| {
            let value = report.values.get(column?).copied();
            value.filter(|value| !is_missing(*value))
        };
        let epoch = report.epoch;
        let losses = [value(columns.train_loss), value(columns.val_loss)];
        if epoch == 0 {
            let mut finite = losses.into_iter().flatten().filter(|loss| loss.is_finite());
            self.initial_loss = finite.next_back();
            return None;
        }
        let score = value(Some(columns.metric)).map(|metric| columns.goal.score(metric));
        if let Some(score) = score.filter(|score| !score.is_nan()) {
            self.best = Some(self.best.map_or(score, |best| best.max(score)));
        }
        let diverged = |reason: String| Some(Outcome::Diverged { epoch, reason });
        let Some(loss) = losses.into_iter().flatten().next() else {
            return self.prune(epoch, columns.goal);
        };
        if !loss.is_finite() {
            return diverged(format!(
                "diverged: the loss was no finite number in epoch {epoch}"
            ));
        }
        let is_above = |initial: f64| initial > 0.0 && loss > CEILING * initial;
        self.n_above = match self.initial_loss {
            Some(initial) if is_above(initial) => self.n_above + 1,
            _ => 0,
        };
        if self.n_above >= EPOCHS_ABOVE {
            return diverged(format!(
                "diverged: the loss was above {CEILING} times that of the untrained network in {EPOCHS_ABOVE} epochs \
                 in a row, the last of them epoch {epoch}"
            ));
        }
        self.prune(epoch, columns.goal)
    }

    fn prune(&self, epoch: u32, goal: Goal) -> Option<Outcome> {
        let floor = self.floors.iter().find(|floor| floor.epoch == epoch)?;
        let is_below = |best: f64| best < goal.score(floor.metric);
        if !self.best.is_none_or(is_below) {
            return None;
        }
        let best = self.best.map_or("never a number".to_owned(), |best| {
            shortest(goal.score(best))
        });
        Some(Outcome::Pruned {
            epoch,
            reason: format!(
                "pruned: after {epoch} epochs its best metric was {best}, the median of {} trials {}",
                floor.trials,
                shortest(floor.metric)
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        metric: 2,
        goal: Goal::Maximize,
        train_loss: Some(0),
        val_loss: Some(1),
    };

    fn report(epoch: u32, values: [f64; 3]) -> Report {
        Report {
            epoch,
            values: values.to_vec(),
        }
    }

    fn untrained() -> Report {
        report(0, [f64::NAN, 2.0, 0.1])
    }

    fn watch(floors: Vec<Floor>) -> Watch {
        Watch::new(COLUMNS, floors, &[untrained()])
    }

    #[test]
    fn two_epochs_above_three_times_the_untrained_loss_are_a_divergence() {
        let mut watch = watch(Vec::new());
        assert_eq!(watch.judge(&report(1, [6.1, 2.0, 0.1])), None);
        assert_eq!(watch.judge(&report(2, [5.9, 2.0, 0.1])), None);
        assert_eq!(watch.judge(&report(3, [6.1, 2.0, 0.1])), None);
        let Some(Outcome::Diverged { epoch: 4, reason }) = watch.judge(&report(4, [7.0, 2.0, 0.1]))
        else {
            panic!("epoch 4 is the second in a row")
        };
        assert!(
            reason.ends_with("in a row, the last of them epoch 4"),
            "{reason}"
        );
    }

    #[test]
    fn a_validation_loss_that_rises_while_training_succeeds_is_none() {
        let mut watch = watch(Vec::new());
        for epoch in 1..9 {
            assert_eq!(watch.judge(&report(epoch, [0.1, 50.0, 0.9])), None);
        }
    }

    #[test]
    fn a_loss_that_is_no_number_is_a_divergence() {
        let ended = watch(Vec::new()).judge(&report(1, [f64::INFINITY, 2.0, 0.1]));
        assert!(
            matches!(ended, Some(Outcome::Diverged { epoch: 1, .. })),
            "{ended:?}"
        );
    }

    #[test]
    fn a_trial_below_the_floor_of_an_epoch_is_pruned() {
        let floor = Floor {
            epoch: 2,
            metric: 0.5,
            trials: 9,
        };
        let judged = |before: f64, then: f64| {
            let mut watch = watch(vec![floor]);
            assert_eq!(watch.judge(&report(1, [1.0, 1.0, before])), None);
            watch.judge(&report(2, [1.0, 1.0, then]))
        };
        // the best so far counts, an equal one stays
        assert_eq!(judged(0.6, 0.1), None);
        assert_eq!(judged(0.1, 0.5), None);
        let Some(Outcome::Pruned { epoch: 2, reason }) = judged(0.2, 0.4) else {
            panic!("0.4 is below 0.5")
        };
        assert_eq!(
            reason,
            "pruned: after 2 epochs its best metric was 0.4, the median of 9 trials 0.5"
        );
    }

    #[test]
    fn going_on_from_a_rung_decides_as_if_it_had_not_ended() {
        let reports = [untrained(), report(1, [9.0, 2.0, 0.1])];
        let mut continued = Watch::new(COLUMNS, Vec::new(), &reports);
        let ended = continued.judge(&report(2, [9.0, 2.0, 0.1]));
        assert!(
            matches!(ended, Some(Outcome::Diverged { epoch: 2, .. })),
            "{ended:?}"
        );
    }
}
