//! `finetooth check`: everything but the search.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use finetooth_scheduler::event::Verdict;
use finetooth_scheduler::executor::{SlurmOptions, answers, shares};
use finetooth_scheduler::gate::Gate;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::sampler;
use finetooth_scheduler::search::Search;
use finetooth_scheduler::stage::ladder;
use finetooth_scheduler::sweep::{
    ExecutorKind, Generations, Override, Procedure, Purpose, SlurmSettings, Stage, Sweep,
};
use finetooth_scheduler::trial::{Outcome, Trial};
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::json;

use super::dry_run;
use super::run::absolute;
use crate::command::run::overrides;
use crate::definition::{self, Definition};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, brief_value, counted, range};
use crate::gate;
use crate::opened::Opened;
use crate::output;
use crate::record::RESULTS;
use crate::screen::Screen;
use crate::table::Table;

/// Drawn trials that are shown.
const PREVIEW: usize = 8;

/// Where built-in training runs, for whoever looks for a GPU.
const ON_CPU: &str = "trained on the CPU, one thread a trial; GPUs are for programs of your own: finetooth init FILE --template command";

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth check sweeps/digits.toml
  finetooth check sweeps/digits.toml --set train.batch_size=128
  finetooth check sweeps/digits.toml --json")]
pub(crate) struct CheckArgs {
    /// The definition
    file: PathBuf,
    /// Another seed than the definition's
    #[arg(long, value_name = "N", value_parser = definition::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Another value than the definition's, such as train.batch_size=128; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    set: Vec<Override>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Reads the definition, loads its data, builds its networks, makes the sanity checks and the probe, draws its first
/// trials; leaves nothing behind.
///
/// # Errors
/// Where something of that is wrong.
pub(crate) fn check(args: &CheckArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let definition = Definition::read(
        &args.file,
        Purpose::Sweep,
        &overrides(&args.set, args.seed, None),
    )?;
    let scratch = tempfile::tempdir().map_err(Failure::not_written)?;
    let opened = definition.open(scratch.path())?;
    let summary = opened.summary();
    let description = summary.description.clone();
    let sweep = &definition.sweep;
    let mut search = Search::replay(sweep.clone(), summary, Vec::new()).map_err(Failure::usage)?;
    // The first trials follow from the plan of the first round alone.
    let now = Timestamp::UNIX_EPOCH;
    search.begin(
        env!("CARGO_PKG_VERSION"),
        &definition::written(sweep),
        "",
        1,
        now,
    );
    if search.awaits_gate()
        && let Some(found) = gate::checks(&opened, sweep, screen)
    {
        search.take_gate(found, now);
    }
    search.ask(0, now);
    let found = search.state().gate();
    let drawn: Vec<Trial> = (0..PREVIEW)
        .map_while(|index| search.trial(index))
        .collect();
    let mut told_of_cluster = None;
    if let ExecutorKind::Slurm(settings) = sweep.executor() {
        cluster(settings)?;
        told_of_cluster = Some(shared(settings, sweep, screen)?);
    }
    let dry_run = match (&opened, drawn.first()) {
        (Opened::Program(program), Some(first)) => Some(dry_run::of(program, first, screen)),
        _ => None,
    };
    if args.json {
        let mut told = json(sweep, &description, &drawn, found);
        told["dry_run"] = dry_run.as_ref().map(dry_run::json).into();
        output::json(&told)?;
    } else {
        let file = args.file.display();
        let mut text = format!(
            "{file} is right: the sweep {}, seed {}\n",
            sweep.name(),
            sweep.seed()
        );
        if !description.is_empty() {
            text.push_str(&section("data and model", &description));
        }
        if matches!(opened, Opened::Training(_)) {
            let _ = writeln!(text, "  {ON_CPU}");
        }
        if let Some(found) = found {
            let _ = write!(text, "\nsanity checks\n{}", gate::text(found));
        }
        match sweep.procedure() {
            Procedure::Stages(_) => {
                let _ = write!(text, "\nstages\n{}", stages(sweep));
            }
            Procedure::Generations(settings) => {
                let _ = write!(text, "\nsearch\n{}", generations(sweep, settings));
            }
        }
        let _ = write!(text, "\nranges\n{}", ranges(sweep));
        if !drawn.is_empty() {
            let _ = write!(
                text,
                "\nfirst trials of {}\n{}",
                sweep.stage_name(0),
                preview(sweep, &drawn)
            );
        }
        if let Some(told) = told_of_cluster {
            let _ = write!(text, "\ncluster\n  {told}\n");
        }
        if let Some(dry_run) = &dry_run {
            let _ = write!(text, "\ndry run\n{}", dry_run::text(dry_run, sweep));
        }
        output::result(&text)?;
    }
    if let Some(Outcome::Failed { reason }) = dry_run.map(|dry_run| dry_run.outcome) {
        screen.line(&format!("error: the dry run failed: {reason}"));
        return Ok(ExitCode::USAGE);
    }
    if let Some((Verdict::SanityFailed { reason }, _)) = search.state().finished() {
        screen.line(&format!(
            "error: a sanity check failed: {reason}\nmend it, or, where it is meant so, write on_failure = \"warn\" in \
             [sanity]"
        ));
        return Ok(ExitCode::SANITY);
    }
    Ok(ExitCode::DONE)
}

/// Asks the queue of a cluster, as the search will.
pub(super) fn cluster(settings: &SlurmSettings) -> Result<(), Failure> {
    let answered = runtime()?.block_on(answers(settings));
    answered.map_err(|error| {
        Failure::usage(format!(
            "the cluster of [executor] does not answer: {error}"
        ))
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("the system gives no timers: {error}")))
}

/// How long the job of a check may wait in the queue.
const PATIENCE: Duration = Duration::from_mins(1);

/// Has a job leave a file where results go, and tells what came of it. Nothing is left behind.
fn shared(settings: &SlurmSettings, sweep: &Sweep, screen: &Screen) -> Result<String, Failure> {
    let results = absolute(Path::new(RESULTS));
    let had_results = results.is_dir();
    let directory = results.join(format!(".check-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(Failure::not_written)?;
    let options = SlurmOptions {
        settings: settings.clone(),
        cores: 1,
        directory: directory.clone(),
        name: sweep.name().to_owned(),
        program: "".into(),
        instruction_set: String::new(),
    };
    let bar = if screen.is_terminal() {
        screen.bars().add(ProgressBar::new_spinner())
    } else {
        ProgressBar::hidden()
    };
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.set_message("a job of the cluster looks for the directory of the results");
    let found = runtime()?.block_on(shares(&options, PATIENCE));
    bar.finish_and_clear();
    // Nothing rests on what is left.
    let _ = std::fs::remove_dir_all(&directory);
    if !had_results {
        let _ = std::fs::remove_dir(&results);
    }
    let shown = results.display();
    match found {
        Ok(Some(true)) => Ok(format!("answers, and its nodes see {shown}")),
        Ok(None) => Ok(format!(
            "answers; a job did not start within a minute, so that it is not known whether its nodes see {shown}"
        )),
        Ok(Some(false)) => Err(Failure::usage(format!(
            "a job of the cluster left no file in `{shown}`: its nodes must share that directory; run finetooth in one \
             that they share, or name one with --out"
        ))),
        Err(error) => Err(Failure::usage(format!(
            "the cluster of [executor] takes no job: {error}"
        ))),
    }
}

fn section(title: &str, lines: &[String]) -> String {
    lines.iter().fold(format!("\n{title}\n"), |text, line| {
        text + "  " + line + "\n"
    })
}

/// Trials that a stage's first round draws from the ranges as they stand in the definition.
fn n_trials(sweep: &Sweep, stage: &Stage) -> u32 {
    let mut space = sweep.space().clone();
    space
        .0
        .retain(|dimension| stage.keys.iter().any(|key| **key == *dimension.key));
    sampler::of(stage.sampler).n_points(&space, stage.trials)
}

fn stages(sweep: &Sweep) -> String {
    let mut table = Table::new([
        "stage",
        "trials",
        "epochs",
        "total epochs",
        "sampler",
        "keys",
    ]);
    let (mut all_trials, mut all_epochs) = (0, 0);
    for stage in sweep.stages() {
        let trials = u64::from(n_trials(sweep, stage));
        let epochs = trials * u64::from(stage.epochs);
        all_trials += trials;
        all_epochs += epochs;
        table.push(vec![
            stage.name.clone(),
            trials.to_string(),
            stage.epochs.to_string(),
            epochs.to_string(),
            stage.sampler.as_str().to_owned(),
            stage.keys.join(", "),
        ]);
    }
    let widen = sweep.widen();
    let more = match widen.max_rounds {
        0 => "no range is widened".to_owned(),
        1 => "1 widening round at most adds to that".to_owned(),
        n => format!("{n} widening rounds at most add to that"),
    };
    format!(
        "{table}  together {all_trials} trials of {all_epochs} epochs; {more}; the best {} of {} wins\n",
        match sweep.metric().goal.as_str() {
            "maximize" => "(highest)",
            _ => "(lowest)",
        },
        sweep.metric().name
    )
}

/// The default search in words and figures.
fn generations(sweep: &Sweep, settings: &Generations) -> String {
    let ladder = ladder(settings.epochs);
    let rungs: Vec<String> = ladder.iter().map(ToString::to_string).collect();
    let n_new = settings.n_new();
    let mut text = format!(
        "  coarse   {} of {}, in all the ranges\n",
        counted(settings.n0 as usize, "trial"),
        counted(ladder[0] as usize, "epoch"),
    );
    let _ = writeln!(
        text,
        "  fine     generations: the best third of each rung goes on ({} epochs) beside {n_new} new trials, most of \
         them around the best",
        rungs.join(" → "),
    );
    if sweep.space().0.iter().any(|dimension| dimension.order > 1) {
        let _ = writeln!(
            text,
            "  second   after {} the keys of order 2 are searched too",
            counted(settings.first_order as usize, "full training"),
        );
    }
    if settings.confirm > 0 {
        let _ = writeln!(
            text,
            "  confirm  the best {} run once more with other seeds; the best mean wins",
            settings.confirm
        );
    }
    let epochs = u64::from(settings.budget) * u64::from(settings.epochs);
    let widen = match sweep.widen().max_rounds {
        0 => "no range is widened".to_owned(),
        n => format!("ranges are widened {} at most", counted(n as usize, "time")),
    };
    let _ = writeln!(
        text,
        "  budget   {} of {} epochs, together {epochs}; {widen}",
        counted(settings.budget as usize, "full training"),
        settings.epochs
    );
    text
}

fn ranges(sweep: &Sweep) -> Table {
    let mut table = Table::new(["key", "range", "never below", "never above"]);
    for dimension in &sweep.space().0 {
        // The ends of what floating-point numbers can be are no limits to tell of.
        let is_told = |limit: f64| limit == 0.0 || (1e-300..1e300).contains(&limit.abs());
        let limit = |limit: f64| match dimension.domain.range() {
            Some(_) if is_told(limit) => brief(limit),
            _ => String::new(),
        };
        let (low, high) = dimension.limits;
        table.push(vec![
            dimension.key.to_string(),
            range(dimension),
            limit(low),
            limit(high),
        ]);
    }
    table
}

fn preview(sweep: &Sweep, drawn: &[Trial]) -> Table {
    let keys = sweep
        .space()
        .0
        .iter()
        .map(|dimension| dimension.key.to_string());
    let mut table = Table::new(["trial".to_owned()].into_iter().chain(keys));
    for trial in drawn {
        let keys = sweep.space().0.iter();
        let values = keys.map(|dimension| {
            let value = trial.params.get(&dimension.key);
            value.map(brief_value).unwrap_or_default()
        });
        table.push([trial.id.to_string()].into_iter().chain(values).collect());
    }
    table
}

fn search(sweep: &Sweep) -> serde_json::Value {
    let Procedure::Generations(settings) = sweep.procedure() else {
        return serde_json::Value::Null;
    };
    json!({
        "rungs": ladder(settings.epochs),
        "epochs": settings.epochs,
        "budget": settings.budget,
        "n0": settings.n0,
        "new_trials": settings.n_new(),
        "parallel": settings.parallel,
        "confirm": settings.confirm,
    })
}

fn json(
    sweep: &Sweep,
    description: &[String],
    drawn: &[Trial],
    found: Option<&Gate>,
) -> serde_json::Value {
    let stages = sweep.stages().iter().map(|stage| {
        json!({
            "name": stage.name,
            "trials": n_trials(sweep, stage),
            "epochs": stage.epochs,
            "sampler": stage.sampler.as_str(),
            "keys": stage.keys,
        })
    });
    let trials = drawn
        .iter()
        .map(|trial| json!({"trial": trial.id, "params": trial.params}));
    json!({
        "name": sweep.name(),
        "seed": sweep.seed(),
        "metric": sweep.metric().name,
        "goal": sweep.metric().goal.as_str(),
        "description": description,
        "space": sweep.space(),
        "stages": stages.collect::<Vec<_>>(),
        "search": search(sweep),
        "sanity": found.map(gate::json),
        "first_trials": trials.collect::<Vec<_>>(),
        "definition": definition::written(sweep),
    })
}
