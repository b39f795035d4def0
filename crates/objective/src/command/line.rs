//! One line of a program's output: the numbers in it, each with its name.

use super::json;

/// What a line holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Line {
    /// The line as a person would see it: without escape sequences, and with a replacement for what is not UTF-8.
    pub(super) text: String,
    /// The epoch it names: `epoch=3`, `epoch: 3/10`, or `Epoch 3`, `Epoch [3/10]` at its beginning.
    pub(super) epoch: Option<u32>,
    /// Names and numbers in their order.
    pub(super) pairs: Vec<(String, f64)>,
}

/// Reads a line, without its end.
///
/// A name has letters, digits, `_`, `-`, `.` and `/`, and does not begin with a digit; `=` or `:` follows it, and a number, alone
/// or in quotes. Numbers have signs, exponents and points anywhere, or are `nan`, `inf` and `infinity` in any case; a per
/// cent sign after them is left out. What is glued to anything else is no number. A line that is a JSON object gives its
/// numbers, and nothing of what is nested or text; of a printed Python dictionary nothing that is nested is read either.
pub(super) fn read_line(bytes: &[u8]) -> Line {
    let text = plain(&String::from_utf8_lossy(bytes));
    let mut line = Line::default();
    match json::pairs(&text) {
        Some(pairs) => line.pairs = pairs,
        None => scan(&text, &mut line),
    }
    let of_key = line
        .pairs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("epoch"));
    if let Some((_, epoch)) = of_key {
        line.epoch = whole(*epoch);
    }
    line.text = text;
    line
}

fn whole(number: f64) -> Option<u32> {
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    is_whole.then_some(number as u32)
}

