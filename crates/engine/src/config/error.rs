//! What can be wrong with a configuration.

use thiserror::Error;

/// One mistake in a configuration. Reading collects all of them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {message}{}", location(table, key.as_deref()), help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())]
pub struct ConfigError {
    /// Table of the mistake: `data`, `model`, `train`, or the unknown one that was found.
    pub table: String,
    /// Key of the mistake; `None` where the table itself is wrong.
    pub key: Option<String>,
    /// What was found and why it is not accepted.
    pub message: String,
    /// What is accepted, or the nearest known name.
    pub help: Option<String>,
}

fn location(table: &str, key: Option<&str>) -> String {
    key.map_or_else(|| format!("[{table}]"), |key| format!("[{table}] {key}"))
}
