//! The search: which trial runs next. Pure and synchronous: no clock, no files, no threads.
//!
//! Everything it decides is an [`Event`], applied to its [`State`] and handed out by [`Search::take_records`] to be
//! written before anyone acts on it. A decision needs the outcomes of whole rounds or, for failures, of all trials
//! before it in id order; the order in which trials happen to finish changes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::event::{Event, ObjectiveSummary, Record, Refinement, RoundPlan, SweepStarted, Verdict};
use crate::objective::Task;
use crate::sampler::{self, Address};
use crate::seed;
use crate::space::{Dimension, Params, Space};
use crate::stage::{Leaderboard, Results, first_round, refine, widening_round};
use crate::state::{ApplyError, State, Status, TrialRecord};
use crate::sweep::Sweep;
use crate::trial::{Decision, Ended, Outcome, Report, Trial, TrialId};

/// The search of one sweep.
#[derive(Debug)]
pub struct Search {
    sweep: Sweep,
    objective: ObjectiveSummary,
    leaderboard: Leaderboard,
    state: State,
    records: Vec<Record>,
    interrupted: BTreeSet<TrialId>,
    running: BTreeSet<TrialId>,
    failures: Failures,
}

/// An answer of [`Search::ask`].
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Run this.
    Run(Task),
    /// Nothing to run until another trial ends.
    Wait,
    /// The sweep is over.
    Done,
}

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

/// Failures counted in id order over the trials settled so far.
#[derive(Debug, Default)]
struct Failures {
    n_checked: usize,
    in_a_row: u32,
    stage: usize,
    in_stage: usize,
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

    /// Takes the sweep up: its first event where there is none yet, and that a run began.
    pub fn begin(
        &mut self,
        finetooth: &str,
        definition: &str,
        host: &str,
        workers: usize,
        now: Timestamp,
    ) {
        if self.state.started().is_none() {
            let started = SweepStarted {
                finetooth: finetooth.to_owned(),
                definition: definition.to_owned(),
                objective: self.objective.clone(),
            };
            self.record(Event::SweepStarted(Box::new(started)), now);
        }
        self.record(
            Event::RunStarted {
                host: host.to_owned(),
                workers,
            },
            now,
        );
        let is_open = |record: &&TrialRecord| record.status == Status::Interrupted;
        self.interrupted = self
            .state
            .trials()
            .iter()
            .filter(is_open)
            .map(|record| record.trial.id)
            .collect();
    }

    /// Goes on with the sweep this search was replayed with, which has further stages than the definition on record.
    /// To be called before [`Search::begin`].
    pub fn extend(&mut self, definition: &str, now: Timestamp) {
        let definition = definition.to_owned();
        self.record(Event::SweepExtended { definition }, now);
    }

    /// What to run next, on `worker`: an interrupted trial first, then the next of the round; at the end of a round
    /// its conclusions are drawn and the next one is planned.
    pub fn ask(&mut self, worker: usize, now: Timestamp) -> Ask {
        loop {
            self.count_failures(now);
            if self.state.finished().is_some() {
                return Ask::Done;
            }
            let n_started = self.state.trials().len();
            if let Some(id) = self.interrupted.pop_first() {
                return self.start(id.index(), worker, now);
            }
            if n_started < self.state.n_planned() {
                return self.start(n_started, worker, now);
            }
            if !self.running.is_empty() {
                return Ask::Wait;
            }
            self.conclude(now);
        }
    }

    /// Takes an epoch's report of a running trial.
    pub fn report(
        &mut self,
        trial: TrialId,
        attempt: u32,
        report: Report,
        now: Timestamp,
    ) -> Decision {
        self.record(
            Event::EpochReported {
                trial,
                attempt,
                report,
            },
            now,
        );
        Decision::Continue
    }

