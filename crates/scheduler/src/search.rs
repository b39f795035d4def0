//! The search: which trial runs next. Pure and synchronous: no clock, no files, no threads.
//!
//! Everything it decides is an [`Event`], applied to its [`State`] and handed out by [`Search::take_records`] to be
//! written before anyone acts on it. A decision needs the outcomes of whole rounds or, for failures, of all trials
//! before it in id order; the order in which trials happen to finish changes nothing.

mod failures;
mod generations;
mod planning;
mod replay;
mod retry;
mod reuse;

pub use replay::ReplayError;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use generations::Progress;
use jiff::Timestamp;

use crate::event::{Event, ObjectiveSummary, Record, SweepStarted, Verdict};
use crate::gate::{self, Gate};
use crate::objective::Task;
use crate::space::{Domain, Space};
use crate::stage::Leaderboard;
use crate::state::{RungRef, Settled, State, Status, TrialRecord};
use crate::stop::Watch;
use crate::sweep::{OnFailure, ProbeUse, Sweep};
use crate::trial::{Ended, Report, Trial, TrialId};

/// The search of one sweep.
#[derive(Debug)]
pub struct Search {
    sweep: Sweep,
    /// The searched keys with the ranges that the search begins with.
    space: Space,
    objective: ObjectiveSummary,
    leaderboard: Leaderboard,
    state: State,
    records: Vec<Record>,
    /// Rungs handed out so far.
    n_started: usize,
    /// The first rung of each round.
    round_starts: Vec<usize>,
    /// Trials whose rung is running or interrupted, with that rung's place.
    open: BTreeMap<TrialId, usize>,
    /// Those of them that are to be begun again.
    interrupted: BTreeSet<TrialId>,
    failures: failures::Failures,
    /// Of the default search; none where the stages are given.
    progress: Option<Progress>,
    released: Vec<TrialId>,
    pool: reuse::Pool,
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

impl Search {
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

    /// Whether the set-up is to be checked before anything is planned.
    pub fn awaits_gate(&self) -> bool {
        let is_new = self.state.rounds().is_empty() && self.state.finished().is_none();
        self.sweep.sanity().enabled && is_new && self.state.gate().is_none()
    }

    /// Takes what the checks of the set-up found; where one failed, the sweep may end here.
    pub fn take_gate(&mut self, gate: Gate, now: Timestamp) {
        let failed: Vec<String> = gate
            .of(gate::Verdict::Failed)
            .map(|check| format!("{}: {}", check.name, check.sentence))
            .collect();
        self.record(Event::GateChecked(Box::new(gate)), now);
        if !failed.is_empty() && self.sweep.sanity().on_failure == OnFailure::Stop {
            let verdict = Verdict::SanityFailed {
                reason: failed.join("; "),
            };
            let winner = None;
            self.record(Event::SweepFinished { verdict, winner }, now);
        }
    }

    /// What to run next, on `worker`: an interrupted trial first, then the next of the round; at the end of a round
    /// its conclusions are drawn and the next one is planned.
    pub fn ask(&mut self, worker: usize, now: Timestamp) -> Ask {
        loop {
            self.judge_settled(now);
            if self.state.finished().is_some() {
                return Ask::Done;
            }
            if let Some(id) = self.interrupted.pop_first() {
                let trial = self.state.trials()[id.index()].trial.clone();
                return self.start(trial, worker, now);
            }
            if let Some(trial) = self.next_rung() {
                if self.reuse(&trial, now) {
                    continue;
                }
                return self.start(trial, worker, now);
            }
            if !self.is_ready() {
                return Ask::Wait;
            }
            self.conclude(now);
        }
    }

    /// Takes an epoch's report of a running trial.
    pub fn report(&mut self, trial: TrialId, attempt: u32, report: Report, now: Timestamp) {
        self.record(
            Event::EpochReported {
                trial,
                attempt,
                report,
            },
            now,
        );
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

    /// The trials found, since the last call, not to be worth keeping ready to be continued.
    pub fn take_released(&mut self) -> Vec<TrialId> {
        std::mem::take(&mut self.released)
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
    pub fn winner(&self) -> Option<Settled<'_>> {
        let leader = self.leaderboard.leader(&self.state);
        leader.map(|(winner, _)| winner)
    }

    /// The best trial of the first `n` rungs.
    fn winner_up_to(&self, n: usize) -> Option<TrialId> {
        let settled = self.state.settled(n);
        let winner = self.leaderboard.winner(settled);
        winner.map(|(record, _)| record.trial.id)
    }

    /// Starts the trial's next rung, or the one that was interrupted.
    fn start(&mut self, trial: Trial, worker: usize, now: Timestamp) -> Ask {
        let record = self.state.trials().get(trial.id.index());
        let attempt = record.map_or(0, |record| record.attempts.len() as u32) + 1;
        let from = record.map_or(0, TrialRecord::trained);
        let earlier = record.map_or(&[][..], |record| &record.reports[..record.n_kept()]);
        let place = self.open.get(&trial.id).copied().unwrap_or(self.n_started);
        let floors = self.floors(place, trial.epochs);
        let watch = Watch::new(self.leaderboard.columns(), floors, earlier);
        self.record(
            Event::TrialStarted {
                trial: trial.clone(),
                attempt,
                from,
                worker,
            },
            now,
        );
        let keep = self.progress.is_some() && trial.parent.is_none();
        Ask::Run(Task {
            trial,
            attempt,
            from,
            keep,
            watch,
        })
    }

    /// Begins with the probe's learning rates, where the sweep asks for it.
    fn set_range(&mut self, gate: &Gate) {
        let dimensions = self.space.0.iter_mut();
        let rate = dimensions
            .filter(|_| self.sweep.sanity().probe == ProbeUse::Set)
            .find(|dimension| &*dimension.key == "learning_rate");
        if let (Some(rate), Some(probe)) = (rate, &gate.probe)
            && let Domain::Float { scale, .. } = rate.domain
        {
            let (least, most) = rate.limits;
            rate.domain = Domain::Float {
                low: probe.low.max(least),
                high: probe.high.min(most),
                scale,
            };
        }
    }

    /// Keeps up with an event that is about to be applied.
    fn follow(&mut self, event: &Event) {
        match event {
            Event::GateChecked(gate) => self.set_range(gate),
            Event::RoundPlanned(plan) => {
                self.round_starts.push(self.state.rungs().len());
                if let Some(progress) = &mut self.progress {
                    progress.planned(plan, &self.state);
                    self.released.extend(progress.release());
                }
            }
            Event::TrialStarted { trial, .. } => {
                if let Entry::Vacant(entry) = self.open.entry(trial.id) {
                    entry.insert(self.n_started);
                    self.n_started += 1;
                }
            }
            Event::TrialReused { .. } => self.n_started += 1,
            Event::TrialEnded { trial, .. } => {
                self.open.remove(trial);
            }
            Event::FailuresRetried { trials } => {
                self.failures = failures::Failures::default();
                let is_latest = |place: &RungRef| {
                    let record = self.state.trials().get(place.trial.index());
                    let is_last = |record: &TrialRecord| record.rungs.len() == place.rung + 1;
                    trials.contains(&place.trial) && record.is_some_and(is_last)
                };
                let places = self.state.rungs().iter().enumerate();
                for (index, place) in places.filter(|(_, place)| is_latest(place)) {
                    self.open.insert(place.trial, index);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, event: Event, now: Timestamp) {
        let record = Record {
            seq: self.state.next_seq(),
            at: now,
            event,
        };
        self.follow(&record.event);
        self.state
            .apply(record.clone())
            .expect("the search records only what follows");
        self.records.push(record);
    }
}
