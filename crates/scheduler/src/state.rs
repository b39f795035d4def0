//! What the events add up to. Nothing else is state.

use jiff::Timestamp;

use crate::event::{Event, Record, Refinement, RoundPlan, SweepStarted, Verdict};
use crate::gate::Gate;
use crate::trial::{Outcome, Report, Trial, TrialId};

mod settled;

pub use settled::Settled;

/// The sweep as its record tells it so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    started: Option<SweepStarted>,
    host: String,
    gate: Option<Gate>,
    rounds: Vec<RoundPlan>,
    refinements: Vec<Refinement>,
    trials: Vec<TrialRecord>,
    superseded: Vec<TrialRecord>,
    n_planned: usize,
    rungs: Vec<RungRef>,
    n_settled: usize,
    finished: Option<(Verdict, Option<TrialId>)>,
    next_seq: u64,
}

/// A rung of a trial: the part of its training that is one task. Those of all rounds stand in the order of planning,
/// which is the order in which they are handed out and in which results tell of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungRef {
    /// The trial.
    pub trial: TrialId,
    /// Which of its rungs, from 0.
    pub rung: usize,
}

/// A trial with all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRecord {
    /// The trial; `epochs` are those of its latest rung.
    pub trial: Trial,
    /// Where it stands.
    pub status: Status,
    /// What its rungs came to, in order.
    pub rungs: Vec<Rung>,
    /// Reports of all its rungs, by epoch; those of abandoned attempts are dropped.
    pub reports: Vec<Report>,
    /// When each of them was recorded; decides nothing.
    pub reported_at: Vec<Timestamp>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}

