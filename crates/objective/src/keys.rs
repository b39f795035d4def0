//! The engine's keys and columns, told in the scheduler's words.

use std::path::Path;

use finetooth_engine::config::{KEYS, Key, KeyDefault, Kind, LabelKind, Scale as EngineScale};
use finetooth_engine::history::{EpochRecord, Errors};
use finetooth_scheduler::space::{Scale, Value};
use finetooth_scheduler::sweep::{Choice, KeyKind, KeySpec};
use finetooth_scheduler::trial::Report;

use crate::command;

/// What a definition may say: keys and columns, by its own kind of trial.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// The keys of its tables and of `[space]`.
    pub keys: Vec<KeySpec>,
    /// Names of the numbers that a report may hold.
    pub columns: Vec<String>,
    /// Whether trials are runs of a user's program.
    pub is_command: bool,
}

impl Vocabulary {
    /// That of the definition `text`, whose relative paths start from `base`.
    pub fn of(text: &str, base: &Path) -> Self {
        match command::vocabulary(text, base) {
            Some((keys, columns)) => Self {
                keys,
                columns,
                is_command: true,
            },
            None => Self {
                keys: key_specs(),
                columns: columns(),
                is_command: false,
            },
        }
    }
}

/// Every key of `[data]`, `[model]` and `[train]`.
pub fn key_specs() -> Vec<KeySpec> {
    KEYS.iter().map(key_spec).collect()
}

/// Every key of the tables of any kind of trial.
pub fn every_key() -> Vec<KeySpec> {
    let mut keys = key_specs();
    keys.extend(command::own_table(Path::new("/")));
    keys
}

/// Names of the numbers that an epoch's report may hold, whatever is predicted.
pub fn columns() -> Vec<String> {
    COLUMNS.map(|(name, _, _)| name.to_owned()).to_vec()
}

/// A number of an epoch's report: its name, what has to be predicted for it to be there, its value.
type Column = (&'static str, Option<LabelKind>, fn(&EpochRecord) -> f64);

const CLASS: Option<LabelKind> = Some(LabelKind::Class);
const NUMBER: Option<LabelKind> = Some(LabelKind::Number);

const COLUMNS: [Column; 11] = [
    ("learning_rate", None, |record| record.learning_rate),
    ("train_loss", None, |record| record.train_loss),
    ("train_accuracy", CLASS, |record| record.train_accuracy),
    ("train_rmse", NUMBER, |record| {
        error(record, |errors| errors.train_rmse)
    }),
    ("train_mae", NUMBER, |record| {
        error(record, |errors| errors.train_mae)
    }),
    ("val_loss", None, |record| record.val_loss),
    ("val_accuracy", CLASS, |record| record.val_accuracy),
    ("val_rmse", NUMBER, |record| {
        error(record, |errors| errors.val_rmse)
    }),
    ("val_mae", NUMBER, |record| {
        error(record, |errors| errors.val_mae)
    }),
    ("val_r2", NUMBER, |record| {
        error(record, |errors| errors.val_r2)
    }),
    ("update_ratio", None, |record| record.update_ratio),
];

fn error(record: &EpochRecord, of: fn(&Errors) -> f64) -> f64 {
    record.errors.as_ref().map_or(f64::NAN, of)
}

fn of_kind(kind: LabelKind) -> impl Iterator<Item = Column> {
    let is_there = move |(_, needed, _): &Column| needed.is_none_or(|needed| needed == kind);
    COLUMNS.into_iter().filter(is_there)
}

/// Names of the numbers that each epoch's report holds where labels are of that kind.
pub(crate) fn columns_of(kind: LabelKind) -> Vec<String> {
    of_kind(kind).map(|(name, _, _)| name.to_owned()).collect()
}

/// An epoch's numbers in the order of [`columns_of`].
pub(crate) fn report(record: &EpochRecord, kind: LabelKind) -> Report {
    Report {
        epoch: record.epoch,
        values: of_kind(kind).map(|(_, _, value)| value(record)).collect(),
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
        supported: true,
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
        Kind::Delimiter | Kind::Text => KeyKind::Text,
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
