//! trials.csv: one row a trial, with its values and what they came to.

use super::cell::{Cell, Kind};
use super::column::{Column, Origin};
use super::layout::Layout;
use crate::state::{Settled, State};
use crate::trial::Outcome;

const FIRST: [(&str, Kind); 4] = [
    ("trial", Kind::Whole),
    ("stage", Kind::Text),
    ("round", Kind::Whole),
    ("state", Kind::Text),
];
const MIDDLE: [(&str, Kind); 2] = [("best_epoch", Kind::Whole), ("epochs", Kind::Whole)];
const LAST: [(&str, Kind); 3] = [
    ("seed", Kind::Whole),
    ("parent", Kind::Whole),
    ("reason", Kind::Text),
];

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

pub(super) fn columns<'a>(layout: &'a Layout, state: &State) -> Vec<Column<'a>> {
    let fixed = |&(name, kind): &(&'static str, Kind)| Column::fixed(name, kind);
    let keys = layout.keys.iter().map(|key| {
        let values = state
            .committed()
            .map(|record| Cell::value(record.trial.params.get(&key.name)));
        Column {
            name: &key.name,
            // Where a stage does not search a key, its value may be of another kind than those searched.
            kind: Kind::of(Some(key.kind), values),
            origin: Origin::Key,
        }
    });
    let told = told(layout)
        .into_iter()
        .map(|index| Column::reported(&layout.columns[index]));
    let mut columns: Vec<Column<'a>> = FIRST.iter().map(fixed).collect();
    columns.extend(keys);
    columns.push(Column::reported(&layout.metric.0));
    columns.extend(MIDDLE.iter().map(fixed));
    columns.extend(told);
    columns.extend(LAST.iter().map(fixed));
    columns
}

/// The trials that can change no more, in id order.
///
/// The metric is the best up to the last epoch and `best_epoch` the first that reached it; the other numbers are
/// those of that epoch. A trial whose metric never was a number shows those of its last epoch, and one that
/// reported nothing shows none.
pub(super) fn rows<'a, E>(
    layout: &'a Layout,
    state: &'a State,
    mut take: impl FnMut(&[Cell<'a>]) -> Result<(), E>,
) -> Result<(), E> {
    let told = told(layout);
    let mut row = Vec::new();
    for record in state.committed() {
        row.clear();
        fill(layout, &told, record, &mut row);
        take(&row)?;
    }
    Ok(())
}

fn fill<'a>(layout: &'a Layout, told: &[usize], record: Settled<'a>, row: &mut Vec<Cell<'a>>) {
    let trial = record.trial;
    let best = layout.leaderboard.and_then(|board| board.best(record));
    let shown = match best {
        Some(best) => record
            .reports
            .iter()
            .find(|report| report.epoch == best.epoch),
        None => record.reports.last().filter(|report| report.epoch > 0),
    };
    let value = |column: usize| shown?.values.get(column).copied();

    row.push(Cell::count(trial.id.number()));
    row.push(Cell::Text(layout.stage(trial.stage)));
    row.push(Cell::count(trial.round));
    row.push(Cell::Text(record.outcome.map_or("", Outcome::state)));
    let keys = layout.keys.iter();
    row.extend(keys.map(|key| Cell::value(trial.params.get(&key.name))));
    row.push(Cell::measured(layout.metric.1.and_then(value)));
    row.push(best.map_or(Cell::Missing, |best| Cell::count(best.epoch)));
    row.push(Cell::count(record.epochs()));
    row.extend(told.iter().map(|column| Cell::measured(value(*column))));
    row.push(Cell::count(trial.seed));
    row.push(
        trial
            .parent
            .map_or(Cell::Missing, |parent| Cell::count(parent.number())),
    );
    let reason = record.outcome.and_then(Outcome::reason);
    row.push(reason.map_or(Cell::Missing, Cell::Text));
}

/// Places in a report of the numbers that get a column of their own; no name twice in a table.
fn told(layout: &Layout) -> Vec<usize> {
    let has_usual = layout
        .columns
        .iter()
        .any(|column| USUAL.contains(&column.as_str()));
    let is_taken = |name: &str| {
        let mut fixed = FIRST.iter().chain(&MIDDLE).chain(&LAST);
        name == layout.metric.0
            || layout.keys.iter().any(|key| &*key.name == name)
            || fixed.any(|(column, _)| *column == name)
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