/// A rung that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Epochs it was to reach.
    pub epochs: u32,
    /// Reports of the trial by then.
    pub n_reports: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// Where a trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A worker trains it, or did when the record broke off.
    Running,
    /// It was stopped and waits to be begun again.
    Interrupted,
    /// Its latest rung has its outcome.
    Ended,
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
            Event::SweepReplanned { definition } => self.replan(definition),
            Event::GateChecked(gate) => {
                if !self.rounds.is_empty() {
                    return Err(wrong("the search has begun without it".to_owned()));
                }
                self.gate = Some(*gate);
            }
            Event::RoundPlanned(plan) => {
                if plan.first.index() != self.n_planned() {
                    return Err(wrong(format!(
                        "its first trial should be {}",
                        self.n_planned() + 1
                    )));
                }
                self.plan(*plan).map_err(wrong)?;
            }
            Event::TrialStarted {
                trial,
                attempt,
                from,
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
                self.start(trial, attempt, from, begun).map_err(wrong)?;
            }
            Event::TrialReused {
                trial,
                source,
                n_reports,
                outcome,
            } => self
                .reuse(trial, source, n_reports, outcome)
                .map_err(wrong)?,
            Event::FailuresRetried { trials } => self.retry(&trials).map_err(wrong)?,
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
                record.reported_at.push(at);
            }
            Event::TrialEnded {
                trial,
                attempt,
                outcome,
                seconds,
            } => self
                .end(trial, attempt, outcome, seconds, at)
                .map_err(wrong)?,
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

    /// Everything is planned anew; the trials so far, those of still earlier plans before them, are kept aside.
    fn replan(&mut self, definition: String) {
        let started = self.started.take().map(|started| SweepStarted {
            definition,
            ..started
        });
        let mut superseded = std::mem::take(&mut self.trials);
        // Of two plans' trials of the same number the one that was trained longer is kept.
        for (index, earlier) in std::mem::take(&mut self.superseded).into_iter().enumerate() {
            match superseded.get_mut(index) {
                Some(later) if later.n_kept() >= earlier.n_kept() => {}
                Some(later) => *later = earlier,
                None => superseded.push(earlier),
            }
        }
        *self = Self {
            started,
            host: std::mem::take(&mut self.host),
            gate: self.gate.take(),
            superseded,
            next_seq: self.next_seq,
            ..Self::default()
        };
    }

    fn reuse(
        &mut self,
        trial: Trial,
        source: TrialId,
        n_reports: usize,
        outcome: Outcome,
    ) -> Result<(), String> {
        let twin = self
            .superseded
            .get(source.index())
            .filter(|twin| twin.reports.len() >= n_reports)
            .ok_or_else(|| format!("trial {source} of an earlier plan does not tell so much"))?;
        let index = trial.id.index();
        if index == self.trials.len() {
            self.trials.push(TrialRecord {
                trial: trial.clone(),
                status: Status::Ended,
                rungs: Vec::new(),
                reports: Vec::new(),
                reported_at: Vec::new(),
                attempts: twin.attempts.clone(),
            });
        }
        let record = self
            .trials
            .get_mut(index)
            .filter(|record| record.status == Status::Ended)
            .ok_or_else(|| format!("trial {} cannot come to an end here", trial.id))?;
        record.reports = twin.reports[..n_reports].to_vec();
        record.reported_at = twin.reported_at[..n_reports].to_vec();
        record.rungs.push(Rung {
            epochs: trial.epochs,
            n_reports,
            outcome,
        });
        record.trial = trial;
        self.settle();
        Ok(())
    }

    /// As if the latest rungs of `trials`, which failed, had been interrupted.
    fn retry(&mut self, trials: &[TrialId]) -> Result<(), String> {
        for trial in trials {
            let record = self.trials.get_mut(trial.index());
            let failed =
                record.filter(|record| matches!(record.outcome(), Some(Outcome::Failed { .. })));
            let record = failed.ok_or_else(|| format!("trial {trial} has not failed"))?;
            record.rungs.pop();
            record.keep_reports(record.n_kept());
            record.status = Status::Interrupted;
        }
        self.finished = None;
        self.n_settled = 0;
        self.settle();
        Ok(())
    }

    fn plan(&mut self, plan: RoundPlan) -> Result<(), String> {
        for continued in &plan.continued {
            let record = self.trials.get(continued.trial.index());
            let rung = record
                .map(|record| record.rungs.len())
                .filter(|n_rungs| *n_rungs > 0);
            self.rungs.push(RungRef {
                trial: continued.trial,
                rung: rung
                    .ok_or_else(|| format!("trial {} has nothing to continue", continued.trial))?,
            });
        }
        let first = self.n_planned;
        self.n_planned += plan.n_trials();
        self.rungs
            .extend((first..self.n_planned).map(|index| RungRef {
                trial: TrialId::from_index(index),
                rung: 0,
            }));
        self.rounds.push(plan);
        Ok(())
    }

    fn end(
        &mut self,
        trial: TrialId,
        attempt: u32,
        outcome: Outcome,
        seconds: f64,
        at: Timestamp,
    ) -> Result<(), String> {
        let record = self.running(trial, attempt)?;
        record.status = Status::Ended;
        record.rungs.push(Rung {
            epochs: record.trial.epochs,
            n_reports: record.reports.len(),
            outcome,
        });
        let last = record
            .attempts
            .last_mut()
            .expect("a running trial has an attempt");
        last.finished_at = Some(at);
        last.seconds = Some(seconds);
        self.settle();
        Ok(())
    }

    /// Counts on over the rungs that have ended, up to the first, in the order of planning, that has not.
    fn settle(&mut self) {
        while let Some(next) = self.rungs.get(self.n_settled)
            && let Some(record) = self.trials.get(next.trial.index())
            && record.rungs.len() > next.rung
        {
            self.n_settled += 1;
        }
    }

    fn start(
        &mut self,
        trial: Trial,
        attempt: u32,
        from: u32,
        begun: Attempt,
    ) -> Result<(), String> {
        let (index, n_started) = (trial.id.index(), self.trials.len());
        match self.trials.get_mut(index) {
            None if index == n_started && attempt == 1 && from == 0 => {
                self.trials.push(TrialRecord {
                    trial,
                    status: Status::Running,
                    rungs: Vec::new(),
                    reports: Vec::new(),
                    reported_at: Vec::new(),
                    attempts: vec![begun],
                });
                Ok(())
            }
            Some(record)
                if record.status != Status::Running
                    && attempt as usize == record.attempts.len() + 1
                    && from == record.trained() =>
            {
                record.status = Status::Running;
                record.trial = trial;
                record.keep_reports(record.n_kept());
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

    /// What the sanity checks and the probe found; none where they were not made.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
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

    /// Trials of earlier plans, by id: their results are used where the plan asks for the same.
    pub fn superseded(&self) -> &[TrialRecord] {
        &self.superseded
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
        self.n_planned
    }

    /// The rungs of all rounds planned so far, in the order in which they are handed out.
    pub fn rungs(&self) -> &[RungRef] {
        &self.rungs
    }

    /// How many of [`State::rungs`] results may tell of: those that ended before the first that has not, cut where
    /// the sweep's verdict fell.
    pub fn n_settled(&self) -> usize {
        let last = match self.finished() {
            Some((
                Verdict::TooManyFailures { last, rung, .. } | Verdict::TargetReached { last, rung },
                _,
            )) => Some((*last, *rung)),
            _ => None,
        };
        let Some((trial, rung)) = last else {
            return self.n_settled;
        };
        let is_last = |place: &RungRef| *place == RungRef { trial, rung };
        let end = self.rungs.iter().position(is_last);
        end.map_or(self.n_settled, |index| self.n_settled.min(index + 1))
    }

    /// The trials that results may tell of, in id order, each as it was at its last settled rung. Whatever the
    /// workers did, they follow from [`State::n_settled`] alone.
    pub fn committed(&self) -> impl ExactSizeIterator<Item = Settled<'_>> + Clone {
        self.settled(self.n_settled())
    }

    /// The trials of the first `n` rungs, in id order, each as it was at the last of them.
    pub(crate) fn settled(&self, n: usize) -> impl ExactSizeIterator<Item = Settled<'_>> + Clone {
        let rungs = &self.rungs[..n];
        let n_trials = rungs.iter().filter(|place| place.rung == 0).count();
        let mut settled = vec![0; n_trials];
        for place in rungs {
            settled[place.trial.index()] = place.rung + 1;
        }
        self.trials
            .iter()
            .zip(settled)
            .map(|(record, n_rungs)| record.after(n_rungs))
    }
}

