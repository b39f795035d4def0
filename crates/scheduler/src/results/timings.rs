//! timings.csv: where and when each attempt ran; all that may differ between two runs of a sweep.

use std::io::{self, Write};

use super::cells::Rows;
use crate::state::State;

/// Writes one row an attempt, in the order of trials, those that run or were broken off included.
pub(super) fn write<W: Write>(state: &State, mut rows: Rows<W>) -> io::Result<()> {
    rows.names([
        "trial",
        "attempt",
        "worker",
        "host",
        "started_at",
        "finished_at",
        "seconds",
        "epochs_per_second",
    ])?;
    rows.end()?;
    for record in state.trials() {
        for (attempt, number) in record.attempts.iter().zip(1_u32..) {
            let seconds = attempt.seconds.filter(|seconds| *seconds > 0.0);
            rows.shown(Some(record.trial.id))?;
            rows.shown(Some(number))?;
            rows.shown(Some(attempt.worker))?;
            rows.text(&attempt.host)?;
            rows.shown(Some(format_args!("{:.3}", attempt.started_at)))?;
            rows.shown(attempt.finished_at.map(|at| format!("{at:.3}")))?;
            rows.number(attempt.seconds)?;
            rows.number(seconds.map(|seconds| f64::from(attempt.epochs) / seconds))?;
            rows.end()?;
        }
    }
    rows.finish()
}
