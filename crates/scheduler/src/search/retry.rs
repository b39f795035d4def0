//! Failures that may be tried again.

use jiff::Timestamp;

use super::Search;
use crate::event::Event;
use crate::state::TrialRecord;
use crate::trial::{Outcome, TrialId};

impl Search {
    /// Strikes from the record the failures that nothing was concluded from yet, so that those trials are begun again,
    /// and tells which they are. To be called before [`Search::begin`].
    pub fn retry_failed(&mut self, now: Timestamp) -> Vec<TrialId> {
        let trials = self.failed();
        if !trials.is_empty() {
            let trials = trials.clone();
            self.record(Event::FailuresRetried { trials }, now);
        }
        trials
    }

    fn failed(&self) -> Vec<TrialId> {
        if self.state.refinements().len() == self.state.rounds().len() {
            return Vec::new();
        }
        let failed =
            |record: &&TrialRecord| matches!(record.outcome(), Some(Outcome::Failed { .. }));
        let failed = self.state.trials().iter().filter(failed);
        let ids = failed.map(|record| record.trial.id);
        if let Some(progress) = &self.progress {
            ids.filter(|trial| progress.awaits(*trial)).collect()
        } else {
            let first = self.state.rounds().last().map(|plan| plan.first);
            ids.filter(|trial| Some(*trial) >= first).collect()
        }
    }
}
