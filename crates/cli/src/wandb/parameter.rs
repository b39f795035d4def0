//! The parameters of a sweep, those within others too.

use std::collections::HashSet;

use finetooth_scheduler::sweep::Mistake;

use super::distribution::{Read, Values};
use super::literal::Passing;
use super::told::{Told, listed, mistake, nearest, shown};
use super::yaml::{Entry, Item, Node, Place};
use super::{choice, distribution};

/// Distributions of W&B, by their names.
const DISTRIBUTIONS: [&str; 18] = [
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "uniform",
    "int_uniform",
    "q_uniform",
    "log_uniform",
    "log_uniform_values",
    "q_log_uniform",
    "q_log_uniform_values",
    "inv_log_uniform",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
    "q_beta",
];

const KEYS: [&str; 12] = [
    "value",
    "values",
    "distribution",
    "probabilities",
    "min",
    "max",
    "mu",
    "sigma",
    "q",
    "a",
    "b",
    "parameters",
];

/// A parameter with its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    /// Its name; behind those of the parameters that it lies in.
    pub(super) path: Vec<String>,
    pub(super) place: Place,
    pub(super) values: Values,
    /// What its values do otherwise than at W&B, in words.
    pub(super) changes: Vec<String>,
}

impl Parameter {
    /// The name by which the program is given it.
    pub(super) fn name(&self) -> String {
        self.path.join(".")
    }
}

/// Reads `parameters` of `root`; mistakes and what is left out are told.
pub(super) fn read(root: &Node, passing: Passing, told: &mut Told) -> Vec<Parameter> {
    let mut found = Vec::new();
    let Some(entry) = root.entry("parameters") else {
        let near = root
            .entries()
            .iter()
            .find(|entry| nearest(&entry.name, &["parameters"]).is_some());
        let place = near.map_or(&root.place, |entry| &entry.place);
        told.wrong(mistake(
            place,
            "there are no `parameters`: nothing would be searched",
            if near.is_some() { "is this meant?" } else { "" },
            "write a table `parameters`, with values, or min and max, for each",
        ));
        return found;
    };
    table(&entry.node, &[], passing, &mut found, told);
    let mut names = HashSet::new();
    for parameter in &found {
        if !names.insert(parameter.name()) {
            told.wrong(mistake(
                &parameter.place,
                &format!("two parameters are called `{}`", shown(&parameter.name())),
                "the second",
                "one lies within another, one has the dot in its name: rename one",
            ));
        }
    }
    found
}

