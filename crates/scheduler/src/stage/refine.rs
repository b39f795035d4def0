//! After a round: widen on the edge the best sit on, or narrow around them, and say why.

use super::edge::{Edge, Side, at_limit, edge};
use super::evidence::Evidence;
use super::narrow::{keep, n_hull};
use crate::event::{Move, MoveKind, Refinement, RoundPlan};
use crate::number::shortest;
use crate::space::{Dimension, Domain, Params, Space, Value};
use crate::state::Settled;
use crate::sweep::{SamplerKind, Widen};

/// A round that is over, with all that its conclusions may rest on.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    /// The round.
    pub plan: &'a RoundPlan,
    /// The ranges of the stage's first round, whose width is the measure of widening.
    pub original: &'a Space,
    /// The ranges that most of the round's new trials were drawn from, where not all of the round's.
    pub drawn: Option<&'a Space>,
    /// What its trials, earlier rounds included, tell.
    pub evidence: &'a Evidence<'a>,
    /// Hyperparameters of the best trial of the sweep so far.
    pub best: Option<&'a Params>,
    /// How the stage's points were drawn.
    pub sampler: SamplerKind,
    /// The edge rule's settings.
    pub widen: Widen,
    /// Widening rounds the sweep has left.
    pub rounds_left: u32,
    /// What comes after the round.
    pub next: Next,
}

/// What comes after a round, which decides what becomes of ranges whose best lie inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another stage, with the narrowed ranges for its own.
    Stage,
    /// Where nothing is widened, generations as [`Next::Generation`] has them; else more trials in what was added.
    Coarse,
    /// Another generation: new trials from the narrowed ranges, others from all over.
    Generation,
    /// No further new trials.
    Nothing {
        /// What is missing: `stage` or `generation`.
        of: &'static str,
    },
}

impl Next {
    /// Least share of a range that narrowing keeps. Between stages it is for good, so that it is half; in a
    /// generation a part of the trials still comes from the whole range.
    fn floor(self) -> f64 {
        match self {
            Self::Coarse | Self::Generation => 0.1,
            Self::Stage | Self::Nothing { .. } => 0.5,
        }
    }

    fn searches(self) -> &'static str {
        match self {
            Self::Coarse | Self::Generation => "most new trials are drawn from",
            Self::Stage | Self::Nothing { .. } => "the next stage searches",
        }
    }
}

/// What follows from a round: for each key of the stage a move and its reason, and the ranges from here on.
///
/// Where any key is widened, the stage runs another round and nothing is narrowed; else each range is narrowed
/// around its best for the stage that follows. Pure.
///
/// Between generations the other ranges are narrowed beside the widened ones.
pub fn refine(results: &Results<'_>) -> Refinement {
    let evidence = results.evidence;
    let judged: Vec<Judged<'_>> = results
        .plan
        .space
        .0
        .iter()
        .map(|dimension| judge(results, evidence, dimension))
        .collect();
    let widened = judged
        .iter()
        .any(|judged| matches!(judged.finding, Finding::Widen(..)));
    let mut moves = Vec::new();
    let mut next = Vec::new();
    for judged in judged {
        let Judged { dimension, finding } = judged;
        let (to, kind, reason) = match finding {
            Finding::Widen(to, kind, reason) => (to, kind, reason),
            _ if widened && results.next != Next::Generation => {
                let reason =
                    "another key is widened first; this range stays for the round".to_owned();
                (dimension.clone(), MoveKind::Kept, reason)
            }
            Finding::Stay(kind, reason) => (dimension.clone(), kind, reason),
            Finding::Inside(note) => {
                let (to, kind, reason) = settle(results, evidence, dimension);
                (to, kind, note + &reason)
            }
        };
        moves.push(moved(
            results,
            dimension,
            &to,
            kind,
            widened,
            evidence.preface.clone() + &reason,
        ));
        next.push(to);
    }
    Refinement {
        stage: results.plan.stage,
        round: results.plan.round,
        widened,
        moves,
        next: Space(next),
    }
}

struct Judged<'a> {
    dimension: &'a Dimension,
    finding: Finding,
}

/// What the edge rule finds for a key.
enum Finding {
    /// The best lie at an end that can move.
    Widen(Dimension, MoveKind, String),
    /// The range stays, whatever the hull says.
    Stay(MoveKind, String),
    /// The best lie inside, or nothing can be done about it; a note to begin the sentence with.
    Inside(String),
}

