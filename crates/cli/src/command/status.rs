//! `finetooth status`: how far a sweep is, running or not.

mod watch;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use finetooth_scheduler::event::Verdict;
use finetooth_scheduler::state::{Status, TrialRecord};
use jiff::{Timestamp, Unit};
use serde_json::json;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, brief_params, counted, range};
use crate::output;
use crate::record::{JOURNAL, Recorded};
use crate::summary::{last_range, trial_json};
use crate::table::Table;

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth status                   the sweep in results/ that was written to last
  finetooth status results/digits
  finetooth status digits --watch    a run in another terminal, until it is finished
  finetooth status digits --json")]
pub(crate) struct StatusArgs {
    /// Directory of the sweep, or its name in results/ [default: the one written to last]
    dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Stay, and show what changes, until the sweep is finished
    #[arg(long)]
    watch: bool,
}

/// Tells how far a sweep is.
///
/// # Errors
/// Where there is no record, or it cannot be read.
pub(crate) fn status(args: &StatusArgs) -> Result<ExitCode, Failure> {
    if args.watch {
        return watch::watch(args.dir.as_deref());
    }
    let recorded = Recorded::read(args.dir.as_deref())?;
    if args.json {
        output::json(&json(&recorded))?;
    } else {
        output::result(&text(&recorded))?;
    }
    Ok(ExitCode::DONE)
}

/// What the record and its lock together say. A program that was killed leaves an unfinished record that no one
/// holds; whether one is at work on another machine, where the file system shares no locks, cannot be known.
fn standing(recorded: &Recorded) -> &'static str {
    match recorded.state.finished() {
        Some((Verdict::Completed, _)) => "finished",
        Some((Verdict::TooManyFailures { .. }, _)) => "ended: too many trials failed",
        Some((Verdict::TargetReached { .. }, _)) => "finished: the target is reached",
        Some((Verdict::SanityFailed { .. }, _)) => "not begun: a sanity check failed",
        None if recorded.is_in_use => "running",
        None => "interrupted; the command that began it goes on with it",
    }
}

fn text(recorded: &Recorded) -> String {
    let state = &recorded.state;
    let mut text = format!("{}: {}\n\n", recorded.sweep.name(), standing(recorded));
    if let Some((Verdict::TooManyFailures { reason, .. }, _)) = state.finished() {
        let _ = writeln!(text, "  why     {reason}");
    }
    let (host, workers) = recorded.latest_run.clone().unwrap_or_default();
    let _ = writeln!(text, "  began   {}", moment(recorded.began));
    let _ = writeln!(
        text,
        "  latest  {}, by {} on {host}",
        moment(recorded.last),
        counted(workers, "worker")
    );
    if let Some(plan) = state.rounds().last() {
        let number = match recorded.sweep.stages().len() {
            0 => String::new(),
            n => format!(" ({} of {n})", plan.stage + 1),
        };
        let n_rungs = plan.continued.len() + plan.n_trials();
        let rungs = &state.rungs()[state.rungs().len() - n_rungs..];
        let ended = rungs.iter().filter(|place| {
            let record = state.trials().get(place.trial.index());
            record.is_some_and(|record| record.rungs.len() > place.rung)
        });
        let _ = writeln!(
            text,
            "  stage   {}{number}, round {}: {} of {} trials",
            recorded.stage(plan.stage),
            plan.round,
            ended.count(),
            n_rungs
        );
    }
    let _ = writeln!(text, "  trials  {}", counts(recorded));
    match recorded.best() {
        Some((record, best)) => {
            let metric = &recorded.sweep.metric().name;
            let (id, value, epoch) = (record.trial.id, brief(best.value), best.epoch);
            let _ = writeln!(
                text,
                "  best    trial {id}: {metric} {value} at epoch {epoch}"
            );
            let _ = writeln!(text, "          {}", brief_params(&record.trial.params));
        }
        None => text.push_str("  best    none yet\n"),
    }
    let running = || {
        state
            .trials()
            .iter()
            .filter(|record| record.status == Status::Running)
    };
    if state.finished().is_none() && running().next().is_some() {
        let _ = write!(text, "\n{}", running_table(recorded, running()));
    }
    let mut ranges = Table::new(["key", "first range", "range now"]);
    for first in &recorded.sweep.space().0 {
        let now = last_range(state, &first.key).unwrap_or(first);
        ranges.push(vec![first.key.to_string(), range(first), range(now)]);
    }
    let _ = write!(text, "\n{ranges}");
    let _ = writeln!(
        text,
        "\nrecord: {}",
        recorded.directory.join(JOURNAL).display()
    );
    text
}

