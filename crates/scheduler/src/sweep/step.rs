//! `step` of a searched number: the distance between its values.

use super::range::Searched;
use super::reader::{Reader, plain};
use super::tree::Node;
use crate::space::Scale;

/// Most steps of a range; finer ones are a continuum.
const MOST_STEPS: f64 = 1e6;

/// A step above 0, on a linear scale.
pub(super) fn read(
    reader: &mut Reader<'_>,
    searched: Searched<'_>,
    node: &Node,
    scale: Option<Scale>,
) -> Option<f64> {
    if scale == Some(Scale::Log) {
        reader.report(
            &node.place,
            &format!("{} does not go with a log scale", node.key()),
            "not on a log scale",
            "write scale = \"linear\", list the values, or remove step".to_owned(),
        );
        return None;
    }
    let accepted = if searched.whole {
        "a whole number above 0"
    } else {
        "a number above 0"
    };
    let step = searched.number(reader, node, accepted)?;
    if step <= 0.0 {
        reader.takes(node, accepted);
        return None;
    }
    Some(step)
}

/// Whether the step leads from `low` to `high`; silent where those are not in order.
pub(super) fn check(
    reader: &mut Reader<'_>,
    searched: Searched<'_>,
    (low, high): (f64, f64),
    step: f64,
) -> bool {
    let steps = (high - low) / step;
    // A decimal step divides a decimal range only up to rounding.
    let divides = if searched.whole {
        (high - low) % step == 0.0
    } else {
        steps >= 0.5 && (steps - steps.round()).abs() <= 1e-9 * steps.max(1.0)
    };
    if low >= high || divides && steps <= MOST_STEPS {
        return true;
    }
    let node = searched.table.get("step").expect("it was read");
    let message = format!(
        "{} = {} does not lead from {} to {}",
        node.key(),
        reader.shown(node),
        plain(low),
        plain(high)
    );
    let help = if steps > MOST_STEPS {
        "take a larger step, or remove it for every number of the range".to_owned()
    } else {
        let (least, most) = searched.spec.hard_limits();
        let below = tidy(low + steps.floor() * step);
        let ends: Vec<String> = [below, tidy(below + step)]
            .into_iter()
            .filter(|end| *end > low && (least..=most).contains(end))
            .map(plain)
            .collect();
        if ends.is_empty() {
            "take a smaller step".to_owned()
        } else {
            format!("move high to {}, or change step", ends.join(" or "))
        }
    };
    reader.report(&node.place, &message, "does not divide the range", help);
    false
}

/// Without the digits that adding decimal fractions leaves behind.
fn tidy(value: f64) -> f64 {
    let text = format!("{value:.12e}");
    text.parse().expect("a formatted number parses")
}
