//! A searched key with its domain.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Condition, Domain, Value};

/// A searched key: its name, the values it may take, the limits no widening crosses, the share of exact zeros, when
/// it is searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Name of the key: in the definition file, the configuration and the CSVs.
    pub key: Arc<str>,
    /// Values it may take.
    pub domain: Domain,
    /// Lowest and highest value that widening may reach.
    pub limits: (f64, f64),
    /// Share of draws that are exactly 0, in \[0, 1\).
    pub zero: f64,
    /// 1: searched from the beginning; 2: opened when the keys of order 1 are settled.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub order: u8,
    /// Conditions, all of which must hold for a trial to have the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
}

fn first() -> u8 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields by reference"
)]
fn is_first(order: &u8) -> bool {
    *order == 1
}

impl Dimension {
    /// The value at `u` in \[0, 1): exactly 0 below the zero share, the domain's value at the rest.
    pub fn at(&self, u: f64) -> Value {
        if u < self.zero {
            match self.domain {
                Domain::Integer { .. } => Value::Integer(0),
                _ => Value::Float(0.0),
            }
        } else {
            self.domain.at((u - self.zero) / (1.0 - self.zero))
        }
    }

    /// Position of `value` in the domain; `None` for lists and for zero draws, which have none.
    pub fn position(&self, value: &Value) -> Option<f64> {
        if self.is_zero_draw(value) {
            None
        } else {
            self.domain.unit(value)
        }
    }

    /// Whether `value` is a draw of the zero share.
    pub fn is_zero_draw(&self, value: &Value) -> bool {
        self.zero > 0.0 && value.as_f64() == Some(0.0)
    }

    /// Whether `value` is one that it draws.
    pub fn holds(&self, value: &Value) -> bool {
        self.is_zero_draw(value) || self.domain.holds(value)
    }

    /// The same key between two positions of its domain, clipped to its limits.
    #[must_use]
    pub fn slice(&self, from: f64, to: f64) -> Self {
        Self {
            domain: self.domain.slice(from, to, self.limits),
            ..self.clone()
        }
    }
}
