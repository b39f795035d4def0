//! The engine's keys and columns, told in the scheduler's words.

use finetooth_engine::config::{KEYS, Key, KeyDefault, Kind, Scale as EngineScale};
use finetooth_engine::history::EpochRecord;
use finetooth_scheduler::space::{Scale, Value};
use finetooth_scheduler::sweep::{Choice, KeyKind, KeySpec};
use finetooth_scheduler::trial::Report;

/// Every key of `[data]`, `[model]` and `[train]`.
pub fn key_specs() -> Vec<KeySpec> {
    KEYS.iter().map(key_spec).collect()
}

/// Names of the numbers that each epoch's report holds.
pub fn columns() -> Vec<String> {
    COLUMNS.map(str::to_owned).to_vec()
}

const COLUMNS: [&str; 6] = [
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "update_ratio",
];

/// An epoch's numbers in the order of [`columns`].
pub(crate) fn report(record: &EpochRecord) -> Report {
    let values = vec![
        record.learning_rate,
        record.train_loss,
        record.train_accuracy,
        record.val_loss,
        record.val_accuracy,
        record.update_ratio,
    ];
    Report {
        epoch: record.epoch,
        values,
    }
}

fn key_spec(key: &Key) -> KeySpec {
    KeySpec {
        table: key.table.name().to_owned(),
        name: key.name.to_owned(),
        kind: kind(key.kind),
        default: default(key.default),
        limits: key.limits,
        scale: match key.scale {
            EngineScale::Linear => Scale::Linear,
            EngineScale::Log => Scale::Log,
        },
        searchable: key.searchable,
        supported: key.supported,
        doc: key.doc.to_owned(),
    }
}

fn kind(kind: Kind) -> KeyKind {
    match kind {
        Kind::Float => KeyKind::Float,
        Kind::Integer => KeyKind::Integer,
        Kind::IntegerOrList => KeyKind::IntegerOrList,
        Kind::Boolean => KeyKind::Bool,
        Kind::Choice { names, later } => {
            let choice = |supported| {
                move |word: &&str| Choice {
                    word: (*word).to_owned(),
                    supported,
                }
            };
            KeyKind::Choice(
                names
                    .iter()
                    .map(choice(true))
                    .chain(later.iter().map(choice(false)))
                    .collect(),
            )
        }
        Kind::Path => KeyKind::Path,
        Kind::Share => KeyKind::Share,
        Kind::Shape => KeyKind::IntegerList,
        Kind::Column => KeyKind::TextOrInteger,
        Kind::BooleanOrAuto => KeyKind::BoolOrAuto,
        Kind::Delimiter => KeyKind::Text,
        Kind::TextList => KeyKind::TextList,
    }
}

fn default(default: KeyDefault) -> Option<Value> {
    match default {
        KeyDefault::Absent => None,
        KeyDefault::Float(real) => Some(Value::Float(real)),
        KeyDefault::Integer(whole) => Some(Value::Integer(whole)),
        KeyDefault::Boolean(flag) => Some(Value::Bool(flag)),
        KeyDefault::Text(text) => Some(Value::Text(text.to_owned())),
        KeyDefault::TextList(texts) => Some(Value::List(
            texts
                .iter()
                .map(|text| Value::Text((*text).to_owned()))
                .collect(),
        )),
    }
}
