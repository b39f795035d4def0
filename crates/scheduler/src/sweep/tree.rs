//! The definition as a tree whose every node knows its path and where it was written.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Override;
use crate::space::Value;

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In these bytes of the file.
    File(Range<usize>),
    /// In the command-line option with this index.
    Option(usize),
}

/// A value, list or table of the definition.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Names and, for members of lists, indices from the root, dots between.
    pub(super) path: String,
    /// Where it was written; for a table, its header.
    pub(super) place: Place,
    /// What it is.
    pub(super) item: Item,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// A flag, number or text. Never a list.
    Scalar(Value),
    /// A number beyond 64 bits.
    TooLarge,
    /// A date or time, which no key takes.
    Date,
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Vec<Entry>),
}

/// A key of a table with what it holds.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key.
    pub(super) name: String,
    /// Where the key was written.
    pub(super) place: Place,
    /// What it holds.
    pub(super) node: Node,
}

/// An override whose path leads nowhere: what stands in its way, in words.
#[derive(Debug)]
pub(super) struct NoPath(pub(super) String);

impl Node {
    /// The tree of a TOML document.
    pub(super) fn of_file(table: &DeTable<'_>) -> Self {
        Self {
            path: String::new(),
            place: Place::File(0..0),
            item: table_item("", table, &Place::File),
        }
    }

    /// Its entries; none where it is no table.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.item {
            Item::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Its entry for `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.name == key)
            .map(|entry| &entry.node)
    }

    /// The text it holds.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.item {
            Item::Scalar(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Its path as messages show it: without indices of lists.
    pub(super) fn key(&self) -> String {
        let is_name = |part: &&str| !part.bytes().all(|byte| byte.is_ascii_digit());
        let names: Vec<&str> = self.path.split('.').filter(is_name).collect();
        names.join(".")
    }

    /// The member of a list, or the entry of a table, made at `place` where there is none.
    fn child(&mut self, key: &str, place: &Place) -> Result<&mut Self, NoPath> {
        let path = join(&self.path, key);
        match &mut self.item {
            Item::List(members) => {
                let n_members = members.len();
                let member = key
                    .parse()
                    .ok()
                    .and_then(|index: usize| members.get_mut(index));
                member.ok_or_else(|| {
                    let list = &self.path;
                    NoPath(format!(
                        "{list} has {n_members} members, counted from 0, and no {key}"
                    ))
                })
            }
            Item::Table(entries) => {
                let at = entries.iter().position(|entry| entry.name == key);
                let at = at.unwrap_or_else(|| {
                    entries.push(Entry {
                        name: key.to_owned(),
                        place: place.clone(),
                        node: Self {
                            path,
                            place: place.clone(),
                            item: Item::Table(Vec::new()),
                        },
                    });
                    entries.len() - 1
                });
                Ok(&mut entries[at].node)
            }
            _ => Err(NoPath(format!("{} is not a table of keys", self.path))),
        }
    }

    /// Puts the value of `overrides[option]` where its path leads, making tables on the way.
    pub(super) fn put(&mut self, given: &Override, option: usize) -> Result<(), NoPath> {
        let place = Place::Option(option);
        let mut node = self;
        for key in &given.path {
            node = node.child(key, &place)?;
        }
        let text = || Item::Scalar(Value::Text(given.value.clone()));
        node.item = match DeValue::parse(&given.value) {
            Ok(value) => match item(&node.path, value.get_ref(), &|_| place.clone()) {
                Item::Date => text(),
                other => other,
            },
            Err(_) => text(),
        };
        node.place = place;
        Ok(())
    }
}

fn node(path: String, value: &Spanned<DeValue<'_>>, place: &dyn Fn(Range<usize>) -> Place) -> Node {
    Node {
        item: item(&path, value.get_ref(), place),
        place: place(value.span()),
        path,
    }
}

fn item(path: &str, value: &DeValue<'_>, place: &dyn Fn(Range<usize>) -> Place) -> Item {
    match value {
        DeValue::String(text) => Item::Scalar(Value::Text(text.to_string())),
        DeValue::Boolean(flag) => Item::Scalar(Value::Bool(*flag)),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or(Item::TooLarge, |whole| Item::Scalar(Value::Integer(whole))),
        DeValue::Float(digits) => {
            let real: f64 = digits.as_str().parse().unwrap_or(f64::INFINITY);
            if real.is_infinite() && !digits.as_str().contains("inf") {
                Item::TooLarge
            } else {
                Item::Scalar(Value::Float(real))
            }
        }
        DeValue::Datetime(_) => Item::Date,
        DeValue::Array(members) => Item::List(
            members
                .iter()
                .enumerate()
                .map(|(index, member)| node(join(path, &index.to_string()), member, place))
                .collect(),
        ),
        DeValue::Table(table) => table_item(path, table, place),
    }
}

fn table_item(path: &str, table: &DeTable<'_>, place: &dyn Fn(Range<usize>) -> Place) -> Item {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        Entry {
            name: name.to_string(),
            place: place(key.span()),
            node: node(join(path, name), value, place),
        }
    };
    Item::Table(table.iter().map(entry).collect())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
