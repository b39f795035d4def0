//! What the events add up to. Nothing else is state.

use jiff::Timestamp;

use crate::event::{Event, Record, Refinement, RoundPlan, SweepStarted, Verdict};
use crate::trial::{Outcome, Report, Trial, TrialId};

/// The sweep as its record tells it so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    started: Option<SweepStarted>,
    host: String,
    rounds: Vec<RoundPlan>,
    refinements: Vec<Refinement>,
    trials: Vec<TrialRecord>,
    n_settled: usize,
    finished: Option<(Verdict, Option<TrialId>)>,
    next_seq: u64,
}

/// A trial with all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRecord {
    /// The trial.
    pub trial: Trial,
    /// Where it stands.
    pub status: Status,
    /// Reports of its latest attempt, by epoch; those of earlier attempts are dropped.
    pub reports: Vec<Report>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}

/// Where a trial stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// A worker trains it, or did when the record broke off.
    Running,
    /// It was stopped and waits to be begun again.
    Interrupted,
    /// It has its outcome.
    Ended(Outcome),
}

/// One attempt at a trial: wall-clock facts, which decide nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Index of the worker.
    pub worker: usize,
    /// Machine it ran on.
    pub host: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended or was interrupted; none while it runs, or where the program was killed.
    pub finished_at: Option<Timestamp>,
    /// Seconds on its worker, of an attempt that ended.
    pub seconds: Option<f64>,
    /// Epochs it completed.
    pub epochs: u32,
}

/// A record that cannot have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} does not follow from those before it: {problem}")]
pub struct ApplyError {
    /// Place in the record.
    pub seq: u64,
    /// What does not fit.
    pub problem: String,
}

impl State {
    /// Folds one more record in.
    ///
    /// # Errors
    /// [`ApplyError`] where the event contradicts the ones before it; the state is then unusable.
    pub fn apply(&mut self, record: Record) -> Result<(), ApplyError> {
        let Record { seq, at, event } = record;
        let wrong = |problem: String| ApplyError { seq, problem };
        if seq != self.next_seq {
            return Err(wrong(format!("it should be number {}", self.next_seq)));
        }
        if self.started.is_none() != matches!(event, Event::SweepStarted(_)) {
            return Err(wrong(
                "the first event, and no other, tells the sweep's definition".to_owned(),
            ));
        }
        self.next_seq += 1;
        match event {
            Event::SweepStarted(started) => self.started = Some(*started),
            Event::RunStarted { host, .. } => self.take_up(host),
            Event::SweepExtended { definition } => self.extend(definition),
            Event::RoundPlanned(plan) => {
                if plan.first.index() != self.n_planned() {
                    return Err(wrong(format!(
                        "its first trial should be {}",
                        self.n_planned() + 1
                    )));
                }
                self.rounds.push(*plan);
            }
            Event::TrialStarted {
                trial,
                attempt,
                worker,
            } => {
                let begun = Attempt {
                    worker,
                    host: self.host.clone(),
                    started_at: at,
                    finished_at: None,
                    seconds: None,
                    epochs: 0,
                };
                self.start(trial, attempt, begun).map_err(wrong)?;
            }
            Event::EpochReported {
                trial,
                attempt,
                report,
            } => {
                self.check_columns(&report).map_err(wrong)?;
                let record = self.running(trial, attempt).map_err(wrong)?;
                record
                    .attempts
                    .last_mut()
                    .expect("a running trial has an attempt")
                    .epochs = report.epoch;
                record.reports.push(report);
            }
            Event::TrialEnded {
                trial,
                attempt,
                outcome,
                seconds,
            } => {
                let record = self.running(trial, attempt).map_err(wrong)?;
                record.status = Status::Ended(outcome);
                let last = record
                    .attempts
                    .last_mut()
                    .expect("a running trial has an attempt");
                last.finished_at = Some(at);
                last.seconds = Some(seconds);
                while self
                    .trials
                    .get(self.n_settled)
                    .is_some_and(|record| record.outcome().is_some())
                {
                    self.n_settled += 1;
                }
            }
            Event::TrialInterrupted { trial, attempt, .. } => {
                let record = self.running(trial, attempt).map_err(wrong)?;
                record.status = Status::Interrupted;
                record
                    .attempts
                    .last_mut()
                    .expect("a running trial has an attempt")
                    .finished_at = Some(at);
            }
            Event::RoundRefined(refinement) => {
                if self.refinements.len() + 1 != self.rounds.len() {
                    return Err(wrong("the round before was not planned".to_owned()));
                }
                self.refinements.push(*refinement);
            }
            Event::SweepFinished { verdict, winner } => self.finished = Some((verdict, winner)),
        }
        Ok(())
    }

