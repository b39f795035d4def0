//! The search: which trial runs next. Pure and synchronous: no clock, no files, no threads.
//!
//! Everything it decides is an [`Event`], applied to its [`State`] and handed out by [`Search::take_records`] to be
//! written before anyone acts on it. A decision needs the outcomes of whole rounds or, for failures, of all trials
//! before it in id order; the order in which trials happen to finish changes nothing.

mod failures;
mod planning;
mod replay;

pub use replay::ReplayError;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::event::{Event, ObjectiveSummary, Record, SweepStarted};
use crate::objective::Task;
use crate::stage::Leaderboard;
use crate::state::{State, Status, TrialRecord};
use crate::sweep::Sweep;
use crate::trial::{Ended, Report, TrialId};

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
    failures: failures::Failures,
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
        self.leaderboard
            .winner(self.state.committed())
            .map(|(record, _)| record)
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
