//! Which keys may stand in `[space]`, and why the others may not.

use super::KeySpec;
use super::nearest::nearest;
use super::reader::{Reader, listed};
use super::settings::tables;
use super::tree::Entry;

/// Columns every sweep's CSVs have; a searched key has a column of its own name.
pub const FIXED_COLUMNS: [&str; 10] = [
    "trial",
    "stage",
    "round",
    "state",
    "best_epoch",
    "epoch",
    "epochs",
    "seed",
    "parent",
    "reason",
];

/// The key an entry of `[space]` names; noted where it may not be searched.
pub(super) fn key<'a>(reader: &mut Reader<'a>, entry: &Entry) -> Option<&'a KeySpec> {
    let keys = reader.terms.keys;
    let name = entry.name.as_str();
    match keys.iter().find(|spec| spec.name == name) {
        Some(spec) if !spec.supported => {
            let help = "leave it out".to_owned();
            reader.later(&entry.place, &format!("space.{name}"), help);
        }
        Some(spec) if spec.searchable => return Some(spec),
        spec => {
            if let Some((reason, help)) = reason(reader, name, spec) {
                let message = format!("{name} cannot be searched: {reason}");
                reader.report(&entry.place, &message, "cannot be searched", help);
            } else {
                reader.unknown(entry, nearest_key(keys, name));
            }
        }
    }
    None
}

/// Why a name that exists cannot be searched, and what to do instead.
fn reason(
    reader: &Reader<'_>,
    name: &str,
    spec: Option<&KeySpec>,
) -> Option<(&'static str, String)> {
    let is_column =
        FIXED_COLUMNS.contains(&name) || reader.terms.columns.iter().any(|column| column == name);
    let set = |spec: &KeySpec| {
        format!(
            "set `{name}` in [{}], and write one definition for each value",
            spec.table
        )
    };
    match spec {
        _ if name == "epochs" => Some((
            "the search says how long its trials train",
            "write `epochs = …` in [search] or [[stage]]".to_owned(),
        )),
        _ if name == "seed" => Some((
            "each trial gets one of its own, drawn from the sweep's",
            "remove [space.seed]; a program's own seed is searched as [space.my_seed] with as = \"seed\"".to_owned(),
        )),
        Some(spec) if spec.table == "data" => {
            Some(("all trials of a sweep share the same data", set(spec)))
        }
        Some(spec) => Some((
            "trials are compared with each other, and must have it in common",
            set(spec),
        )),
        None if is_column => Some((
            "it is a column of the results",
            format!(
                "the keys that can be searched are {}",
                listed(&searchable(reader.terms.keys))
            ),
        )),
        None => None,
    }
}

fn nearest_key(keys: &[KeySpec], name: &str) -> String {
    if tables(keys).contains(&name) {
        return "keys stand in [space] by their name alone, like [space.learning_rate]".to_owned();
    }
    let known = searchable(keys);
    nearest(name, known.iter().copied()).map_or_else(
        || format!("the keys that can be searched are {}", listed(&known)),
        |near| format!("did you mean `{near}`?"),
    )
}

fn searchable(keys: &[KeySpec]) -> Vec<&str> {
    let searchable = keys.iter().filter(|spec| spec.searchable && spec.supported);
    searchable.map(|spec| spec.name.as_str()).collect()
}