fn judge<'a>(
    results: &Results<'_>,
    evidence: &Evidence<'_>,
    dimension: &'a Dimension,
) -> Judged<'a> {
    let finding = if evidence.best_at_zero(dimension) {
        let reason = format!(
            "best at zero: most of the best trials have {} = 0",
            dimension.key
        );
        Finding::Stay(MoveKind::PinnedZero, reason)
    } else {
        match edge(evidence, dimension, results.widen.tau) {
            Some(edge) => on_edge(results, dimension, &edge),
            None => Finding::Inside(String::new()),
        }
    };
    Judged { dimension, finding }
}

fn on_edge(results: &Results<'_>, dimension: &Dimension, edge: &Edge) -> Finding {
    let (end_name, share, end) = match edge.side {
        Side::Low => ("low", edge.median, ends(dimension).0),
        Side::High => ("high", 1.0 - edge.median, ends(dimension).1),
    };
    let found = format!(
        "the {} best of {} trials lie at the {end_name} end of {} (their median {} % of the range from it, an edge \
         is {} %)",
        edge.n_best,
        edge.n,
        dimension.key,
        percent(share.max(0.0)),
        percent(edge.tau),
    );
    if results.sampler == SamplerKind::Grid {
        return Finding::Inside(format!("{found}; grids are not widened; "));
    }
    if at_limit(dimension, edge.side) {
        let kind = if edge.side == Side::Low {
            MoveKind::PinnedLow
        } else {
            MoveKind::PinnedHigh
        };
        let reason = format!(
            "{found}, but {end} is as far as the limits of {} go, so the range stays",
            dimension.key
        );
        return Finding::Stay(kind, reason);
    }
    if results.next == (Next::Nothing { of: "generation" }) {
        return Finding::Inside(format!("{found}, but the budget is used; "));
    }
    if results.rounds_left == 0 {
        let why = match results.widen.max_rounds {
            0 => "widening is off ([widen] max_rounds = 0)".to_owned(),
            n => format!("all {n} widening rounds are used"),
        };
        return Finding::Inside(format!("{found}, but {why}; "));
    }
    let to = widened(results, dimension, edge.side);
    if to.domain == dimension.domain {
        return Finding::Inside(format!(
            "{found}, but [widen] step is too small to move it; "
        ));
    }
    let (kind, from_end, to_end) = match edge.side {
        Side::Low => (MoveKind::WidenedLow, ends(dimension).0, ends(&to).0),
        Side::High => (MoveKind::WidenedHigh, ends(dimension).1, ends(&to).1),
    };
    Finding::Widen(
        to,
        kind,
        format!("{found}, so that end is moved from {from_end} to {to_end} and searched again"),
    )
}

/// `dimension` with one end moved outward by a share of the stage's own first width.
fn widened(results: &Results<'_>, dimension: &Dimension, side: Side) -> Dimension {
    let first = results.original.get(&dimension.key).unwrap_or(dimension);
    let position = |end: &Value| dimension.domain.unit(end).unwrap_or(0.5);
    let (low, high) = ends(first);
    let width = match position(&high) - position(&low) {
        width if width > 0.0 => width,
        _ => 1.0,
    };
    let outward = results.widen.step * width;
    match side {
        Side::Low => dimension.slice(-outward, 1.0),
        Side::High => dimension.slice(0.0, 1.0 + outward),
    }
}

/// What becomes of a range whose best do not lie at an end: narrowed for the stage that follows, if one does.
fn settle(
    results: &Results<'_>,
    evidence: &Evidence<'_>,
    dimension: &Dimension,
) -> (Dimension, MoveKind, String) {
    if let Domain::Choice { values } = &dimension.domain {
        return settle_list(results, evidence, dimension, values);
    }
    let n = evidence.n_positions(dimension);
    let n_hull = n_hull(n);
    let positions = evidence.best_positions(dimension, n_hull);
    let n_hull = positions.len();
    let kept = |reason: String| (dimension.clone(), MoveKind::Kept, reason);
    if n_hull < 2 {
        return kept(format!(
            "too few trials tell of {} to narrow it ({n})",
            dimension.key,
        ));
    }
    let best = &positions;
    let value_at = |position: f64| {
        dimension
            .domain
            .slice(position, position, dimension.limits)
            .ends()
    };
    let low = best.iter().copied().fold(f64::INFINITY, f64::min);
    let high = best.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (Some((low, _)), Some((_, high))) = (value_at(low), value_at(high)) else {
        return kept("the range has no ends".to_owned());
    };
    let found = format!("the {n_hull} best of {n} trials lie from {low} to {high}");
    if let Next::Nothing { of } = results.next {
        return kept(format!("{found}; no {of} follows"));
    }
    let (from, to) = keep(best, results.next.floor());
    let next = dimension.slice(from, to);
    if next.domain == dimension.domain {
        return kept(format!("{found}, all over the range"));
    }
    let (next_low, next_high) = ends(&next);
    (
        next,
        MoveKind::Narrowed,
        format!(
            "{found}, so {} {next_low} to {next_high}",
            results.next.searches()
        ),
    )
}

