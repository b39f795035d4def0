//! `when` of a searched key: what other keys must be for a trial to have it.

use super::nearest::nearest;
use super::reader::{Reader, listed, plain};
use super::tree::{Entry, Item, Node};
use super::{KeyKind, KeySpec, settings};
use crate::space::{Condition, Dimension, Domain, Value};

/// Reads each `when` of `[space]` into its dimension.
///
/// - `names`: all searched keys, those with mistakes too, in the file's order.
pub(super) fn read(
    reader: &mut Reader<'_>,
    space: &Node,
    dimensions: &mut [Dimension],
    names: &[String],
) {
    for entry in space.entries() {
        let Some(when) = entry.node.get("when") else {
            continue;
        };
        let conditions = conditions(reader, entry, when, dimensions, names);
        let of = |dimension: &&mut Dimension| *dimension.key == entry.name;
        if let Some(dimension) = dimensions.iter_mut().find(of) {
            dimension.when = conditions;
        }
    }
    refuse_cycles(reader, space, dimensions);
}

fn conditions(
    reader: &mut Reader<'_>,
    entry: &Entry,
    when: &Node,
    dimensions: &[Dimension],
    names: &[String],
) -> Vec<Condition> {
    if !reader.is_table(
        when,
        "a table of keys and their values, like { optimizer = [\"adam\"] }",
    ) {
        return Vec::new();
    }
    if when.entries().is_empty() {
        reader.report(
            &when.place,
            &format!("{} is empty", when.key()),
            "no condition",
            "name a searched key and its values, like { optimizer = [\"adam\"] }, or remove `when`"
                .to_owned(),
        );
    }
    let mut conditions = Vec::new();
    for on in when.entries() {
        let spec = other(reader, entry, on, when, names);
        let dimension = dimensions.iter().find(|other| *other.key == on.name);
        let values = spec.and_then(|spec| values(reader, &on.node, spec, dimension));
        conditions.extend(values.map(|values| Condition {
            key: on.name.as_str().into(),
            values,
        }));
    }
    conditions
}

/// The searched key that a condition names.
fn other<'a>(
    reader: &mut Reader<'a>,
    entry: &Entry,
    on: &Entry,
    when: &Node,
    names: &[String],
) -> Option<&'a KeySpec> {
    let name = on.name.as_str();
    let specs = reader.terms.keys;
    let spec = specs.iter().find(|spec| spec.name == name);
    if name == entry.name {
        let message = format!("{} makes {name} depend on itself", when.key());
        let help = "name another key, or remove `when`".to_owned();
        reader.report(&on.place, &message, "the key itself", help);
        return None;
    }
    if names.iter().any(|searched| searched == name) {
        // A key that may not be searched is told of where it stands.
        return spec.filter(|spec| spec.searchable && spec.supported);
    }
    let message = format!(
        "{} names {name}, which this sweep does not search",
        when.key()
    );
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = nearest(
        name,
        known.iter().copied().filter(|near| *near != entry.name),
    );
    let help = match (spec, near) {
        (Some(spec), _) if spec.searchable && spec.supported => {
            format!("search it, in [space.{name}], or drop `when`")
        }
        (_, Some(near)) => format!("did you mean `{near}`?"),
        _ => format!("drop `when`; this sweep searches {}", listed(&known)),
    };
    reader.report(&on.place, &message, "not in [space]", help);
    None
}

/// The values of a condition, each one that `dimension` can take; that is `None` where it has mistakes of its own.
fn values(
    reader: &mut Reader<'_>,
    node: &Node,
    spec: &KeySpec,
    dimension: Option<&Dimension>,
) -> Option<Vec<Value>> {
    let is_list = |member: &Node| matches!(member.item, Item::List(_));
    let members = match &node.item {
        // Of a key that takes lists alone, a list is a value, and a list of lists several.
        Item::List(members)
            if matches!(spec.kind, KeyKind::IntegerList | KeyKind::TextList)
                && !members.iter().any(is_list) =>
        {
            std::slice::from_ref(node)
        }
        Item::List(members) => members,
        _ => std::slice::from_ref(node),
    };
    if members.is_empty() {
        let message = format!("{} is empty: the condition never holds", node.key());
        let help = "name values, or drop the condition".to_owned();
        reader.report(&node.place, &message, "no values", help);
        return None;
    }
    let mut values = Vec::new();
    let mut is_right = true;
    for member in members {
        let Some(value) = settings::value(reader, member, spec) else {
            is_right = false;
            continue;
        };
        let shown = reader.shown(member);
        if values.contains(&value) {
            is_right = false;
            let message = format!("{} holds {shown} twice", node.key());
            reader.report(&member.place, &message, "given again", None);
        } else if let Some(dimension) = dimension.filter(|dimension| !dimension.holds(&value)) {
            is_right = false;
            let message = format!(
                "{} names {shown}, which [space.{}] does not hold",
                node.key(),
                spec.name
            );
            let help = format!("the key can be {}", held(dimension));
            reader.report(&member.place, &message, "never drawn", help);
        }
        values.push(value);
    }
    is_right.then_some(values)
}

/// The values of a searched key, in words.
fn held(dimension: &Dimension) -> String {
    match (&dimension.domain, dimension.domain.ends()) {
        (Domain::Choice { values }, _) => {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            values.join(", ")
        }
        (_, Some((low, high))) => {
            let zero = if dimension.zero > 0.0 { "0, or " } else { "" };
            let step = match dimension.domain {
                Domain::Stepped { step, .. } => format!(" in steps of {}", plain(step)),
                Domain::Integer { step, .. } if step > 1 => format!(" in steps of {step}"),
                _ => String::new(),
            };
            format!("{zero}from {low} to {high}{step}")
        }
        (_, None) => unreachable!("all but lists have ends"),
    }
}

fn refuse_cycles(reader: &mut Reader<'_>, space: &Node, dimensions: &[Dimension]) {
    let mut told: Vec<&str> = Vec::new();
    for dimension in dimensions {
        if told.contains(&&*dimension.key) {
            continue;
        }
        let Some(cycle) = cycle(dimension, dimensions) else {
            continue;
        };
        let when = space
            .get(&dimension.key)
            .and_then(|table| table.get("when"));
        let when = when.expect("its conditions were read from there");
        let message = format!(
            "{} makes {} depend on itself: {}",
            when.key(),
            dimension.key,
            cycle.join(" → ")
        );
        let help = "drop one of these conditions: the first key of a chain has none".to_owned();
        reader.report(&when.place, &message, "a circle", help);
        told.extend(cycle);
    }
}

/// The keys from `first` back to it, each depending on the next.
fn cycle<'a>(first: &'a Dimension, dimensions: &'a [Dimension]) -> Option<Vec<&'a str>> {
    // Each path holds a key once, and a key that led nowhere is not gone to again.
    let mut seen: Vec<&str> = Vec::new();
    let mut paths = vec![vec![&*first.key]];
    while let Some(path) = paths.pop() {
        let last = path.last().expect("a path has its first key");
        let dimension = dimensions.iter().find(|dimension| *dimension.key == **last);
        for condition in dimension.iter().flat_map(|dimension| &dimension.when) {
            let next = &*condition.key;
            let longer: Vec<&str> = path.iter().copied().chain([next]).collect();
            if next == &*first.key {
                return Some(longer);
            }
            if !seen.contains(&next) {
                seen.push(next);
                paths.push(longer);
            }
        }
    }
    None
}
