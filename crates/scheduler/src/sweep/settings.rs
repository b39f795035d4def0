//! `[data]`, `[model]` and `[train]`, held to what the objective told of its keys.

use std::path::absolute;

use super::nearest::{enumerate, nearest};
use super::reader::{Reader, elsewhere, foreign, listed, plain};
use super::tree::{Entry, Item, Node};
use super::{KeyKind, KeySpec, Purpose};
use crate::space::Value;

/// The objective's tables with every default filled in, in the order of the keys.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> toml::Table {
    let terms = reader.terms;
    for table in tables(terms.keys) {
        if let Some(node) = root.get(table)
            && reader.is_table(node, "a table of keys")
        {
            for entry in node.entries() {
                check_name(reader, table, entry);
            }
        }
    }
    let mut settings = toml::Table::new();
    for spec in terms.keys.iter().filter(|spec| !spec.is_own()) {
        let table = settings
            .entry(&spec.table)
            .or_insert_with(|| toml::Table::new().into())
            .as_table_mut()
            .expect("made above");
        let written = root
            .get(&spec.table)
            .and_then(|table| table.get(&spec.name));
        let value = match written {
            Some(_) if !spec.supported => None,
            Some(node) if spec.kind == KeyKind::TextTable => text_table(reader, node),
            Some(node) => value(reader, node, spec).map(|value| value.to_toml()),
            None if spec.supported && is_asked(spec, terms.purpose) => {
                spec.default.as_ref().map(Value::to_toml)
            }
            None => None,
        };
        if let Some(value) = value {
            table.insert(spec.name.clone(), value);
        }
    }
    settings
}

fn is_default(node: &Node, spec: &KeySpec) -> bool {
    match (scalar(node), &spec.default) {
        (Some(value), Some(default)) => {
            value == *default || value.as_f64().is_some() && value.as_f64() == default.as_f64()
        }
        _ => false,
    }
}

/// The tables of `keys`, in their order.
pub(super) fn tables(keys: &[KeySpec]) -> Vec<&str> {
    let mut tables: Vec<&str> = Vec::new();
    for spec in keys {
        if !spec.is_own() && !tables.contains(&spec.table.as_str()) {
            tables.push(&spec.table);
        }
    }
    tables
}

/// A sweep's trials get their seeds from the sweep's, so that `train.seed` is for a single training alone.
fn is_asked(spec: &KeySpec, purpose: Purpose) -> bool {
    purpose == Purpose::Train || (spec.table.as_str(), spec.name.as_str()) != ("train", "seed")
}

fn check_name(reader: &mut Reader<'_>, table: &str, entry: &Entry) {
    let terms = reader.terms;
    let is_here = |spec: &&KeySpec| spec.table == table;
    let here = terms.keys.iter().filter(is_here);
    let key = format!("{table}.{}", entry.name);
    match here.clone().find(|spec| spec.name == entry.name) {
        Some(spec) if !spec.supported => {
            // What a later version does by default is what this one does.
            if !is_default(&entry.node, spec) {
                reader.later(&entry.place, &key, "leave it out".to_owned());
            }
        }
        Some(spec) if !is_asked(spec, terms.purpose) => reader.report(
            &entry.place,
            "train.seed is not for sweeps: each trial gets a seed of its own, drawn from the sweep's",
            "not in a sweep",
            "write `seed = …` at the top of the file".to_owned(),
        ),
        Some(_) => {}
        None => {
            let here: Vec<&str> = here.map(|spec| spec.name.as_str()).collect();
            let help = foreign(&format!("{table}.{}", entry.name))
                .or_else(|| elsewhere(terms.keys, table, &entry.name))
                .or_else(|| {
                    nearest(&entry.name, here.iter().copied())
                        .map(|near| format!("did you mean `{near}`?"))
                })
                .unwrap_or_else(|| format!("[{table}] takes {}", listed(&here)));
            reader.unknown(entry, help);
        }
    }
}

