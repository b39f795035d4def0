//! `[space]`: the searched keys, each with a range or a list of values.

use std::sync::Arc;

use super::own::{self, OwnKeys};
use super::range::{self, Searched};
use super::reader::Reader;
use super::settings::{self, accepted};
use super::tree::{Entry, Item, Node};
use super::{KeyKind, KeySpec, conditions, limits, searchable};
use crate::space::{Dimension, Domain, Scale, Space, Value};

const FIELDS: [&str; 11] = [
    "low", "high", "scale", "step", "limits", "zero", "values", "order", "when", "default", "as",
];
/// Those of a range.
const RANGE_FIELDS: &[&str] = FIELDS.split_at(6).0;

/// The searched keys as far as they could be read.
pub(super) struct Read {
    /// Those that are right.
    pub(super) space: Space,
    /// What they say beside their ranges.
    pub(super) own: OwnKeys,
    /// All names, those with mistakes too.
    pub(super) names: Vec<String>,
}

/// Reads `[space]`; the default space where the file has none.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Read {
    let Some(table) = root.get("space") else {
        let space = default_space(reader.terms.keys);
        if space.0.is_empty() {
            reader.report(
                &root.place,
                "[space] is missing, and none of these keys has a default range",
                "",
                "add tables like [space.KEY] with low and high".to_owned(),
            );
        }
        let name = |dimension: &Dimension| dimension.key.to_string();
        return Read {
            names: space.0.iter().map(name).collect(),
            space,
            own: OwnKeys::default(),
        };
    };
    let mut dimensions = Vec::new();
    if reader.is_table(table, "a table of searched keys") && table.entries().is_empty() {
        reader.report(
            &table.place,
            "[space] is empty: there is nothing to search",
            "no keys",
            "add a key like learning_rate = { low = 1e-5, high = 1e-1 }, or remove [space] for the default one"
                .to_owned(),
        );
    }
    for entry in table.entries() {
        let spec = searchable::key(reader, entry);
        if let Some(dimension) = spec.and_then(|spec| dimension(reader, entry, spec)) {
            dimensions.push(dimension);
        }
    }
    let names: Vec<String> = table
        .entries()
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    conditions::read(reader, table, &mut dimensions, &names);
    let own = own::read(reader, table, &dimensions);
    Read {
        names,
        own,
        space: Space(dimensions),
    }
}

/// learning_rate 1e-5…1e-1 log, lr_decay 0.8…1 linear, l2 1e-6…1e-1 log with a tenth of zeros; those of them that
/// the objective has.
fn default_space(keys: &[KeySpec]) -> Space {
    const RANGES: [(&str, f64, f64, Scale, f64); 3] = [
        ("learning_rate", 1e-5, 1e-1, Scale::Log, 0.0),
        ("lr_decay", 0.8, 1.0, Scale::Linear, 0.0),
        ("l2", 1e-6, 1e-1, Scale::Log, 0.1),
    ];
    let dimension = |(key, low, high, scale, zero): (&str, f64, f64, Scale, f64)| {
        let spec = keys
            .iter()
            .find(|spec| spec.name == key && spec.searchable && spec.supported)?;
        let domain = Domain::Float { low, high, scale };
        Some(Dimension {
            key: Arc::from(key),
            limits: limits::of(&domain, spec.hard_limits()),
            domain,
            zero,
            order: 1,
            when: Vec::new(),
        })
    };
    Space(RANGES.into_iter().filter_map(dimension).collect())
}

fn dimension(reader: &mut Reader<'_>, entry: &Entry, spec: &KeySpec) -> Option<Dimension> {
    let order = match entry.node.get("order") {
        Some(node) => reader.whole(node, 1..=2).map(|whole| whole as u8),
        None => Some(1),
    };
    let dimension = values(reader, entry, spec)?;
    Some(Dimension {
        order: order?,
        ..dimension
    })
}

/// The key with the values it may take, of order 1 and without conditions.
fn values(reader: &mut Reader<'_>, entry: &Entry, spec: &KeySpec) -> Option<Dimension> {
    let table = &entry.node;
    let is_range = spec.range_is_whole();
    let expected = if is_range.is_some() {
        "a table with low and high, or with values"
    } else {
        "a table with values"
    };
    if !reader.is_table(table, expected) {
        return None;
    }
    reader.check_keys(table, &FIELDS, &[]);
    if let Some(values) = table.get("values") {
        for field in table.entries() {
            if RANGE_FIELDS.contains(&field.name.as_str()) {
                reader.report(
                    &field.place,
                    &format!("{} does not go with values", field.node.key()),
                    "not with values",
                    "a key has either a range (low, high) or a list (values)".to_owned(),
                );
            }
        }
        return Some(Dimension {
            key: Arc::from(entry.name.as_str()),
            domain: Domain::Choice {
                values: list(reader, values, spec)?,
            },
            limits: spec.hard_limits(),
            zero: 0.0,
            order: 1,
            when: Vec::new(),
        });
    }
    let Some(whole) = is_range else {
        let mut n_fields = 0;
        for field in table.entries() {
            if RANGE_FIELDS.contains(&field.name.as_str()) {
                n_fields += 1;
                reader.report(
                    &field.place,
                    &format!(
                        "{} has no meaning: {} is not a number",
                        field.node.key(),
                        spec.name
                    ),
                    "no range here",
                    format!("list the values: values = [{}]", example(spec)),
                );
            }
        }
        if n_fields == 0 {
            return reader.missing(table, "values", &format!("[{}]", example(spec)));
        }
        return None;
    };
    let searched = Searched { table, spec, whole };
    range::read(reader, searched)
}

fn list(reader: &mut Reader<'_>, values: &Node, spec: &KeySpec) -> Option<Vec<Value>> {
    let Item::List(members) = &values.item else {
        reader.takes(values, &format!("a list, each member {}", accepted(spec)));
        return None;
    };
    if members.is_empty() {
        reader.report(
            &values.place,
            &format!("{} is empty", values.key()),
            "no values",
            format!("list the values: values = [{}]", example(spec)),
        );
        return None;
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut is_right = true;
    for member in members {
        match settings::value(reader, member, spec) {
            Some(value) if seen.contains(&value) => {
                is_right = false;
                reader.report(
                    &member.place,
                    &format!("{} holds {} twice", values.key(), reader.shown(member)),
                    "given again",
                    "name each value once; all are drawn equally often".to_owned(),
                );
            }
            Some(value) => seen.push(value),
            None => is_right = false,
        }
    }
    is_right.then_some(seen)
}

fn example(spec: &KeySpec) -> String {
    match (&spec.kind, &spec.default) {
        (KeyKind::Choice(choices), _) => choices
            .iter()
            .filter(|choice| choice.supported)
            .map(|choice| format!("\"{}\"", choice.word))
            .collect::<Vec<_>>()
            .join(", "),
        (KeyKind::Bool, _) => "false, true".to_owned(),
        (_, Some(default)) => format!("{}, …", default.to_toml()),
        (_, None) => "…".to_owned(),
    }
}