fn table(
    node: &Node,
    above: &[String],
    passing: Passing,
    found: &mut Vec<Parameter>,
    told: &mut Told,
) {
    let Item::Table(entries) = &node.item else {
        told.wrong(mistake(
            &node.place,
            "`parameters` is not a table of parameters",
            "here",
            "write each as NAME: {values: [1, 2, 3]} or NAME: {min: 0.0, max: 1.0}",
        ));
        return;
    };
    if entries.is_empty() {
        told.wrong(mistake(
            &node.place,
            "`parameters` is empty: nothing would be searched",
            "here",
            "write each as NAME: {values: [1, 2, 3]} or NAME: {min: 0.0, max: 1.0}",
        ));
    }
    for entry in entries {
        if !is_name(&entry.name) {
            told.wrong(mistake(
                &entry.place,
                &format!("`{}` cannot be the name of an argument", shown(&entry.name)),
                "here",
                "a name has no spaces, no =, no braces, and does not begin with a hyphen",
            ));
            continue;
        }
        let path = [above, std::slice::from_ref(&entry.name)].concat();
        if let Some(within) = entry.node.get("parameters") {
            let (name, whole) = (shown(&entry.name), shown(&path.join(".")));
            match passing {
                Passing::Json => told.carry(&entry.place, format!("{name}: a table in the JSON")),
                Passing::Arguments => told.change(
                    &entry.place,
                    format!("{name}: the parameters within are passed one by one, as --{whole}.NAME=…, where W&B passes one dictionary"),
                ),
                Passing::File => told.change(
                    &entry.place,
                    format!("{name}: the file of the values has the parameters within as {whole}.NAME, where W&B's has one dictionary"),
                ),
            }
            table(within, &path, passing, found, told);
            continue;
        }
        if let Some(Read { values, changes }) = told.sound(parameter(entry)) {
            for other in entry.node.entries() {
                if !KEYS.contains(&other.name.as_str()) {
                    let near = nearest(&other.name, &KEYS);
                    let near = near.map_or(String::new(), |near| format!(" (is `{near}` meant?)"));
                    told.leave(
                        &other.place,
                        format!(
                            "`{}` of {}: W&B has no such key{near}",
                            shown(&other.name),
                            shown(&entry.name)
                        ),
                    );
                }
            }
            found.push(Parameter {
                path,
                place: entry.place.clone(),
                values,
                changes,
            });
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_wrong = |c: char| c.is_control() || c.is_whitespace() || "={}".contains(c);
    !name.is_empty() && !name.starts_with('-') && !name.contains(is_wrong)
}

fn parameter(entry: &Entry) -> Result<Read, Box<Mistake>> {
    let name = shown(&entry.name);
    if !matches!(entry.node.item, Item::Table(_)) {
        return Err(mistake(
            &entry.node.place,
            &format!("`{name}` is not a table with value, values, or min and max"),
            "here",
            "write a value that stays the same as {value: …}, a list as {values: […]}",
        ));
    }
    let given = entry.node.get("distribution");
    let distribution = match given {
        Some(node) => Some(named(entry, node)?),
        None => None,
    };
    let (value, values) = (entry.node.get("value"), entry.node.get("values"));
    match (value, values) {
        (Some(_), Some(second)) => Err(mistake(
            &second.place,
            &format!("`{name}` has both value and values"),
            "here",
            "keep the one that is meant",
        )),
        (Some(value), None) => choice::constant(entry, value),
        (None, Some(values)) => choice::read(entry, values),
        (None, None) => match distribution {
            Some(distribution) => ranged(entry, distribution),
            None => ranged(entry, supposed(entry)?),
        },
    }
}

fn ranged(entry: &Entry, distribution: &str) -> Result<Read, Box<Mistake>> {
    let name = shown(&entry.name);
    match distribution {
        "constant" => Err(mistake(
            &entry.place,
            &format!("`{name}` is constant and has no value"),
            "this parameter",
            "write value: …",
        )),
        "categorical" | "categorical_w_probabilities" => Err(mistake(
            &entry.place,
            &format!("`{name}` is {distribution} and has no values"),
            "this parameter",
            "write values: […]",
        )),
        _ => distribution::read(entry, distribution),
    }
}

fn named(entry: &Entry, node: &Node) -> Result<&'static str, Box<Mistake>> {
    let word = node.text().unwrap_or_default();
    if let Some(known) = DISTRIBUTIONS.iter().find(|known| **known == word) {
        return Ok(known);
    }
    let name = shown(&entry.name);
    let message = format!(
        "`{name}` has the distribution `{}`, which there is none of",
        shown(word)
    );
    let help = match nearest(word, &DISTRIBUTIONS) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("W&B has {}", listed(&DISTRIBUTIONS, "and")),
    };
    Err(mistake(&node.place, &message, "not known", &help))
}

/// The distribution of a parameter that names none: by the kind of its ends.
fn supposed(entry: &Entry) -> Result<&'static str, Box<Mistake>> {
    let get = |key: &str| entry.node.get(key);
    let is_whole = |key: &str| get(key).is_some_and(|node| matches!(node.item, Item::Integer(_)));
    if get("min").is_some() || get("max").is_some() {
        return Ok(if get("q").is_some() {
            "q_uniform"
        } else if is_whole("min") && is_whole("max") {
            "int_uniform"
        } else {
            "uniform"
        });
    }
    let name = shown(&entry.name);
    let (message, help) = if get("mu").is_some() || get("sigma").is_some() {
        (
            format!("`{name}` has mu or sigma and no distribution"),
            "write distribution: normal, or log_normal",
        )
    } else {
        (
            format!("`{name}` has no value, values, or min and max"),
            "write values: […], or min and max",
        )
    };
    Err(mistake(&entry.place, &message, "this parameter", help))
}
