//! Numbers as text: what CSV files and the journal hold reads back to the same bits.

use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// The shortest text that reads back to `value`; `NaN`, `Inf` and `-Inf` for what is not finite.
pub fn shortest(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// JSON has no NaN and no infinities: numbers where finite, the words of [`shortest`] where not.
pub(crate) mod json {
    use super::{Deserializer, Serializer, ShortestVisitor, shortest};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else {
            serializer.serialize_str(&shortest(*value))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(ShortestVisitor)
    }
}

struct ShortestVisitor;

impl Visitor<'_> for ShortestVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Inf\" or \"-Inf\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        match text {
            "NaN" => Ok(f64::NAN),
            "Inf" => Ok(f64::INFINITY),
            "-Inf" => Ok(f64::NEG_INFINITY),
            _ => Err(E::custom(format!("`{text}` is not a number"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(shortest(value), expected);
    }

    #[test]
    fn writes_numbers_that_read_back() {
        check(0.1, "0.1");
        check(1e-7, "1e-7");
        check(1.0, "1.0");
        check(f64::NAN, "NaN");
        check(f64::INFINITY, "Inf");
        check(f64::NEG_INFINITY, "-Inf");
    }
}
