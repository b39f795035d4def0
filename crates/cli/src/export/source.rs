//! What is exported: the record as far as results may tell of it.

use std::io;

use finetooth_scheduler::results::{Cell, Column, Layout, Table};
use finetooth_scheduler::state::State;

use super::Watch;
use crate::record::Recorded;

/// A recorded sweep with its tables.
pub(crate) struct Source<'a> {
    /// The sweep.
    pub(crate) recorded: &'a Recorded,
    layout: Layout,
}

impl<'a> Source<'a> {
    /// Of `recorded`, which may go on being written to: what was read of it stands.
    pub(crate) fn new(recorded: &'a Recorded) -> Self {
        let mut source = Self {
            recorded,
            layout: Layout::new(&recorded.sweep, &[]),
        };
        source.layout = Layout::new(&recorded.sweep, source.reported());
        source
    }

    /// What happened.
    pub(super) fn state(&self) -> &'a State {
        &self.recorded.state
    }

    /// Names of the numbers in a report.
    pub(super) fn reported(&self) -> &'a [String] {
        self.state()
            .started()
            .map_or(&[], |started| &started.objective.columns)
    }

    /// The columns of `table`.
    pub(super) fn columns(&self, table: Table) -> Vec<Column<'_>> {
        table.columns(&self.layout, self.state())
    }

    /// Hands the rows of `table` to `take`.
    ///
    /// # Errors
    /// The first of `take`.
    pub(super) fn rows<'s, E>(
        &'s self,
        table: Table,
        take: impl FnMut(&[Cell<'s>]) -> Result<(), E>,
    ) -> Result<(), E> {
        table.rows(&self.layout, self.state(), take)
    }

    /// Writes `table` as a CSV file; `watch` is told of each row.
    ///
    /// # Errors
    /// Where `output` cannot take it, or `watch` was asked to stop.
    pub(super) fn write_csv(
        &self,
        table: Table,
        watch: &Watch,
        output: impl io::Write,
    ) -> io::Result<()> {
        table.write_csv(&self.layout, self.state(), output, || watch.row())
    }

    /// Rows of `table`.
    pub(crate) fn n_rows(&self, table: Table) -> usize {
        table.n_rows(self.state())
    }
}
