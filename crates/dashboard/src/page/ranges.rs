//! The ranges of the searched keys: where they began, how each round drew from them, and why they moved.

use finetooth_scheduler::event::{Refinement, RoundPlan};
use finetooth_scheduler::space::{Dimension, Domain, Scale, Value};
use finetooth_scheduler::sweep::Sweep;
use serde::Serialize;

/// A searched key.
#[derive(Debug, Serialize)]
pub(super) struct Key<'a> {
    name: &'a str,
    /// linear, log, or choice for a list.
    scale: &'static str,
    /// The list.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [Value]>,
    /// Whether zeros are drawn apart, for which a logarithmic axis has no place.
    zero: bool,
    order: u8,
}

/// A range that trials were drawn from.
#[derive(Debug, Serialize)]
pub(super) struct Range<'a> {
    key: &'a str,
    low: Value,
    high: Value,
}

/// A round that was planned: what it drew from.
#[derive(Debug, Serialize)]
pub(super) struct Drawn<'a> {
    stage: usize,
    round: usize,
    /// Number of its first new trial.
    first: u32,
    trials: usize,
    continued: usize,
    ranges: Vec<Range<'a>>,
}

/// What became of a key's range after a round.
#[derive(Debug, Serialize)]
pub(super) struct Moved<'a> {
    stage: &'a str,
    round: usize,
    key: &'a str,
    low: Option<&'a Value>,
    high: Option<&'a Value>,
    best: Option<&'a Value>,
    #[serde(rename = "move")]
    kind: &'static str,
    next_low: Option<&'a Value>,
    next_high: Option<&'a Value>,
    reason: &'a str,
}

/// The searched keys, in the order of the definition.
pub(super) fn keys(sweep: &Sweep) -> Vec<Key<'_>> {
    let key = |dimension: &'_ Dimension| {
        let scale = match dimension.domain.range() {
            Some((_, _, Scale::Log)) => "log",
            Some((_, _, Scale::Linear)) => "linear",
            None => "choice",
        };
        (scale, dimension.zero > 0.0, dimension.order)
    };
    let dimensions = sweep.space().0.iter();
    dimensions
        .map(|dimension| {
            let (scale, zero, order) = key(dimension);
            Key {
                name: &dimension.key,
                scale,
                values: match &dimension.domain {
                    Domain::Choice { values } => Some(values),
                    _ => None,
                },
                zero,
                order,
            }
        })
        .collect()
}

/// A round as the pictures show it.
pub(super) fn round<'a>(plan: &'a RoundPlan, sweep: &Sweep) -> Drawn<'a> {
    // Of a generation, where most of its new trials were drawn; of a stage, all its ranges, widening included.
    let is_generation = sweep.stages().is_empty() && plan.stage > 0;
    let drawn = plan
        .blocks
        .iter()
        .find(|block| is_generation && block.offset.is_some());
    let space = drawn.map_or(&plan.space, |block| &block.space);
    let ranges = space.0.iter().filter_map(|dimension| {
        let (low, high) = dimension.domain.ends()?;
        let key = &*dimension.key;
        Some(Range { key, low, high })
    });
    Drawn {
        stage: plan.stage,
        round: plan.round,
        first: plan.first.number(),
        trials: plan.n_trials(),
        continued: plan.continued.len(),
        ranges: ranges.collect(),
    }
}

/// What was concluded from a round.
pub(super) fn moves<'a>(
    refinement: &'a Refinement,
    sweep: &'a Sweep,
) -> impl Iterator<Item = Moved<'a>> {
    refinement.moves.iter().map(|moved| Moved {
        stage: sweep.stage_name(refinement.stage),
        round: refinement.round,
        key: &moved.key,
        low: moved.low.as_ref(),
        high: moved.high.as_ref(),
        best: moved.best.as_ref(),
        kind: moved.kind.as_str(),
        next_low: moved.next_low.as_ref(),
        next_high: moved.next_high.as_ref(),
        reason: &moved.reason,
    })
}