fn counts(recorded: &Recorded) -> String {
    let trials = recorded.state.trials();
    let count = |is: fn(&TrialRecord) -> bool| trials.iter().filter(|record| is(record)).count();
    let ended = count(|record| record.outcome().is_some());
    let open = count(|record| record.outcome().is_none());
    let word = if recorded.is_in_use {
        "running"
    } else {
        "interrupted"
    };
    let mut text = format!("{ended} ended");
    if open > 0 {
        let _ = write!(text, ", {open} {word}");
    }
    let _ = write!(text, ", {} planned so far", recorded.state.n_planned());
    for word in ["pruned", "diverged", "failed"] {
        let is = |record: &&TrialRecord| {
            record
                .outcome()
                .is_some_and(|outcome| outcome.state() == word)
        };
        let n = trials.iter().filter(is).count();
        if n > 0 {
            let _ = write!(text, "; {n} {word}");
        }
    }
    text
}

fn running_table<'a>(recorded: &Recorded, running: impl Iterator<Item = &'a TrialRecord>) -> Table {
    let metric = recorded.sweep.metric().name.clone();
    let epoch = if recorded.is_in_use {
        "epoch"
    } else {
        "epoch reached"
    };
    let mut table = Table::new(["trial", "worker", epoch, "of", metric.as_str()]);
    for record in running {
        let worker = record
            .attempts
            .last()
            .map_or(String::new(), |attempt| attempt.worker.to_string());
        table.push(vec![
            record.trial.id.to_string(),
            worker,
            record.epochs().to_string(),
            record.trial.epochs.to_string(),
            recorded
                .leaderboard
                .best(record)
                .map_or(String::new(), |best| brief(best.value)),
        ]);
    }
    table
}

fn json(recorded: &Recorded) -> serde_json::Value {
    let state = &recorded.state;
    let trials = state.trials();
    let best = recorded.best();
    let plan = state.rounds().last();
    let word = match state.finished() {
        Some((Verdict::Completed, _)) => "completed",
        Some((Verdict::TooManyFailures { .. }, _)) => "too_many_failures",
        Some((Verdict::TargetReached { .. }, _)) => "target_reached",
        Some((Verdict::SanityFailed { .. }, _)) => "sanity_failed",
        None if recorded.is_in_use => "running",
        None => "interrupted",
    };
    json!({
        "name": recorded.sweep.name(),
        "directory": recorded.directory,
        "status": word,
        "began": recorded.began,
        "last": recorded.last,
        "stage": plan.map(|plan| recorded.stage(plan.stage)),
        "round": plan.map(|plan| plan.round),
        "trials_planned": state.n_planned(),
        "trials_ended": trials.iter().filter(|record| record.outcome().is_some()).count(),
        "trials_open": trials.iter().filter(|record| record.outcome().is_none()).count(),
        "metric": recorded.sweep.metric().name,
        "best": best.map(|(record, best)| trial_json(&recorded.sweep, record, Some(best))),
        "ranges": recorded.sweep.space().0.iter()
            .map(|first| last_range(state, &first.key).unwrap_or(first))
            .collect::<Vec<_>>(),
    })
}

/// A moment to the second, in UTC.
fn moment(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}
