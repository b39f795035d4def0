//! timings.csv: where and when each attempt ran; all that may differ between two runs of a sweep.

use super::cell::{Cell, Kind};
use super::column::Column;
use crate::state::State;

pub(super) fn columns() -> Vec<Column<'static>> {
    [
        ("trial", Kind::Whole),
        ("attempt", Kind::Whole),
        ("worker", Kind::Whole),
        ("host", Kind::Text),
        ("started_at", Kind::Time),
        ("finished_at", Kind::Time),
        ("seconds", Kind::Real),
        ("epochs_per_second", Kind::Real),
    ]
    .map(|(name, kind)| Column::fixed(name, kind))
    .to_vec()
}

/// One row an attempt, in the order of trials, those that run or were broken off included.
pub(super) fn rows<'a, E>(
    state: &'a State,
    mut take: impl FnMut(&[Cell<'a>]) -> Result<(), E>,
) -> Result<(), E> {
    for record in state.trials() {
        for (attempt, number) in record.attempts.iter().zip(1_u32..) {
            let seconds = attempt.seconds.filter(|seconds| *seconds > 0.0);
            take(&[
                Cell::count(record.trial.id.number()),
                Cell::count(number),
                Cell::count(attempt.worker),
                Cell::Text(&attempt.host),
                Cell::Time(attempt.started_at),
                attempt.finished_at.map_or(Cell::Missing, Cell::Time),
                Cell::measured(attempt.seconds),
                Cell::measured(seconds.map(|seconds| f64::from(attempt.epochs) / seconds)),
            ])?;
        }
    }
    Ok(())
}

pub(super) fn n_rows(state: &State) -> usize {
    let attempts = state.trials().iter().map(|record| record.attempts.len());
    attempts.sum()
}
