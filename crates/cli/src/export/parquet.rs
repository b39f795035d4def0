//! The four tables as Parquet files: the columns of the CSV files with their types.

use std::io::{self, Write};
use std::sync::Arc;

use finetooth_scheduler::results::{Cell, Column, Kind, Table};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::staging::Staging;
use super::{Source, Watch};

/// Rows of a row group, which are in memory at once.
const GROUP: usize = 1 << 16;

/// Names of the files.
pub(crate) fn files() -> impl Iterator<Item = String> {
    Table::ALL.into_iter().map(file)
}

fn file(table: Table) -> String {
    format!("{}.parquet", table.name())
}

/// Writes the files.
///
/// # Errors
/// Where one cannot be written, or `watch` was asked to stop.
pub(crate) fn write(source: &Source<'_>, staging: &Staging, watch: &Watch) -> io::Result<()> {
    Table::ALL.into_iter().try_for_each(|table| {
        staging.file(&file(table), |output| {
            write_table(source, table, output, watch).map_err(told)
        })
    })
}

fn write_table(
    source: &Source<'_>,
    table: Table,
    output: impl Write + Send,
    watch: &Watch,
) -> Result<(), ParquetError> {
    let columns = source.columns(table);
    let mut buffers: Vec<Buffer> = columns
        .iter()
        .map(|column| Buffer::of(column.kind))
        .collect();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer =
        SerializedFileWriter::new(output, Arc::new(schema(table, &columns)?), properties)?;
    source.rows(table, |row| {
        watch.row()?;
        for (buffer, cell) in buffers.iter_mut().zip(row) {
            buffer.push(*cell);
        }
        if buffers[0].levels.len() < GROUP {
            return Ok(());
        }
        write_group(&mut writer, &mut buffers)
    })?;
    if !buffers[0].levels.is_empty() {
        write_group(&mut writer, &mut buffers)?;
    }
    writer.close()?;
    Ok(())
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    buffers: &mut [Buffer],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for buffer in buffers {
        if let Some(mut column) = group.next_column()? {
            buffer.drain_into(&mut column)?;
            column.close()?;
        }
    }
    group.close()?;
    Ok(())
}

/// Every column may lack values.
fn schema(table: Table, columns: &[Column<'_>]) -> Result<Type, ParquetError> {
    let fields = columns.iter().zip(names(columns)).map(|(column, name)| {
        let (physical, logical) = match column.kind {
            Kind::Flag => (Physical::BOOLEAN, None),
            Kind::Whole => (Physical::INT64, None),
            Kind::Real => (Physical::DOUBLE, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Time => {
                let utc = LogicalType::timestamp(true, TimeUnit::MILLIS);
                (Physical::INT64, Some(utc))
            }
        };
        let field = Type::primitive_type_builder(&name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    });
    Type::group_type_builder(table.name())
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()
}

/// The columns' names. A metric may be named like a column that every sweep has; the second of a name is told apart as
/// pandas does in a CSV file: `state.1`.
fn names(columns: &[Column<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let numbered = (1..).map(|number| format!("{}.{number}", column.name));
        let mut candidates = std::iter::once(column.name.to_owned()).chain(numbered);
        names.extend(candidates.find(|name| !names.contains(name)));
    }
    names
}

/// The rows of a column that are not written yet.
struct Buffer {
    values: Values,
    /// 1 where there is a value, 0 where it is missing.
    levels: Vec<i16>,
}

enum Values {
    Flags(Vec<bool>),
    Wholes(Vec<i64>),
    Reals(Vec<f64>),
    Texts(Vec<ByteArray>),
}

impl Buffer {
    fn of(kind: Kind) -> Self {
        Self {
            values: match kind {
                Kind::Flag => Values::Flags(Vec::new()),
                Kind::Whole | Kind::Time => Values::Wholes(Vec::new()),
                Kind::Real => Values::Reals(Vec::new()),
                Kind::Text => Values::Texts(Vec::new()),
            },
            levels: Vec::new(),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        self.levels.push(i16::from(cell != Cell::Missing));
        match (&mut self.values, cell) {
            (_, Cell::Missing) => {}
            (Values::Flags(flags), Cell::Flag(flag)) => flags.push(flag),
            (Values::Wholes(wholes), Cell::Whole(whole)) => wholes.push(whole),
            (Values::Wholes(times), Cell::Time(at)) => times.push(at.as_millisecond()),
            (Values::Reals(reals), Cell::Real(real)) => reals.push(real),
            (Values::Reals(reals), Cell::Whole(whole)) => reals.push(whole as f64),
            (Values::Texts(texts), cell) => texts.push(cell.to_string().into_bytes().into()),
            (_, cell) => unreachable!("a column's kind takes all of its cells, {cell:?} too"),
        }
    }

    fn drain_into(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.levels.as_slice());
        match &mut self.values {
            Values::Flags(flags) => {
                column
                    .typed::<BoolType>()
                    .write_batch(flags, levels, None)?;
                flags.clear();
            }
            Values::Wholes(wholes) => {
                column
                    .typed::<Int64Type>()
                    .write_batch(wholes, levels, None)?;
                wholes.clear();
            }
            Values::Reals(reals) => {
                column
                    .typed::<DoubleType>()
                    .write_batch(reals, levels, None)?;
                reals.clear();
            }
            Values::Texts(texts) => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(texts, levels, None)?;
                texts.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

/// What the system said, where that is what went wrong.
fn told(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        error => io::Error::other(error),
    }
}
