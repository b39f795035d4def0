//! A trial as the table shows it.

use finetooth_scheduler::space::Value;
use finetooth_scheduler::state::{Attempt, Status, TrialRecord};
use finetooth_scheduler::trial::{Outcome, TrialId};
use jiff::Timestamp;
use serde::Serialize;

use crate::view::Source;

/// A trial.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    id: TrialId,
    /// Index of its stage.
    stage: usize,
    round: usize,
    state: &'static str,
    /// Its best metric; null where it never had a finite one.
    metric: Option<f64>,
    best_epoch: Option<u32>,
    epochs: u32,
    epochs_planned: u32,
    seed: u32,
    parent: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Values in the order of the sweep's keys; null for those it lacks.
    params: Vec<Option<&'a Value>>,
    /// Worker, begin and end of each attempt, in seconds since the sweep began.
    attempts: Vec<(usize, f64, Option<f64>)>,
}

/// The trial at `index`, which has begun; of a sweep that is over, only the first `n_in_results` are in the results.
pub(super) fn of(
    index: usize,
    source: Source<'_>,
    began: Option<Timestamp>,
    n_in_results: usize,
) -> Row<'_> {
    let record = &source.state.trials()[index];
    let trial = &record.trial;
    let best = source.leaderboard.best(record);
    let keys = source.sweep.space().0.iter();
    Row {
        id: trial.id,
        stage: trial.stage,
        round: trial.round,
        state: state(record, index < n_in_results),
        metric: best
            .map(|best| best.value)
            .filter(|value| value.is_finite()),
        best_epoch: best.map(|best| best.epoch),
        epochs: record.epochs(),
        epochs_planned: trial.epochs,
        seed: trial.seed,
        parent: trial.parent,
        reason: record.outcome().and_then(Outcome::reason),
        params: keys
            .map(|dimension| trial.params.get(&dimension.key))
            .collect(),
        attempts: record
            .attempts
            .iter()
            .map(|attempt| times(attempt, began))
            .collect(),
    }
}

fn state(record: &TrialRecord, is_in_results: bool) -> &'static str {
    match record.status {
        _ if !is_in_results => "after the end",
        Status::Running => "running",
        Status::Interrupted => "interrupted",
        Status::Ended => record.outcome().map_or("", Outcome::state),
    }
}

fn times(attempt: &Attempt, began: Option<Timestamp>) -> (usize, f64, Option<f64>) {
    let began = began.unwrap_or(attempt.started_at);
    let seconds = |at: Timestamp| (at.as_millisecond() - began.as_millisecond()) as f64 / 1000.0;
    (
        attempt.worker,
        seconds(attempt.started_at),
        attempt.finished_at.map(seconds),
    )
}
