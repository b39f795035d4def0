//! Results of an earlier plan that the new one asks for again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Search;
use crate::event::{Event, Record};
use crate::state::{State, TrialRecord};
use crate::stop::Watch;
use crate::trial::{Outcome, Trial, TrialId};

/// The trials of earlier plans by their seeds.
#[derive(Debug, Default)]
pub(super) struct Pool(BTreeMap<u32, Vec<TrialId>>);

impl Pool {
    pub(super) fn of(state: &State) -> Self {
        let mut by_seed: BTreeMap<u32, Vec<TrialId>> = BTreeMap::new();
        for record in state.superseded() {
            let trial = &record.trial;
            by_seed.entry(trial.seed).or_default().push(trial.id);
        }
        Self(by_seed)
    }
}

/// What an earlier trial tells of the rung that is asked for.
struct Known {
    trial: TrialId,
    n_reports: usize,
    outcome: Outcome,
}

impl Search {
    /// Replans the sweep that `records` tell of by the definition this search has, and keeps its results for where
    /// the new plan asks for the same again: the same values and seed, trained for as long.
    ///
    /// # Errors
    /// [`super::ReplayError`] where the records do not follow from each other.
    pub fn replan(
        mut self,
        records: Vec<Record>,
        definition: &str,
        now: Timestamp,
    ) -> Result<Self, super::ReplayError> {
        for record in records {
            self.state.apply(record)?;
        }
        if let Some(gate) = self.state.gate().cloned() {
            self.set_range(&gate);
        }
        let definition = definition.to_owned();
        self.record(Event::SweepReplanned { definition }, now);
        self.pool = Pool::of(&self.state);
        Ok(self)
    }

    /// Takes the next rung's result from an earlier plan, where there is one.
    pub(super) fn reuse(&mut self, trial: &Trial, now: Timestamp) -> bool {
        let Some(known) = self.known(trial) else {
            return false;
        };
        let reused = Event::TrialReused {
            trial: trial.clone(),
            source: known.trial,
            n_reports: known.n_reports,
            outcome: known.outcome,
        };
        self.record(reused, now);
        true
    }

    fn known(&self, trial: &Trial) -> Option<Known> {
        let twins = self.pool.0.get(&trial.seed)?;
        let superseded = self.state.superseded();
        let mut twins = twins.iter().map(|id| &superseded[id.index()]);
        twins
            .find(|twin| twin.trial.params == trial.params)
            .and_then(|twin| self.judge(trial, twin))
    }

    /// What `twin`, of the same values and seed, would have come to as the next rung of `trial`.
    fn judge(&self, trial: &Trial, twin: &TrialRecord) -> Option<Known> {
        let known = |n_reports, outcome| {
            Some(Known {
                trial: twin.trial.id,
                n_reports,
                outcome,
            })
        };
        let record = self.state.trials().get(trial.id.index());
        let n_earlier = record.map_or(0, TrialRecord::n_kept);
        let (earlier, later) = twin.reports.split_at_checked(n_earlier)?;
        let floors = self.floors(self.n_started, trial.epochs);
        let mut watch = Watch::new(self.leaderboard.columns(), floors, earlier);
        for (index, report) in later.iter().enumerate() {
            if report.epoch > trial.epochs {
                break;
            }
            let n_reports = n_earlier + index + 1;
            if let Some(outcome) = watch.judge(report) {
                return known(n_reports, outcome);
            }
            if report.epoch == trial.epochs {
                return known(n_reports, Outcome::Completed);
            }
        }
        // It ended by itself before that: so would this one.
        match twin.outcome()? {
            outcome @ (Outcome::Diverged { .. } | Outcome::Failed { .. })
                if twin.trial.epochs <= trial.epochs || twin.epochs() < trial.epochs =>
            {
                known(twin.n_kept(), outcome.clone())
            }
            _ => None,
        }
    }
}