impl TrialRecord {
    /// How its latest rung that ended did so; none where none has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.rungs.last().map(|rung| &rung.outcome)
    }

    /// Epochs of the rungs that ended: what a continuation starts from.
    pub fn trained(&self) -> u32 {
        self.rungs.last().map_or(0, |rung| rung.epochs)
    }

    /// Reports of the rungs that ended.
    pub(crate) fn n_kept(&self) -> usize {
        self.rungs.last().map_or(0, |rung| rung.n_reports)
    }

    fn keep_reports(&mut self, n: usize) {
        self.reports.truncate(n);
        self.reported_at.truncate(n);
    }

    /// The trial as it was when so many of its rungs had ended.
    pub(crate) fn after(&self, n_rungs: usize) -> Settled<'_> {
        let rung = n_rungs
            .checked_sub(1)
            .and_then(|index| self.rungs.get(index));
        let n_reports = rung.map_or(0, |rung| rung.n_reports);
        Settled {
            trial: &self.trial,
            reports: &self.reports[..n_reports],
            reported_at: &self.reported_at[..n_reports],
            outcome: rung.map(|rung| &rung.outcome),
        }
    }

    /// Epochs completed, those of its latest attempt included.
    pub fn epochs(&self) -> u32 {
        self.reports.last().map_or(0, |report| report.epoch)
    }
}

impl RoundPlan {
    /// Trials of this round.
    pub fn n_trials(&self) -> usize {
        self.blocks.iter().map(|block| block.trials as usize).sum()
    }
}
