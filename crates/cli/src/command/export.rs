//! `finetooth export`: a sweep's record, or its model, in the forms that other programs read.

mod model;

use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use finetooth_objective::Format as ModelFormat;
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::results::Table;

use crate::chosen::Wish;
use crate::command::run::quoted;
use crate::exit_code::ExitCode;
use crate::export::{Directory, Document, Source, Staging, Watch, csv, json, parquet, tensorboard};
use crate::failure::Failure;
use crate::figures::counted;
use crate::output;
use crate::record::Recorded;
use crate::screen::Screen;
use crate::signals;

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth export --format csv                  the sweep in results/ that was written to last
  finetooth export digits --format parquet       into results/digits/export/parquet
  finetooth export digits --format json --out -  to standard output
  finetooth export digits --format tensorboard --out logs/digits
  finetooth export digits --format onnx          the final model of [after], else the best trial, which is trained again
  finetooth export digits --format onnx --ensemble 5
  finetooth export --model net/model.safetensors --format onnx   one model file as another

A sweep that runs is exported as far as it is. The same command again replaces the files.")]
pub(crate) struct ExportArgs {
    /// Directory of the sweep, or its name in results/ [default: the one written to last]
    dir: Option<PathBuf>,
    #[command(flatten)]
    wish: Wish,
    /// What to write
    #[arg(long)]
    format: Format,
    /// Where to: a directory, of JSON a file or `-`, of a model a file [default: DIR/export/FORMAT, of one file DIR/export/NAME.FORMAT]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Overwrite files that export did not write
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The four tables as a run writes them
    Csv,
    /// One document of everything: definition, trials, epochs, stages, timings
    Json,
    /// The four tables with types, for pandas, Polars, DuckDB, Spark and others
    Parquet,
    /// A log directory with curves and the HPARAMS tab
    Tensorboard,
    /// The model: weights under their names, and all that `finetooth predict` needs
    Safetensors,
    /// The model as a graph with preprocessing inside, for ONNX Runtime and others
    Onnx,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Tensorboard => "tensorboard",
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
        }
    }

    /// That of a model, where it is one.
    fn of_model(self) -> Option<ModelFormat> {
        match self {
            Self::Safetensors => Some(ModelFormat::Safetensors),
            Self::Onnx => Some(ModelFormat::Onnx),
            Self::Csv | Self::Json | Self::Parquet | Self::Tensorboard => None,
        }
    }
}

/// Writes what the record tells in another form.
///
/// # Errors
/// Where there is no record, it cannot be read, or the files cannot be written.
pub(crate) fn export(args: &ExportArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    if let Some(format) = args.format.of_model() {
        return model::export(args, format, screen);
    }
    if args.wish.is_given() {
        return Err(Failure::usage(format!(
            "--ensemble, --checkpoints and --model choose a model, and {} is the results: name --format safetensors or onnx",
            args.format.word()
        )));
    }
    let is_to_stdout = args.out.as_deref() == Some(Path::new("-"));
    if is_to_stdout && args.format != Format::Json {
        return Err(Failure::usage(format!(
            "{} is several files, which standard output cannot take: name a directory with --out, or export JSON",
            args.format.word()
        )));
    }
    let recorded = Recorded::read(args.dir.as_deref())?;
    let source = Source::new(&recorded);
    let place = place(args, &recorded);
    // Nothing is written yet that an end by a signal would leave half done.
    let interrupt = Interrupt::default();
    let writing = Writing {
        source: &source,
        watch: Watch::new(screen, n_rows(&source), interrupt.clone()),
        format: args.format,
        place: &place,
        force: args.force,
    };
    signals::raise(interrupt).map_err(Failure::not_written)?;
    let written = match args.format {
        Format::Json if is_to_stdout => writing.to_stdout(),
        Format::Json => writing.document(),
        Format::Csv => writing.directory(csv::files(), csv::write),
        Format::Parquet => writing.directory(parquet::files(), parquet::write),
        Format::Tensorboard => writing.directory(tensorboard::files(&source), tensorboard::write),
        Format::Safetensors | Format::Onnx => unreachable!("a model is not of the record alone"),
    };
    if written.is_err() && writing.watch.is_interrupted() {
        drop(writing);
        screen.line("interrupted: nothing was exported; the same command begins again");
        return Ok(ExitCode::INTERRUPTED);
    }
    drop(writing);
    written?;
    if !is_to_stdout {
        output::result(&told(args.format, &source, &place))?;
    }
    if recorded.state.finished().is_none() {
        screen.line(
            "note: the sweep is not finished; the same command later replaces this by what is there then",
        );
    }
    Ok(ExitCode::DONE)
}

fn place(args: &ExportArgs, recorded: &Recorded) -> PathBuf {
    let default = || {
        let below = recorded.directory.join("export");
        match args.format {
            Format::Json => below.join(format!("{}.json", recorded.sweep.name())),
            format => below.join(format.word()),
        }
    };
    args.out.clone().unwrap_or_else(default)
}

fn n_rows(source: &Source<'_>) -> usize {
    let tables = Table::ALL.into_iter();
    tables.map(|table| source.n_rows(table)).sum()
}

struct Writing<'a> {
    source: &'a Source<'a>,
    watch: Watch,
    format: Format,
    place: &'a Path,
    force: bool,
}

impl Writing<'_> {
    fn to_stdout(&self) -> Result<(), Failure> {
        let stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        match json::write(self.source, stdout, &self.watch) {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::not_written(format!(
                "standard output could not be written: {error}"
            ))),
            Ok(()) => Ok(()),
        }
    }

    fn document(&self) -> Result<(), Failure> {
        let document = Document::open(self.place, self.force)?;
        let written = document.write(|output| json::write(self.source, output, &self.watch));
        written.map_err(|error| self.failure(&error))
    }

    fn directory(
        &self,
        files: impl IntoIterator<Item = String>,
        write: fn(&Source<'_>, &Staging, &Watch) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let directory = Directory::open(self.place, self.format.word(), files, self.force)?;
        let written = directory.write(|staging| write(self.source, staging, &self.watch));
        written.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        let name = self.place.display();
        if error.kind() == ErrorKind::WouldBlock {
            return Failure::in_use(format!(
                "another export writes to `{name}`: wait for it to end, or name another place with --out"
            ));
        }
        let remedy = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "make room, or name a place on another disk with --out"
            }
            _ => "name another place with --out",
        };
        Failure::not_written(format!("`{name}` could not be written ({error}): {remedy}"))
    }
}

/// What was written, in a sentence.
fn told(format: Format, source: &Source<'_>, place: &Path) -> String {
    let name = place.display();
    let trials = counted(source.n_rows(Table::Trials), "trial");
    let epochs = counted(source.n_rows(Table::Epochs), "epoch");
    let holds = format!("{name} holds {trials} and {epochs}");
    match format {
        Format::Tensorboard => format!(
            "{holds}; look at them: tensorboard --logdir {}\n",
            quoted(&name.to_string())
        ),
        _ => format!("{holds}\n"),
    }
}
