//! When a sweep ends early: too many failures, or the target reached. Counted over the rungs in the order of planning,
//! so that it does not matter which worker was faster.

use jiff::Timestamp;

use super::Search;
use crate::event::{Event, Verdict};
use crate::state::RungRef;
use crate::sweep::Procedure;
use crate::trial::Outcome;

/// Failures counted over the rungs settled so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    n_checked: usize,
    in_a_row: u32,
    /// What those in a row failed by; none where they differ.
    common: Option<String>,
    group: (usize, usize),
    in_group: usize,
}

impl Search {
    /// Ends the sweep where too many trials failed, `max_failures` in a row, or a fifth of a stage or generation of
    /// at least 8, or where one reached the target.
    pub(super) fn judge_settled(&mut self, now: Timestamp) {
        while self.state.finished().is_none() && self.failures.n_checked < self.state.n_settled() {
            let index = self.failures.n_checked;
            self.failures.n_checked += 1;
            let place = self.state.rungs()[index];
            let verdict = self
                .count_failure(index, place)
                .or_else(|| self.reached(place));
            if let Some(verdict) = verdict {
                let winner = self.winner_up_to(index + 1);
                self.record(Event::SweepFinished { verdict, winner }, now);
            }
        }
    }

    fn count_failure(&mut self, index: usize, place: RungRef) -> Option<Verdict> {
        let record = &self.state.trials()[place.trial.index()];
        let failed = match &record.rungs[place.rung].outcome {
            Outcome::Failed { reason } => Some(reason.clone()),
            _ => None,
        };
        let (group, n, name) = self.group(index);
        let counts = &mut self.failures;
        if group != counts.group {
            (counts.group, counts.in_group) = (group, 0);
        }
        let Some(reason) = failed else {
            counts.in_a_row = 0;
            return None;
        };
        counts.common = match counts.in_a_row {
            0 => Some(reason.clone()),
            _ => counts.common.take().filter(|common| *common == reason),
        };
        counts.in_a_row += 1;
        counts.in_group += 1;
        let (in_a_row, in_group) = (counts.in_a_row, counts.in_group);
        let last = match &counts.common {
            Some(common) if in_a_row > 1 => format!("all the same way: {common}"),
            _ => format!("the last: {reason}"),
        };
        let reason = if in_a_row >= self.sweep.limits().max_failures {
            format!("{in_a_row} trials in a row failed ({last})")
        } else if n >= 8 && 5 * in_group >= n {
            format!("{in_group} of the {n} trials of {name} failed, a fifth of it ({last})")
        } else {
            return None;
        };
        Some(Verdict::TooManyFailures {
            last: place.trial,
            rung: place.rung,
            reason,
        })
    }

    /// The stage or generation of the rung at `index`: what tells it from others, how many it has, its name.
    fn group(&self, index: usize) -> ((usize, usize), usize, String) {
        let round = self.round_of(index);
        let plan = &self.state.rounds()[round];
        let name = self.sweep.stage_name(plan.stage);
        match self.sweep.procedure() {
            Procedure::Stages(_) => {
                let n = self.original(plan.stage).n_trials();
                ((plan.stage, 0), n, format!("stage {name}"))
            }
            Procedure::Generations(_) => {
                let n = plan.continued.len() + plan.n_trials();
                (
                    (plan.stage, plan.round),
                    n,
                    format!("stage {name}, round {}", plan.round),
                )
            }
        }
    }

    fn reached(&self, place: RungRef) -> Option<Verdict> {
        let metric = self.sweep.metric();
        let target = metric.goal.score(metric.target?);
        let record = &self.state.trials()[place.trial.index()];
        let settled = record.after(place.rung + 1);
        let counts = matches!(
            settled.outcome,
            Some(Outcome::Completed | Outcome::Pruned { .. })
        );
        let best = self.leaderboard.best(settled).filter(|_| counts)?;
        (metric.goal.score(best.value) >= target).then_some(Verdict::TargetReached {
            last: place.trial,
            rung: place.rung,
        })
    }
}
