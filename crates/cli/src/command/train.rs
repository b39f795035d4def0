//! `finetooth train`: one training with the values of a file.

use std::fmt::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use clap::Args;
use finetooth_objective::{MAX_THREADS, Training};
use finetooth_scheduler::number::shortest;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::results::replace_text;
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::sweep::{Goal, Override, Purpose, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial, TrialId};
use serde_json::json;

use crate::command::run::overrides;
use crate::definition::{self, Definition};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::output;
use crate::screen::Screen;

/// Arguments of `train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth train results/digits/best.toml
  finetooth train results/digits/best.toml --set train.epochs=50 --out history.csv
  finetooth train results/digits/best.toml --set train.epochs=200 --patience 10   to where it no longer improves
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
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,
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
/// Where the definition or the data are wrong, or the history cannot be written.
pub(crate) fn train(args: &TrainArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let definition = Definition::read(
        &args.file,
        Purpose::Train,
        &overrides(&args.set, args.seed, None),
    )?;
    if let Some(file) = &args.out {
        check_out(file)?;
    }
    let threads = args.threads.unwrap_or_else(one_for_each_core);
    let training = definition.open_training()?.on_threads(threads);
    let summary = training.summary();
    if !args.quiet {
        for line in &summary.description {
            screen.line(line);
        }
    }
    let best = Improvement::by(&definition.sweep, &summary.columns);
    if args.patience.is_some() && best.column.is_none() {
        return Err(Failure::usage(format!(
            "--patience looks at the metric, and `{}` is not reported here: name one that is (--set metric.name=…): {}",
            best.metric,
            summary.columns.join(", ")
        )));
    }
    let mut printer = Printer {
        columns: &summary.columns,
        json: args.json,
        history: Vec::new(),
        printed: Ok(()),
        best,
        patience: args.patience,
    };
    printer.header();
    let ended = run(&training, &definition.sweep, &mut printer);
    let Printer {
        history,
        printed,
        best,
        ..
    } = printer;
    printed?;
    if !args.quiet {
        best.tell(&history, args.patience, screen);
    }
    if let Some(file) = &args.out {
        write_history(file, &summary.columns, &history)?;
    }
    match ended {
        Ended::Outcome(Outcome::Diverged { reason, .. } | Outcome::Failed { reason }) => {
            screen.line(&format!(
                "error: the training did not get to its end: {reason}"
            ));
            Ok(ExitCode::NEGATIVE)
        }
        _ => Ok(ExitCode::DONE),
    }
}

fn threads(text: &str) -> Result<NonZero<usize>, String> {
    let n = text.parse().ok().and_then(NonZero::<usize>::new);
    n.filter(|n| n.get() <= MAX_THREADS)
        .ok_or_else(|| format!("the number of threads is a whole number from 1 to {MAX_THREADS}"))
}

fn one_for_each_core() -> NonZero<usize> {
    let most = NonZero::new(MAX_THREADS).expect("there is room for a thread");
    available_parallelism().map_or(NonZero::<usize>::MIN, |n| n.min(most))
}

/// Runs the configuration as it stands, as a trial without hyperparameters.
fn run(training: &Training, sweep: &Sweep, printer: &mut Printer<'_>) -> Ended {
    let whole = |key: &str| match sweep.base(key) {
        Some(Value::Integer(whole)) => u32::try_from(whole).ok(),
        _ => None,
    };
    let trial = Trial {
        id: TrialId::from_index(0),
        stage: 0,
        round: 0,
        seed: whole("seed").unwrap_or(0),
        epochs: whole("epochs").expect("epochs has a default and limits within 32 bits"),
        params: Params::default(),
        parent: None,
    };
    let task = Task {
        trial,
        attempt: 1,
        from: 0,
        keep: false,
        watch: Watch::default(),
    };
    training.run(&task, Context::default(), printer)
}

/// Prints each epoch as it comes and keeps it for the history.
struct Printer<'a> {
    columns: &'a [String],
    json: bool,
    history: Vec<Report>,
    printed: Result<(), Failure>,
    best: Improvement,
    patience: Option<u32>,
}

/// The best epoch so far, by the metric.
struct Improvement {
    metric: String,
    /// Where the metric stands in a report, and whether larger is better; none where it is not reported.
    column: Option<(usize, Goal)>,
    best: Option<(u32, f64)>,
}

impl Improvement {
    fn by(sweep: &Sweep, columns: &[String]) -> Self {
        let metric = sweep.metric();
        let place = columns.iter().position(|column| *column == metric.name);
        Self {
            metric: metric.name.clone(),
            column: place.map(|place| (place, metric.goal)),
            best: None,
        }
    }

    /// Epochs since the best one; 0 where none can be told.
    fn take(&mut self, report: &Report) -> u32 {
        let Some((place, goal)) = self.column.filter(|_| report.epoch > 0) else {
            return 0;
        };
        let value = report.values[place];
        let is_better = |(_, best): (u32, f64)| goal.score(value) > goal.score(best);
        if !value.is_nan() && self.best.is_none_or(is_better) {
            self.best = Some((report.epoch, value));
        }
        self.best.map_or(0, |(epoch, _)| report.epoch - epoch)
    }

    /// `best val_accuracy 0.9889 at epoch 12 of 22; stopped there, no better for 10 epochs`.
    fn tell(&self, history: &[Report], patience: Option<u32>, screen: &Screen) {
        let (Some((epoch, value)), Some(last)) = (self.best, history.last()) else {
            return;
        };
        let stopped = match patience {
            Some(patience) if last.epoch - epoch >= patience => {
                format!(
                    "; no better one in {} after it",
                    counted(patience as usize, "epoch")
                )
            }
            _ => String::new(),
        };
        let (metric, value, last) = (&self.metric, brief(value), last.epoch);
        screen.line(&format!(
            "best {metric} {value} at epoch {epoch} of {last}{stopped}"
        ));
    }
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

impl Reporter for Printer<'_> {
    fn report(&mut self, report: Report) -> Decision {
        let row = self.row(&report);
        self.print(&row);
        let since_best = self.best.take(&report);
        self.history.push(report);
        if self.printed.is_err() {
            Decision::Interrupt
        } else if self.patience.is_some_and(|patience| since_best >= patience) {
            Decision::Stop
        } else {
            Decision::Continue
        }
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

/// One row an epoch from 1 on, numbers as they read back exactly.
fn write_history(file: &Path, columns: &[String], history: &[Report]) -> Result<(), Failure> {
    let mut text = format!("epoch,{}\n", columns.join(","));
    for report in history.iter().filter(|report| report.epoch > 0) {
        let values: Vec<String> = report.values.iter().map(|value| shortest(*value)).collect();
        let _ = writeln!(text, "{},{}", report.epoch, values.join(","));
    }
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    replace_text(directory(file), &name, &text).map_err(Failure::not_written)
}
