//! A definition file wrong in every way once, and right ones that come back as they were.

mod conditions;
mod difference;
mod hostile;
mod overrides;
mod right;
mod round_trip;
mod sanity;
mod search;
mod settings;
mod space;
mod stages;
mod top;

use std::path::Path;

use super::mistake::line_column;
use super::{Choice, KeyKind, KeySpec, Mistakes, Override, Purpose, Spans, Sweep};
use crate::space::{Scale, Value};

fn key(table: &str, name: &str, kind: KeyKind, default: Option<Value>) -> KeySpec {
    KeySpec {
        table: table.to_owned(),
        name: name.to_owned(),
        kind,
        default,
        limits: None,
        scale: Scale::Linear,
        searchable: true,
        supported: true,
        doc: String::new(),
    }
}

fn within(low: f64, high: f64, key: KeySpec) -> KeySpec {
    KeySpec {
        limits: Some((low, high)),
        ..key
    }
}

fn on_log(key: KeySpec) -> KeySpec {
    KeySpec {
        scale: Scale::Log,
        ..key
    }
}

fn fixed(key: KeySpec) -> KeySpec {
    KeySpec {
        searchable: false,
        ..key
    }
}

fn later(key: KeySpec) -> KeySpec {
    KeySpec {
        supported: false,
        ..key
    }
}

fn words(now: &[&str], later: &[&str]) -> KeyKind {
    let choice = |supported| {
        move |word: &&str| Choice {
            word: (*word).to_owned(),
            supported,
        }
    };
    let choices = now.iter().map(choice(true));
    KeyKind::Choice(choices.chain(later.iter().map(choice(false))).collect())
}

/// Keys of every kind, after the engine's.
fn keys() -> Vec<KeySpec> {
    let text = |word: &str| Some(Value::Text(word.to_owned()));
    let whole = |number| Some(Value::Integer(number));
    let real = |number| Some(Value::Float(number));
    let sources = words(&["digits", "csv"], &["npz"]);
    let preprocess = words(
        &["standardize_channel", "standardize", "none"],
        &["pca_whiten"],
    );
    vec![
        fixed(key("data", "source", sources, text("digits"))),
        fixed(key("data", "path", KeyKind::Path, None)),
        fixed(key("data", "validation", KeyKind::Share, real(0.2))),
        key(
            "data",
            "preprocess",
            preprocess,
            text("standardize_channel"),
        ),
        fixed(key("data", "shape", KeyKind::IntegerList, None)),
        fixed(key("data", "label", KeyKind::TextOrInteger, whole(-1))),
        fixed(key("data", "header", KeyKind::BoolOrAuto, text("auto"))),
        fixed(key("data", "missing", KeyKind::TextList, None)),
        later(key("data", "flip", KeyKind::Bool, None)),
        within(
            1.0,
            4096.0,
            key("model", "n_filters", KeyKind::Integer, whole(16)),
        ),
        within(
            1.0,
            65536.0,
            key("model", "hidden", KeyKind::IntegerOrList, whole(64)),
        ),
        key("model", "bias", KeyKind::Bool, Some(Value::Bool(true))),
        later(within(
            0.0,
            0.999,
            key("model", "dropout", KeyKind::Float, real(0.0)),
        )),
        fixed(within(
            1.0,
            1e6,
            key("train", "epochs", KeyKind::Integer, whole(27)),
        )),
        key(
            "train",
            "optimizer",
            words(&["sgd", "momentum", "adam"], &["lion"]),
            text("adam"),
        ),
        on_log(within(
            1e-8,
            10.0,
            key("train", "learning_rate", KeyKind::Float, real(1e-3)),
        )),
        within(
            1e-6,
            1.0,
            key("train", "lr_decay", KeyKind::Float, real(0.95)),
        ),
        on_log(within(
            0.0,
            f64::INFINITY,
            key("train", "l2", KeyKind::Float, real(0.0)),
        )),
        within(
            1.0,
            65536.0,
            key("train", "batch_size", KeyKind::Integer, whole(64)),
        ),
        key("train", "shift", KeyKind::Float, None),
        fixed(key(
            "train",
            "dtype",
            words(&["f32", "f64"], &[]),
            text("f32"),
        )),
        fixed(within(
            0.0,
            2_147_483_647.0,
            key("train", "seed", KeyKind::Integer, whole(0)),
        )),
    ]
}

fn columns() -> Vec<String> {
    ["learning_rate", "train_loss", "val_loss", "val_accuracy"]
        .map(str::to_owned)
        .into()
}

fn parse_with(
    text: &str,
    overrides: &[Override],
    purpose: Purpose,
) -> Result<(Sweep, Spans), Mistakes> {
    let base = Path::new("/home/lab");
    Sweep::parse(text, &keys(), &columns(), overrides, base, purpose)
}

fn parse(text: &str) -> Result<(Sweep, Spans), Mistakes> {
    parse_with(text, &[], Purpose::Sweep)
}

#[track_caller]
fn sweep(text: &str) -> Sweep {
    parse(text)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .0
}

/// Line, column, message and help of every mistake; `-` for those that stand in no line.
fn told(text: &str) -> String {
    told_with(text, &[], Purpose::Sweep)
}

fn told_with(text: &str, overrides: &[Override], purpose: Purpose) -> String {
    let Err(Mistakes(mistakes)) = parse_with(text, overrides, purpose) else {
        return "nothing is wrong".to_owned();
    };
    let mut lines = Vec::new();
    for mistake in mistakes {
        let place = mistake.span.map_or("-".to_owned(), |span| {
            let (line, column) = line_column(text, span.start);
            assert!(text.get(span).is_some(), "spans mark whole characters");
            format!("{line}:{column}")
        });
        lines.push(format!("{place} {}", mistake.message));
        if let Some((span, label)) = mistake.other {
            let (line, column) = line_column(text, span.start);
            lines.push(format!("  {line}:{column} {label}"));
        }
        lines.extend(mistake.help.map(|help| format!("  help: {help}")));
    }
    lines.join("\n")
}

/// What is told of a file with these lines at the end; the first of them is line 2.
fn told_of(lines: &str) -> String {
    told(&format!("name = \"x\"\n{lines}"))
}
