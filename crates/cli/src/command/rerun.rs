//! `finetooth rerun`: a recorded trial once more, compared to the bit.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use finetooth_scheduler::number::shortest;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::state::TrialRecord;
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::definition::Definition;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::counted;
use crate::output;
use crate::record::Recorded;
use crate::resume;
use crate::screen::Screen;

/// Differences that are told one by one; of the others their number.
const MOST_TOLD: usize = 10;

/// Arguments of `rerun`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth rerun results/digits 48
  finetooth rerun digits 48 --json

Exit codes: 0 every number is the same, 1 one differs. Nothing is written.")]
pub(crate) struct RerunArgs {
    /// Directory of the sweep, or its name in results/
    dir: PathBuf,
    /// Number of the trial, as in trials.csv
    trial: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Trains a trial that has its outcome once more, from its recorded values and seed, and compares every number of
/// every epoch with the recorded one. Writes nothing.
///
/// # Errors
/// Where there is no such trial, it has no outcome yet, or the data are not those of the sweep any more.
pub(crate) fn rerun(args: &RerunArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let recorded = Recorded::read(Some(&args.dir))?;
    let record = recorded.trial(args.trial)?;
    let Some(outcome) = record.outcome() else {
        return Err(Failure::usage(format!(
            "trial {} has no outcome to compare with yet: let `finetooth run` finish it first",
            args.trial
        )));
    };
    let started = recorded
        .state
        .started()
        .expect("a record with a trial has begun");
    let columns = &started.objective.columns;
    let definition = Definition::recorded(&started.definition, columns, &recorded.directory)?;
    // A program leaves files, and those of the run stay as they are.
    let scratch = tempfile::tempdir().map_err(Failure::not_written)?;
    let opened = definition.open(scratch.path())?;
    let summary = opened.summary();
    resume::check_objective(started, &summary, &definition.sweep, &recorded.directory)?;
    let (was, is) = (&started.objective.instruction_set, &summary.instruction_set);
    if was != is {
        screen.line(&format!(
            "warning: the sweep was begun with kernels for {was} and this runs those for {is}: the last digits may \
             differ; FINETOOTH_SIMD={was} takes the same ones where the processor has them"
        ));
    }
    let mut again = Again {
        reports: Vec::new(),
        until: was_stopped(record).then(|| record.epochs()),
        bar: bar(screen, record),
    };
    let task = Task {
        trial: record.trial.clone(),
        attempt: 1,
        from: 0,
        keep: false,
        watch: Watch::default(),
    };
    let ended = opened.run(&task, Context::default(), &mut again);
    again.bar.finish_and_clear();
    let mut differences = compare(columns, &record.reports, &again.reports);
    if again.until.is_none() {
        differences.extend(compare_ends(outcome, &ended));
    }
    if args.json {
        output::json(&json!({
            "trial": args.trial,
            "same": differences.is_empty(),
            "epochs": again.reports.last().map_or(0, |report| report.epoch),
            "differences": differences,
        }))?;
    } else {
        output::result(&text(args.trial, &again.reports, &differences))?;
    }
    Ok(if differences.is_empty() {
        ExitCode::DONE
    } else {
        ExitCode::NEGATIVE
    })
}

/// Keeps what the trial reports this time.
struct Again {
    reports: Vec<Report>,
    /// The epoch after which its stop rule ended it.
    until: Option<u32>,
    bar: ProgressBar,
}

/// Whether a stop rule ended the trial, which knows of other trials and is not asked again: its numbers are compared
/// up to there.
fn was_stopped(record: &TrialRecord) -> bool {
    match record.outcome() {
        Some(Outcome::Pruned { .. }) => true,
        Some(Outcome::Diverged { epoch, .. }) => record.epochs() >= *epoch,
        _ => false,
    }
}

impl Reporter for Again {
    fn report(&mut self, report: Report) -> Decision {
        self.bar.set_position(u64::from(report.epoch));
        let is_last = self.until.is_some_and(|until| report.epoch >= until);
        self.reports.push(report);
        if is_last {
            Decision::Stop
        } else {
            Decision::Continue
        }
    }
}

fn bar(screen: &Screen, record: &TrialRecord) -> ProgressBar {
    if !screen.is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} epochs {eta}")
        .expect("the template is right");
    let bar = ProgressBar::new(u64::from(record.trial.epochs)).with_style(style);
    screen
        .bars()
        .add(bar.with_message(format!("trial {}", record.trial.id)))
}

/// Every number that is not the recorded one, a sentence each.
fn compare(columns: &[String], recorded: &[Report], again: &[Report]) -> Vec<String> {
    let mut differences = Vec::new();
    for (was, is) in recorded.iter().zip(again) {
        if was.epoch != is.epoch {
            differences.push(format!(
                "epoch {} was recorded where epoch {} was reported",
                was.epoch, is.epoch
            ));
        }
        for ((column, was_value), value) in columns.iter().zip(&was.values).zip(&is.values) {
            let is_same =
                was_value.to_bits() == value.to_bits() || was_value.is_nan() && value.is_nan();
            if !is_same {
                differences.push(format!(
                    "epoch {}: {column} {} was recorded, {} now",
                    was.epoch,
                    shortest(*was_value),
                    shortest(*value)
                ));
            }
        }
    }
    if recorded.len() != again.len() {
        differences.push(format!(
            "{} recorded, {} now",
            counted(recorded.len(), "report"),
            again.len()
        ));
    }
    differences
}

fn compare_ends(was: &Outcome, ended: &Ended) -> Option<String> {
    let Ended::Outcome(is) = ended else {
        return Some(format!("{} was recorded, interrupted now", was.state()));
    };
    let told = |outcome: &Outcome| match outcome.reason() {
        Some(reason) => format!("{} ({reason})", outcome.state()),
        None => outcome.state().to_owned(),
    };
    (was != is).then(|| format!("{} was recorded, {} now", told(was), told(is)))
}

fn text(trial: u32, reports: &[Report], differences: &[String]) -> String {
    let epochs = counted(
        reports.last().map_or(0, |report| report.epoch) as usize,
        "epoch",
    );
    if differences.is_empty() {
        return format!("trial {trial} came out the same: {epochs}, every number to the bit\n");
    }
    let mut text = format!(
        "trial {trial} did not come out the same: {}\n",
        counted(differences.len(), "difference")
    );
    for difference in differences.iter().take(MOST_TOLD) {
        let _ = writeln!(text, "  {difference}");
    }
    if differences.len() > MOST_TOLD {
        let _ = writeln!(text, "  and {} more", differences.len() - MOST_TOLD);
    }
    text
}
