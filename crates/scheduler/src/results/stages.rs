//! stages.csv: how the ranges moved, and why.

use std::io::{self, Write};

use super::cells::Rows;
use super::tables::Layout;
use crate::space::Scale;
use crate::state::State;

/// Writes one row a stage, round and key, in the order they were concluded.
pub(super) fn write<W: Write>(layout: &Layout, state: &State, mut rows: Rows<W>) -> io::Result<()> {
    rows.names([
        "stage",
        "round",
        "key",
        "low",
        "high",
        "scale",
        "best",
        "move",
        "next_low",
        "next_high",
        "reason",
    ])?;
    rows.end()?;
    for refinement in state.refinements() {
        for moved in &refinement.moves {
            rows.text(layout.stage(refinement.stage))?;
            rows.shown(Some(refinement.round))?;
            rows.text(&moved.key)?;
            rows.shown(moved.low.as_ref())?;
            rows.shown(moved.high.as_ref())?;
            rows.text(moved.scale.map_or("choice", Scale::as_str))?;
            rows.shown(moved.best.as_ref())?;
            rows.text(moved.kind.as_str())?;
            rows.shown(moved.next_low.as_ref())?;
            rows.shown(moved.next_high.as_ref())?;
            rows.text(&moved.reason)?;
            rows.end()?;
        }
    }
    rows.finish()
}
