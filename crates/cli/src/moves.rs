//! Which of a round's conclusions are worth telling.

use finetooth_scheduler::event::{Move, MoveKind, Refinement};
use finetooth_scheduler::sweep::Sweep;

/// The moves of the ranges that did not stay as they were; of generations, which narrow all the time, the widened ones and
/// those held at an end.
pub(crate) fn worth_telling<'a>(
    refinement: &'a Refinement,
    sweep: &Sweep,
) -> impl Iterator<Item = &'a Move> + use<'a> {
    let is_generation = sweep.stages().is_empty() && refinement.stage > 0;
    refinement
        .moves
        .iter()
        .filter(move |moved| match moved.kind {
            MoveKind::Kept => false,
            MoveKind::Narrowed => !is_generation,
            _ => true,
        })
}
