//! The four tables as CSV files: the very bytes that a run leaves in its directory.

use std::io;

use finetooth_scheduler::results::Table;

use super::staging::Staging;
use super::{Source, Watch};

/// Names of the files.
pub(crate) fn files() -> impl Iterator<Item = String> {
    Table::ALL.into_iter().map(file)
}

fn file(table: Table) -> String {
    format!("{}.csv", table.name())
}

/// Writes the files.
///
/// # Errors
/// Where one cannot be written, or `watch` was asked to stop.
pub(crate) fn write(source: &Source<'_>, staging: &Staging, watch: &Watch) -> io::Result<()> {
    Table::ALL.into_iter().try_for_each(|table| {
        staging.file(&file(table), |output| {
            source.write_csv(table, watch, output)
        })
    })
}