/// A list keeps every value seen among the best, and every value that no trial tried: nothing speaks against it.
fn settle_list(
    results: &Results<'_>,
    evidence: &Evidence<'_>,
    dimension: &Dimension,
    values: &[Value],
) -> (Dimension, MoveKind, String) {
    let active = || evidence.with_value(dimension);
    let n = evidence.n_values(dimension);
    let best: Vec<Settled<'_>> = active().take(n_hull(n)).collect();
    let seen = |value: &&Value| {
        best.iter()
            .any(|record| record.trial.params.get(&dimension.key) == Some(*value))
    };
    let tried = |value: &&Value| {
        let is_of = |record: &Settled<'_>| record.trial.params.get(&dimension.key) == Some(*value);
        active().any(|record| is_of(&record))
    };
    let used: Vec<Value> = values.iter().filter(seen).cloned().collect();
    let kept: Vec<Value> = values
        .iter()
        .filter(|value| seen(value) || !tried(value))
        .cloned()
        .collect();
    let names = |values: &[Value]| {
        values
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let winner = best
        .first()
        .and_then(|record| record.trial.params.get(&dimension.key));
    let note = match winner {
        Some(value) if values.len() > 1 && value.as_f64().is_some() => {
            if values.last() == Some(value) {
                format!(
                    "; the best is the last value of the list, {value}, and lists are not widened"
                )
            } else if values.first() == Some(value) {
                format!(
                    "; the best is the first value of the list, {value}, and lists are not widened"
                )
            } else {
                String::new()
            }
        }
        _ => String::new(),
    };
    let found = format!(
        "the {} best of {n} trials use {}{note}",
        best.len(),
        names(&used)
    );
    if n == 0 {
        let reason = format!("no trial tells of {}", dimension.key);
        return (dimension.clone(), MoveKind::Kept, reason);
    }
    if let Next::Nothing { of } = results.next {
        return (
            dimension.clone(),
            MoveKind::Kept,
            format!("{found}; no {of} follows"),
        );
    }
    if kept.len() == values.len() {
        let untried = values.len() - used.len();
        let reason = match untried {
            0 => found,
            _ => format!("{found}; no trial tells of the others"),
        };
        return (dimension.clone(), MoveKind::Kept, reason);
    }
    let reason = format!("{found}; {} {}", results.next.searches(), names(&kept));
    (
        Dimension {
            domain: Domain::Choice { values: kept },
            ..dimension.clone()
        },
        MoveKind::Narrowed,
        reason,
    )
}

fn moved(
    results: &Results<'_>,
    from: &Dimension,
    to: &Dimension,
    kind: MoveKind,
    widened: bool,
    reason: String,
) -> Move {
    let drawn = results.drawn.and_then(|drawn| drawn.get(&from.key));
    let (low, high) = drawn.unwrap_or(from).domain.ends().unzip();
    let follows = widened || !matches!(results.next, Next::Nothing { .. });
    let (next_low, next_high) = to.domain.ends().filter(|_| follows).unzip();
    Move {
        key: from.key.to_string(),
        low,
        high,
        scale: from.domain.range().map(|(_, _, scale)| scale),
        best: results
            .best
            .and_then(|params| params.get(&from.key))
            .cloned(),
        kind,
        next_low,
        next_high,
        reason,
    }
}

fn ends(dimension: &Dimension) -> (Value, Value) {
    dimension.domain.ends().expect("only ranges have edges")
}

fn percent(share: f64) -> String {
    let rounded = (share * 1000.0).round() / 10.0;
    shortest(rounded).trim_end_matches(".0").to_owned()
}
