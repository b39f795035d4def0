//! `finetooth train`: one training with the values of a file.

use std::fmt::Write as _;
use std::num::{NonZero, NonZeroU32};
use std::path::{Path, PathBuf};

use clap::Args;
use finetooth_objective::{Fit, FitPlan, Fitted, Listener, Training};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::results::replace_text;
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::sweep::{Override, Purpose, Sweep};
use finetooth_scheduler::trial::Report;
use serde_json::json;

use crate::command::run::{overrides, quoted};
use crate::definition::{self, Definition};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::fitting::{self, Home};
use crate::output;
use crate::screen::Screen;
use crate::signals;

/// Arguments of `train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth train results/digits/best.toml
  finetooth train results/digits/best.toml --set train.epochs=50 --out history.csv
  finetooth train results/digits/best.toml --set train.epochs=200 --patience 10   to where it no longer improves
  finetooth train results/digits/best.toml --to net    net/model.safetensors is the best epoch; the same again goes on
  finetooth train finetooth.toml --json
  finetooth train results/digits/best.toml --threads 4   on four cores: the same numbers")]
pub(crate) struct TrainArgs {
    /// The definition; ranges and stages in it are of no effect here
    file: PathBuf,
    /// Write the epochs to this file, as CSV
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Another seed for the split of the data than the definition's
    #[arg(long, value_name = "N", value_parser = definition::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads to train on; does not change the results [default: one for each core]
    #[arg(long, value_name = "N", value_parser = fitting::threads, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,
    /// Keep history, checkpoint and the model of the best epoch in this directory; what is there is gone on with
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Begin anew, whatever is in the directory of --to
    #[arg(long, requires = "to")]
    fresh: bool,
    /// Early stopping: end after so many epochs in a row whose metric is no better than the best
    #[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u32).range(1..))]
    patience: Option<u32>,
    /// Another value than the definition's, such as train.epochs=50; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    set: Vec<Override>,
    /// Print one JSON object an epoch
    #[arg(long)]
    json: bool,
    /// Do not tell about data and model
    #[arg(long)]
    quiet: bool,
}

/// Trains once and prints an epoch a line.
///
/// # Errors
/// Where the definition or the data are wrong, the directory holds another training, or a file cannot be written.
pub(crate) fn train(args: &TrainArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let definition = Definition::read(
        &args.file,
        Purpose::Train,
        &overrides(&args.set, args.seed, None),
    )?;
    if let Some(file) = &args.out {
        check_out(file)?;
    }
    let training = definition.open_training()?;
    let summary = training.summary();
    if !args.quiet {
        for line in &summary.description {
            screen.line(line);
        }
    }
    let columns = &summary.columns;
    let mut fit = begin(args, &definition.sweep, &training, columns)?;
    let home = args.to.as_deref().map(Home::take).transpose()?;
    if let Some(home) = &home {
        go_on(args, home, &mut fit, screen)?;
    }
    let interrupt = Interrupt::default();
    signals::raise(interrupt.clone()).map_err(Failure::not_written)?;
    let mut printer = Printer {
        columns,
        json: args.json,
        printed: Ok(()),
        interrupt,
    };
    printer.header();
    if fit.epoch() == 0 {
        let untrained = fit.untrained();
        printer.epoch(&untrained);
    }
    let checkpoint = home.as_ref().map(Home::checkpoint);
    let ended = fit
        .run(checkpoint.as_deref(), &mut printer)
        .map_err(Failure::not_written)?;
    if !args.quiet {
        tell_best(&fit, columns, &ended, args, screen);
    }
    if let Some(file) = &args.out {
        write_history(file, columns, &fit.history())?;
    }
    if let Some(home) = &home {
        let kept = home.keep(fit, columns, &ended, None)?;
        if let Some(record) = kept.filter(|_| !args.quiet) {
            screen.line(&format!(
                "{} has the weights of epoch {}",
                home.model().display(),
                record.best_epoch
            ));
        }
    }
    printer.printed?;
    Ok(match ended {
        Fitted::Diverged { epoch } => {
            screen.line(&format!(
                "error: the training did not get to its end: diverged: the training loss was no finite number in epoch {epoch}"
            ));
            ExitCode::NEGATIVE
        }
        Fitted::Stopped => {
            let how = match &args.to {
                Some(_) => "; the same command goes on",
                None => "; with --to DIR it could be gone on with",
            };
            screen.line(&format!("interrupted{how}"));
            ExitCode::INTERRUPTED
        }
        Fitted::Reached | Fitted::NoLongerImproving => ExitCode::DONE,
    })
}

