//! What must hold for a key to be searched.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Value;

/// Another key has one of some values: `optimizer = ["adam", "adamw"]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The other key.
    pub key: Arc<str>,
    /// Its values under which the condition holds; at least one.
    pub values: Vec<Value>,
}
