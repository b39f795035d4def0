//! The whole sweep as one JSON document. results/README.md tells its shape.

use std::io::{self, Write};

use finetooth_scheduler::number::shortest;
use finetooth_scheduler::results::{Cell, Column, Origin, Table};
use jiff::Timestamp;
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use toml::Value as Toml;

use super::{Source, Watch};
use crate::summary;

/// What every document begins with, and no other file.
pub(super) const BEGINNING: &str = r#"{"format":"finetooth-export","#;

/// Version of the shape.
const VERSION: u32 = 1;

/// Writes the document.
///
/// # Errors
/// Where `output` cannot take it, or `watch` was asked to stop.
pub(crate) fn write(source: &Source<'_>, mut output: impl Write, watch: &Watch) -> io::Result<()> {
    let recorded = source.recorded;
    let metric = recorded.sweep.metric();
    let (verdict, reason) = summary::verdict(source.state());
    let started = source.state().started();
    let rows = |table| Rows {
        source,
        table,
        watch,
    };
    let document = Document {
        format: "finetooth-export",
        version: VERSION,
        finetooth: started.map_or("", |started| &started.finetooth),
        name: recorded.sweep.name(),
        began: recorded.began,
        verdict,
        reason,
        metric: Metric {
            name: &metric.name,
            goal: metric.goal.as_str(),
            target: metric.target.map(Cell::Real).map(Shown),
        },
        winner: recorded
            .leaderboard
            .leader(source.state())
            .map(|(record, _)| record.trial.id.number()),
        definition: Settings::read(started.map_or("", |started| &started.definition))?,
        trials: rows(Table::Trials),
        epochs: rows(Table::Epochs),
        stages: rows(Table::Stages),
        timings: rows(Table::Timings),
    };
    serde_json::to_writer(&mut output, &document)?;
    output.write_all(b"\n")?;
    output.flush()
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    finetooth: &'a str,
    name: &'a str,
    began: Timestamp,
    verdict: &'static str,
    reason: Option<&'a str>,
    metric: Metric<'a>,
    winner: Option<u32>,
    definition: Settings,
    trials: Rows<'a>,
    epochs: Rows<'a>,
    stages: Rows<'a>,
    timings: Rows<'a>,
}

#[derive(Serialize)]
struct Metric<'a> {
    name: &'a str,
    goal: &'static str,
    target: Option<Shown<'a>>,
}

/// A definition as it was recorded.
struct Settings(toml::Table);

impl Settings {
    fn read(definition: &str) -> io::Result<Self> {
        definition.parse().map(Self).map_err(io::Error::other)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, Setting(value))))
    }
}

struct Setting<'a>(&'a Toml);

impl Serialize for Setting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Toml::Float(real) => Shown(Cell::Real(*real)).serialize(serializer),
            Toml::Datetime(time) => serializer.collect_str(time),
            Toml::Array(items) => serializer.collect_seq(items.iter().map(Setting)),
            Toml::Table(table) => {
                serializer.collect_map(table.iter().map(|(key, value)| (key, Setting(value))))
            }
            Toml::String(_) | Toml::Integer(_) | Toml::Boolean(_) => self.0.serialize(serializer),
        }
    }
}

/// The rows of a table, each an object.
struct Rows<'a> {
    source: &'a Source<'a>,
    table: Table,
    watch: &'a Watch,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = self.source.columns(self.table);
        let mut rows = serializer.serialize_seq(None)?;
        self.source.rows(self.table, |cells| {
            self.watch.row().map_err(S::Error::custom)?;
            rows.serialize_element(&Row {
                columns: &columns,
                cells,
            })
        })?;
        rows.end()
    }
}

/// One row. Names that the definition gives stand in objects of their own, since they may be any: searched keys in
/// `params`, reported numbers in `values`.
struct Row<'a> {
    columns: &'a [Column<'a>],
    cells: &'a [Cell<'a>],
}

impl<'a> Row<'a> {
    fn of(&self, origin: Origin) -> impl Iterator<Item = (&'a str, Shown<'a>)> {
        let pairs = self.columns.iter().zip(self.cells);
        pairs
            .filter(move |(column, _)| column.origin == origin)
            .map(|(column, cell)| (column.name, Shown(*cell)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        let mut groups = [
            Some((Origin::Key, "params")),
            Some((Origin::Report, "values")),
        ];
        for (column, cell) in self.columns.iter().zip(self.cells) {
            if column.origin == Origin::Search {
                row.serialize_entry(column.name, &Shown(*cell))?;
                continue;
            }
            // The whole group where its first column is.
            let is_here = |group: &mut (Origin, &str)| group.0 == column.origin;
            for group in &mut groups {
                if let Some((origin, name)) = group.take_if(is_here) {
                    row.serialize_entry(name, &Group(self, origin))?;
                }
            }
        }
        row.end()
    }
}

struct Group<'a>(&'a Row<'a>, Origin);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.of(self.1))
    }
}

/// A cell with its own type; the words of the CSV files for numbers that JSON does not have.
struct Shown<'a>(Cell<'a>);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Missing => serializer.serialize_none(),
            Cell::Flag(flag) => serializer.serialize_bool(flag),
            Cell::Whole(whole) => serializer.serialize_i64(whole),
            Cell::Real(real) if real.is_finite() => serializer.serialize_f64(real),
            Cell::Real(real) => serializer.serialize_str(&shortest(real)),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::List(items) => items.serialize(serializer),
            Cell::Time(_) => serializer.collect_str(&self.0),
        }
    }
}
