//! The four tables of a run, written together.

use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::replace::{Replacement, ResultsError, commit};
use super::table::Table;
use crate::state::State;
use crate::sweep::Sweep;

/// Writes `trials.csv`, `epochs.csv`, `stages.csv` and `timings.csv` into a run's directory.
#[derive(Debug, Clone)]
pub struct Tables {
    directory: PathBuf,
    layout: Layout,
}

impl Tables {
    /// Tables in `directory` of `sweep`, whose objective reports `columns`.
    ///
    /// A sweep that is extended needs new ones.
    pub fn new(directory: &Path, sweep: &Sweep, columns: &[String]) -> Self {
        Self {
            directory: directory.into(),
            layout: Layout::new(sweep, columns),
        }
    }

    /// Replaces all four tables by what `state` tells.
    ///
    /// Everything in `state` must be on disk first ([`Journal::sync`](crate::journal::Journal::sync)): a table
    /// may not tell what a crash can undo.
    ///
    /// # Errors
    /// [`ResultsError`] names the file that could not be written; none is left half-written.
    pub fn write(&self, state: &State) -> Result<(), ResultsError> {
        let tables = [
            self.table(Table::Trials, state)?,
            self.table(Table::Epochs, state)?,
            self.table(Table::Stages, state)?,
            self.table(Table::Timings, state)?,
        ];
        commit(&self.directory, tables)
    }

    fn table(&self, table: Table, state: &State) -> Result<Replacement, ResultsError> {
        let name = format!("{}.csv", table.name());
        Replacement::write(&self.directory, &name, |file| {
            table.write_csv(&self.layout, state, file, || Ok(()))
        })
    }
}
