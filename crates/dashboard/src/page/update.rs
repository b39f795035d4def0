//! What changed, as the page takes it: JSON.

use finetooth_scheduler::gate::Gate;
use finetooth_scheduler::trial::TrialId;
use jiff::Timestamp;
use serde::Serialize;

use super::curve::Curve;
use super::ranges::{Drawn, Key, Moved};
use super::row::Row;
use super::{Change, Importance, Page, curve, ranges, row, sample};
use crate::view::Source;

/// Where a sweep stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "why")]
pub enum Standing {
    /// A run is at work on it.
    Running,
    /// It is not over, and no run is at work.
    Interrupted,
    /// Every stage was run.
    Finished,
    /// A sentence says why it ended otherwise.
    Ended(String),
}

/// What changed since a place in the record.
#[derive(Debug, Serialize)]
pub struct Update<'a> {
    /// The place it tells up to.
    pub cursor: u64,
    /// Whether what was told before is to be forgotten.
    pub anew: bool,
    /// What the sweep is, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About<'a>>,
    standing: Standing,
    progress: Progress<'a>,
    /// Trials that changed, whole.
    trials: Vec<Row<'a>>,
    /// Reports that came to them, and those that fell away.
    curves: Vec<Curve>,
    /// Points that came to the line of the best so far.
    best: Vec<BestSoFar>,
    /// Rounds that were planned.
    rounds: Vec<Drawn<'a>>,
    /// Conclusions that were drawn.
    moves: Vec<Moved<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<&'a Importance>,
    /// What is left out, where there is too much for a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
}

/// What a sweep is.
#[derive(Debug, Serialize)]
struct About<'a> {
    name: &'a str,
    metric: &'a str,
    goal: &'static str,
    target: Option<f64>,
    keys: Vec<Key<'a>>,
    columns: &'a [String],
    stages: Vec<String>,
    description: &'a [String],
    definition: &'a str,
    finetooth: &'a str,
    gate: Option<&'a Gate>,
    runs_program: bool,
}

#[derive(Debug, Serialize)]
struct Progress<'a> {
    began: Option<Timestamp>,
    last: Option<Timestamp>,
    workers: usize,
    planned: usize,
    ended: usize,
    running: usize,
    epochs_planned: u64,
    epochs_done: u64,
    epochs_spent: u64,
    counts: &'a Counts,
    best: Option<TrialId>,
}

/// A best trial, by the epochs that all trials together had been trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct BestSoFar {
    pub(super) epochs: u64,
    pub(super) trial: TrialId,
    pub(super) value: f64,
    pub(super) epoch: u32,
}

/// Trials by outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct Counts {
    completed: usize,
    pruned: usize,
    diverged: usize,
    failed: usize,
}

impl Counts {
    /// A trial that had one outcome has another.
    pub(super) fn replace(&mut self, before: Option<&str>, now: Option<&str>) {
        if let Some(count) = before.and_then(|state| self.of(state)) {
            *count -= 1;
        }
        if let Some(count) = now.and_then(|state| self.of(state)) {
            *count += 1;
        }
    }

    fn of(&mut self, state: &str) -> Option<&mut usize> {
        match state {
            "completed" => Some(&mut self.completed),
            "pruned" => Some(&mut self.pruned),
            "diverged" => Some(&mut self.diverged),
            "failed" => Some(&mut self.failed),
            _ => None,
        }
    }
}

impl Page {
    /// What changed since `cursor`: 0 has seen nothing. Costs what changed, not what there is.
    pub fn since<'a>(&'a self, cursor: u64, standing: Standing, source: Source<'a>) -> Update<'a> {
        let anew = cursor == 0 || cursor < self.planned_anew_at || cursor > self.cursor;
        let cursor = if anew { 0 } else { cursor };
        let is_new = |at: u64| at > cursor;
        let new = |places: &[u64]| places.partition_point(|at| !is_new(*at));
        let state = source.state;
        let changes = &self.changes[self.changes.partition_point(|change| !is_new(change.at))..];
        let sampled = sample::choose(changes, source, anew, sample::ROOM);
        let n_in_results = match state.finished() {
            Some(_) => state.committed().len(),
            None => usize::MAX,
        };
        let rows = sampled.rows.iter();
        let rows = rows.map(|index| row::of(*index as usize, source, self.began, n_in_results));
        let curves = sampled.curves.iter();
        let curves = curves.filter_map(|change| curve::of(*change, state));
        let best_from = self.best.partition_point(|(at, _)| !is_new(*at));
        let told = self.rounds_at.len();
        let rounds = state.rounds().iter().take(told).skip(new(&self.rounds_at));
        let told = self.refinements_at.len();
        let moves = state
            .refinements()
            .iter()
            .take(told)
            .skip(new(&self.refinements_at));
        Update {
            cursor: self.cursor,
            anew,
            about: is_new(self.about_at).then(|| about(source)).flatten(),
            standing,
            progress: self.progress(source),
            trials: rows.collect(),
            curves: curves.collect(),
            best: self.best[best_from..]
                .iter()
                .map(|(_, best)| *best)
                .collect(),
            rounds: rounds
                .map(|plan| ranges::round(plan, source.sweep))
                .collect(),
            moves: moves
                .flat_map(|refinement| ranges::moves(refinement, source.sweep))
                .collect(),
            importance: self
                .importance
                .as_ref()
                // Found after the event at that place was told, so that who has seen it may not have this.
                .filter(|(at, _)| *at >= cursor)
                .map(|(_, importance)| importance),
            left_out: sampled.left_out,
        }
    }

    fn progress(&self, source: Source<'_>) -> Progress<'_> {
        let winner = source.state.finished().and_then(|(_, winner)| winner);
        Progress {
            began: self.began,
            last: self.last,
            workers: self.workers,
            planned: self.view.n_planned,
            ended: self.view.n_ended,
            running: self.view.n_running(),
            epochs_planned: self.view.epochs_planned,
            epochs_done: self.view.epochs_done(),
            epochs_spent: self.epochs_spent,
            counts: &self.counts,
            best: winner.or(self.view.best.map(|(trial, _)| trial)),
        }
    }
}

fn about(source: Source<'_>) -> Option<About<'_>> {
    let Source { sweep, state, .. } = source;
    let started = state.started()?;
    Some(About {
        name: sweep.name(),
        metric: &sweep.metric().name,
        goal: sweep.metric().goal.as_str(),
        target: sweep.metric().target,
        keys: ranges::keys(sweep),
        columns: &started.objective.columns,
        stages: sweep.stage_names(),
        description: &started.objective.description,
        definition: &started.definition,
        finetooth: &started.finetooth,
        gate: state.gate(),
        runs_program: sweep.runs_program(),
    })
}

/// Each trial that changed once, with the reports that stand from all its changes.
pub(super) fn by_trial(changes: &[Change]) -> Vec<Change> {
    let mut sorted = changes.to_vec();
    sorted.sort_unstable_by_key(|change| (change.trial, change.from));
    sorted.dedup_by_key(|change| change.trial);
    sorted
}
