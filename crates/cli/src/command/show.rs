//! `finetooth show`: one trial.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use finetooth_scheduler::state::TrialRecord;
use finetooth_scheduler::trial::Outcome;
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::output;
use crate::record::Recorded;
use crate::sparkline::sparkline;
use crate::summary::{state_word, trial_json};
use crate::table::Table;

/// Characters of a curve.
const CURVE_WIDTH: usize = 48;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth show results/digits 48
  finetooth show digits 48 --json")]
pub(crate) struct ShowArgs {
    /// Directory of the sweep, or its name in results/
    dir: PathBuf,
    /// Number of the trial, as in trials.csv
    trial: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows one trial: its values exactly, how it ended, and what each epoch measured.
///
/// # Errors
/// Where there is no such trial, no record, or one that cannot be read.
pub(crate) fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let recorded = Recorded::read(Some(&args.dir))?;
    let record = recorded.trial(args.trial)?;
    if args.json {
        output::json(&json(&recorded, record))?;
    } else {
        output::result(&text(&recorded, record))?;
    }
    Ok(ExitCode::DONE)
}

fn columns(recorded: &Recorded) -> &[String] {
    recorded
        .state
        .started()
        .map_or(&[], |started| &started.objective.columns)
}

fn text(recorded: &Recorded, record: &TrialRecord) -> String {
    let trial = &record.trial;
    let mut text = format!(
        "trial {} of {}: {}, stage {}, round {}, seed {}\n",
        trial.id,
        recorded.sweep.name(),
        state_word(record),
        recorded.stage(trial.stage),
        trial.round,
        trial.seed
    );
    if let Some(reason) = record.outcome().and_then(Outcome::reason) {
        let _ = writeln!(text, "  {reason}");
    }
    if let Some(best) = recorded.leaderboard.best(record) {
        let metric = &recorded.sweep.metric().name;
        let _ = writeln!(
            text,
            "  {metric} {} at epoch {} of {}",
            brief(best.value),
            best.epoch,
            trial.epochs
        );
    }
    if record.attempts.len() > record.rungs.len().max(1) {
        let _ = writeln!(
            text,
            "  begun {}; the epochs are those of the last",
            counted(record.attempts.len(), "time")
        );
    }
    text.push('\n');
    for (key, value) in trial.params.iter() {
        let _ = writeln!(text, "  {key} = {value}");
    }
    let columns = columns(recorded);
    let mut table = Table::new(
        ["epoch"]
            .into_iter()
            .chain(columns.iter().map(String::as_str)),
    );
    for report in &record.reports {
        let cell = |value: &f64| {
            if value.is_nan() {
                String::new()
            } else {
                brief(*value)
            }
        };
        table.push(
            [report.epoch.to_string()]
                .into_iter()
                .chain(report.values.iter().map(cell))
                .collect(),
        );
    }
    text.push_str(&curves(columns, record));
    let _ = write!(text, "\n{table}");
    text
}

/// What each column did from epoch to epoch, the untrained network left out: a line each, where there are two epochs.
fn curves(columns: &[String], record: &TrialRecord) -> String {
    let trained = record.reports.iter().filter(|report| report.epoch > 0);
    let width = columns.iter().map(|name| name.chars().count()).max();
    let mut text = String::new();
    for (index, name) in columns.iter().enumerate() {
        let values = trained
            .clone()
            .filter_map(|report| report.values.get(index));
        let values: Vec<f64> = values.copied().collect();
        let finite = || values.iter().filter(|value| value.is_finite());
        let (Some(first), Some(last), 2..) = (finite().next(), finite().next_back(), values.len())
        else {
            continue;
        };
        let curve = sparkline(&values, CURVE_WIDTH);
        let width = width.unwrap_or_default();
        let _ = writeln!(
            text,
            "  {name:width$}  {curve}  {} → {}",
            brief(*first),
            brief(*last)
        );
    }
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}

fn json(recorded: &Recorded, record: &TrialRecord) -> serde_json::Value {
    let columns = columns(recorded);
    let epochs = record.reports.iter().map(|report| {
        let values = columns
            .iter()
            .cloned()
            .zip(report.values.iter().map(|value| json!(value)));
        let mut row = serde_json::Map::from_iter([("epoch".to_owned(), json!(report.epoch))]);
        row.extend(values);
        row
    });
    let mut shown = trial_json(
        &recorded.sweep,
        record.into(),
        recorded.leaderboard.best(record),
    );
    shown["state"] = state_word(record).into();
    shown["epochs_planned"] = json!(record.trial.epochs);
    shown["attempts"] = json!(record.attempts.len());
    shown["history"] = json!(epochs.collect::<Vec<_>>());
    shown
}
