//! What a YAML word without quotes stands for, by the rules of YAML 1.1, which W&B reads by (PyYAML).

use super::yaml::Item;

/// Reads a plain word. A real number has a point there: `1e-5` is a text, and kept apart from those that are meant as such.
pub(super) fn plain(word: &str) -> Item {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => return Item::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Item::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Item::Bool(false);
        }
        _ => {}
    }
    if let Some(number) = special(word) {
        return Item::Float(number);
    }
    let text = || Item::Text(word.to_owned());
    if !word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return text();
    }
    let digits = word.replace('_', "");
    if let Some(whole) = whole(&digits) {
        return Item::Integer(whole);
    }
    // Rust reads `inf` and `nan` too, which are texts here.
    let is_numeric = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if !digits.bytes().all(is_numeric) {
        return text();
    }
    match digits.parse::<f64>() {
        Ok(number) if is_real(&digits) => Item::Float(number),
        Ok(number) if digits.contains(['.', 'e', 'E']) => Item::NearNumber(word.to_owned(), number),
        _ => text(),
    }
}

fn special(word: &str) -> Option<f64> {
    match word {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A real number has a point, behind a sign also a digit before it, and its exponent has a sign: `-.5` and `1.0e5` are texts.
fn is_real(digits: &str) -> bool {
    let has_signed_exponent = digits
        .split_once(['e', 'E'])
        .is_none_or(|(_, exponent)| exponent.starts_with(['+', '-']));
    let is_bare_point = digits.starts_with("+.") || digits.starts_with("-.");
    digits.contains('.') && has_signed_exponent && !is_bare_point
}

/// Decimal, hexadecimal, octal with a leading 0, binary, and to the base 60: `1:30` is 90.
fn whole(digits: &str) -> Option<i64> {
    let (sign, rest) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(digits)),
    };
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (radix, rest) = if let Some(rest) = rest.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = rest.strip_prefix("0b") {
        (2, rest)
    } else if rest.len() > 1 && rest.starts_with('0') {
        (8, &rest[1..])
    } else {
        (10, rest)
    };
    if rest.starts_with(['+', '-']) {
        return None;
    }
    if radix == 10 && rest.contains(':') {
        return sexagesimal(sign, rest);
    }
    i64::from_str_radix(&format!("{sign}{rest}"), radix).ok()
}

fn sexagesimal(sign: &str, digits: &str) -> Option<i64> {
    let mut whole: i64 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let is_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let part: i64 = part.parse().ok().filter(|_| is_digits)?;
        if index > 0 && part > 59 {
            return None;
        }
        whole = whole.checked_mul(60)?.checked_add(part)?;
    }
    Some(if sign.is_empty() { whole } else { -whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: &Item) {
        assert_eq!(&plain(word), expected, "{word}");
    }

    fn text(word: &str) -> Item {
        Item::Text(word.to_owned())
    }

    /// Expected: `yaml.safe_load(word)` of PyYAML 6.0.
    #[test]
    fn words_are_read_as_w_and_b_reads_them() {
        check("12", &Item::Integer(12));
        check("-12", &Item::Integer(-12));
        check("1_000", &Item::Integer(1000));
        check("0x1f", &Item::Integer(31));
        check("0b11", &Item::Integer(3));
        check("010", &Item::Integer(8));
        check("0", &Item::Integer(0));
        check("08", &text("08"));
        check("1__0", &Item::Integer(10));
        check("-0x1f", &Item::Integer(-31));
        check("+1", &Item::Integer(1));
        check("1:30", &Item::Integer(90));
        check("1:75", &text("1:75"));
        check("0o17", &text("0o17"));
        check("2024-01-01", &text("2024-01-01"));
        check(".5", &Item::Float(0.5));
        check(".5e+3", &Item::Float(500.0));
        check("-0.5", &Item::Float(-0.5));
        check("1.", &Item::Float(1.0));
        check("1.0e-5", &Item::Float(1e-5));
        check("yes", &Item::Bool(true));
        check("off", &Item::Bool(false));
        check("y", &text("y"));
        check("~", &Item::Null);
        check(".inf", &Item::Float(f64::INFINITY));
        check("inf", &text("inf"));
        check("-inf", &text("-inf"));
        check("adam", &text("adam"));
        check("1-2", &text("1-2"));
        check("--", &text("--"));
        check("99999999999999999999", &text("99999999999999999999"));
    }

    #[test]
    fn what_lacks_a_point_or_a_sign_is_a_text_that_looks_like_a_number() {
        check("1e-5", &Item::NearNumber("1e-5".to_owned(), 1e-5));
        check("1e5", &Item::NearNumber("1e5".to_owned(), 1e5));
        check("1.5e5", &Item::NearNumber("1.5e5".to_owned(), 1.5e5));
        check("-.5", &Item::NearNumber("-.5".to_owned(), -0.5));
        check("1e", &text("1e"));
    }
}
