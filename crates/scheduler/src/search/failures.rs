//! When too many trials failed. Counted in id order, so that it does not matter which worker was faster.

use jiff::Timestamp;

use super::Search;
use crate::event::{Event, Verdict};
use crate::trial::Outcome;

/// Failures counted in id order over the trials settled so far.
#[derive(Debug, Default)]
pub(super) struct Failures {
    n_checked: usize,
    in_a_row: u32,
    stage: usize,
    in_stage: usize,
}

impl Search {
    /// Ends the sweep where, in id order, too many trials failed: `max_failures` in a row, or a fifth of a stage of
    /// at least 8.
    pub(super) fn count_failures(&mut self, now: Timestamp) {
        while self.state.finished().is_none()
            && self.failures.n_checked < self.state.committed().len()
        {
            let record = &self.state.committed()[self.failures.n_checked];
            let id = record.trial.id;
            let stage_idx = record.trial.stage;
            let failed = match record.outcome() {
                Some(Outcome::Failed { reason }) => Some(reason.clone()),
                _ => None,
            };
            let counts = &mut self.failures;
            counts.n_checked += 1;
            if stage_idx != counts.stage {
                (counts.stage, counts.in_stage) = (stage_idx, 0);
            }
            let Some(last_reason) = failed else {
                counts.in_a_row = 0;
                continue;
            };
            counts.in_a_row += 1;
            counts.in_stage += 1;
            let (in_a_row, in_stage) = (counts.in_a_row, counts.in_stage);
            let stage = &self.sweep.stages()[stage_idx];
            let n_trials = self.original(stage_idx).n_trials();
            let reason = if in_a_row >= self.sweep.limits().max_failures {
                format!("{in_a_row} trials in a row failed (the last: {last_reason})")
            } else if n_trials >= 8 && 5 * in_stage >= n_trials {
                format!(
                    "{in_stage} of the {n_trials} trials of stage {} failed, a fifth of it (the last: {last_reason})",
                    stage.name
                )
            } else {
                continue;
            };
            let counted = &self.state.trials()[..=id.index()];
            let winner = self
                .leaderboard
                .winner(counted)
                .map(|(record, _)| record.trial.id);
            let verdict = Verdict::TooManyFailures { last: id, reason };
            self.record(Event::SweepFinished { verdict, winner }, now);
        }
    }
}