/// The training that the configuration itself describes, nothing searched.
fn begin(
    args: &TrainArgs,
    sweep: &Sweep,
    training: &Training,
    columns: &[String],
) -> Result<Fit, Failure> {
    let whole = |key: &str| match sweep.base(key) {
        Some(Value::Integer(whole)) => u32::try_from(whole).ok(),
        _ => None,
    };
    let metric = &sweep.metric().name;
    if args.patience.is_some() && !columns.contains(metric) {
        return Err(Failure::usage(format!(
            "--patience looks at the metric, and `{metric}` is not reported here: name one that is (--set metric.name=…): {}",
            columns.join(", ")
        )));
    }
    let plan = FitPlan {
        epochs: whole("epochs").expect("epochs has a default and limits within 32 bits"),
        patience: args.patience.and_then(NonZeroU32::new),
        ema_decay: None,
        threads: args.threads.unwrap_or_else(fitting::one_for_each_core),
        metric: metric.clone(),
    };
    training
        .fit(&Params::default(), whole("seed").unwrap_or(0), &plan)
        .map_err(|error| Failure::usage(format!("it cannot be trained: {error}")))
}

/// Goes to where the training in the directory was left, if it is the same one.
fn go_on(args: &TrainArgs, home: &Home, fit: &mut Fit, screen: &Screen) -> Result<(), Failure> {
    if args.fresh {
        home.clear()?;
    }
    let checkpoint = home.checkpoint();
    if !checkpoint.exists() {
        return Ok(());
    }
    fit.restore(&checkpoint).map_err(|error| {
        Failure::usage(format!(
            "{error}\nname another directory with --to, or begin anew in this one with --fresh: {}",
            quoted(&checkpoint.to_string_lossy())
        ))
    })?;
    if !args.quiet {
        screen.line(&format!("goes on after epoch {}", fit.epoch()));
    }
    Ok(())
}

/// `best val_accuracy 0.9889 at epoch 12 of 22; no better one in 10 epochs after it`.
fn tell_best(fit: &Fit, columns: &[String], ended: &Fitted, args: &TrainArgs, screen: &Screen) {
    let metric = fit.criterion();
    let place = columns.iter().position(|column| column == metric);
    let (Some(best), Some(place)) = (fit.best(), place) else {
        return;
    };
    let stopped = match (ended, args.patience) {
        (Fitted::NoLongerImproving, Some(patience)) => {
            format!(
                "; no better one in {} after it",
                counted(patience as usize, "epoch")
            )
        }
        _ => String::new(),
    };
    let (value, epoch, last) = (brief(best.values[place]), best.epoch, fit.epoch());
    screen.line(&format!(
        "best {metric} {value} at epoch {epoch} of {last}{stopped}"
    ));
}

/// Prints each epoch as it comes.
struct Printer<'a> {
    columns: &'a [String],
    json: bool,
    printed: Result<(), Failure>,
    interrupt: Interrupt,
}

impl Printer<'_> {
    fn header(&mut self) {
        if !self.json {
            let names = self
                .columns
                .iter()
                .map(|name| format!("  {name:>width$}", width = width(name)));
            self.print(&format!("epoch{}\n", names.collect::<String>()));
        }
    }

    fn print(&mut self, text: &str) {
        if self.printed.is_ok() {
            self.printed = output::result(text);
        }
    }

    fn row(&self, report: &Report) -> String {
        if self.json {
            let mut row = serde_json::Map::from_iter([("epoch".to_owned(), json!(report.epoch))]);
            row.extend(
                self.columns
                    .iter()
                    .cloned()
                    .zip(report.values.iter().map(|value| json!(value))),
            );
            return format!("{}\n", serde_json::Value::Object(row));
        }
        let mut line = format!("{:>5}", report.epoch);
        for (name, value) in self.columns.iter().zip(&report.values) {
            let text = if value.is_nan() {
                String::new()
            } else {
                brief(*value)
            };
            let _ = write!(line, "  {text:>width$}", width = width(name));
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    }
}

fn width(name: &str) -> usize {
    name.len().max(9)
}

impl Listener for Printer<'_> {
    fn epoch(&mut self, report: &Report) {
        let row = self.row(report);
        self.print(&row);
    }

    fn goes_on(&self) -> bool {
        self.printed.is_ok() && !self.interrupt.is_raised()
    }
}

/// Whether the history can be written to `file`, told before the training and not after it.
fn check_out(file: &Path) -> Result<(), Failure> {
    let name = file.display();
    if !directory(file).is_dir() {
        return Err(Failure::usage(format!(
            "`{name}` cannot be written: its directory does not exist"
        )));
    }
    if file.is_dir() || file.file_name().is_none() {
        return Err(Failure::usage(format!(
            "`{name}` is a directory; name a file for the history in it"
        )));
    }
    Ok(())
}

fn directory(file: &Path) -> &Path {
    file.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn write_history(file: &Path, columns: &[String], history: &[Report]) -> Result<(), Failure> {
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let text = fitting::history_text(columns, history);
    replace_text(directory(file), &name, &text).map_err(Failure::not_written)
}