/// The value of a key, as its kind has it: whole numbers are real ones where the key is real, paths absolute.
pub(super) fn value(reader: &mut Reader<'_>, node: &Node, spec: &KeySpec) -> Option<Value> {
    match (&spec.kind, &node.item) {
        (KeyKind::Choice(_), _) => return choice(reader, node, spec),
        (KeyKind::Path, Item::Scalar(Value::Text(path))) if !path.is_empty() => {
            return path_value(reader, node, path);
        }
        (KeyKind::IntegerOrList | KeyKind::IntegerList, Item::List(members)) => {
            let whole = |member: &Node| whole(member, spec);
            return list(reader, members, spec, whole);
        }
        (KeyKind::TextList | KeyKind::TextListOrAuto, Item::List(members)) => {
            let text = |member: &Node| member.text().map(|text| Value::Text(text.to_owned()));
            return list(reader, members, spec, text);
        }
        (KeyKind::Any, Item::List(members)) => return list(reader, members, spec, scalar),
        _ => {}
    }
    let value = match spec.kind {
        KeyKind::Float => real(node, spec),
        KeyKind::Integer | KeyKind::IntegerOrList => whole(node, spec),
        KeyKind::Share => share(node, spec),
        KeyKind::Bool => scalar(node).filter(|value| matches!(value, Value::Bool(_))),
        KeyKind::BoolOrAuto => scalar(node).filter(|value| match value {
            Value::Bool(_) => true,
            Value::Text(word) => word == "auto",
            _ => false,
        }),
        KeyKind::Text => scalar(node).filter(|value| matches!(value, Value::Text(_))),
        KeyKind::TextOrInteger => {
            scalar(node).filter(|value| matches!(value, Value::Text(_) | Value::Integer(_)))
        }
        KeyKind::TextListOrAuto => {
            scalar(node).filter(|value| *value == Value::Text("auto".into()))
        }
        KeyKind::Any => scalar(node),
        KeyKind::IntegerList
        | KeyKind::TextList
        | KeyKind::TextTable
        | KeyKind::Path
        | KeyKind::Choice(_) => None,
    };
    if value.is_none() {
        reader.takes(node, &accepted(spec));
    }
    value
}

/// A table of texts, as TOML.
fn text_table(reader: &mut Reader<'_>, node: &Node) -> Option<toml::Value> {
    if !reader.is_table(node, "a table of texts in quotes") {
        return None;
    }
    let mut table = toml::Table::new();
    let mut is_right = true;
    for entry in node.entries() {
        if let Some(text) = entry.node.text() {
            table.insert(entry.name.clone(), text.into());
        } else {
            reader.takes(&entry.node, "text in quotes");
            is_right = false;
        }
    }
    is_right.then(|| table.into())
}

fn scalar(node: &Node) -> Option<Value> {
    match &node.item {
        Item::Scalar(value) => Some(value.clone()),
        _ => None,
    }
}

fn real(node: &Node, spec: &KeySpec) -> Option<Value> {
    let (low, high) = spec.hard_limits();
    scalar(node)?
        .as_f64()
        .filter(|real| real.is_finite() && (low..=high).contains(real))
        .map(Value::Float)
}

fn whole(node: &Node, spec: &KeySpec) -> Option<Value> {
    let (low, high) = spec.hard_limits();
    scalar(node).filter(|value| match value {
        Value::Integer(whole) => (low..=high).contains(&(*whole as f64)),
        _ => false,
    })
}

fn share(node: &Node, spec: &KeySpec) -> Option<Value> {
    let (low, high) = spec.hard_limits();
    let low = low.max(0.0);
    scalar(node).filter(|value| match *value {
        Value::Float(fraction) => (0.0..1.0).contains(&fraction) && fraction >= low,
        Value::Integer(count) => (low..=high).contains(&(count as f64)),
        _ => false,
    })
}

