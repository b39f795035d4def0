//! stages.csv: how the ranges moved, and why.

use super::cell::{Cell, Kind};
use super::column::Column;
use super::layout::Layout;
use crate::event::Move;
use crate::space::Scale;
use crate::state::State;

pub(super) fn columns<'a>(layout: &'a Layout, state: &State) -> Vec<Column<'a>> {
    let searched = layout.keys.iter().map(|key| key.kind).reduce(Kind::with);
    let found = moves(state).map(|moved| Cell::value(moved.best.as_ref()));
    let best = Kind::of(searched, found);
    [
        ("stage", Kind::Text),
        ("round", Kind::Whole),
        ("key", Kind::Text),
        ("low", Kind::Real),
        ("high", Kind::Real),
        ("scale", Kind::Text),
        ("best", best),
        ("move", Kind::Text),
        ("next_low", Kind::Real),
        ("next_high", Kind::Real),
        ("reason", Kind::Text),
    ]
    .map(|(name, kind)| Column::fixed(name, kind))
    .to_vec()
}

/// One row a stage, round and key, in the order they were concluded.
pub(super) fn rows<'a, E>(
    layout: &'a Layout,
    state: &'a State,
    mut take: impl FnMut(&[Cell<'a>]) -> Result<(), E>,
) -> Result<(), E> {
    for refinement in state.refinements() {
        for moved in &refinement.moves {
            take(&[
                Cell::Text(layout.stage(refinement.stage)),
                Cell::count(refinement.round),
                Cell::Text(&moved.key),
                Cell::value(moved.low.as_ref()),
                Cell::value(moved.high.as_ref()),
                Cell::Text(moved.scale.map_or("choice", Scale::as_str)),
                Cell::value(moved.best.as_ref()),
                Cell::Text(moved.kind.as_str()),
                Cell::value(moved.next_low.as_ref()),
                Cell::value(moved.next_high.as_ref()),
                Cell::Text(&moved.reason),
            ])?;
        }
    }
    Ok(())
}

pub(super) fn n_rows(state: &State) -> usize {
    moves(state).count()
}

fn moves(state: &State) -> impl Iterator<Item = &Move> {
    let refinements = state.refinements().iter();
    refinements.flat_map(|refinement| &refinement.moves)
}
