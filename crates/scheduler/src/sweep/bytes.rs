//! Sizes in bytes, with the units people write.

use super::reader::Reader;
use super::tree::{Item, Node};
use crate::space::Value;

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// A size: `"10GB"`, `"1.5 GiB"`, or a whole number of bytes.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<u64> {
    let size = match &node.item {
        Item::Scalar(Value::Integer(bytes)) => u64::try_from(*bytes).ok(),
        Item::Scalar(Value::Text(text)) => parsed(text),
        _ => None,
    };
    if size.is_none() {
        reader.takes(
            node,
            "a size like \"500MB\", \"10GB\" or \"1.5GiB\", or a whole number of bytes",
        );
    }
    size
}

/// Up to 2⁶³ − 1, the largest that TOML writes as a number; a part of a byte is left out.
fn parsed(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..at].trim(), &text[at..]);
    let (_, unit) = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > 19 || fraction.len() > 9 {
        return None;
    }
    let digits = |text: &str| text.parse::<u128>().ok();
    let part = digits(fraction)? * u128::from(*unit) / 10_u128.pow(fraction.len() as u32);
    let bytes = digits(whole)? * u128::from(*unit) + part;
    i64::try_from(bytes).ok().map(i64::cast_unsigned)
}

/// The size as TOML: a text with the largest decimal unit that it is a multiple of.
pub(super) fn written(bytes: u64) -> String {
    let decimal = UNITS[4..].iter();
    let unit = decimal
        .filter(|(_, unit)| bytes.is_multiple_of(*unit) && bytes > 0)
        .find(|(_, unit)| *unit > 1);
    match unit {
        Some((name, unit)) => format!("\"{}{name}\"", bytes / unit),
        None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parsed(text), expected, "{text}");
    }

    #[test]
    fn sizes_have_a_unit() {
        check("10GB", Some(10_000_000_000));
        check("1.5GiB", Some(1_610_612_736)); // 3 · 2²⁹
        check("500 mb", Some(500_000_000));
        check("0.1KB", Some(100));
        check("0B", Some(0));
        check("7.9B", Some(7));
        check("9223372036854775807B", Some(9_223_372_036_854_775_807));
        check("9223372036854775808B", None);
        check("9999999999999999999TiB", None);
        for wrong in [
            "", "10", "GB", "-1GB", "1e3MB", "1.GB", ".5GB", "10G", "10GBit", "1,5GB", "1 0GB",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn sizes_are_written_as_they_read_back() {
        let written = [0, 1, 1_000, 1_001, 10_000_000_000, 1_610_612_736].map(written);
        let expected = ["0", "1", "\"1KB\"", "1001", "\"10GB\"", "1610612736"];
        assert_eq!(written, expected);
    }
}