fn list(
    reader: &mut Reader<'_>,
    members: &[Node],
    spec: &KeySpec,
    read: impl Fn(&Node) -> Option<Value>,
) -> Option<Value> {
    let mut items = Some(Vec::new());
    for member in members {
        let item = read(member);
        if item.is_none() {
            reader.takes(member, &accepted(spec));
        }
        items = items.zip(item).map(|(mut items, item)| {
            items.push(item);
            items
        });
    }
    items.map(Value::List)
}

fn choice(reader: &mut Reader<'_>, node: &Node, spec: &KeySpec) -> Option<Value> {
    let KeyKind::Choice(choices) = &spec.kind else {
        unreachable!("called for choices alone")
    };
    let word = node.text();
    match choices.iter().find(|choice| Some(&*choice.word) == word) {
        Some(choice) if choice.supported => Some(Value::Text(choice.word.clone())),
        Some(choice) => {
            let what = format!("{} = \"{}\"", node.key(), choice.word);
            let help = format!("this version has {}", accepted(spec));
            reader.later(&node.place, &what, help);
            None
        }
        None => {
            reader.takes(node, &accepted(spec));
            reader.suggest(node, choices.iter().map(|choice| &*choice.word));
            None
        }
    }
}

/// Relative paths start at the definition's directory. The file system is not asked.
fn path_value(reader: &mut Reader<'_>, node: &Node, path: &str) -> Option<Value> {
    let whole = absolute(reader.terms.base.join(path)).ok();
    let whole = whole.and_then(|path| path.into_os_string().into_string().ok());
    if whole.is_none() {
        reader.report(
            &node.place,
            &format!(
                "{} leads to a path that is not valid UTF-8: {} below {}",
                node.key(),
                reader.shown(node),
                reader.terms.base.display()
            ),
            "",
            "rename the directories, so that the results can name the path".to_owned(),
        );
    }
    whole.map(Value::Text)
}

/// What a key takes, in words.
pub(super) fn accepted(spec: &KeySpec) -> String {
    let bounds = bounds(spec);
    match &spec.kind {
        KeyKind::Float => format!("a number{bounds}"),
        KeyKind::Integer => format!("a whole number{bounds}"),
        KeyKind::IntegerOrList => format!("a whole number{bounds}, or a list of such"),
        KeyKind::IntegerList => format!("a list of whole numbers{bounds}"),
        KeyKind::Bool => "true or false".to_owned(),
        KeyKind::BoolOrAuto => "true, false or \"auto\"".to_owned(),
        KeyKind::Text => "text in quotes".to_owned(),
        KeyKind::TextOrInteger => "text in quotes or a whole number".to_owned(),
        KeyKind::TextList => "a list of texts in quotes".to_owned(),
        KeyKind::TextListOrAuto => "\"auto\" or a list of texts in quotes".to_owned(),
        KeyKind::TextTable => "a table of texts in quotes".to_owned(),
        KeyKind::Any => "a flag, a number, text in quotes, or a list of such".to_owned(),
        KeyKind::Path => "the path of a file or directory in quotes".to_owned(),
        KeyKind::Share => "a fraction below 1 (like 0.2) or a count (a whole number)".to_owned(),
        KeyKind::Choice(choices) => enumerate(
            &choices
                .iter()
                .filter(|choice| choice.supported)
                .map(|choice| format!("\"{}\"", choice.word))
                .collect::<Vec<_>>(),
        ),
    }
}

fn bounds(spec: &KeySpec) -> String {
    let (low, high) = spec.hard_limits();
    let (least, most) = spec.unbounded();
    match (low > least, high < most) {
        (true, true) => format!(" from {} to {}", plain(low), plain(high)),
        (true, false) => format!(" of at least {}", plain(low)),
        (false, true) => format!(" of at most {}", plain(high)),
        (false, false) => String::new(),
    }
}
