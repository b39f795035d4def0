//! Which trials a round runs.

use crate::event::{Block, Move, MoveKind, RoundPlan};
use crate::sampler;
use crate::space::{Dimension, Domain, Params, Space};
use crate::sweep::Stage;
use crate::trial::TrialId;

/// Fewest trials a slab gets.
const FEWEST: u32 = 4;

/// The first round of `stage`: its trials in `space`, the ranges of its keys.
pub fn first_round(
    stage_idx: usize,
    stage: &Stage,
    first: TrialId,
    space: Space,
    fixed: Params,
) -> RoundPlan {
    let trials = sampler::of(stage.sampler).n_points(&space, stage.trials);
    let blocks = vec![Block {
        space: space.clone(),
        trials,
        ..Block::default()
    }];
    RoundPlan {
        stage: stage_idx,
        round: 0,
        first,
        space,
        fixed,
        continued: Vec::new(),
        blocks,
        floors: Vec::new(),
    }
}

/// The round after a widening of a stage's ranges to `next`.
///
/// - `last`: the stage's latest round. `original`: its first.
pub fn widening_round(
    last: &RoundPlan,
    original: &RoundPlan,
    moves: &[Move],
    next: &Space,
    first: TrialId,
) -> RoundPlan {
    let n_first = original.blocks.iter().map(|block| block.trials).sum();
    RoundPlan {
        stage: last.stage,
        round: last.round + 1,
        first,
        space: next.clone(),
        fixed: last.fixed.clone(),
        continued: Vec::new(),
        blocks: slabs(&last.space, &original.space, n_first, moves, next),
        floors: Vec::new(),
    }
}

/// For each moved key a block in the slab that was added, the other keys anywhere in the widened box: ⌈n₀ · slab/width⌉
/// trials, where width is the key's own in `original`; at least 4.
///
/// - `last`: the ranges before. `next`: the widened ones. `n_first`: n₀.
pub(crate) fn slabs(
    last: &Space,
    original: &Space,
    n_first: u32,
    moves: &[Move],
    next: &Space,
) -> Vec<Block> {
    let slab = |taken: &Move| {
        let (old, new) = (last.get(&taken.key)?, next.get(&taken.key)?);
        let slab = added(old, new, taken.kind)?;
        let width = width(&original.get(&taken.key)?.domain, new)?;
        let share = distance(old, new, taken.kind)? / width;
        let trials = (f64::from(n_first) * share - 1e-6).ceil().max(0.0) as u32;
        let space = next.0.iter().map(|dimension| {
            if dimension.key == slab.key {
                slab.clone()
            } else {
                dimension.clone()
            }
        });
        Some(Block {
            space: Space(space.collect()),
            trials: trials.max(FEWEST),
            ..Block::default()
        })
    };
    moves.iter().filter_map(slab).collect()
}

/// What lies in `new` and not in `old`, without exact zeros: those were drawn already.
fn added(old: &Dimension, new: &Dimension, kind: MoveKind) -> Option<Dimension> {
    let domain = match (kind, &old.domain, &new.domain) {
        (
            MoveKind::WidenedLow,
            Domain::Float { low: end, .. },
            &Domain::Float { low, scale, .. },
        ) => Domain::Float {
            low,
            high: *end,
            scale,
        },
        (
            MoveKind::WidenedHigh,
            Domain::Float { high: end, .. },
            &Domain::Float { high, scale, .. },
        ) => Domain::Float {
            low: *end,
            high,
            scale,
        },
        (
            MoveKind::WidenedLow,
            Domain::Stepped { low: end, .. },
            &Domain::Stepped { low, step, .. },
        ) => Domain::Stepped {
            low,
            high: end - step,
            step,
        },
        (
            MoveKind::WidenedHigh,
            Domain::Stepped { high: end, .. },
            &Domain::Stepped { high, step, .. },
        ) => Domain::Stepped {
            low: end + step,
            high,
            step,
        },
        (
            MoveKind::WidenedLow,
            Domain::Integer { low: end, .. },
            &Domain::Integer {
                low, step, scale, ..
            },
        ) => Domain::Integer {
            low,
            high: end - step,
            step,
            scale,
        },
        (
            MoveKind::WidenedHigh,
            Domain::Integer { high: end, .. },
            &Domain::Integer {
                high, step, scale, ..
            },
        ) => Domain::Integer {
            low: end + step,
            high,
            step,
            scale,
        },
        _ => return None,
    };
    Some(Dimension {
        domain,
        zero: 0.0,
        ..new.clone()
    })
}

/// How far the moved end lies from where it was, in positions of `new`.
fn distance(old: &Dimension, new: &Dimension, kind: MoveKind) -> Option<f64> {
    let ((old_low, old_high), (new_low, new_high)) = (old.domain.ends()?, new.domain.ends()?);
    let (was, is) = match kind {
        MoveKind::WidenedLow => (old_low, new_low),
        _ => (old_high, new_high),
    };
    Some((new.domain.unit(&was)? - new.domain.unit(&is)?).abs())
}

/// Length of `domain` in positions of `unit`.
fn width(domain: &Domain, unit: &Dimension) -> Option<f64> {
    let (low, high) = domain.ends()?;
    let length = unit.domain.unit(&high)? - unit.domain.unit(&low)?;
    // A lattice of one value is as long as a step.
    Some(if length > 0.0 {
        length
    } else {
        1.0 / unit.domain.n_values()? as f64
    })
}
