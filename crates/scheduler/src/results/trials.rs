//! trials.csv: one row a trial, with its values and what they came to.

use std::io::{self, Write};

use super::cells::Rows;
use super::tables::Layout;
use crate::state::{Settled, State};

const FIRST: [&str; 4] = ["trial", "stage", "round", "state"];
const MIDDLE: [&str; 2] = ["best_epoch", "epochs"];
const LAST: [&str; 3] = ["seed", "parent", "reason"];

/// What is told of a trial besides its metric, where it is reported; of other objectives, everything is.
const USUAL: [&str; 9] = [
    "train_loss",
    "train_accuracy",
    "train_rmse",
    "train_mae",
    "val_loss",
    "val_accuracy",
    "val_rmse",
    "val_mae",
    "val_r2",
];

/// Writes the trials that can change no more, in id order.
///
/// The metric is the best up to the last epoch and `best_epoch` the first that reached it; the other numbers are
/// those of that epoch. A trial whose metric never was a number shows those of its last epoch, and one that
/// reported nothing shows none.
pub(super) fn write<W: Write>(layout: &Layout, state: &State, mut rows: Rows<W>) -> io::Result<()> {
    let metric = layout.metric.0.as_str();
    let told = told(layout);
    rows.names(FIRST)?;
    rows.names(layout.keys.iter().map(|key| &**key))?;
    rows.text(metric)?;
    rows.names(MIDDLE)?;
    rows.names(told.iter().map(|index| layout.columns[*index].as_str()))?;
    rows.names(LAST)?;
    rows.end()?;
    for record in state.committed() {
        row(layout, &told, record, &mut rows)?;
    }
    rows.finish()
}

fn row<W: Write>(
    layout: &Layout,
    told: &[usize],
    record: Settled<'_>,
    rows: &mut Rows<W>,
) -> io::Result<()> {
    let trial = record.trial;
    let outcome = record.outcome;
    let best = layout.leaderboard.and_then(|board| board.best(record));
    let shown = match best {
        Some(best) => record
            .reports
            .iter()
            .find(|report| report.epoch == best.epoch),
        None => record.reports.last().filter(|report| report.epoch > 0),
    };
    let value = |column: usize| shown?.values.get(column).copied();

    rows.shown(Some(trial.id))?;
    rows.text(layout.stage(trial.stage))?;
    rows.shown(Some(trial.round))?;
    rows.text(outcome.map_or("", |outcome| outcome.state()))?;
    for key in &layout.keys {
        rows.shown(trial.params.get(key))?;
    }
    rows.number(layout.metric.1.and_then(value))?;
    rows.shown(best.map(|best| best.epoch))?;
    rows.shown(Some(record.epochs()))?;
    for column in told {
        rows.number(value(*column))?;
    }
    rows.shown(Some(trial.seed))?;
    rows.shown(trial.parent)?;
    rows.text(
        outcome
            .and_then(|outcome| outcome.reason())
            .unwrap_or_default(),
    )?;
    rows.end()
}

/// Places in a report of the numbers that get a column of their own; no name twice in a table.
fn told(layout: &Layout) -> Vec<usize> {
    let has_usual = layout
        .columns
        .iter()
        .any(|column| USUAL.contains(&column.as_str()));
    let is_taken = |name: &str| {
        let fixed = FIRST.iter().chain(&MIDDLE).chain(&LAST);
        name == layout.metric.0
            || layout.keys.iter().any(|key| &**key == name)
            || fixed.into_iter().any(|column| *column == name)
    };
    let place = |name: &str| layout.columns.iter().position(|column| column == name);
    if has_usual {
        let usual = USUAL.iter().filter(|name| !is_taken(name));
        usual.filter_map(|name| place(name)).collect()
    } else {
        let named = layout.columns.iter().enumerate();
        named
            .filter(|(_, name)| !is_taken(name))
            .map(|(index, _)| index)
            .collect()
    }
}
