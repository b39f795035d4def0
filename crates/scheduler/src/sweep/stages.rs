//! `[[stage]]`: the procedure, stage by stage.

use super::nearest::nearest;
use super::reader::{Reader, listed};
use super::tree::{Item, Node};
use super::{SamplerKind, Stage, space};
use crate::sampler::{Grid, Sampler};
use crate::space::Space;

const FIELDS: [&str; 5] = ["name", "trials", "epochs", "sampler", "keys"];
const MOST_STAGES: usize = 100;
const MOST_TRIALS: i64 = 1_000_000;
const MOST_EPOCHS: i64 = 1_000_000;
const SAMPLERS: [SamplerKind; 3] = [SamplerKind::Sobol, SamplerKind::Random, SamplerKind::Grid];

/// Characters of a name: of sweeps and stages, which stand in paths and CSV cells.
pub(super) const NAME: &str =
    "1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot";

/// Reads `[[stage]]`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node, searched: &space::Read) -> Vec<Stage> {
    let Item::List(tables) = &node.item else {
        reader.report(
            &node.place,
            "stages are a list: each begins with [[stage]], in double brackets",
            "expected [[stage]]",
            None,
        );
        return Vec::new();
    };
    if tables.is_empty() || tables.len() > MOST_STAGES {
        reader.report(
            &node.place,
            &format!(
                "a sweep has 1 to {MOST_STAGES} stages, found {}",
                tables.len()
            ),
            "",
            "remove `stage` for the default search, or add [[stage]] tables".to_owned(),
        );
        return Vec::new();
    }
    let mut stages: Vec<Stage> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for table in tables {
        if !reader.is_table(table, "tables, each beginning with [[stage]]") {
            continue;
        }
        if let Some(name) = table.get("name") {
            match name.text() {
                Some(text) if names.contains(&text) => reader.report(
                    &name.place,
                    &format!("two stages have the name \"{text}\""),
                    "given again",
                    "the results tell stages apart by their names".to_owned(),
                ),
                Some(text) => names.push(text),
                None => {}
            }
        }
        stages.extend(stage(reader, table, searched));
    }
    stages
}

fn stage(reader: &mut Reader<'_>, table: &Node, searched: &space::Read) -> Option<Stage> {
    reader.check_keys(table, &FIELDS, &[]);
    let name = match table.get("name") {
        Some(node) => name(reader, node),
        None => reader.missing(table, "name", "\"coarse\""),
    };
    let mut count = |key, most, example| match table.get(key) {
        Some(node) => reader.whole(node, 1..=most).map(|whole| whole as u32),
        None => reader.missing(table, key, example),
    };
    let trials = count("trials", MOST_TRIALS, "32");
    let epochs = count("epochs", MOST_EPOCHS, "3");
    let sampler = match table.get("sampler") {
        Some(node) => reader
            .word(node, &SAMPLERS.map(SamplerKind::as_str))
            .map(|index| SAMPLERS[index]),
        None => Some(SamplerKind::Sobol),
    };
    let keys = match table.get("keys") {
        Some(node) => keys(reader, node, &searched.names),
        None => Some(searched.names.clone()),
    };
    let stage = Stage {
        name: name?,
        trials: trials?,
        epochs: epochs?,
        sampler: sampler?,
        keys: keys?,
    };
    check_grid(reader, table, &stage, &searched.space);
    Some(stage)
}

/// The name of a sweep or a stage.
pub(super) fn name(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let is_name = |name: &str| {
        (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_allowed)
    };
    let text = reader.text(node, NAME)?;
    if is_name(text) {
        return Some(text.to_owned());
    }
    reader.takes(node, NAME);
    let near: String = text
        .to_lowercase()
        .trim_start_matches('.')
        .chars()
        .map(|c| {
            if c.is_ascii() && is_allowed(c as u8) {
                c
            } else {
                '-'
            }
        })
        .take(64)
        .collect();
    if near.contains(|c: char| c.is_ascii_alphanumeric()) && is_name(&near) {
        reader.help(format!("write it as \"{near}\""));
    }
    None
}

/// The keys a stage searches, in the order of the space.
fn keys(reader: &mut Reader<'_>, node: &Node, names: &[String]) -> Option<Vec<String>> {
    let accepted = "a list of searched keys in quotes";
    let Item::List(members) = &node.item else {
        reader.takes(node, accepted);
        return None;
    };
    if members.is_empty() {
        reader.report(
            &node.place,
            "stage.keys is empty: the stage would search nothing",
            "no keys",
            "name keys of [space], or remove `keys` to search all".to_owned(),
        );
        return None;
    }
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut keys: Vec<&str> = Vec::new();
    let mut is_right = true;
    for member in members {
        let Some(key) = reader.text(member, accepted) else {
            is_right = false;
            continue;
        };
        if !known.contains(&key) {
            is_right = false;
            let help = nearest(key, known.iter().copied()).map_or_else(
                || format!("this sweep searches {}", listed(&known)),
                |near| format!("did you mean \"{near}\"?"),
            );
            let message = format!("stage.keys names \"{key}\", which this sweep does not search");
            reader.report(&member.place, &message, "not in [space]", help);
        } else if keys.contains(&key) {
            is_right = false;
            let message = format!("stage.keys names \"{key}\" twice");
            reader.report(&member.place, &message, "given again", None);
        } else {
            keys.push(key);
        }
    }
    let in_order = names.iter().filter(|name| keys.contains(&name.as_str()));
    is_right.then(|| in_order.cloned().collect())
}

/// A grid has at least both ends of each range and every value of each list.
fn check_grid(reader: &mut Reader<'_>, table: &Node, stage: &Stage, space: &Space) {
    if stage.sampler != SamplerKind::Grid {
        return;
    }
    let searched = stage.keys.iter().map(|key| space.get(key).cloned());
    let Some(searched) = searched.collect::<Option<_>>() else {
        return;
    };
    let least = Grid.n_points(&Space(searched), 0);
    if least > stage.trials {
        let node = table.get("trials").expect("it was read from there");
        let message = format!(
            "a grid of {} needs at least {least} trials, found {}",
            stage.keys.join(" × "),
            stage.trials
        );
        let help = format!(
            "write trials = {least} or more, name fewer `keys`, or take sampler = \"sobol\""
        );
        reader.report(&node.place, &message, "too few for the grid", help);
    }
}
