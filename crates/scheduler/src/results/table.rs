//! The four tables, row by row: what CSV files and every other form of the results are made of.

use std::io::{self, Write};

use super::cell::Cell;
use super::column::Column;
use super::layout::Layout;
use super::{csv, epochs, stages, timings, trials};
use crate::state::State;

/// A table of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// One row a trial that can change no more, with its values and what they came to.
    Trials,
    /// One row a trial and epoch, with everything that was reported.
    Epochs,
    /// One row a stage, round and key: how the ranges moved, and why.
    Stages,
    /// One row an attempt: all that may differ between two runs of a sweep.
    Timings,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Trials, Self::Epochs, Self::Stages, Self::Timings];

    /// Its name, that of the CSV file without the ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trials => "trials",
            Self::Epochs => "epochs",
            Self::Stages => "stages",
            Self::Timings => "timings",
        }
    }

    /// Its columns; the kind of each takes every cell that [`Table::rows`] has for it.
    pub fn columns<'a>(self, layout: &'a Layout, state: &State) -> Vec<Column<'a>> {
        match self {
            Self::Trials => trials::columns(layout, state),
            Self::Epochs => epochs::columns(layout),
            Self::Stages => stages::columns(layout, state),
            Self::Timings => timings::columns(),
        }
    }

    /// Hands its rows to `take`, one after another, a cell for each of its columns.
    ///
    /// # Errors
    /// The first of `take`, with which it ends.
    pub fn rows<'a, E>(
        self,
        layout: &'a Layout,
        state: &'a State,
        take: impl FnMut(&[Cell<'a>]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Trials => trials::rows(layout, state, take),
            Self::Epochs => epochs::rows(layout, state, take),
            Self::Stages => stages::rows(layout, state, take),
            Self::Timings => timings::rows(state, take),
        }
    }

    /// How many rows it has.
    pub fn n_rows(self, state: &State) -> usize {
        match self {
            Self::Trials => state.committed().len(),
            Self::Epochs => epochs::n_rows(state),
            Self::Stages => stages::n_rows(state),
            Self::Timings => timings::n_rows(state),
        }
    }

    /// Writes it as a CSV file: RFC 4180 with `\n` for line ends, which every reader takes and no line tool stumbles
    /// over. `seen` is told of each row before it is written.
    ///
    /// # Errors
    /// Those of `output`, and the first of `seen`.
    pub fn write_csv(
        self,
        layout: &Layout,
        state: &State,
        output: impl Write,
        seen: impl FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        csv::write(self, layout, state, output, seen)
    }
}
