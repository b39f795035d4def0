//! What a definition with `[command]` may say: the command's own keys, and those of the user's program.

use std::path::{Path, absolute};

use finetooth_scheduler::space::{Scale, Value};
use finetooth_scheduler::sweep::{Choice, FIXED_COLUMNS, KeyKind, KeySpec};
use toml::de::{DeTable, DeValue};

/// The table that makes a definition one of a user's program.
pub(super) const TABLE: &str = "command";

/// Numbers that are kept of each report wherever the program gives them.
const USUAL: [&str; 4] = ["train_loss", "train_accuracy", "val_loss", "val_accuracy"];

/// Keys and columns of a definition of a user's program; `None` where the definition has no `[command]`.
pub(crate) fn vocabulary(text: &str, base: &Path) -> Option<(Vec<KeySpec>, Vec<String>)> {
    // What is wrong with the text is told when it is read in earnest.
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.get_ref();
    let command = root.get(TABLE)?.get_ref().as_table();
    let columns = columns(root, command);
    let mut keys = own_table(base);
    let space = root
        .get("space")
        .and_then(|space| space.get_ref().as_table());
    for (name, range) in space.into_iter().flatten() {
        let name = name.get_ref().as_ref();
        if !FIXED_COLUMNS.contains(&name) && !columns.iter().any(|column| column == name) {
            keys.push(of_program(name, range.get_ref()));
        }
    }
    Some((keys, columns))
}

/// The usual ones, those that `metrics` names, and the metric.
fn columns(root: &DeTable<'_>, command: Option<&DeTable<'_>>) -> Vec<String> {
    let mut columns: Vec<String> = USUAL.map(str::to_owned).to_vec();
    let mut add = |name: &str| {
        if !name.is_empty() && !columns.iter().any(|column| column == name) {
            columns.push(name.to_owned());
        }
    };
    let metrics = command.and_then(|command| command.get("metrics")?.get_ref().as_array());
    for name in metrics.into_iter().flat_map(|metrics| metrics.iter()) {
        name.get_ref().as_str().into_iter().for_each(&mut add);
    }
    let metric = root
        .get("metric")
        .and_then(|metric| metric.get_ref().as_table());
    let name = metric.and_then(|metric| metric.get("name")?.get_ref().as_str());
    add(name.unwrap_or_default());
    columns
}

/// The keys of `[command]`; `base` is where the program runs if nothing else is said.
pub(crate) fn own_table(base: &Path) -> Vec<KeySpec> {
    let here = absolute(base).ok();
    let here = here.and_then(|path| path.into_os_string().into_string().ok());
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let choice = |word: &str| Choice {
        word: word.to_owned(),
        supported: true,
    };
    let styles = ["--key=value", "--key value", "key=value"]
        .map(choice)
        .to_vec();
    let key = |name: &str, kind: KeyKind, default: Option<Value>, limits, doc: &str| KeySpec {
        table: TABLE.to_owned(),
        name: name.to_owned(),
        kind,
        default,
        limits,
        scale: Scale::Linear,
        searchable: false,
        supported: true,
        doc: doc.to_owned(),
    };
    vec![
        key(
            "argv",
            KeyKind::TextList,
            None,
            None,
            "program and arguments",
        ),
        key(
            "style",
            KeyKind::Choice(styles),
            text("--key=value"),
            None,
            "how {args} writes a key",
        ),
        key(
            "metrics",
            KeyKind::TextListOrAuto,
            text("auto"),
            None,
            "numbers kept beside the metric",
        ),
        key(
            "directory",
            KeyKind::Path,
            here.map(Value::Text),
            None,
            "where it runs",
        ),
        key(
            "gpus",
            KeyKind::Float,
            Some(Value::Float(0.0)),
            Some((0.0, 1024.0)),
            "GPUs of a trial; 0.5: two share one",
        ),
        key(
            "threads",
            KeyKind::Integer,
            Some(Value::Integer(1)),
            Some((1.0, 1024.0)),
            "threads of a trial",
        ),
        key("env", KeyKind::TextTable, None, None, "environment"),
        key(
            "retries",
            KeyKind::Integer,
            Some(Value::Integer(1)),
            Some((0.0, 100.0)),
            "tries after an end that is not its verdict",
        ),
        key(
            "grace_seconds",
            KeyKind::Float,
            Some(Value::Float(10.0)),
            Some((0.0, 3600.0)),
            "between SIGTERM and SIGKILL",
        ),
    ]
}

/// A key of the program: what it takes is seen by its range.
fn of_program(name: &str, range: &DeValue<'_>) -> KeySpec {
    let field = |field: &str| Some(range.as_table()?.get(field)?.get_ref());
    let is_whole = |value: Option<&DeValue<'_>>| matches!(value, Some(DeValue::Integer(_)));
    let (low, high, step) = (field("low"), field("high"), field("step"));
    let kind = if field("values").is_some() {
        KeyKind::Any
    } else if is_whole(low) && is_whole(high) && (step.is_none() || is_whole(step)) {
        KeyKind::Integer
    } else {
        KeyKind::Float
    };
    KeySpec {
        table: String::new(),
        name: name.to_owned(),
        kind,
        default: None,
        limits: (!is_negative(low)).then_some((0.0, f64::INFINITY)),
        scale: Scale::Linear,
        searchable: true,
        supported: true,
        doc: String::new(),
    }
}

/// Whether the range reaches below 0: one that does not is not widened beyond it, unless `limits` says so.
fn is_negative(low: Option<&DeValue<'_>>) -> bool {
    match low {
        Some(DeValue::Integer(whole)) => whole.as_str().starts_with('-'),
        Some(DeValue::Float(real)) => real.as_str().starts_with('-'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(range: &str) -> KeyKind {
        let text = format!("[command]\nargv = [\"x\"]\n[space]\nk = {range}\n");
        let (keys, _) = vocabulary(&text, Path::new("/")).unwrap();
        keys.last().unwrap().kind.clone()
    }

    #[test]
    fn a_range_of_whole_numbers_is_one() {
        assert_eq!(kind("{ low = 1, high = 8 }"), KeyKind::Integer);
        assert_eq!(kind("{ low = 1, high = 8, step = 0.5 }"), KeyKind::Float);
        assert_eq!(kind("{ low = 1.0, high = 8 }"), KeyKind::Float);
        assert_eq!(kind("{ values = [1, \"a\"] }"), KeyKind::Any);
    }

    #[test]
    fn columns_are_the_usual_the_asked_for_and_the_metric() {
        let text = "metric = { name = \"f1\" }\n[command]\nmetrics = [\"auc\", \"val_loss\"]\n";
        let (_, columns) = vocabulary(text, Path::new("/")).unwrap();
        assert_eq!(
            columns,
            [
                "train_loss",
                "train_accuracy",
                "val_loss",
                "val_accuracy",
                "auc",
                "f1"
            ]
        );
        assert!(vocabulary("[data]\n", Path::new("/")).is_none());
    }
}
