//! epochs.csv: one row a trial and epoch, with everything that was reported.

use std::io::{self, Write};

use super::cells::Rows;
use super::tables::Layout;
use crate::state::State;

const FIRST: [&str; 3] = ["trial", "stage", "epoch"];

/// Writes the epochs, from 1, of the trials that can change no more, in id order.
///
/// The untrained network, epoch 0, is in the journal only: it is no epoch of training.
pub(super) fn write<W: Write>(layout: &Layout, state: &State, mut rows: Rows<W>) -> io::Result<()> {
    let columns = layout.columns.iter().enumerate();
    let told: Vec<(usize, &str)> = columns
        .map(|(index, name)| (index, name.as_str()))
        .filter(|(_, name)| !FIRST.contains(name))
        .collect();
    rows.names(FIRST)?;
    rows.names(told.iter().map(|(_, name)| *name))?;
    rows.end()?;
    for record in state.committed() {
        let stage = layout.stage(record.trial.stage);
        for report in record.reports.iter().filter(|report| report.epoch > 0) {
            rows.shown(Some(record.trial.id))?;
            rows.text(stage)?;
            rows.shown(Some(report.epoch))?;
            for (index, _) in &told {
                rows.number(report.values.get(*index).copied())?;
            }
            rows.end()?;
        }
    }
    rows.finish()
}
