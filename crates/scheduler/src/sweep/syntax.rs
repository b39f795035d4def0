//! What the TOML reader objects to, in this program's words.

use std::ops::Range;

use toml::de::Error;

use super::Mistake;
use super::mistake::line_column;

/// The mistake behind an error of the TOML reader.
pub(super) fn mistake(text: &str, error: &Error) -> Mistake {
    let message = error.message();
    let span = error.span();
    let found = span.clone().map_or("", |span| &text[span]);
    let plain = |message: String, label: &str, help: &str| Mistake {
        message,
        span: span.clone(),
        label: label.to_owned(),
        other: None,
        help: (!help.is_empty()).then(|| help.to_owned()),
    };
    if message == "duplicate key" {
        return duplicate(text, span.unwrap_or(0..0));
    }
    if message.starts_with("string values must be quoted") {
        return if found.is_empty() {
            plain(
                "there is no value after `=`".to_owned(),
                "expected a value",
                "write the value, or remove the key for its default",
            )
        } else if found.contains(char::is_whitespace) {
            plain(
                format!("`{}` is not a value", shortened(found)),
                "not a value",
                "text stands in double quotes, and each key on a line of its own",
            )
        } else {
            plain(
                format!("`{}` is not a value", shortened(found)),
                "not a value",
                "text stands in double quotes",
            )
        };
    }
    if message.starts_with("key with no value") {
        return plain(
            "a key stands without `=` and a value".to_owned(),
            "expected `=`",
            "write key = value; tables begin with [name]",
        );
    }
    if message == "recursion limit" {
        return plain(
            "not valid TOML: tables or lists lie too deep in one another".to_owned(),
            "",
            "a definition needs three levels",
        );
    }
    plain(format!("not valid TOML: {message}"), "here", "")
}

fn duplicate(text: &str, span: Range<usize>) -> Mistake {
    let key = &text[span.clone()];
    let first = first_place(text, &span);
    let line = first
        .as_ref()
        .map(|first| line_column(text, first.start).0)
        .map_or(String::new(), |line| format!(", first on line {line}"));
    Mistake {
        message: format!("`{key}` is given twice{line}"),
        span: Some(span),
        label: "given again".to_owned(),
        other: first.map(|first| (first, "first given here".to_owned())),
        help: Some("keep one of the two".to_owned()),
    }
}

/// Where a key that is given twice was given first. The TOML reader keeps only the second place, so the first is
/// looked up in the text; it is told where it is plain to see.
fn first_place(text: &str, second: &Range<usize>) -> Option<Range<usize>> {
    let key = &text[second.clone()];
    let line_start = text[..second.start].rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..second.start].trim_start();
    if key.is_empty() {
        None
    } else if before.starts_with('[') {
        first_header(&text[..line_start], before.trim_start_matches('['), key)
    } else {
        first_key(text, second, key)
    }
}

/// The first header of the table `path` + `key` in `text`, or the first value given to it, dotted or inline.
fn first_header(text: &str, path: &str, key: &str) -> Option<Range<usize>> {
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start().trim_start_matches('[').trim_start();
        let rest = bare
            .strip_prefix(path)
            .and_then(|bare| bare.strip_prefix(key));
        let is_header = line.trim_start().starts_with('[');
        let is_same = rest.map(str::trim_start).is_some_and(|rest| {
            rest.starts_with(if is_header {
                &[']'] as &[char]
            } else {
                &['.', '=']
            })
        });
        if is_same {
            let start = line_start + (line.len() - bare.len()) + path.len();
            return Some(start..start + key.len());
        }
        line_start += line.len();
    }
    None
}

/// The last `key =` before `second` in the same section.
fn first_key(text: &str, second: &Range<usize>, key: &str) -> Option<Range<usize>> {
    let section = text[..second.start].rfind("\n[").map_or(0, |at| at + 1);
    let mut end = second.start;
    while let Some(at) = text[section..end].rfind(key).map(|at| section + at) {
        let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let before = text[line_start..at].trim();
        let starts_key = before.is_empty() || before.ends_with(['{', ',']) && !before.contains('#');
        if starts_key && text[at + key.len()..].trim_start().starts_with('=') {
            return Some(at..at + key.len());
        }
        end = at;
    }
    None
}

fn shortened(found: &str) -> String {
    if found.chars().count() > 40 {
        let start: String = found.chars().take(40).collect();
        format!("{start}…")
    } else {
        found.to_owned()
    }
}
