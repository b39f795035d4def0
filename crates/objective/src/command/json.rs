//! A line that is a JSON object: its names and numbers.

use std::borrow::Cow;

use super::line;

/// Names and values at the top level of the object that `line` is; `None` where it is no such line.
///
/// Numbers are read, the bare `NaN`, `Infinity` and `-Infinity` of Python's json too, and texts that say the same; other
/// texts, flags, null and nested values are left out. Depth costs no stack.
pub(super) fn pairs(line: &str) -> Option<Vec<(String, f64)>> {
    let mut rest = Scanner(line.trim());
    let mut pairs = Vec::new();
    rest.skip('{')?;
    if rest.skip('}').is_none() {
        loop {
            let name = rest.text()?;
            rest.skip(':')?;
            if let Value::Number(number) = rest.value()? {
                pairs.push((name.into_owned(), number));
            }
            if rest.skip(',').is_none() {
                rest.skip('}')?;
                break;
            }
        }
    }
    rest.0.trim_start().is_empty().then_some(pairs)
}

/// What is left of the line.
struct Scanner<'a>(&'a str);

enum Value {
    Number(f64),
    Other,
}

impl<'a> Scanner<'a> {
    /// Goes past `expected` and the space before it.
    fn skip(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(expected)?;
        Some(())
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let text = self.0.trim_start();
        let length = closed(text)?;
        let (quoted, rest) = text.split_at(length);
        self.0 = rest;
        if quoted.contains('\\') {
            serde_json::from_str(quoted).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(&quoted[1..length - 1]))
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.0 = self.0.trim_start();
        match self.0.bytes().next()? {
            b'"' => {
                let text = self.text()?;
                // JSON has no other way to write them.
                let number = parsed(text.trim()).filter(|number| !number.is_finite());
                Some(number.map_or(Value::Other, Value::Number))
            }
            b'{' | b'[' => {
                self.nested()?;
                Some(Value::Other)
            }
            _ => self.bare(),
        }
    }

    fn bare(&mut self) -> Option<Value> {
        let is_end = |c: char| c.is_whitespace() || c == ',' || c == '}';
        let (word, rest) = self.0.split_at(self.0.find(is_end)?);
        self.0 = rest;
        match word {
            "true" | "false" | "null" => Some(Value::Other),
            _ => parsed(word).map(Value::Number),
        }
    }

    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let at = self.0.find(['"', '{', '[', ']', '}'])?;
            self.0 = &self.0[at..];
            let length = match self.0.as_bytes()[0] {
                b'"' => closed(self.0)?,
                b'{' | b'[' => {
                    depth += 1;
                    1
                }
                _ => {
                    depth -= 1;
                    1
                }
            };
            self.0 = &self.0[length..];
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// All of `text` as a number.
fn parsed(text: &str) -> Option<f64> {
    let (number, length) = line::number(text.as_bytes())?;
    (length == text.len()).then_some(number)
}

/// Bytes of the quoted text that `text` begins with, both quotes included.
fn closed(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let shown = pairs(line).map(|pairs| {
            let shown: Vec<String> = pairs
                .iter()
                .map(|(name, number)| format!("{name}={number:?}"))
                .collect();
            shown.join(" ")
        });
        assert_eq!(shown.as_deref(), expected, "{line}");
    }

    #[test]
    fn numbers_of_the_top_level_are_read() {
        check("{}", Some(""));
        check(r#" { "a" : 1 , "b":-2.5e-3} "#, Some("a=1.0 b=-0.0025"));
        check(
            r#"{"a": {"b": 1, "c": "}"}, "d": [1, [2]], "e": 3}"#,
            Some("e=3.0"),
        );
        check(r#"{"a": true, "b": null, "c": "word"}"#, Some(""));
        check(r#"{"a\u0062": 1, "q\"": 2}"#, Some("ab=1.0 q\"=2.0"));
    }

    #[test]
    fn what_is_not_finite_is_read() {
        check(
            r#"{"a": NaN, "b": Infinity, "c": -Infinity}"#,
            Some("a=NaN b=inf c=-inf"),
        );
        check(
            r#"{"a": "nan", "b": "inf", "c": "Infinity", "d": "-inf", "e": "0.5"}"#,
            Some("a=NaN b=inf c=inf d=-inf"),
        );
    }

    #[test]
    fn other_lines_are_not_json() {
        for line in [
            "",
            "a",
            "[1]",
            "{",
            "{'a': 1}",
            r#"{"a": 1"#,
            r#"{"a": 1} x"#,
            r#"{"a" 1}"#,
            r#"{"a": 1.2.3}"#,
            r#"{"a": 1,}"#,
            r#"{"a": [1}"#,
            r#"{"a"#,
            r#"{"a\"#,
            r#"x {"a": 1}"#,
        ] {
            check(line, None);
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "[".repeat(400_000);
        check(&format!("{{\"a\": {deep}"), None);
        let closed = "]".repeat(400_000);
        check(
            &format!("{{\"a\": {deep}{closed}, \"b\": 1}}"),
            Some("b=1.0"),
        );
    }
}
