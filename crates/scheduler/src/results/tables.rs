//! The four tables of a run, written together.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cells::Rows;
use super::replace::{Replacement, ResultsError, commit};
use super::{epochs, stages, timings, trials};
use crate::stage::Leaderboard;
use crate::state::State;
use crate::sweep::Sweep;

/// Writes `trials.csv`, `epochs.csv`, `stages.csv` and `timings.csv` into a run's directory.
#[derive(Debug, Clone)]
pub struct Tables {
    directory: PathBuf,
    layout: Layout,
}

/// What the tables know of the sweep: names, and where in a report each number stands.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    stages: Vec<String>,
    /// Searched keys, in the order of the space.
    pub(super) keys: Vec<Arc<str>>,
    /// Name of the metric, with its place in a report.
    pub(super) metric: (String, Option<usize>),
    /// Finds a trial's best epoch; none where the objective does not report the metric.
    pub(super) leaderboard: Option<Leaderboard>,
    /// Names of the numbers in a report.
    pub(super) columns: Vec<String>,
}

impl Tables {
    /// Tables in `directory` of `sweep`, whose objective reports `columns`.
    ///
    /// A sweep that is extended needs new ones.
    pub fn new(directory: &Path, sweep: &Sweep, columns: &[String]) -> Self {
        let space = &sweep.space().0;
        let metric = sweep.metric();
        Self {
            directory: directory.into(),
            layout: Layout {
                stages: sweep.stage_names(),
                keys: space
                    .iter()
                    .map(|dimension| Arc::clone(&dimension.key))
                    .collect(),
                metric: (
                    metric.name.clone(),
                    columns.iter().position(|column| *column == metric.name),
                ),
                leaderboard: Leaderboard::new(metric, columns),
                columns: columns.to_vec(),
            },
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
        let layout = &self.layout;
        let tables = [
            self.table("trials.csv", |output| trials::write(layout, state, output))?,
            self.table("epochs.csv", |output| epochs::write(layout, state, output))?,
            self.table("stages.csv", |output| stages::write(layout, state, output))?,
            self.table("timings.csv", |output| timings::write(state, output))?,
        ];
        commit(&self.directory, tables)
    }

    fn table(
        &self,
        name: &str,
        rows: impl FnOnce(Rows<&mut dyn Write>) -> io::Result<()>,
    ) -> Result<Replacement, ResultsError> {
        Replacement::write(&self.directory, name, |file| rows(Rows::new(file)))
    }
}

impl Layout {
    /// Name of the stage at `index`; empty for one the sweep does not have.
    pub(super) fn stage(&self, index: usize) -> &str {
        self.stages.get(index).map_or("", String::as_str)
    }
}
