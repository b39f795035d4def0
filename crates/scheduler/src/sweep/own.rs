//! What `[space]` says of the keys of a user's own program beside their ranges: `default` and `as`.

use std::sync::Arc;

use super::reader::Reader;
use super::tree::Node;
use super::{KeySpec, settings};
use crate::space::{Dimension, Value};

/// The keys that say more than a range, in the file's order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct OwnKeys(Vec<OwnKey>);

/// A key that says more than a range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnKey {
    /// The key.
    pub(super) key: Arc<str>,
    /// Its value in trials that do not search it.
    pub(super) default: Option<Value>,
    /// The name by which the program is given it.
    pub(super) passed_as: Option<String>,
}

impl OwnKeys {
    pub(super) fn default_of(&self, key: &str) -> Option<&Value> {
        self.get(key)?.default.as_ref()
    }

    pub(super) fn passed_as<'a>(&'a self, key: &'a str) -> &'a str {
        let own = self.get(key).and_then(|own| own.passed_as.as_deref());
        own.unwrap_or(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&OwnKey> {
        self.0.iter().find(|own| &*own.key == key)
    }
}

/// Reads `default` and `as` of each key of `[space]`.
pub(super) fn read(reader: &mut Reader<'_>, space: &Node, dimensions: &[Dimension]) -> OwnKeys {
    let mut keys = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for entry in space.entries() {
        let specs = reader.terms.keys;
        let Some(spec) = specs.iter().find(|spec| spec.name == entry.name) else {
            continue;
        };
        let (default, name) = (entry.node.get("default"), entry.node.get("as"));
        if !spec.is_own() {
            for node in [default, name].into_iter().flatten() {
                refuse(reader, node, spec);
            }
            continue;
        }
        let is_later = dimensions
            .iter()
            .any(|dimension| *dimension.key == entry.name && dimension.order > 1);
        let default = match default {
            Some(node) => settings::value(reader, node, spec),
            None if is_later => reader.missing(
                &entry.node,
                "default",
                "the value that trials have until then",
            ),
            None => None,
        };
        let passed_as = name.and_then(|node| {
            let text = node.text().filter(|text| is_name(text)).map(str::to_owned);
            if text.is_none() {
                reader.takes(node, "a name in quotes, of letters, digits, _, - and .");
            }
            text
        });
        let passed = passed_as.clone().unwrap_or_else(|| entry.name.clone());
        if names.contains(&passed) {
            let message = format!("two keys are passed to the program as `{passed}`");
            reader.report(
                &entry.place,
                &message,
                "the second of them",
                "give them names of their own".to_owned(),
            );
        }
        names.push(passed);
        if default.is_some() || passed_as.is_some() {
            keys.push(OwnKey {
                key: entry.name.as_str().into(),
                default,
                passed_as,
            });
        }
    }
    OwnKeys(keys)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn refuse(reader: &mut Reader<'_>, node: &Node, spec: &KeySpec) {
    let message = format!("{} is for keys of your own program", node.key());
    let help = format!("set `{} = …` in [{}]", spec.name, spec.table);
    reader.report(&node.place, &message, "not for this key", help);
}