    /// Another invocation goes on: whoever trained what is still running is gone.
    fn take_up(&mut self, host: String) {
        self.host = host;
        for record in &mut self.trials {
            if record.status == Status::Running {
                record.status = Status::Interrupted;
            }
        }
    }

    /// What was concluded with nothing to follow is concluded anew, now that a stage follows.
    fn extend(&mut self, definition: String) {
        if let Some(started) = &mut self.started {
            started.definition = definition;
        }
        self.finished = None;
        let concluded = self.refinements.len() == self.rounds.len();
        if concluded && self.refinements.last().is_some_and(|last| !last.widened) {
            self.refinements.pop();
        }
    }

    fn start(&mut self, trial: Trial, attempt: u32, begun: Attempt) -> Result<(), String> {
        let (index, n_started) = (trial.id.index(), self.trials.len());
        match self.trials.get_mut(index) {
            None if index == n_started && attempt == 1 => {
                self.trials.push(TrialRecord {
                    trial,
                    status: Status::Running,
                    reports: Vec::new(),
                    attempts: vec![begun],
                });
                Ok(())
            }
            Some(record)
                if !matches!(record.status, Status::Ended(_))
                    && attempt as usize == record.attempts.len() + 1 =>
            {
                record.status = Status::Running;
                record.reports.clear();
                record.attempts.push(begun);
                Ok(())
            }
            _ => Err(format!(
                "attempt {attempt} of trial {} cannot start here",
                trial.id
            )),
        }
    }

    fn check_columns(&self, report: &Report) -> Result<(), String> {
        let columns = self
            .started
            .iter()
            .flat_map(|started| &started.objective.columns);
        let (n_columns, n) = (columns.count(), report.values.len());
        if n == n_columns {
            return Ok(());
        }
        Err(format!(
            "it reports {n} numbers where the sweep has {n_columns} columns"
        ))
    }

    fn running(&mut self, id: TrialId, attempt: u32) -> Result<&mut TrialRecord, String> {
        self.trials
            .get_mut(id.index())
            .filter(|record| {
                record.status == Status::Running && record.attempts.len() == attempt as usize
            })
            .ok_or_else(|| format!("attempt {attempt} of trial {id} is not running"))
    }

    /// What the sweep is; none before the first event.
    pub fn started(&self) -> Option<&SweepStarted> {
        self.started.as_ref()
    }

    /// Rounds planned so far, in order.
    pub fn rounds(&self) -> &[RoundPlan] {
        &self.rounds
    }

    /// What was concluded from each round that is over.
    pub fn refinements(&self) -> &[Refinement] {
        &self.refinements
    }

    /// Trials started so far, by id.
    pub fn trials(&self) -> &[TrialRecord] {
        &self.trials
    }

    /// Verdict and winner, once the sweep is over.
    pub fn finished(&self) -> Option<(&Verdict, Option<TrialId>)> {
        self.finished
            .as_ref()
            .map(|(verdict, winner)| (verdict, *winner))
    }

    /// Number the next record must carry.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Trials of all rounds planned so far.
    pub fn n_planned(&self) -> usize {
        self.rounds
            .last()
            .map_or(0, |plan| plan.first.index() + plan.n_trials())
    }

    /// The trials that results may tell of: all those with an outcome before the first, in id order, that has
    /// none; cut where the sweep's verdict fell. Whatever the workers did, this is a prefix of the final table.
    pub fn committed(&self) -> &[TrialRecord] {
        let end = match self.finished() {
            Some((Verdict::TooManyFailures { last, .. }, _)) => last.index() + 1,
            _ => self.trials.len(),
        };
        &self.trials[..self.n_settled.min(end)]
    }
}

impl TrialRecord {
    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.status {
            Status::Ended(outcome) => Some(outcome),
            Status::Running | Status::Interrupted => None,
        }
    }

    /// Epochs completed in its latest attempt.
    pub fn epochs(&self) -> u32 {
        self.reports.last().map_or(0, |report| report.epoch)
    }

    /// Value of column `column` in the report of `epoch`.
    pub fn value(&self, column: usize, epoch: u32) -> Option<f64> {
        self.reports
            .iter()
            .find(|report| report.epoch == epoch)
            .and_then(|report| report.values.get(column))
            .copied()
    }
}

impl RoundPlan {
    /// Trials of this round.
    pub fn n_trials(&self) -> usize {
        self.blocks.iter().map(|block| block.trials as usize).sum()
    }
}
