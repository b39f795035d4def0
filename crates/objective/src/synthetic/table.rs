//! A table of learning curves, read: a row an epoch of a configuration.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use finetooth_scheduler::space::{Dimension, Domain, Value};
use finetooth_scheduler::sweep::Sweep;

/// Largest table that is read, in bytes.
pub const MOST_BYTES: usize = 256 << 20;

/// Columns of the results of a sweep that say nothing here, so that those files can be joined to a table.
const IGNORED: [&str; 8] = [
    "trial",
    "stage",
    "round",
    "state",
    "best_epoch",
    "epochs",
    "parent",
    "reason",
];

/// What is wrong with a table of learning curves.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is too long.
    #[error("it has {bytes} bytes, more than {MOST_BYTES}: leave out epochs or configurations")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It is no text.
    #[error("line {line} is not UTF-8 text: save it as UTF-8")]
    NotText {
        /// The line, from 1.
        line: u64,
    },
    /// There is no row below the header.
    #[error(
        "it has no rows: a header and then a line for each epoch of each configuration are needed"
    )]
    Empty,
    /// A row is too short or too long.
    #[error(
        "line {line} has {found} fields where the header has {expected}: fill it up, or put texts with commas in quotes"
    )]
    Width {
        /// The line, from 1.
        line: u64,
        /// Its fields.
        found: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A column is not there.
    #[error("line 1 has no column `{name}`, {what}; found {}", .found.join(", "))]
    MissingColumn {
        /// Its name.
        name: String,
        /// What it is for.
        what: &'static str,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// Two columns have the same name.
    #[error("line 1 has two columns `{name}` ({first} and {second}): remove or rename one")]
    DoubleColumn {
        /// Their name.
        name: String,
        /// Number of the one, from 1.
        first: usize,
        /// Number of the other.
        second: usize,
    },
    /// A cell does not hold what it should.
    #[error("line {line}, column `{column}`: found `{found}`, {remedy}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What it holds, cut where it is long.
        found: String,
        /// What is accepted.
        remedy: String,
    },
    /// An epoch of a configuration stands in two lines.
    #[error(
        "line {line}, column `epoch`: epoch {epoch} of this configuration stands in line {other} already; where \
         trainings were repeated, tell them apart by a column `seed`"
    )]
    Twice {
        /// The line, from 1.
        line: u64,
        /// The line before it.
        other: u64,
        /// The epoch.
        epoch: u32,
    },
    /// A configuration has nothing but its untrained network.
    #[error("line {line}: this configuration has no epoch from 1 on; add its epochs or remove it")]
    Untrained {
        /// The line, from 1.
        line: u64,
    },
}

/// A value of a configuration, where distances are measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coordinate {
    /// A position in the key's first range.
    Position(f64),
    /// One of a list.
    Word(String),
    /// Exactly zero, where the key draws that apart.
    Zero,
    /// The key is inactive.
    Absent,
}

/// One configuration with its trainings.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    /// A coordinate for each searched key.
    pub(super) point: Vec<Coordinate>,
    /// At least one.
    pub(super) curves: Vec<Curve>,
}

/// One training: rows by epoch, at least one with an epoch from 1 on.
#[derive(Debug, Clone, Default)]
pub(super) struct Curve {
    /// The epochs, ascending.
    pub(super) epochs: Vec<u32>,
    /// A number for each column, row after row.
    pub(super) values: Vec<f64>,
}

/// A table, read.
#[derive(Debug)]
pub(super) struct Table {
    /// Names of the numbers in each row, the metric among them.
    pub(super) columns: Vec<String>,
    /// In the order of their first rows.
    pub(super) configurations: Vec<Configuration>,
}

/// Which fields of a record hold what.
struct Layout {
    names: Vec<String>,
    keys: Vec<usize>,
    epoch: usize,
    seed: Option<usize>,
    numbers: Vec<usize>,
}

/// The rows of a training as they are found.
struct Rows {
    first_line: u64,
    by_epoch: BTreeMap<u32, (u64, Vec<f64>)>,
}

/// Texts of the keys' cells, and of the seed's.
type Name = (Vec<String>, String);

