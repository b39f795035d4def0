//! Reads the keys of one table by their entries in the list of keys. A mistake is noted, and the
//! default goes on.

use std::path::{Path, PathBuf};

use toml::Value;

use crate::config::data::{CsvLabel, Share};
use crate::config::error::ConfigError;
use crate::config::key::{Key, KeyDefault, Kind, Table};
use crate::config::keys::KEYS;

/// Notes tables that there are not, and tables that are something else.
pub(super) fn check_tables(table: &toml::Table, errors: &mut Vec<ConfigError>) {
    for (name, value) in table {
        let known = Table::ALL.iter().any(|table| table.name() == name);
        let message = match (known, value) {
            (true, Value::Table(_)) => continue,
            (true, other) => format!("a value, {other}, where a table is expected"),
            (false, _) => "unknown table".to_owned(),
        };
        let help = if known {
            None
        } else {
            Some(nearest(name, Table::ALL.iter().map(|table| table.name())))
        };
        errors.push(ConfigError {
            table: name.clone(),
            key: None,
            message,
            help,
        });
    }
}

/// One table and the errors found so far.
pub(super) struct Reader<'a> {
    table: Table,
    values: Option<&'a toml::Table>,
    errors: &'a mut Vec<ConfigError>,
    first_error: usize,
}

impl<'a> Reader<'a> {
    /// Starts on a table of the file; notes its unknown keys.
    pub(super) fn new(
        file: &'a toml::Table,
        table: Table,
        errors: &'a mut Vec<ConfigError>,
    ) -> Self {
        let values = file.get(table.name()).and_then(Value::as_table);
        let first_error = errors.len();
        let mut reader = Self {
            table,
            values,
            errors,
            first_error,
        };
        for (name, _) in values.into_iter().flatten() {
            if Key::find(table, name).is_none() {
                reader.report_unknown(name);
            }
        }
        reader
    }

    /// Puts this table's errors into the order of the keys.
    pub(super) fn finish(self) {
        let place = |error: &ConfigError| {
            KEYS.iter()
                .position(|key| error.key.as_deref() == Some(key.name))
        };
        self.errors[self.first_error..].sort_by_key(|error| place(error).unwrap_or(usize::MAX));
    }

    /// Notes a mistake of a key.
    pub(super) fn report(&mut self, key: &str, message: String, help: Option<String>) {
        self.errors.push(ConfigError {
            table: self.table.name().to_owned(),
            key: Some(key.to_owned()),
            message,
            help,
        });
    }

    /// Notes a key that makes no sense beside the others, unless it only repeats its default, as files do that have
    /// every default written out.
    pub(super) fn refuse_if_given(&mut self, key: &str, message: &str, help: &str) {
        let repeats_default = self
            .value(key)
            .is_some_and(|value| is_default(self.key(key), value));
        if self.is_given(key) && !repeats_default {
            self.report(key, message.to_owned(), Some(help.to_owned()));
        }
    }

    /// Whether the file has the key.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Whether a mistake of the key was noted.
    pub(super) fn has_error(&self, key: &str) -> bool {
        self.errors[self.first_error..]
            .iter()
            .any(|error| error.key.as_deref() == Some(key))
    }

