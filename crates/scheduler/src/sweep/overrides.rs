//! Values given on the command line in the place of those in the definition file.

use std::fmt;

use toml::de::DeValue;

/// A value that replaces the file's, such as `--set train.batch_size=128`.
///
/// It is put onto the file's tree before anything is checked, so that it is held to the same rules; where two
/// name the same key, the later one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    option: String,
    pub(super) path: Vec<String>,
    pub(super) value: String,
}

/// An argument of `--set` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// No `=`.
    #[error("`--set {argument}` has no value: write it as key=value, like train.batch_size=128")]
    NoValue {
        /// The argument.
        argument: String,
    },
    /// Left of `=` is no path of keys.
    #[error(
        "`--set {argument}` names no key: left of `=` stands table and key with a dot between, like train.batch_size"
    )]
    Key {
        /// The argument.
        argument: String,
    },
    /// A quoted text, list or table that is not closed or otherwise no TOML.
    #[error("the value of `--set {argument}` is not valid TOML: {problem}")]
    Value {
        /// The argument.
        argument: String,
        /// What the TOML reader says.
        problem: String,
    },
}

impl Override {
    /// Reads an argument of `--set`: a path of keys, `=`, and a value in TOML's syntax; a bare word is taken as text.
    ///
    /// # Errors
    /// [`OverrideError`] where it has no value, no key, or a value that begins like a quoted text, list or table
    /// and is none. Whether the key exists and takes the value is checked together with the file.
    ///
    /// # Example
    /// ```
    /// use finetooth_scheduler::sweep::Override;
    /// let smaller = Override::parse("train.batch_size=32").expect("key=value");
    /// assert_eq!(smaller.to_string(), "--set train.batch_size=32");
    /// assert!(Override::parse("train.batch_size").is_err());
    /// ```
    pub fn parse(argument: &str) -> Result<Self, OverrideError> {
        let owned = || argument.to_owned();
        let Some((path, value)) = argument.split_once('=') else {
            return Err(OverrideError::NoValue { argument: owned() });
        };
        let value = value.trim();
        if value.is_empty() {
            return Err(OverrideError::NoValue { argument: owned() });
        }
        let is_key = |key: &str| {
            !key.is_empty()
                && key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
        if !path.iter().all(|key| is_key(key)) || path.len() > 8 {
            return Err(OverrideError::Key { argument: owned() });
        }
        if value.starts_with(['"', '\'', '[', '{'])
            && let Err(error) = DeValue::parse(value)
        {
            return Err(OverrideError::Value {
                argument: owned(),
                problem: error.message().to_owned(),
            });
        }
        Ok(Self {
            option: format!("--set {argument}"),
            path,
            value: value.to_owned(),
        })
    }

    /// `seed`, given by `--seed`.
    pub fn seed(seed: u64) -> Self {
        Self::option("--seed", &["seed"], seed)
    }

    /// `limits.workers`, given by `--workers`.
    pub fn workers(workers: usize) -> Self {
        Self::option("--workers", &["limits", "workers"], workers as u64)
    }

    /// `executor.kind`, given by `--executor`.
    pub fn executor(kind: &str) -> Self {
        Self {
            option: format!("--executor {kind}"),
            path: vec!["executor".to_owned(), "kind".to_owned()],
            value: kind.to_owned(),
        }
    }

    fn option(option: &str, path: &[&str], value: u64) -> Self {
        Self {
            option: format!("{option} {value}"),
            path: path.iter().map(|&key| key.to_owned()).collect(),
            value: value.to_string(),
        }
    }
}

/// The option as it was typed.
impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.option)
    }
}

#[cfg(test)]
mod tests {
    use super::Override;

    #[track_caller]
    fn check(argument: &str, expected: &str) {
        let read = match Override::parse(argument) {
            Ok(read) => format!("{} := {}", read.path.join("."), read.value),
            Err(error) => error.to_string(),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn reads_key_and_value() {
        check("train.batch_size=128", "train.batch_size := 128");
        check("data.path = /mnt/a=b.csv", "data.path := /mnt/a=b.csv");
        check("seed=3", "seed := 3");
        check("model.hidden=[64, 32]", "model.hidden := [64, 32]");
    }

    #[test]
    fn refuses_what_is_no_key_and_value() {
        check(
            "train.batch_size",
            "`--set train.batch_size` has no value: write it as key=value, like train.batch_size=128",
        );
        check(
            "train.batch_size=",
            "`--set train.batch_size=` has no value: write it as key=value, like train.batch_size=128",
        );
        check(
            "train..batch_size=1",
            "`--set train..batch_size=1` names no key: left of `=` stands table and key with a dot between, \
             like train.batch_size",
        );
        check(
            "model.hidden=[64",
            "the value of `--set model.hidden=[64` is not valid TOML: unclosed array, expected `]`",
        );
    }
}
