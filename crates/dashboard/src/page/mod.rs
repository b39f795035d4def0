//! What the page shows of a sweep: a fold of its events, told as changes since a place in the record.
//!
//! [`Page::since`] tells everything to whoever has seen nothing, and a cursor's worth to whoever has seen the rest;
//! the file to mail and the live page are made from the same. No clock, no files: the events carry their times.

mod curve;
mod importance;
mod ranges;
mod row;
mod sample;
mod update;

pub(crate) use importance::importance_of;
pub use importance::{Importance, KeyImportance};
pub use update::{Standing, Update};

use finetooth_scheduler::event::Event;
use finetooth_scheduler::state::Status;
use jiff::Timestamp;

use crate::view::{Source, View};
use update::{BestSoFar, Counts};

/// A sweep as the page shows it, by the events it has taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    view: View,
    /// Number of events taken: the place in the record.
    cursor: u64,
    /// Before this place everything was another plan.
    planned_anew_at: u64,
    /// Place of the last event that changed what the sweep is.
    about_at: u64,
    began: Option<Timestamp>,
    last: Option<Timestamp>,
    workers: usize,
    epochs_spent: u64,
    changes: Vec<Change>,
    best: Vec<(u64, BestSoFar)>,
    rounds_at: Vec<u64>,
    refinements_at: Vec<u64>,
    outcomes: Vec<Option<&'static str>>,
    counts: Counts,
    importance: Option<(u64, Importance)>,
}

/// An event changed a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// Place in the record after the event.
    at: u64,
    /// Index of the trial.
    trial: u32,
    /// Its reports up to here are as they were.
    from: u32,
}

impl Page {
    /// Takes an event that `source` includes already. Every event of the record must come, in order.
    pub fn take(&mut self, event: &Event, at: Timestamp, source: Source<'_>) {
        self.cursor += 1;
        self.began.get_or_insert(at);
        self.last = Some(at);
        self.view.take(event, source);
        match event {
            Event::SweepStarted(_) | Event::GateChecked(_) => self.about_at = self.cursor,
            Event::RunStarted { workers, .. } => {
                self.workers = *workers;
                self.interrupted(source);
            }
            Event::SweepReplanned { .. } | Event::SweepExtended { .. } => self.plan_anew(source),
            // What the verdict had cut off is in the results again.
            Event::FailuresRetried { .. } => {
                for index in 0..source.state.trials().len() {
                    self.change(index, None, source);
                }
            }
            Event::RoundPlanned(_) => self.rounds_at.push(self.cursor),
            Event::RoundRefined(_) => self.refinements_at.push(self.cursor),
            Event::TrialStarted { trial, .. } => self.change(trial.id.index(), None, source),
            Event::TrialReused { trial, .. } => self.change(trial.id.index(), Some(0), source),
            Event::EpochReported { trial, report, .. } => {
                self.epochs_spent += u64::from(report.epoch > 0);
                self.change(trial.index(), None, source);
            }
            Event::TrialEnded { trial, .. } | Event::TrialInterrupted { trial, .. } => {
                self.change(trial.index(), None, source);
            }
            Event::SweepFinished { .. } => self.cut_off(source),
        }
        self.compare();
    }

    /// Events taken so far.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// When the sweep began; none before its first event.
    pub fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// Trials with an outcome.
    pub fn n_ended(&self) -> usize {
        self.view.n_ended
    }

    /// Takes what the keys were found to matter.
    pub fn take_importance(&mut self, importance: Importance) {
        self.importance = Some((self.cursor, importance));
    }

    /// The trial at `index` changed; its reports up to `from` did not (those before the newest where none is given).
    fn change(&mut self, index: usize, from: Option<usize>, source: Source<'_>) {
        let Some(record) = source.state.trials().get(index) else {
            return;
        };
        let from = from.unwrap_or_else(|| record.reports.len().saturating_sub(1));
        self.changes.push(Change {
            at: self.cursor,
            trial: index as u32,
            from: from as u32,
        });
        if self.outcomes.len() <= index {
            self.outcomes.resize(index + 1, None);
        }
        let outcome = record
            .outcome()
            .filter(|_| record.status == Status::Ended)
            .map(finetooth_scheduler::trial::Outcome::state);
        let before = std::mem::replace(&mut self.outcomes[index], outcome);
        self.counts.replace(before, outcome);
    }

    /// Whoever trained what was running is gone.
    fn interrupted(&mut self, source: Source<'_>) {
        let open: Vec<usize> = (0..source.state.trials().len())
            .filter(|index| self.outcomes.get(*index).copied().flatten().is_none())
            .collect();
        for index in open {
            self.change(index, None, source);
        }
    }

    /// Another plan takes the place of the one so far.
    fn plan_anew(&mut self, source: Source<'_>) {
        *self = Self {
            view: View::new(source),
            cursor: self.cursor,
            planned_anew_at: self.cursor,
            about_at: self.cursor,
            began: self.began,
            last: self.last,
            workers: self.workers,
            ..Self::default()
        };
        self.rounds_at = vec![self.cursor; source.state.rounds().len()];
        self.refinements_at = vec![self.cursor; source.state.refinements().len()];
        for index in 0..source.state.trials().len() {
            self.change(index, Some(0), source);
        }
    }

    /// What was planned after the verdict fell is in no result.
    fn cut_off(&mut self, source: Source<'_>) {
        for index in source.state.committed().len()..source.state.trials().len() {
            self.change(index, None, source);
        }
    }

    /// Puts a new best on the line of the best so far.
    fn compare(&mut self) {
        let Some((trial, best)) = self.view.best else {
            return;
        };
        let known = self.best.last().map(|(_, known)| known);
        if known.is_some_and(|known| known.trial == trial && known.value == best.value) {
            return;
        }
        let point = BestSoFar {
            epochs: self.epochs_spent,
            trial,
            value: best.value,
            epoch: best.epoch,
        };
        self.best.push((self.cursor, point));
    }
}

#[cfg(test)]
mod tests;