    /// Takes the end of a running trial.
    pub fn tell(
        &mut self,
        trial: TrialId,
        attempt: u32,
        ended: Ended,
        seconds: f64,
        now: Timestamp,
    ) {
        self.running.remove(&trial);
        match ended {
            Ended::Outcome(outcome) => {
                self.record(
                    Event::TrialEnded {
                        trial,
                        attempt,
                        outcome,
                        seconds,
                    },
                    now,
                );
            }
            Ended::Interrupted { epoch } => {
                self.record(
                    Event::TrialInterrupted {
                        trial,
                        attempt,
                        epoch,
                    },
                    now,
                );
                self.interrupted.insert(trial);
            }
        }
    }

    /// Everything decided since the last call, to be written before it is acted on.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// What the record adds up to.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The sweep's definition.
    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// Compares trials.
    pub fn leaderboard(&self) -> &Leaderboard {
        &self.leaderboard
    }

    /// The best trial of those that results tell of.
    pub fn winner(&self) -> Option<&TrialRecord> {
        best(&self.leaderboard, self.state.committed())
    }

    /// Trial `index`, counted from 0 in planning order; `None` where none is planned there.
    pub fn trial(&self, index: usize) -> Option<Trial> {
        let plan = self
            .state
            .rounds()
            .iter()
            .rev()
            .find(|plan| plan.first.index() <= index)?;
        let mut offset = index - plan.first.index();
        let stage = self.sweep.stages().get(plan.stage)?;
        for (block_idx, block) in plan.blocks.iter().enumerate() {
            if offset < block.trials as usize {
                let address = Address {
                    seed: self.sweep.seed(),
                    stage: plan.stage,
                    round: plan.round,
                    block: block_idx,
                };
                let sampler = sampler::of(stage.sampler);
                let drawn = sampler.sample(&block.space, address, offset as u32, block.trials);
                let id = TrialId::from_index(index);
                return Some(Trial {
                    id,
                    stage: plan.stage,
                    round: plan.round,
                    seed: seed::trial_seed(self.sweep.seed(), id.number()),
                    epochs: stage.epochs,
                    params: self.complete(&drawn, &plan.fixed),
                });
            }
            offset -= block.trials as usize;
        }
        None
    }

    /// Every searched key in the definition's order: as drawn, or as held fixed by the stage.
    fn complete(&self, drawn: &Params, fixed: &Params) -> Params {
        let dimensions = self.sweep.space().0.iter();
        let pairs = dimensions.filter_map(|dimension| {
            let value = drawn
                .get(&dimension.key)
                .or_else(|| fixed.get(&dimension.key))?;
            Some((dimension.key.clone(), value.clone()))
        });
        pairs.collect()
    }

    fn start(&mut self, index: usize, worker: usize, now: Timestamp) -> Ask {
        let trial = self
            .trial(index)
            .expect("a started or planned trial lies in a round");
        let attempt = self
            .state
            .trials()
            .get(index)
            .map_or(0, |record| record.attempts.len() as u32)
            + 1;
        self.running.insert(trial.id);
        self.record(
            Event::TrialStarted {
                trial: trial.clone(),
                attempt,
                worker,
            },
            now,
        );
        Ask::Run(Task { trial, attempt })
    }

    /// One step at a barrier: what follows from the round that is over, or the plan of the next.
    fn conclude(&mut self, now: Timestamp) {
        let event = match self.state.rounds().last() {
            None => Event::RoundPlanned(Box::new(self.plan_stage(0))),
            Some(plan) if self.state.refinements().len() < self.state.rounds().len() => {
                Event::RoundRefined(Box::new(self.refine(plan)))
            }
            Some(plan) => self.after(plan),
        };
        self.record(event, now);
    }

