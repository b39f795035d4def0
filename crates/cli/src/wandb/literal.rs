//! A value of the file as TOML, as an argument and as JSON.

use std::fmt::Write as _;

use finetooth_scheduler::number::shortest;

use super::yaml::{Item, Node};

/// How the program is given its values, which says how flags and the like are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// `--key=value`, as Python prints the value.
    Arguments,
    /// All in one argument of JSON.
    Json,
    /// A file of JSON.
    File,
}

/// A value as W&B's own agent puts it into an argument: `True`, `None`, and JSON for lists and tables, which Python reads alike.
pub(super) fn argument(item: &Item) -> String {
    match item {
        Item::Null => "None".to_owned(),
        Item::Bool(true) => "True".to_owned(),
        Item::Bool(false) => "False".to_owned(),
        Item::Integer(whole) => whole.to_string(),
        // `inf` and `nan` as Python prints them.
        Item::Float(number) | Item::NearNumber(_, number) => shortest(*number)
            .replace("Inf", "inf")
            .replace("NaN", "nan"),
        Item::Text(text) => text.clone(),
        Item::List(_) | Item::Table(_) => json(item).to_string(),
    }
}

/// A value as JSON; numbers that JSON lacks are texts.
pub(super) fn json(item: &Item) -> serde_json::Value {
    use serde_json::Value;
    match item {
        Item::Null => Value::Null,
        Item::Bool(flag) => Value::Bool(*flag),
        Item::Integer(whole) => Value::from(*whole),
        Item::Float(number) | Item::NearNumber(_, number) => serde_json::Number::from_f64(*number)
            .map_or_else(|| Value::String(shortest(*number)), Value::Number),
        Item::Text(text) => Value::String(text.clone()),
        Item::List(members) => members.iter().map(|member| json(&member.item)).collect(),
        Item::Table(entries) => {
            let pairs = entries.iter();
            pairs
                .map(|entry| (entry.name.clone(), json(&entry.node.item)))
                .collect()
        }
    }
}

/// A value of `[space]`'s lists that stands for itself: a flag, a number, a text, or a list of such; None for others.
pub(super) fn plain_toml(item: &Item) -> Option<String> {
    match item {
        Item::Bool(flag) => Some(flag.to_string()),
        Item::Integer(whole) => Some(whole.to_string()),
        Item::Float(number) | Item::NearNumber(_, number) => {
            number.is_finite().then(|| shortest(*number))
        }
        Item::Text(text) => Some(toml_text(text)),
        Item::List(members) => list_toml(members),
        Item::Null | Item::Table(_) => None,
    }
}

fn list_toml(members: &[Node]) -> Option<String> {
    let is_scalar = |node: &Node| !matches!(node.item, Item::List(_));
    let scalars = members.iter().filter(|node| is_scalar(node));
    let written: Option<Vec<String>> = scalars.map(|node| plain_toml(&node.item)).collect();
    let written = written.filter(|written| !written.is_empty() && written.len() == members.len());
    Some(format!("[{}]", written?.join(", ")))
}

/// A text in TOML, on one line.
pub(super) fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key in TOML, in quotes where it has to be.
pub(super) fn toml_key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_bare) {
        name.to_owned()
    } else {
        toml_text(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_back_from_toml() {
        for text in [
            "",
            "a b",
            "\"\\",
            "\n\t\r\u{1b}\u{7f}\u{85}",
            "größe \u{1f600}",
            "a#b='''",
        ] {
            let table: toml::Table = format!("x = {}", toml_text(text)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
            let table: toml::Table = format!("{} = 1", toml_key(text)).parse().unwrap();
            assert!(table.contains_key(text));
        }
    }

    #[test]
    fn real_numbers_are_real_in_toml() {
        for number in [1.0, -0.0, 1e-5, 1e300, 0.1, 123_456_789.0, 1e16] {
            let written = plain_toml(&Item::Float(number)).unwrap();
            let table: toml::Table = format!("x = {written}").parse().unwrap();
            assert_eq!(table["x"].as_float(), Some(number));
        }
        assert_eq!(plain_toml(&Item::Float(f64::INFINITY)), None);
    }
}
