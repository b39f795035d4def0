//! `limits` of a searched number: what widening never crosses.

use super::range::Searched;
use super::reader::{Reader, plain};
use super::tree::{Item, Node};
use crate::space::{Domain, Scale, Value};

/// The limits given, within the key's own; else those.
pub(super) fn read(reader: &mut Reader<'_>, searched: Searched<'_>) -> Option<(f64, f64)> {
    let own = searched.spec.hard_limits();
    let Some(node) = searched.table.get("limits") else {
        return Some(own);
    };
    let Some((low, high)) = pair(node, searched.whole) else {
        let numbers = if searched.whole {
            "whole numbers"
        } else {
            "numbers"
        };
        reader.takes(
            node,
            &format!("two {numbers}, the lowest and the highest (inf for none)"),
        );
        return None;
    };
    let (least, most) = searched.spec.unbounded();
    let (low, high) = (low.max(least), high.min(most));
    let shown = reader.shown(node);
    if low >= high {
        let message = format!(
            "{} must begin with the lower one, found {shown}",
            node.key()
        );
        reader.report(&node.place, &message, "not in order", None);
        return None;
    }
    if low < own.0 || high > own.1 {
        let name = &searched.spec.name;
        let message = format!(
            "{} = {shown} goes beyond what {name} can be: {}",
            node.key(),
            searched.accepted()
        );
        let help = "limits may be closer than the key's own, not farther".to_owned();
        reader.report(&node.place, &message, "too far", help);
        return None;
    }
    Some((low, high))
}

fn pair(node: &Node, whole: bool) -> Option<(f64, f64)> {
    let limit = |node: &Node| match node.item {
        Item::Scalar(Value::Integer(number)) => Some(number as f64),
        Item::Scalar(Value::Float(number)) => {
            (number.is_infinite() || !whole && !number.is_nan()).then_some(number)
        }
        _ => None,
    };
    match &node.item {
        Item::List(members) => match members.as_slice() {
            [low, high] => limit(low).zip(limit(high)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the limits given contain the range.
pub(super) fn check(
    reader: &mut Reader<'_>,
    table: &Node,
    (low, high): (f64, f64),
    (least, most): (f64, f64),
) -> bool {
    let Some(node) = table.get("limits") else {
        return true;
    };
    let is_right = least <= low && high <= most;
    if !is_right {
        let message = format!(
            "{} = {} does not contain the range from {} to {}",
            node.key(),
            reader.shown(node),
            plain(low),
            plain(high)
        );
        let help = "widening starts from the range: limits lie outside it".to_owned();
        reader.report(&node.place, &message, "narrower than the range", help);
    }
    is_right
}

/// Limits as a domain can have them: on a log scale the lower one is above 0, namely at least 1 for whole numbers,
/// else the smallest normal number (or `low`, where that is even less).
pub(super) fn of(domain: &Domain, (least, most): (f64, f64)) -> (f64, f64) {
    match *domain {
        Domain::Integer {
            scale: Scale::Log, ..
        } => (least.max(1.0), most),
        Domain::Float {
            low,
            scale: Scale::Log,
            ..
        } if least <= f64::MIN_POSITIVE => (low.min(f64::MIN_POSITIVE), most),
        _ => (least, most),
    }
}