/// Reads `bytes` against the searched keys and the metric of `sweep`.
pub(super) fn read(bytes: &[u8], sweep: &Sweep) -> Result<Table, TableError> {
    if bytes.len() > MOST_BYTES {
        return Err(TableError::TooLarge { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| TableError::NotText {
        line: line_at(&bytes[..error.valid_up_to()]),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut records = reader.records().map(|record| {
        // Text in memory can be read, and its fields may be of any number.
        record.expect("text in memory is read without errors")
    });
    let header = records.next().ok_or(TableError::Empty)?;
    let layout = Layout::of(&header, sweep)?;
    let dimensions = &sweep.space().0;
    let mut order: Vec<Vec<String>> = Vec::new();
    let mut points: BTreeMap<Vec<String>, Vec<Coordinate>> = BTreeMap::new();
    let mut trainings: BTreeMap<Name, Rows> = BTreeMap::new();
    for record in records {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != layout.names.len() {
            return Err(TableError::Width {
                line,
                found: record.len(),
                expected: layout.names.len(),
            });
        }
        let row = Row {
            record: &record,
            layout: &layout,
            line,
        };
        let cells: Vec<String> = layout
            .keys
            .iter()
            .map(|column| record[*column].to_owned())
            .collect();
        if !points.contains_key(&cells) {
            let coordinates = dimensions.iter().zip(&layout.keys);
            let point = coordinates
                .map(|(dimension, column)| row.coordinate(dimension, *column))
                .collect::<Result<_, _>>()?;
            points.insert(cells.clone(), point);
            order.push(cells.clone());
        }
        let epoch = row.epoch()?;
        let values = row.numbers()?;
        let seed = layout.seed.map_or("", |column| &record[column]).to_owned();
        let rows = trainings.entry((cells, seed)).or_insert_with(|| Rows {
            first_line: line,
            by_epoch: BTreeMap::new(),
        });
        if let Some((other, _)) = rows.by_epoch.insert(epoch, (line, values)) {
            return Err(TableError::Twice { line, other, epoch });
        }
    }
    if order.is_empty() {
        return Err(TableError::Empty);
    }
    let mut curves: BTreeMap<Vec<String>, Vec<Curve>> = BTreeMap::new();
    for ((cells, _), rows) in trainings {
        curves.entry(cells).or_default().push(curve(rows)?);
    }
    let configurations = order.into_iter().map(|cells| Configuration {
        point: points.remove(&cells).expect("each was found once"),
        curves: curves.remove(&cells).expect("each has rows"),
    });
    Ok(Table {
        configurations: configurations.collect(),
        columns: layout.columns(),
    })
}

fn curve(rows: Rows) -> Result<Curve, TableError> {
    if rows.by_epoch.keys().all(|epoch| *epoch == 0) {
        return Err(TableError::Untrained {
            line: rows.first_line,
        });
    }
    let mut curve = Curve::default();
    for (epoch, (_, values)) in rows.by_epoch {
        curve.epochs.push(epoch);
        curve.values.extend(values);
    }
    Ok(curve)
}

impl Layout {
    fn of(header: &StringRecord, sweep: &Sweep) -> Result<Self, TableError> {
        let names: Vec<String> = header.iter().map(str::to_owned).collect();
        for (second, name) in names.iter().enumerate() {
            let first = names.iter().position(|other| other == name);
            if let Some(first) = first.filter(|first| *first < second) {
                return Err(TableError::DoubleColumn {
                    name: name.clone(),
                    first: first + 1,
                    second: second + 1,
                });
            }
        }
        let column = |name: &str, what: &'static str| {
            let found = names.iter().position(|column| column == name);
            found.ok_or_else(|| TableError::MissingColumn {
                name: name.to_owned(),
                what,
                found: names.iter().map(|name| shown(name)).take(20).collect(),
            })
        };
        let dimensions = &sweep.space().0;
        let keys = dimensions
            .iter()
            .map(|dimension| column(&dimension.key, "a key that the definition searches"))
            .collect::<Result<Vec<usize>, _>>()?;
        let epoch = column("epoch", "the epochs completed")?;
        let metric = column(&sweep.metric().name, "the metric of the definition")?;
        let seed = names.iter().position(|name| name == "seed");
        let is_number = |place: &usize| {
            let is_taken = keys.contains(place) || *place == epoch || Some(*place) == seed;
            *place == metric || !(is_taken || IGNORED.contains(&names[*place].as_str()))
        };
        let numbers = (0..names.len()).filter(is_number).collect();
        Ok(Self {
            names,
            keys,
            epoch,
            seed,
            numbers,
        })
    }

    fn columns(&self) -> Vec<String> {
        let names = self.numbers.iter();
        names.map(|place| self.names[*place].clone()).collect()
    }
}

/// A line of the table.
struct Row<'a> {
    record: &'a StringRecord,
    layout: &'a Layout,
    line: u64,
}

impl Row<'_> {
    fn wrong(&self, column: usize, remedy: String) -> TableError {
        TableError::Cell {
            line: self.line,
            column: self.layout.names[column].clone(),
            found: shown(&self.record[column]),
            remedy,
        }
    }

    fn epoch(&self) -> Result<u32, TableError> {
        let column = self.layout.epoch;
        let read = self.record[column].parse::<u32>().ok();
        read.ok_or_else(|| {
            let remedy =
                "where a whole number of epochs completed is expected, 0 for the untrained";
            self.wrong(column, remedy.to_owned())
        })
    }

    fn numbers(&self) -> Result<Vec<f64>, TableError> {
        let columns = self.layout.numbers.iter();
        columns.map(|column| self.number(*column)).collect()
    }

    /// An empty cell is NaN.
    fn number(&self, column: usize) -> Result<f64, TableError> {
        let cell = &self.record[column];
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        cell.parse::<f64>().map_err(|_| {
            let remedy = "which is no number: mend it, or remove the column if it is not measured";
            self.wrong(column, remedy.to_owned())
        })
    }

    fn coordinate(&self, dimension: &Dimension, column: usize) -> Result<Coordinate, TableError> {
        let cell = &self.record[column];
        if cell.is_empty() {
            return if dimension.when.is_empty() {
                let remedy = "which is empty: every configuration has a value of this key";
                Err(self.wrong(column, remedy.to_owned()))
            } else {
                Ok(Coordinate::Absent)
            };
        }
        if let Domain::Choice { values } = &dimension.domain {
            let same = |value: &&Value| {
                let number = cell.parse::<f64>().ok();
                value.to_string() == cell || (number.is_some() && value.as_f64() == number)
            };
            let known = values.iter().find(same);
            return Ok(Coordinate::Word(
                known.map_or_else(|| cell.to_owned(), ToString::to_string),
            ));
        }
        let number = cell.parse::<f64>().ok().filter(|number| number.is_finite());
        let Some(number) = number else {
            return Err(self.wrong(
                column,
                "where a number is expected, as the key has a range".to_owned(),
            ));
        };
        coordinate(dimension, &Value::Float(number)).ok_or_else(|| {
            let remedy = "which has no place on a logarithmic range: remove the configuration, or give the key a share \
                          of zeros (`zero`)";
            self.wrong(column, remedy.to_owned())
        })
    }
}

/// Where `value` lies on its key; none where it has no place there.
pub(super) fn coordinate(dimension: &Dimension, value: &Value) -> Option<Coordinate> {
    if matches!(dimension.domain, Domain::Choice { .. }) {
        return Some(Coordinate::Word(value.to_string()));
    }
    if dimension.is_zero_draw(value) {
        return Some(Coordinate::Zero);
    }
    let position = dimension.position(value)?;
    position
        .is_finite()
        .then_some(Coordinate::Position(position))
}

/// The line that begins or goes on after `before`.
fn line_at(before: &[u8]) -> u64 {
    before.split(|byte| *byte == b'\n').count() as u64
}

/// A cell as a message shows it.
fn shown(cell: &str) -> String {
    const LONGEST: usize = 40;
    if cell.chars().count() <= LONGEST {
        cell.to_owned()
    } else {
        cell.chars().take(LONGEST).chain(['…']).collect()
    }
}