/// `text` without the escape sequences of terminals: CSI (colours, cursor), OSC (titles, links) and single ones.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('[') => {
                // Parameters, then one final letter or sign. All but colours part what stands before and after them.
                let end = characters.by_ref().find(|next| ('@'..='~').contains(next));
                if end != Some('m') {
                    out.push(' ');
                }
            }
            Some(']') => {
                // Up to BEL, or to ESC and a backslash.
                while let Some(next) = characters.next() {
                    if next == '\u{7}' {
                        break;
                    }
                    if next == '\u{1b}' {
                        characters.next();
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// Finds names and numbers in a line of any form.
fn scan(text: &str, line: &mut Line) {
    let bytes = text.as_bytes();
    line.epoch = leading_epoch(bytes);
    let is_dictionary = text.trim_start().starts_with('{');
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if is_dictionary && depth > 1 || !begins_name(bytes, at) {
            at += 1;
            continue;
        }
        let length = bytes[at..]
            .iter()
            .take_while(|byte| is_in_name(**byte))
            .count();
        let name = &text[at..at + length];
        at += length;
        if let Some((value, end)) = value_after(bytes, at, name) {
            line.pairs.push((name.to_owned(), value));
            at = end;
        }
    }
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./".contains(&byte)
}

fn begins_name(bytes: &[u8], at: usize) -> bool {
    let begins = bytes[at].is_ascii_alphabetic() || bytes[at] == b'_';
    // Within a longer word, also one of other letters, no name begins.
    begins && (at == 0 || !is_in_name(bytes[at - 1]) && bytes[at - 1].is_ascii())
}

/// The number behind a name that ends at `at`, and where it ends.
fn value_after(bytes: &[u8], mut at: usize, name: &str) -> Option<(f64, usize)> {
    let skip = |mut at: usize, skipped: &[u8]| {
        while at < bytes.len() && skipped.contains(&bytes[at]) {
            at += 1;
        }
        at
    };
    if matches!(bytes.get(at), Some(b'"' | b'\'')) {
        at += 1;
    }
    at = skip(at, b" \t");
    if !matches!(bytes.get(at), Some(b'=' | b':')) {
        return None;
    }
    at = skip(at + 1, b" \t");
    let quote = bytes.get(at).copied().filter(|byte| b"\"'".contains(byte));
    at += usize::from(quote.is_some());
    let (value, length) = number(&bytes[at..])?;
    at += length;
    if let Some(quote) = quote {
        return (bytes.get(at) == Some(&quote)).then_some((value, at + 1));
    }
    let is_free = match bytes.get(at) {
        None => true,
        // A decimal comma, or thousands.
        Some(b',') => !bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        // A sentence's full stop.
        Some(b'.') => bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace),
        // `epoch: 3/10`.
        Some(b'/') => name.eq_ignore_ascii_case("epoch"),
        Some(byte) => byte.is_ascii_whitespace() || b";)]}|%".contains(byte),
    };
    is_free.then_some((value, at))
}

/// The number at the beginning, and its length.
pub(super) fn number(bytes: &[u8]) -> Option<(f64, usize)> {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    for word in ["infinity", "inf", "nan"] {
        let end = sign + word.len();
        if bytes
            .get(sign..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
        {
            let value = if word == "nan" {
                f64::NAN
            } else {
                f64::INFINITY
            };
            let is_negative = bytes[0] == b'-' && word != "nan";
            return Some((if is_negative { -value } else { value }, end));
        }
    }
    let n_whole = digits(sign);
    let mut end = sign + n_whole;
    if bytes.get(end) == Some(&b'.') {
        let n_fraction = digits(end + 1);
        // `5.` is a number and `.` is none; the full stop of `5. Then` is no part of it, and does no harm.
        if n_whole + n_fraction > 0 {
            end += 1 + n_fraction;
        }
    }
    if end == sign {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let n_exponent = digits(end + 1 + signed);
        if n_exponent > 0 {
            end += 1 + signed + n_exponent;
        }
    }
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    Some((text.parse().ok()?, end))
}

/// `Epoch 3`, `epoch #3:`, `[Epoch 3/10]`, `Epoch [3/10]` at the beginning of a line.
fn leading_epoch(bytes: &[u8]) -> Option<u32> {
    let skip = |mut at: usize, skipped: &[u8]| {
        while at < bytes.len() && skipped.contains(&bytes[at]) {
            at += 1;
        }
        at
    };
    let at = skip(0, b" \t[(=-#*");
    let word = b"epoch";
    if !bytes
        .get(at..at + word.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(word))
    {
        return None;
    }
    let first = skip(at + word.len(), b" \t[(#:=");
    if first == at + word.len() {
        return None;
    }
    let n_digits = bytes[first..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let text = std::str::from_utf8(&bytes[first..first + n_digits]).ok()?;
    let is_free = bytes
        .get(first + n_digits)
        .is_none_or(|byte| !is_in_name(*byte) || *byte == b'/');
    text.parse().ok().filter(|_| is_free)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, f64)]) {
        let found = read_line(line.as_bytes()).pairs;
        let found: Vec<(&str, f64)> = found
            .iter()
            .map(|(name, value)| (&**name, *value))
            .collect();
        let bits = |pairs: &[(&str, f64)]| -> Vec<(String, u64)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_bits()))
                .collect()
        };
        assert_eq!(bits(&found), bits(expected), "{line}: {found:?}");
    }

    #[test]
    fn reads_names_and_numbers_in_every_form() {
        check("val_accuracy=0.93", &[("val_accuracy", 0.93)]);
        check(
            "val_accuracy = 0.93, loss: 3.2e-05",
            &[("val_accuracy", 0.93), ("loss", 3.2e-5)],
        );
        check(
            "loss=-1.5E+3 lr=+.5 n=5.",
            &[("loss", -1500.0), ("lr", 0.5), ("n", 5.0)],
        );
        check(
            "a=nan b=NaN c=-inf d=Infinity",
            &[
                ("a", f64::NAN),
                ("b", f64::NAN),
                ("c", f64::NEG_INFINITY),
                ("d", f64::INFINITY),
            ],
        );
        check(
            "[12:30:01] INFO val/acc: 93.4% (best)",
            &[("val/acc", 93.4)],
        );
        check(
            "{'val_accuracy': 0.9, 'loss': '0.1'}",
            &[("val_accuracy", 0.9), ("loss", 0.1)],
        );
        check(
            "{\"val_accuracy\": NaN, \"loss\": -Infinity}",
            &[("val_accuracy", f64::NAN), ("loss", f64::NEG_INFINITY)],
        );
        check(
            "{\"loss\": 1e-3, \"note\": \"acc=3\", \"at\": {\"acc\": 2}, \"x\": \"nan\"}",
            &[("loss", 1e-3), ("x", f64::NAN)],
        );
        check(
            "18/18 [====] - 0s 2ms/step - loss: 0.5 - val_loss: 0.25",
            &[("loss", 0.5), ("val_loss", 0.25)],
        );
        check("final val_accuracy: 0.93.", &[("val_accuracy", 0.93)]);
        check("(acc=1; loss=2)", &[("acc", 1.0), ("loss", 2.0)]);
        check(
            "\u{1b}[1;32mval_accuracy\u{1b}[0m=\u{1b}[31m0.5\u{1b}[0m",
            &[("val_accuracy", 0.5)],
        );
        check("\u{1b}]0;title loss=3\u{7}loss=4", &[("loss", 4.0)]);
        check(
            "loss=3\u{1b}[2K\u{1b}[1Gloss=4",
            &[("loss", 3.0), ("loss", 4.0)],
        );
        check("a=1,b=2, c=3", &[("a", 1.0), ("b", 2.0), ("c", 3.0)]);
    }

    #[test]
    fn what_is_nested_is_left_out_of_json_and_dictionaries() {
        let accuracy = [("acc", 0.9), ("loss", f64::NAN)];
        check(
            "{\"acc\": 0.9, \"loss\": NaN, \"best\": {\"acc\": 0.1}}",
            &accuracy,
        );
        check(
            "{\"acc\": 0.9, \"loss\": NaN, \"note\": \"acc=0.3\"}",
            &accuracy,
        );
        check("{'acc': 0.9, 'best': {'acc': 0.1}, 'loss': nan}", &accuracy);
        check("metrics: {'acc': 0.9}", &[("acc", 0.9)]);
    }

    #[test]
    fn what_is_glued_to_something_else_is_no_number() {
        for line in [
            "loss=3e",
            "v=1.2.3",
            "version=1.2b",
            "eta: 00:12",
            "loss=",
            "loss",
            "=3",
            "loss=--3",
            "x==3",
            "http://3",
            "größe=3",
            "loss=1_000",
            "acc=0x1f",
            "loss=e5",
            "a=.",
            "n=3/4",
            "loss=nano",
            "loss=0,93",
            "loss=1,234.5",
        ] {
            check(line, &[]);
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        assert_eq!(
            read_line(b"\xff\xfe loss=2 \xc3").pairs,
            [("loss".to_owned(), 2.0)]
        );
        assert_eq!(read_line(b"").pairs, []);
        assert_eq!(read_line(b"\x1b[").pairs, []);
    }

    #[track_caller]
    fn check_epoch(line: &str, expected: Option<u32>) {
        assert_eq!(read_line(line.as_bytes()).epoch, expected, "{line}");
    }

    #[test]
    fn finds_the_epoch() {
        check_epoch("epoch=3 loss=1", Some(3));
        check_epoch("loss=1 epoch: 3/10", Some(3));
        check_epoch("{\"epoch\": 7, \"loss\": 1}", Some(7));
        check_epoch("Epoch 3/10", Some(3));
        check_epoch("Epoch [12/100], loss: 1", Some(12));
        check_epoch("[Epoch 4] loss: 1", Some(4));
        check_epoch("Epoch 3: 100%|###| 18/18 [00:01, loss=1]", Some(3));
        check_epoch("epochs=3", None);
        check_epoch("epoch=3.5", None);
        check_epoch("epoch=-1", None);
        check_epoch("the epoch 3", None);
        check_epoch("Epoch 3rd", None);
    }

    proptest! {
        #[test]
        fn every_number_reads_back_to_its_bits(value: f64) {
            if !value.is_nan() {
                let forms = [format!("v={value}"), format!("v={value:e}"), format!("v: {value:?},")];
                for form in forms {
                    let pairs = read_line(form.as_bytes()).pairs;
                    assert_eq!(pairs.len(), 1, "{form}");
                    assert_eq!(pairs[0].1.to_bits(), value.to_bits(), "{form}");
                }
            }
        }

        #[test]
        fn nothing_makes_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read_line(&bytes);
        }
    }
}
