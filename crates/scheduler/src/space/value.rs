//! One value of a hyperparameter, as it stands in a definition file, a journal line and a CSV cell.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde::{Deserialize, Deserializer};

use crate::number::shortest;

/// A value of a definition file's key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite real number.
    Float(f64),
    /// A word.
    Text(String),
    /// A list, such as the widths of hidden layers.
    List(Vec<Value>),
}

impl Value {
    /// The value as a real number, where it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(whole) => Some(*whole as f64),
            Self::Float(real) => Some(*real),
            Self::Bool(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The same value as TOML.
    pub fn to_toml(&self) -> toml::Value {
        match self {
            Self::Bool(flag) => toml::Value::Boolean(*flag),
            Self::Integer(whole) => toml::Value::Integer(*whole),
            Self::Float(real) => toml::Value::Float(*real),
            Self::Text(text) => toml::Value::String(text.clone()),
            Self::List(items) => toml::Value::Array(items.iter().map(Self::to_toml).collect()),
        }
    }

    /// Reads a TOML value; `None` for tables and dates, which no key takes.
    pub fn from_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Boolean(flag) => Some(Self::Bool(*flag)),
            toml::Value::Integer(whole) => Some(Self::Integer(*whole)),
            toml::Value::Float(real) => Some(Self::Float(*real)),
            toml::Value::String(text) => Some(Self::Text(text.clone())),
            toml::Value::Array(items) => items
                .iter()
                .map(Self::from_toml)
                .collect::<Option<_>>()
                .map(Self::List),
            toml::Value::Datetime(_) | toml::Value::Table(_) => None,
        }
    }
}

/// The form of CSV cells and messages: numbers that read back to the same value, words bare, lists as JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Integer(whole) => write!(f, "{whole}"),
            Self::Float(real) => f.write_str(&shortest(*real)),
            Self::Text(text) => f.write_str(text),
            Self::List(_) => f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Integer(whole) => serializer.serialize_i64(*whole),
            Self::Float(real) => serializer.serialize_f64(*real),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, a number, a text or a list of them")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Value, E> {
        Ok(Value::Integer(whole))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Value, E> {
        i64::try_from(whole)
            .map(Value::Integer)
            .map_err(|_| E::custom("a whole number above 2^63"))
    }

    fn visit_f64<E: de::Error>(self, real: f64) -> Result<Value, E> {
        Ok(Value::Float(real))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
}