    /// A name of a [`Kind::Choice`].
    pub(super) fn choice(&mut self, name: &str) -> &'static str {
        let key = self.key(name);
        let Kind::Choice { names, later } = key.kind else {
            unreachable!("`{name}` is read as what it is")
        };
        let KeyDefault::Text(default) = key.default else {
            unreachable!("`{name}` has a default")
        };
        let accepted = || format!("one of {}", names.join(", "));
        match self.value(name) {
            None => return default,
            Some(Value::String(text)) => {
                if let Some(name) = names.iter().find(|name| *name == text) {
                    return name;
                }
                if later.contains(&text.as_str()) {
                    self.report(
                        name,
                        format!("\"{text}\" is not supported by this version"),
                        Some(accepted()),
                    );
                } else {
                    let help = match nearest_of(text, names.iter().copied()) {
                        Some(near) => format!("did you mean \"{near}\"? {}", accepted()),
                        None => accepted(),
                    };
                    self.report(name, format!("\"{text}\" is not known"), Some(help));
                }
            }
            Some(other) => self.report(name, found(other), Some(accepted())),
        }
        default
    }

    /// A number within the key's limits.
    pub(super) fn float(&mut self, name: &str) -> f64 {
        let KeyDefault::Float(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        self.optional_float(name).unwrap_or(default)
    }

    /// A number within the key's limits, if the file has it.
    pub(super) fn optional_float(&mut self, name: &str) -> Option<f64> {
        let key = self.key(name);
        match self.value(name)? {
            Value::Float(value) if within(key, *value) => return Some(*value),
            Value::Integer(value) if within(key, *value as f64) => return Some(*value as f64),
            other => self.report(name, found(other), Some(accepted_number("a number", key))),
        }
        None
    }

    /// A whole number within the key's limits.
    pub(super) fn integer(&mut self, name: &str) -> i64 {
        let KeyDefault::Integer(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        self.optional_integer(name).unwrap_or(default)
    }

    /// A whole number within the key's limits, if the file has it.
    pub(super) fn optional_integer(&mut self, name: &str) -> Option<i64> {
        let key = self.key(name);
        match self.value(name)? {
            Value::Integer(value) if within(key, *value as f64) => return Some(*value),
            other => self.report(
                name,
                found(other),
                Some(accepted_number("a whole number", key)),
            ),
        }
        None
    }

    /// Whole numbers within the key's limits; a single one is an array of one.
    pub(super) fn integers(&mut self, name: &str) -> Vec<i64> {
        let KeyDefault::Integer(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        self.optional_integers(name)
            .unwrap_or_else(|| vec![default])
    }

    /// Whole numbers within the key's limits, if the file has them; a single one is an array of one.
    pub(super) fn optional_integers(&mut self, name: &str) -> Option<Vec<i64>> {
        let key = self.key(name);
        let items = match self.value(name)? {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut integers = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Integer(value) if within(key, *value as f64) => integers.push(*value),
                other => {
                    let help = accepted_number("a whole number or an array of them, each", key);
                    self.report(name, found(other), Some(help));
                    return None;
                }
            }
        }
        Some(integers)
    }

    /// A path; relative ones start at `base_dir`.
    pub(super) fn path(&mut self, name: &str, base_dir: &Path) -> Option<PathBuf> {
        match self.value(name)? {
            Value::String(text) if !text.is_empty() => return Some(base_dir.join(text)),
            other => self.report(
                name,
                found(other),
                Some("a path, relative to this file".to_owned()),
            ),
        }
        None
    }

    /// A fraction below 1 or a count.
    pub(super) fn share(&mut self, name: &str) -> Share {
        let key = self.key(name);
        let KeyDefault::Float(default) = key.default else {
            unreachable!("`{name}` has a default")
        };
        match self.value(name) {
            None => {}
            Some(Value::Float(value)) if (0.0..1.0).contains(value) => {
                return Share::Fraction(*value);
            }
            Some(Value::Integer(value)) if within(key, *value as f64) => {
                return Share::Count(*value as usize);
            }
            Some(other) => {
                let help = "a fraction from 0.0 to below 1.0, or a count as a whole number";
                self.report(name, found(other), Some(help.to_owned()));
            }
        }
        Share::Fraction(default)
    }

    /// So many sizes within the key's limits, if the file has them; `accepted` says which.
    pub(super) fn sizes<const N: usize>(
        &mut self,
        name: &str,
        accepted: &str,
    ) -> Option<[usize; N]> {
        let key = self.key(name);
        let value = self.value(name)?;
        let sizes: Option<Vec<usize>> = value.as_array().and_then(|items| {
            let size = |item: &Value| {
                item.as_integer()
                    .filter(|size| within(key, *size as f64))
                    .map(|size| size as usize)
            };
            items.iter().map(size).collect()
        });
        let sizes = sizes.and_then(|sizes| <[usize; N]>::try_from(sizes).ok());
        if sizes.is_none() {
            self.report(name, found(value), Some(accepted.to_owned()));
        }
        sizes
    }

    /// A column by name or position.
    pub(super) fn column(&mut self, name: &str) -> CsvLabel {
        let KeyDefault::Integer(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        match self.value(name) {
            None => {}
            Some(Value::String(text)) if !text.is_empty() => return CsvLabel::Name(text.clone()),
            Some(Value::Integer(position)) => return CsvLabel::Position(*position),
            Some(other) => {
                let help = "a column's name, or its position from 0, negative from the end";
                self.report(name, found(other), Some(help.to_owned()));
            }
        }
        CsvLabel::Position(default)
    }

    /// A text that is not empty, if the file has it.
    pub(super) fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) if !text.is_empty() => return Some(text.clone()),
            other => self.report(name, found(other), Some("a name in quotes".to_owned())),
        }
        None
    }

    /// true, false, or `None` for "auto".
    pub(super) fn boolean_or_auto(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Boolean(value) => return Some(*value),
            Value::String(text) if text == "auto" => {}
            other => self.report(
                name,
                found(other),
                Some("true, false or \"auto\"".to_owned()),
            ),
        }
        None
    }

    /// One ASCII character, or `None` for "auto".
    pub(super) fn delimiter(&mut self, name: &str) -> Option<u8> {
        let value = self.value(name)?;
        match value.as_str() {
            Some("auto") => return None,
            Some("tab") => return Some(b'\t'),
            Some(text) => {
                if let [byte] = text.as_bytes()
                    && byte.is_ascii()
                    && !matches!(byte, b'\n' | b'\r' | b'"')
                {
                    return Some(*byte);
                }
            }
            None => {}
        }
        self.report(
            name,
            found(value),
            Some("one ASCII character, \"tab\" or \"auto\"".to_owned()),
        );
        None
    }

    /// An array of texts.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let KeyDefault::TextList(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        self.optional_texts(name)
            .unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect())
    }

    /// An array of texts, if the file has it.
    pub(super) fn optional_texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let texts = value.as_array().and_then(|items| {
            let text = |item: &Value| item.as_str().map(str::to_owned);
            items.iter().map(text).collect()
        });
        if texts.is_none() {
            self.report(name, found(value), Some("an array of texts".to_owned()));
        }
        texts
    }

    /// true or false.
    pub(super) fn boolean(&mut self, name: &str) -> bool {
        let KeyDefault::Boolean(default) = self.key(name).default else {
            unreachable!("`{name}` has a default")
        };
        match self.value(name) {
            None => {}
            Some(Value::Boolean(value)) => return *value,
            Some(other) => self.report(name, found(other), Some("true or false".to_owned())),
        }
        default
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.values.and_then(|values| values.get(name))
    }

    fn key(&self, name: &str) -> &'static Key {
        Key::find(self.table, name).expect("every key that is read is in the list of keys")
    }

    fn report_unknown(&mut self, name: &str) {
        let elsewhere = KEYS.iter().find(|key| key.name == name);
        let help = match elsewhere {
            None if self.table == Table::Train && name == "device" => {
                "training runs on the CPU; leave it out".to_owned()
            }
            Some(key) => format!("`{name}` belongs to [{}]", key.table.name()),
            None => nearest(
                name,
                KEYS.iter()
                    .filter(|key| key.table == self.table)
                    .map(|key| key.name),
            ),
        };
        self.report(name, "unknown key".to_owned(), Some(help));
    }
}

