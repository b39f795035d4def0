//! A searched parameter as a table of `[space]`.

use std::fmt::Write as _;

use finetooth_scheduler::number::shortest;

use super::distribution::{Range, Values};
use super::literal::{Passing, argument, json, plain_toml, toml_key, toml_text};
use super::parameter::Parameter;
use super::told::one_line;
use super::yaml::Item;

/// The table, and what is to be said of it.
pub(super) struct Space {
    pub(super) text: String,
    /// What stands for the value in JSON.
    pub(super) placeholder: String,
    /// What its values do otherwise than at W&B.
    pub(super) changes: Vec<String>,
    pub(super) summary: String,
}

impl Space {
    /// The table of `parameter` under the name `key`.
    pub(super) fn of(parameter: &Parameter, key: &str, passing: Passing) -> Self {
        let mut changes = parameter.changes.clone();
        let mut placeholder = format!("{{{key}}}");
        let (lines, summary) = match &parameter.values {
            Values::Range(range) => lines(range),
            Values::Choice(items) => listed(items, passing, &mut placeholder, &mut changes),
            Values::Constant(item) => listed(
                std::slice::from_ref(item),
                passing,
                &mut placeholder,
                &mut changes,
            ),
        };
        let name = parameter.name();
        let mut text = format!("\n[space.{}]\n", toml_key(key));
        if key != name {
            changes.push(format!(
                "is called {key} here, as the results have a column {name}; the program is given it as {name}"
            ));
        }
        for change in &changes {
            let _ = writeln!(
                text,
                "# line {}: {}",
                parameter.place.line,
                one_line(change)
            );
        }
        text.push_str(&lines);
        if key != name {
            let _ = writeln!(text, "as     = {}", toml_text(&name));
        }
        Self {
            text,
            placeholder,
            changes,
            summary,
        }
    }
}

fn lines(range: &Range) -> (String, String) {
    let end = |x: f64| {
        if range.is_whole {
            (x as i64).to_string()
        } else {
            shortest(x)
        }
    };
    let (low, high) = (end(range.low), end(range.high));
    let mut lines = format!("low    = {low}\nhigh   = {high}\n");
    let mut summary = format!("from {low} to {high}");
    if range.is_log {
        lines.push_str("scale  = \"log\"\n");
        summary.push_str(" on a logarithmic scale");
    }
    if let Some(step) = range.step {
        let _ = writeln!(lines, "step   = {}", end(step));
        let _ = write!(summary, " in steps of {}", end(step));
    }
    if let Some((least, most)) = range.limits {
        let _ = writeln!(lines, "limits = [{}, {}]", end(least), end(most));
    }
    (lines, summary)
}

/// A list, as the program is given its values.
fn listed(
    items: &[Item],
    passing: Passing,
    placeholder: &mut String,
    changes: &mut Vec<String>,
) -> (String, String) {
    let written: Vec<String> = match passing {
        Passing::Arguments => items
            .iter()
            .map(|item| in_argument(item, changes))
            .collect(),
        Passing::Json => in_json(items, placeholder, changes),
        Passing::File => items.iter().map(|item| in_file(item, changes)).collect(),
    };
    let summary = format!("a list of {}", items.len());
    (format!("values = [{}]\n", written.join(", ")), summary)
}

fn in_argument(item: &Item, changes: &mut Vec<String>) -> String {
    match item {
        Item::Integer(_) | Item::Float(_) | Item::NearNumber(..) | Item::Text(_) => {
            plain_toml(item)
        }
        Item::List(_) => {
            plain_toml(item).filter(|text| !text.contains("true") && !text.contains("false"))
        }
        Item::Table(_) => {
            note(
                changes,
                "a table is passed as JSON, where W&B passes it as Python prints it",
            );
            None
        }
        Item::Bool(_) | Item::Null => None,
    }
    .unwrap_or_else(|| toml_text(&argument(item)))
}

/// Words of JSON in an argument: texts in the quotes of the template where all are such, else all written as JSON has them.
fn in_json(items: &[Item], placeholder: &mut String, changes: &mut Vec<String>) -> Vec<String> {
    let is_plain_text = |item: &Item| match item {
        Item::Text(text) => !text.contains(|c: char| c.is_control() || "\"\\".contains(c)),
        _ => false,
    };
    let as_they_are = || {
        items
            .iter()
            .map(plain_toml)
            .collect::<Option<Vec<String>>>()
    };
    if items.iter().all(is_plain_text)
        && let Some(written) = as_they_are()
    {
        *placeholder = format!("\"{placeholder}\"");
        return written;
    }
    let is_text = |item: &Item| matches!(item, Item::Text(_));
    if !items.iter().any(is_text)
        && let Some(written) = as_they_are()
    {
        return written;
    }
    note(
        changes,
        "values of several kinds, or with quotes, are texts as JSON writes them; the program is given the values themselves",
    );
    let words = items.iter().map(|item| toml_text(&json(item).to_string()));
    words.collect()
}

fn in_file(item: &Item, changes: &mut Vec<String>) -> String {
    plain_toml(item).unwrap_or_else(|| {
        note(
            changes,
            "null, tables and lists in lists are texts of JSON in the file of the values",
        );
        toml_text(&json(item).to_string())
    })
}

fn note(changes: &mut Vec<String>, text: &str) {
    if !changes.iter().any(|change| change == text) {
        changes.push(text.to_owned());
    }
}