    fn after(&self, plan: &RoundPlan) -> Event {
        let refinement = self
            .state
            .refinements()
            .last()
            .expect("one for each round that is over");
        if refinement.widened {
            let first = TrialId::from_index(self.state.n_planned());
            let original = self.original(plan.stage);
            let round = widening_round(plan, original, &refinement.moves, &refinement.next, first);
            return Event::RoundPlanned(Box::new(round));
        }
        if plan.stage + 1 < self.sweep.stages().len() {
            return Event::RoundPlanned(Box::new(self.plan_stage(plan.stage + 1)));
        }
        Event::SweepFinished {
            verdict: Verdict::Completed,
            winner: self.winner().map(|record| record.trial.id),
        }
    }

    fn plan_stage(&self, stage_idx: usize) -> RoundPlan {
        let stage = &self.sweep.stages()[stage_idx];
        let winner =
            best(&self.leaderboard, self.state.trials()).map(|record| &record.trial.params);
        let mut space = Vec::new();
        let mut fixed = Params::default();
        for dimension in &self.sweep.space().0 {
            let key = &*dimension.key;
            if stage.keys.iter().any(|searched| searched == key) {
                space.push(self.latest_range(key).unwrap_or(dimension).clone());
            } else {
                let held = winner.and_then(|params| params.get(key)).cloned();
                // Without any trial yet: the configuration's own value, else the middle of the range.
                let value = held
                    .or_else(|| self.sweep.base(key))
                    .unwrap_or_else(|| dimension.domain.at(0.5));
                fixed.push(dimension.key.clone(), value);
            }
        }
        let first = TrialId::from_index(self.state.n_planned());
        first_round(stage_idx, stage, first, Space(space), fixed)
    }

    /// The range of `key` after the last round that searched it.
    fn latest_range(&self, key: &str) -> Option<&Dimension> {
        self.state
            .refinements()
            .iter()
            .rev()
            .find_map(|refinement| refinement.next.get(key))
    }

    fn original(&self, stage: usize) -> &RoundPlan {
        let first = |plan: &&RoundPlan| plan.stage == stage && plan.round == 0;
        self.state
            .rounds()
            .iter()
            .find(first)
            .expect("a stage begins with round 0")
    }

    fn refine(&self, plan: &RoundPlan) -> Refinement {
        let original = self.original(plan.stage);
        let trials = self.state.trials();
        let widened: u32 = self
            .state
            .refinements()
            .iter()
            .map(|earlier| u32::from(earlier.widened))
            .sum();
        refine(&Results {
            plan,
            original: &original.space,
            trials: &trials[original.first.index()..],
            best: best(&self.leaderboard, trials).map(|record| &record.trial.params),
            sampler: self.sweep.stages()[plan.stage].sampler,
            widen: self.sweep.widen(),
            rounds_left: self.sweep.widen().max_rounds.saturating_sub(widened),
            followed: plan.stage + 1 < self.sweep.stages().len(),
            leaderboard: self.leaderboard,
            validation_samples: self.objective.validation_samples,
        })
    }

    /// Ends the sweep where, in id order, too many trials failed: `max_failures` in a row, or a fifth of a stage of
    /// at least 8.
    fn count_failures(&mut self, now: Timestamp) {
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
            let winner = best(&self.leaderboard, &self.state.trials()[..=id.index()]);
            let winner = winner.map(|record| record.trial.id);
            let verdict = Verdict::TooManyFailures { last: id, reason };
            self.record(Event::SweepFinished { verdict, winner }, now);
        }
    }

    fn record(&mut self, event: Event, now: Timestamp) {
        let record = Record {
            seq: self.state.next_seq(),
            at: now,
            event,
        };
        self.state
            .apply(record.clone())
            .expect("the search records only what follows");
        self.records.push(record);
    }
}

/// The first of `trials` by the metric, if it completed with a finite one.
fn best<'a>(leaderboard: &Leaderboard, trials: &'a [TrialRecord]) -> Option<&'a TrialRecord> {
    let first = leaderboard.first(trials)?;
    leaderboard
        .best(first)
        .filter(|best| best.value.is_finite())
        .map(|_| first)
}
