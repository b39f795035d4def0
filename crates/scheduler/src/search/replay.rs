//! Taking a record up again: every round and trial in it must be what this search would have planned and drawn.

use std::collections::BTreeSet;

use super::Search;
use super::failures::Failures;
use crate::event::{Event, ObjectiveSummary, Record, RoundPlan};
use crate::space::Params;
use crate::stage::Leaderboard;
use crate::state::{ApplyError, State};
use crate::sweep::Sweep;
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
    /// The search of `sweep` after `records`, which may be none.
    ///
    /// # Errors
    /// [`ReplayError`] where the records do not follow from this sweep.
    pub fn replay(
        sweep: Sweep,
        objective: ObjectiveSummary,
        records: Vec<Record>,
    ) -> Result<Self, ReplayError> {
        let leaderboard =
            Leaderboard::new(sweep.metric(), &objective.columns).ok_or_else(|| {
                let (metric, columns) = (sweep.metric().name.clone(), objective.columns.join(", "));
                ReplayError::Metric { metric, columns }
            })?;
        let mut search = Self {
            sweep,
            objective,
            leaderboard,
            state: State::default(),
            records: Vec::new(),
            interrupted: BTreeSet::new(),
            running: BTreeSet::new(),
            failures: Failures::default(),
        };
        for record in records {
            match &record.event {
                Event::TrialStarted { trial, .. } => search.verify(trial)?,
                Event::RoundPlanned(plan) => search.verify_round(plan)?,
                _ => {}
            }
            search.state.apply(record)?;
        }
        Ok(search)
    }

    fn verify(&self, recorded: &Trial) -> Result<(), ReplayError> {
        let drawn = self.trial(recorded.id.index());
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
        let planned = match self.state.rounds().last() {
            None => Some(self.plan_stage(0)),
            Some(_) if self.state.refinements().len() < self.state.rounds().len() => None,
            Some(last) => match self.after(last) {
                Event::RoundPlanned(plan) => Some(*plan),
                _ => None,
            },
        };
        if planned.as_ref() == Some(recorded) {
            return Ok(());
        }
        let stage = self.sweep.stages().get(recorded.stage);
        Err(ReplayError::OtherRound {
            stage: stage.map_or_else(|| recorded.stage.to_string(), |stage| stage.name.clone()),
            round: recorded.round,
        })
    }
}
