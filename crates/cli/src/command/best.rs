//! `finetooth best`: the best trials, and why the ranges moved.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use finetooth_scheduler::stage::Ranking;
use finetooth_scheduler::state::Settled;
use finetooth_scheduler::trial::Outcome;
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, brief_value, counted};
use crate::moves;
use crate::output;
use crate::record::Recorded;
use crate::sparkline::sparkline;
use crate::summary::trial_json;
use crate::table::Table;

/// Characters of a curve.
const CURVE_WIDTH: usize = 16;

/// Arguments of `best`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth best                     of the sweep in results/ that was written to last
  finetooth best results/digits --top 3
  finetooth best digits --json")]
pub(crate) struct BestArgs {
    /// Directory of the sweep, or its name in results/ [default: the one written to last]
    dir: Option<PathBuf>,
    /// How many trials to show
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    top: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows the best trials, best first, and what was concluded after each round.
///
/// # Errors
/// Where there is no record, or it cannot be read.
pub(crate) fn best(args: &BestArgs) -> Result<ExitCode, Failure> {
    let recorded = Recorded::read(args.dir.as_deref())?;
    let ranked = recorded
        .leaderboard
        .ranked(recorded.ended(), Ranking::Metric);
    let n_ended = ranked.len();
    let shown: Vec<Settled<'_>> = ranked.into_iter().take(args.top).collect();
    if args.json {
        let trials: Vec<_> = shown
            .iter()
            .map(|record| trial_json(&recorded.sweep, *record, recorded.leaderboard.best(*record)))
            .collect();
        output::json(&json!({
            "name": recorded.sweep.name(),
            "metric": recorded.sweep.metric().name,
            "goal": recorded.sweep.metric().goal.as_str(),
            "trials": trials,
            "refinements": recorded.state.refinements(),
        }))?;
    } else {
        let mut text = format!(
            "{}: the best {} of {} with an outcome, by {}\n\n",
            recorded.sweep.name(),
            shown.len(),
            counted(n_ended, "trial"),
            recorded.sweep.metric().name
        );
        let _ = write!(text, "{}", table(&recorded, &shown));
        text.push_str(&conclusions(&recorded));
        output::result(&text)?;
    }
    Ok(ExitCode::DONE)
}

fn table(recorded: &Recorded, shown: &[Settled<'_>]) -> Table {
    let keys: Vec<&str> = recorded
        .sweep
        .space()
        .0
        .iter()
        .map(|dimension| &*dimension.key)
        .collect();
    let metric = recorded.sweep.metric().name.as_str();
    let mut header = vec!["trial", "stage", "state", metric, "at epoch", "of"];
    header.extend(&keys);
    header.push("curve");
    let mut table = Table::new(header);
    for record in shown {
        let best = recorded.leaderboard.best(*record);
        let mut row = vec![
            record.trial.id.to_string(),
            recorded.stage(record.trial.stage).to_owned(),
            record.outcome.map_or("", Outcome::state).to_owned(),
            best.map_or(String::new(), |best| brief(best.value)),
            best.map_or(String::new(), |best| best.epoch.to_string()),
            record.trial.epochs.to_string(),
        ];
        row.extend(keys.iter().map(|key| {
            record
                .trial
                .params
                .get(key)
                .map(brief_value)
                .unwrap_or_default()
        }));
        row.push(curve(recorded, *record));
        table.push(row);
    }
    table
}

/// The metric from epoch to epoch.
fn curve(recorded: &Recorded, record: Settled<'_>) -> String {
    let column = recorded.leaderboard.columns().metric;
    let trained = record.reports.iter().filter(|report| report.epoch > 0);
    let values = trained.filter_map(|report| report.values.get(column));
    sparkline(&values.copied().collect::<Vec<_>>(), CURVE_WIDTH)
}

/// What was concluded after each round, key by key, where a range moved.
fn conclusions(recorded: &Recorded) -> String {
    let mut text = String::new();
    for refinement in recorded.state.refinements() {
        let mut told = moves::worth_telling(refinement, &recorded.sweep).peekable();
        if told.peek().is_none() {
            continue;
        }
        let stage = recorded.stage(refinement.stage);
        let round = match refinement.round {
            0 => String::new(),
            round => format!(", widening round {round}"),
        };
        let _ = writeln!(text, "\nafter {stage}{round}");
        for moved in told {
            let word = moved.kind.as_str().replace('_', " ");
            let _ = writeln!(text, "  {} {word}: {}", moved.key, moved.reason);
        }
    }
    if text.is_empty() {
        text.push_str("\nno range has moved so far; stages.csv says why\n");
    }
    text
}