fn within(key: &Key, value: f64) -> bool {
    value.is_finite()
        && key
            .limits
            .is_none_or(|(low, high)| (low..=high).contains(&value))
}

fn accepted_number(what: &str, key: &Key) -> String {
    let text = |limit: f64| {
        if matches!(key.kind, Kind::Float) {
            format!("{limit:?}")
        } else {
            format!("{limit}")
        }
    };
    match key.limits {
        Some((low, high)) => format!("{what} from {} to {}", text(low), text(high)),
        None => what.to_owned(),
    }
}

/// A value as a message shows it; long ones are cut.
fn found(value: &Value) -> String {
    const LONGEST: usize = 60;
    let mut text = value.to_string().replace('\n', " ");
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain("…".chars()).collect();
    }
    format!("{text} is not accepted")
}

fn is_default(key: &Key, value: &Value) -> bool {
    match key.default {
        KeyDefault::Absent => false,
        KeyDefault::Float(default) => {
            value.as_float() == Some(default) || value.as_integer() == Some(default as i64)
        }
        KeyDefault::Integer(default) => value.as_integer() == Some(default),
        KeyDefault::Boolean(default) => value.as_bool() == Some(default),
        KeyDefault::Text(default) => value.as_str() == Some(default),
        KeyDefault::TextList(default) => value.as_array().is_some_and(|items| {
            items
                .iter()
                .map(Value::as_str)
                .eq(default.iter().map(|text| Some(*text)))
        }),
    }
}

fn nearest(name: &str, known: impl Iterator<Item = &'static str> + Clone) -> String {
    match nearest_of(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The known name nearest to `name`, if they are alike at all.
pub(in crate::config) fn nearest_of(
    name: &str,
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    const ALIKE: f64 = 0.7;
    let scored = known.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    scored
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score >= ALIKE)
        .map(|(_, candidate)| candidate)
}
