//! A number's range in `[space]`: its ends and scale, and what the rest of the table adds.

use std::sync::Arc;

use super::reader::{Reader, plain};
use super::settings::accepted;
use super::tree::{Item, Node};
use super::{KeyKind, KeySpec, limits, step};
use crate::space::{Dimension, Domain, Scale, Value};

/// A searched number: its table in `[space]` and what is known of the key.
#[derive(Clone, Copy)]
pub(super) struct Searched<'a> {
    pub(super) table: &'a Node,
    pub(super) spec: &'a KeySpec,
    /// Whether it takes whole numbers only.
    pub(super) whole: bool,
}

impl Searched<'_> {
    /// The numbers the key takes, in words.
    pub(super) fn accepted(self) -> String {
        if self.whole {
            accepted(&KeySpec {
                kind: KeyKind::Integer,
                ..self.spec.clone()
            })
        } else {
            accepted(self.spec)
        }
    }

    /// A number of the key's kind, noted where it is none.
    pub(super) fn number(
        self,
        reader: &mut Reader<'_>,
        node: &Node,
        accepted: &str,
    ) -> Option<f64> {
        if !self.whole {
            return reader.real(node, accepted, |_| true);
        }
        // Whole numbers beyond 2^53 are not all floating-point numbers.
        if let Item::Scalar(Value::Integer(number)) = node.item
            && number.unsigned_abs() <= 1 << 53
        {
            return Some(number as f64);
        }
        reader.takes(node, accepted);
        None
    }
}

/// Reads the table of a searched number.
pub(super) fn read(reader: &mut Reader<'_>, searched: Searched<'_>) -> Option<Dimension> {
    let Searched { table, spec, whole } = searched;
    let step_node = table.get("step");
    let scale = match table.get("scale") {
        Some(node) => reader
            .word(node, &["linear", "log"])
            .map(|index| [Scale::Linear, Scale::Log][index]),
        None if step_node.is_some() => Some(Scale::Linear),
        None => Some(spec.scale),
    };
    let low = end(reader, searched, "low", scale);
    let high = end(reader, searched, "high", scale);
    let hard = limits::read(reader, searched);
    let step = step_node.map(|node| step::read(reader, searched, node, scale));
    let zero = table.get("zero").map_or(Some(0.0), |node| {
        reader.real(node, "a share of at least 0 and below 1", |share| {
            (0.0..1.0).contains(&share)
        })
    });
    let (low, high, scale, hard) = (low?, high?, scale?, hard?);
    let mut fits = check_ends(reader, searched, (low, high), scale)
        & limits::check(reader, table, (low, high), hard);
    if let Some(zero) = zero {
        fits &= check_zero(reader, searched, low, zero);
    }
    let step = step.map(|step| {
        step.filter(|step| step::check(reader, searched, (low, high), *step))
            .ok_or(())
    });
    let step = step.transpose().ok()?;
    if !fits {
        return None;
    }
    let domain = if whole {
        Domain::Integer {
            low: low as i64,
            high: high as i64,
            step: step.unwrap_or(1.0) as i64,
            scale,
        }
    } else if let Some(step) = step {
        Domain::Stepped { low, high, step }
    } else {
        Domain::Float { low, high, scale }
    };
    Some(Dimension {
        key: Arc::from(spec.name.as_str()),
        limits: limits::of(&domain, hard),
        domain,
        zero: zero?,
        order: 1,
        when: Vec::new(),
    })
}

fn end(
    reader: &mut Reader<'_>,
    searched: Searched<'_>,
    side: &str,
    scale: Option<Scale>,
) -> Option<f64> {
    if let Some(node) = searched.table.get(side) {
        return searched.number(reader, node, &searched.accepted());
    }
    let default = searched.spec.default.as_ref().and_then(Value::as_f64);
    let (low, high) = match (default, scale) {
        (Some(default), _) if searched.whole && default > 0.0 => {
            ((default / 2.0).ceil(), default * 2.0)
        }
        (Some(default), Some(Scale::Log)) if default > 0.0 => (default / 100.0, default * 100.0),
        (_, Some(Scale::Log)) => (1e-6, 1e-1),
        (Some(default), _) if default > 0.0 => (default / 2.0, default * 2.0),
        _ => (0.0, 1.0),
    };
    let (least, most) = searched.spec.hard_limits();
    let example = if side == "low" { low } else { high };
    reader.missing(searched.table, side, &plain(example.clamp(least, most)))
}

fn check_ends(
    reader: &mut Reader<'_>,
    searched: Searched<'_>,
    (low, high): (f64, f64),
    scale: Scale,
) -> bool {
    let Searched { table, spec, .. } = searched;
    let key = table.key();
    let ends = table.get("low").zip(table.get("high"));
    let (low_node, high_node) = ends.expect("both were read");
    let (least, most) = spec.hard_limits();
    let mut is_right = true;
    for (node, value) in [(low_node, low), (high_node, high)] {
        if !(least..=most).contains(&value) {
            reader.takes(node, &searched.accepted());
            is_right = false;
        }
    }
    let shown = reader.shown(low_node);
    if low > high {
        let message = format!(
            "{key}.low = {shown} is above high = {}",
            reader.shown(high_node)
        );
        let help = "exchange the two".to_owned();
        reader.report(&low_node.place, &message, "above high", help);
        is_right = false;
    } else if low == high {
        let message = format!("{key}.low and high are both {shown}");
        let help = format!(
            "a fixed value is no range: remove [{key}] and write `{} = {shown}` in [{}]",
            spec.name, spec.table
        );
        reader.report(&high_node.place, &message, "the same as low", help);
        is_right = false;
    } else if scale == Scale::Log && low <= 0.0 {
        let message = format!("{key}.low must be above 0 on a log scale, found {shown}");
        let help = if low == 0.0 {
            "begin above 0 (`zero = 0.1` draws exact zeros besides), or write scale = \"linear\""
        } else {
            "begin above 0, or write scale = \"linear\""
        };
        reader.report(&low_node.place, &message, "not above 0", help.to_owned());
        is_right = false;
    } else if !(high - low).is_finite() {
        let message = format!("{key} is wider than floating-point numbers reach");
        reader.report(&high_node.place, &message, "too far from low", None);
        is_right = false;
    }
    is_right
}

fn check_zero(reader: &mut Reader<'_>, searched: Searched<'_>, low: f64, zero: f64) -> bool {
    let (least, most) = searched.spec.hard_limits();
    let Some(node) = searched.table.get("zero").filter(|_| zero > 0.0) else {
        return true;
    };
    let (message, help) = if least > 0.0 || most < 0.0 {
        let name = &searched.spec.name;
        let message = format!(
            "{} draws exact zeros, and {name} takes {}",
            node.key(),
            searched.accepted()
        );
        (message, "remove zero")
    } else if low <= 0.0 {
        let message = format!(
            "{} goes with a range above 0, and low is {}",
            node.key(),
            plain(low)
        );
        (message, "begin above 0, or remove zero")
    } else {
        return true;
    };
    reader.report(
        &node.place,
        &message,
        "zero cannot be drawn here",
        help.to_owned(),
    );
    false
}
