//! epochs.csv: one row a trial and epoch, with everything that was reported.

use super::cell::{Cell, Kind};
use super::column::Column;
use super::layout::Layout;
use crate::state::{Settled, State};
use crate::trial::Report;

const FIRST: [(&str, Kind); 3] = [
    ("trial", Kind::Whole),
    ("stage", Kind::Text),
    ("epoch", Kind::Whole),
];

pub(super) fn columns(layout: &Layout) -> Vec<Column<'_>> {
    let first = FIRST.map(|(name, kind)| Column::fixed(name, kind));
    let told = told(layout).map(|(_, name)| Column::reported(name));
    first.into_iter().chain(told).collect()
}

/// The epochs, from 1, of the trials that can change no more, in id order.
///
/// The untrained network, epoch 0, is in the journal only: it is no epoch of training.
pub(super) fn rows<'a, E>(
    layout: &'a Layout,
    state: &'a State,
    mut take: impl FnMut(&[Cell<'a>]) -> Result<(), E>,
) -> Result<(), E> {
    let told: Vec<usize> = told(layout).map(|(index, _)| index).collect();
    let mut row = Vec::new();
    for record in state.committed() {
        let stage = layout.stage(record.trial.stage);
        for report in trained(record) {
            row.clear();
            row.push(Cell::count(record.trial.id.number()));
            row.push(Cell::Text(stage));
            row.push(Cell::count(report.epoch));
            let value = |index: &usize| Cell::measured(report.values.get(*index).copied());
            row.extend(told.iter().map(value));
            take(&row)?;
        }
    }
    Ok(())
}

pub(super) fn n_rows(state: &State) -> usize {
    let epochs = state.committed().map(|record| trained(record).count());
    epochs.sum()
}

fn trained(record: Settled<'_>) -> impl Iterator<Item = &Report> {
    record.reports.iter().filter(|report| report.epoch > 0)
}

/// Place in a report and name of the numbers that are told; no name twice in a table.
fn told(layout: &Layout) -> impl Iterator<Item = (usize, &str)> {
    let columns = layout.columns.iter().map(String::as_str).enumerate();
    columns.filter(|(_, name)| FIRST.iter().all(|(first, _)| first != name))
}
