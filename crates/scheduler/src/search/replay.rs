//! Taking a record up again: every round and trial in it must be what this search would have planned and drawn.

use std::collections::{BTreeMap, BTreeSet};

use super::Search;
use super::failures::Failures;
use super::generations::Progress;
use super::reuse::Pool;
use crate::event::{Event, ObjectiveSummary, Record, RoundPlan};
use crate::space::Params;
use crate::stage::Leaderboard;
use crate::state::{ApplyError, State};
use crate::sweep::{Procedure, Sweep};
use crate::trial::{Trial, TrialId};

/// A record that does not belong to this sweep or this version.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The events contradict each other.
    #[error("the record cannot be replayed")]
    Apply(#[from] ApplyError),
    /// The metric is not among the reported columns.
    #[error("the metric `{metric}` is not reported; reported are {columns}")]
    Metric {
        /// The sweep's metric.
        metric: String,
        /// What there is.
        columns: String,
    },
    /// This version would draw another trial.
    #[error(
        "trial {trial} was recorded with {recorded} and this version of finetooth draws {drawn}; finish the sweep \
         with the version that began it, or start it anew with --fresh"
    )]
    OtherTrial {
        /// The trial.
        trial: TrialId,
        /// Its recorded hyperparameters.
        recorded: Box<Params>,
        /// What would be drawn now.
        drawn: Box<Params>,
    },
    /// This version would plan another round.
    #[error(
        "round {round} of stage {stage} was recorded with other ranges or trials than this version of finetooth plans \
         from what stands before it: restore the record from a copy if it was changed, finish the sweep with the \
         version that began it, or start it anew with --fresh"
    )]
    OtherRound {
        /// Name of the stage.
        stage: String,
        /// The round.
        round: usize,
    },
}

impl Search {
    /// The search of `sweep` before anything happened.
    ///
    /// # Errors
    /// [`ReplayError::Metric`].
    pub fn new(sweep: Sweep, objective: ObjectiveSummary) -> Result<Self, ReplayError> {
        let leaderboard =
            Leaderboard::new(sweep.metric(), &objective.columns).ok_or_else(|| {
                let (metric, columns) = (sweep.metric().name.clone(), objective.columns.join(", "));
                ReplayError::Metric { metric, columns }
            })?;
        let progress = match sweep.procedure() {
            Procedure::Generations(settings) => Some(Progress::new(&sweep, *settings)),
            Procedure::Stages(_) => None,
        };
        Ok(Self {
            space: sweep.space().clone(),
            sweep,
            objective,
            leaderboard,
            state: State::default(),
            records: Vec::new(),
            n_started: 0,
            round_starts: Vec::new(),
            open: BTreeMap::new(),
            interrupted: BTreeSet::new(),
            failures: Failures::default(),
            progress,
            released: Vec::new(),
            pool: Pool::default(),
        })
    }

    /// The search of `sweep` after `records`, which may be none.
    ///
    /// # Errors
    /// [`ReplayError`] where the records do not follow from this sweep.
    pub fn replay(
        sweep: Sweep,
        objective: ObjectiveSummary,
        records: Vec<Record>,
    ) -> Result<Self, ReplayError> {
        let mut search = Self::new(sweep, objective)?;
        // What stands before was planned by another definition; of that the results alone count.
        let is_replanned = |record: &Record| matches!(record.event, Event::SweepReplanned { .. });
        let n_superseded = records
            .iter()
            .rposition(is_replanned)
            .map_or(0, |index| index + 1);
        let mut records = records.into_iter();
        for record in records.by_ref().take(n_superseded) {
            search.state.apply(record)?;
        }
        search.pool = Pool::of(&search.state);
        if let Some(gate) = search.state.gate().cloned() {
            search.set_range(&gate);
        }
        for record in records {
            match &record.event {
                Event::TrialStarted { trial, .. } | Event::TrialReused { trial, .. } => {
                    search.verify(trial)?;
                }
                Event::RoundPlanned(plan) => search.verify_round(plan)?,
                Event::RoundRefined(_) => search.retake(),
                _ => {}
            }
            search.follow(&record.event);
            search.state.apply(record)?;
        }
        Ok(search)
    }

    fn verify(&self, recorded: &Trial) -> Result<(), ReplayError> {
        let drawn = if self.open.contains_key(&recorded.id) {
            let begun = self.state.trials().get(recorded.id.index());
            begun.map(|record| record.trial.clone())
        } else {
            self.next_rung()
        };
        match drawn {
            Some(drawn) if drawn == *recorded => Ok(()),
            _ => Err(ReplayError::OtherTrial {
                trial: recorded.id,
                recorded: Box::new(recorded.params.clone()),
                drawn: Box::new(drawn.map(|trial| trial.params).unwrap_or_default()),
            }),
        }
    }

    /// A round follows from the rounds before it, so whatever else the record says was not written by this search.
    fn verify_round(&self, recorded: &RoundPlan) -> Result<(), ReplayError> {
        let planned = if let Some(progress) = &self.progress {
            match self.plan_generation(progress, Some(recorded)) {
                Event::RoundPlanned(plan) => Some(*plan),
                _ => None,
            }
        } else {
            self.plan_round()
        };
        if planned.as_ref() == Some(recorded) {
            return Ok(());
        }
        Err(ReplayError::OtherRound {
            stage: self.sweep.stage_name(recorded.stage).to_owned(),
            round: recorded.round,
        })
    }

    /// Takes the results that the next recorded conclusion rests on.
    fn retake(&mut self) {
        if let Some(mut progress) = self.progress.take() {
            progress.take_due(self);
            // What is concluded is on record; by what the trials are ranked is not.
            self.refine_generation(&mut progress);
            self.progress = Some(progress);
        }
    }

    /// The plan that follows from the rounds so far, of a search by stages.
    fn plan_round(&self) -> Option<RoundPlan> {
        match self.state.rounds().last() {
            None => Some(self.plan_stage(0)),
            Some(_) if self.state.refinements().len() < self.state.rounds().len() => None,
            Some(last) => match self.after(last) {
                Event::RoundPlanned(plan) => Some(*plan),
                _ => None,
            },
        }
    }
}
