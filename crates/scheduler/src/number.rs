//! Numbers as text: what CSV files and the journal hold reads back to the same bits.

use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// Stands for a number that was not given: a NaN of its own bits, as R's NA is one. Calculations see a NaN; only what is read
/// back and written out tells the two apart.
pub const MISSING: f64 = f64::from_bits(0x7ff8_0000_0000_07a2);

/// Whether `value` is [`MISSING`], and not a NaN that was measured.
pub fn is_missing(value: f64) -> bool {
    value.to_bits() == MISSING.to_bits()
}

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

/// JSON has no NaN and no infinities: numbers where finite, the words of [`shortest`] where not, null for [`MISSING`].
pub(crate) mod json {
    use super::{Deserializer, Serializer, ShortestVisitor, is_missing, shortest};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else if is_missing(*value) {
            serializer.serialize_none()
        } else {
            serializer.serialize_str(&shortest(*value))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(ShortestVisitor)
    }
}

/// As [`json`], of a number that may not be there.
pub(crate) mod optional {
    use serde::{Deserialize, Serialize};

    use super::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(with = "super::json")] f64);

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        let number = Option::<Number>::deserialize(deserializer)?;
        Ok(number.map(|number| number.0))
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

    fn visit_unit<E: de::Error>(self) -> Result<f64, E> {
        Ok(MISSING)
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
    use serde::{Deserialize, Serialize};

    use super::{MISSING, is_missing, shortest};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(with = "super::json")] f64);

    #[test]
    fn what_is_missing_stays_so_and_no_other_nan_becomes_it() {
        let there_and_back = |value: f64| {
            let text = serde_json::to_string(&Number(value)).unwrap();
            serde_json::from_str::<Number>(&text).unwrap().0
        };
        assert!(is_missing(there_and_back(MISSING)) && MISSING.is_nan());
        let measured = there_and_back(f64::NAN);
        assert!(measured.is_nan() && !is_missing(measured));
        assert!(!is_missing(there_and_back(0.5)));
    }

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
