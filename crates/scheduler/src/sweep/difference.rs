//! What differs between two definitions.

use std::collections::HashSet;

use super::{Prune, Sweep};
use crate::space::Value;

/// What differs between two definitions as written by [`Sweep::to_toml`], one line a key, `[limits]`, `[executor]` and `[after]` left out:
/// `train.batch_size: 64 → 128`, `space.l2 removed`.
pub fn changes(old: &str, new: &str) -> Vec<String> {
    let (Ok(old), Ok(new)) = (old.parse::<toml::Table>(), new.parse::<toml::Table>()) else {
        return vec!["one of the two definitions cannot be read".to_owned()];
    };
    let (old, new) = (completed(old), completed(new));
    let mut lines = Vec::new();
    compare("", &old, &new, &mut lines);
    let keys = |table: &toml::Table| -> Vec<String> {
        let space = table.get("space").and_then(toml::Value::as_table);
        space
            .into_iter()
            .flat_map(toml::Table::keys)
            .cloned()
            .collect()
    };
    let (was, is) = (keys(&old), keys(&new));
    let same_keys = was.iter().collect::<HashSet<_>>() == is.iter().collect::<HashSet<_>>();
    if was != is && same_keys {
        lines.push(format!(
            "order of [space]: {} → {}",
            was.join(", "),
            is.join(", ")
        ));
    }
    lines
}

/// The definition with what those of earlier versions lack: nothing was pruned then.
fn completed(mut definition: toml::Table) -> toml::Table {
    let pruning = definition.entry("prune");
    pruning.or_insert_with(|| Prune::NONE.to_toml().into());
    definition
}

/// Whether results of `old` count for `new` where it asks for the same trials: all may differ but what a trial's
/// numbers depend on, its data, configuration and seed, and the metric.
pub fn extends(old: &Sweep, new: &Sweep) -> bool {
    let objective = |sweep: &Sweep| (sweep.metric.name.clone(), sweep.metric.goal);
    old.seed == new.seed && old.settings == new.settings && objective(old) == objective(new)
}

fn compare(path: &str, old: &toml::Table, new: &toml::Table, lines: &mut Vec<String>) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        // Definitions of earlier versions say nothing of sanity checks: what was searched is the same without them.
        let is_silent = key == "sanity" && !(old.contains_key(key) && new.contains_key(key));
        let may_differ = ["limits", "executor", "after"].contains(&key.as_str());
        if path.is_empty() && (may_differ || is_silent) {
            continue;
        }
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (old.get(key), new.get(key)) {
            (Some(toml::Value::Table(old)), Some(toml::Value::Table(new))) => {
                compare(&path, old, new, lines);
            }
            (Some(toml::Value::Array(old)), Some(toml::Value::Array(new))) if path == "stage" => {
                compare_stages(old, new, lines);
            }
            (Some(toml::Value::Array(old)), None) if path == "stage" => {
                compare_stages(old, &[], lines);
            }
            (None, Some(toml::Value::Array(new))) if path == "stage" => {
                compare_stages(&[], new, lines);
            }
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => {
                lines.push(format!("{path}: {} → {}", shown(old), shown(new)));
            }
            (Some(_), None) => lines.push(format!("{path} removed")),
            (None, Some(toml::Value::Table(_))) => lines.push(format!("{path} added")),
            (None, Some(new)) => lines.push(format!("{path} added: {}", shown(new))),
            (None, None) => unreachable!("each key is of one of the two"),
        }
    }
}

/// Stages by their place: their order is part of the definition.
fn compare_stages(old: &[toml::Value], new: &[toml::Value], lines: &mut Vec<String>) {
    let name = |stage: &toml::Table| {
        let name = stage.get("name").and_then(toml::Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let (old, new) = (tables(old), tables(new));
    for index in 0..old.len().max(new.len()) {
        match (old.get(index), new.get(index)) {
            (Some(old), Some(new)) => compare(&format!("stage.{}", name(old)), old, new, lines),
            (Some(old), None) => lines.push(format!("stage.{} removed", name(old))),
            (None, Some(new)) => lines.push(format!("stage.{} added", name(new))),
            (None, None) => unreachable!("the index is below one of the lengths"),
        }
    }
}

fn tables(values: &[toml::Value]) -> Vec<&toml::Table> {
    values.iter().filter_map(toml::Value::as_table).collect()
}

fn shown(value: &toml::Value) -> String {
    Value::from_toml(value).map_or_else(|| "a table".to_owned(), |value| value.to_string())
}
