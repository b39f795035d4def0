//! Which training a checkpoint is of: everything its numbers depend on, line by line.

use toml::Value;

use super::error::Difference;
use crate::config::TrainConfig;

/// Lines `name = value`, sorted; equal for equal trainings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity(String);

impl Identity {
    /// Every key of `config` that a training depends on, and what else it depends on.
    ///
    /// Left out are where the data lie (`also` has their fingerprint), the seed of the file (`also`
    /// has the trial's), and `epochs` where the schedule does not depend on it, so that such a
    /// training may go on for longer.
    pub(crate) fn new(config: &TrainConfig, also: &[(&str, String)]) -> Self {
        let mut lines: Vec<String> = also
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        for (table, keys) in &config.to_toml() {
            let Value::Table(keys) = keys else { continue };
            for (key, value) in keys.iter().filter(|(key, _)| matters(config, table, key)) {
                lines.push(format!("{table}.{key} = {}", one_line(value)));
            }
        }
        lines.sort();
        Self(lines.join("\n"))
    }

    /// The identity that a checkpoint holds.
    pub(crate) fn saved(text: String) -> Self {
        Self(text)
    }

    /// Its lines.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What `self`, a training, and `saved` do not agree in, by name.
    pub(crate) fn differences(&self, saved: &Self) -> Vec<Difference> {
        let (here, there) = (self.entries(), saved.entries());
        let mut names: Vec<&str> = here.iter().chain(&there).map(|entry| entry.0).collect();
        names.sort_unstable();
        names.dedup();
        let value = |entries: &[(&str, &str)], name: &str| {
            let entry = entries.iter().find(|entry| entry.0 == name);
            entry.map(|entry| entry.1.to_owned())
        };
        names
            .into_iter()
            .map(|name| Difference {
                what: name.to_owned(),
                saved: value(&there, name),
                here: value(&here, name),
            })
            .filter(|difference| difference.saved != difference.here)
            .collect()
    }

    fn entries(&self) -> Vec<(&str, &str)> {
        let entry = |line| str::split_once(line, " = ").unwrap_or((line, ""));
        self.0.lines().map(entry).collect()
    }
}

fn matters(config: &TrainConfig, table: &str, key: &str) -> bool {
    match (table, key) {
        ("data", "path" | "test_path" | "label_path") | ("train", "seed") => false,
        ("train", "epochs") => config.train.schedule.has_an_end(),
        _ => true,
    }
}

fn one_line(value: &Value) -> String {
    value.to_string().replace('\n', " ")
}
