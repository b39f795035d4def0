//! Which trials a round runs.

use std::sync::Arc;

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
    }];
    RoundPlan {
        stage: stage_idx,
        round: 0,
        first,
        space,
        fixed,
        blocks,
    }
}

/// The round after a widening: for each moved key the slab that was added, the other keys anywhere in the widened
/// box. A slab gets ⌈n₀ · slab/width⌉ trials, n₀ and width the stage's own first ones; at least 4.
///
/// - `last`: the stage's latest round. `original`: the ranges of its first. `next`: the widened ranges.
pub fn widening_round(
    last: &RoundPlan,
    original: &RoundPlan,
    moves: &[Move],
    next: &Space,
    first: TrialId,
) -> RoundPlan {
    let slab = |taken: &Move| {
        let (old, new) = (last.space.get(&taken.key)?, next.get(&taken.key)?);
        let slab = added(old, new, taken.kind)?;
        let width = width(&original.space.get(&taken.key)?.domain, new)?;
        let share = distance(old, new, taken.kind)? / width;
        let trials = (f64::from(n_first(original)) * share - 1e-6)
            .ceil()
            .max(0.0) as u32;
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
        })
    };
    RoundPlan {
        stage: last.stage,
        round: last.round + 1,
        first,
        space: next.clone(),
        fixed: last.fixed.clone(),
        blocks: moves.iter().filter_map(slab).collect(),
    }
}

fn n_first(original: &RoundPlan) -> u32 {
    original.blocks.iter().map(|block| block.trials).sum()
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
        key: Arc::clone(&new.key),
        domain,
        limits: new.limits,
        zero: 0.0,
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
