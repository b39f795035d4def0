//! `finetooth simulate`: the search over recorded or synthetic learning curves, on a virtual clock.

use std::fmt::Write as _;
use std::fs;
use std::future::pending;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::RangedU64ValueParser;
use finetooth_objective::synthetic::{Curves, Misplacement, Simulation, Surrogate, full_training};
use finetooth_scheduler::event::{Event, Record};
use finetooth_scheduler::executor::{Fate, Simulated};
use finetooth_scheduler::objective::Task;
use finetooth_scheduler::observer::Observer;
use finetooth_scheduler::results::{Tables, replace_text};
use finetooth_scheduler::run::{self as sweep_loop, Storage};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::sweep::{Override, Purpose, Sweep};
use finetooth_scheduler::trial::Trial;
use jiff::Timestamp;
use serde_json::json;

use super::run::overrides;
use crate::definition::{self, Definition};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, brief_params, counted};
use crate::output;
use crate::place::{self, Place};
use crate::record::RESULTS;
use crate::screen::Screen;
use crate::table::Table;

/// Workers that a simulation may have.
const MOST_WORKERS: u64 = 100_000;
/// How many times as long a straggler takes.
const STRAGGLING: f64 = 10.0;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth simulate sweeps/digits.toml                      on a synthetic surrogate, in no time
  finetooth simulate my.toml --workers 64 --stragglers 0.05  how busy would 64 workers be?
  finetooth simulate my.toml --misplaced 2                   with the best learning rate two decades outside of its range
  finetooth simulate my.toml --curves curves.csv             over recorded curves: a column for each key, epoch, the metric

The surrogate is gradient descent on a random quadratic: with an optimum, a cliff beyond which it diverges, and noise.
Nothing is trained and no data are read. Regret is how far the best trial so far lies, without noise, from the best there
is; of a table, from its best configuration.")]
pub(crate) struct SimulateArgs {
    /// The definition
    file: PathBuf,
    /// Virtual workers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_WORKERS))]
    workers: usize,
    /// Recorded learning curves (CSV) in the place of the surrogate
    #[arg(long, value_name = "TABLE", conflicts_with = "misplaced")]
    curves: Option<PathBuf>,
    /// Decades by which the surrogate's best learning rate lies outside of the definition's range
    #[arg(long, value_name = "DECADES", default_value_t = 0.0, value_parser = not_negative)]
    misplaced: f64,
    /// Virtual seconds of an epoch
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = not_negative)]
    seconds_per_epoch: f64,
    /// Share of trials that take ten times as long
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    stragglers: f64,
    /// Another seed than the definition's; the surrogate is another one, too
    #[arg(long, value_name = "N", value_parser = definition::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Another value than the definition's, such as search.budget=40; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    set: Vec<Override>,
    /// Directory of the results [default: results/NAME-simulated]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let is_right = number.is_finite() && number >= 0.0;
    is_right
        .then_some(number)
        .ok_or_else(|| "must be a number of at least 0".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let number = not_negative(text)?;
    (number <= 1.0)
        .then_some(number)
        .ok_or_else(|| "must be a share from 0 to 1".to_owned())
}

/// Runs the search over curves that cost nothing, and tells how well and how fast it went.
///
/// # Errors
/// Where the definition or the table is wrong, or the results cannot be written.
pub(crate) fn simulate(args: &SimulateArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let changed = overrides(&args.set, args.seed, None);
    let definition = Definition::read(&args.file, Purpose::Sweep, &changed)?;
    let sweep = &definition.sweep;
    let Some(path) = &args.curves else {
        let misplacement = Misplacement {
            decades: args.misplaced,
            ..Misplacement::default()
        };
        let surrogate = Surrogate::new(sweep, sweep.seed(), misplacement);
        return run(args, sweep, &surrogate, screen);
    };
    let shown = path.display();
    let table = fs::read(path)
        .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
    let curves = Curves::read(&table, sweep)
        .map_err(|error| Failure::usage(format!("`{shown}`: {error}")))?;
    run(args, sweep, &curves, screen)
}

/// What came of a simulation.
struct Came {
    directory: PathBuf,
    utilisation: f64,
    seconds: f64,
    followed: Followed,
}

fn run<O: Simulation + Clone>(
    args: &SimulateArgs,
    sweep: &Sweep,
    objective: &O,
    screen: &Screen,
) -> Result<ExitCode, Failure> {
    let default = || Path::new(RESULTS).join(format!("{}-simulated", sweep.name()));
    let directory = args.out.clone().unwrap_or_else(default);
    if let Some(aside) = place::move_aside(&directory)? {
        screen.line(&format!("moved the old run to {}", aside.display()));
    }
    let Place { journal, .. } = place::take(&directory, screen)?;
    let summary = objective.summary();
    let written = definition::written(sweep);
    replace_text(&directory, "sweep.toml", &written).map_err(Failure::not_written)?;
    let mut storage = Storage {
        journal,
        tables: Tables::new(&directory, sweep, &summary.columns),
        dir: directory.clone(),
    };
    let mut search = Search::new(sweep.clone(), summary).map_err(Failure::usage)?;
    let now = Timestamp::now();
    search.begin(
        env!("CARGO_PKG_VERSION"),
        &written,
        "simulated",
        args.workers,
        now,
    );
    let fate = |task: &Task| Fate {
        seconds_per_epoch: args.seconds_per_epoch
            * if is_straggler(task, args.stragglers) {
                STRAGGLING
            } else {
                1.0
            },
        lost_after: None,
    };
    let mut executor = Simulated::new(objective.clone(), args.workers, fate);
    let mut followed = Followed::new(full_training(sweep));
    let train_file = |trial: &Trial| objective.train_file(trial);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Failure::usage(format!("the system gives no timers: {error}")))?;
    runtime.block_on(sweep_loop::run(
        &mut search,
        &mut executor,
        Some(&mut storage),
        &train_file,
        &mut followed,
        pending(),
    ))?;
    followed.reach(u64::MAX);
    let simulated = Came {
        directory,
        utilisation: executor.utilisation(),
        seconds: executor.now(),
        followed,
    };
    if args.json {
        output::json(&json(args, &search, objective, &simulated))?;
    } else {
        output::result(&text(args, &search, objective, &simulated))?;
    }
    Ok(ExitCode::DONE)
}

/// A trial is one at all its rungs, whatever the workers: its seed decides.
fn is_straggler(task: &Task, share: f64) -> bool {
    let mixed = task.trial.seed.wrapping_mul(2_654_435_761) ^ (task.trial.seed >> 13);
    f64::from(mixed) < share * f64::from(u32::MAX)
}

/// Follows the best trial so far over the epochs spent.
struct Followed {
    epochs_of_full: u64,
    spent: u64,
    best: Option<(Trial, f64)>,
    /// What was best after 1, 2, 4, 8, 16, 24, … full trainings.
    moments: Vec<(u64, Option<(Trial, f64)>)>,
}

impl Followed {
    fn new(epochs: u32) -> Self {
        Self {
            epochs_of_full: u64::from(epochs.max(1)),
            spent: 0,
            best: None,
            moments: Vec::new(),
        }
    }

    /// The next number of full trainings that is told of.
    fn next(&self) -> u64 {
        match self.moments.last() {
            None => 1,
            Some((n, _)) if *n < 8 => n * 2,
            Some((n, _)) => n + 8,
        }
    }

    /// Notes what was best before `spent` epochs; all of them where it is the end.
    fn reach(&mut self, spent: u64) {
        while self.next() * self.epochs_of_full < spent.min(self.spent + 1) {
            self.moments.push((self.next(), self.best.clone()));
        }
    }
}

impl Observer for Followed {
    fn observe(&mut self, record: &Record, search: &Search) {
        let Event::TrialEnded { trial, .. } = &record.event else {
            return;
        };
        let record = &search.state().trials()[trial.index()];
        let before = record
            .rungs
            .iter()
            .rev()
            .nth(1)
            .map_or(0, |rung| rung.epochs);
        self.spent += u64::from(record.epochs().saturating_sub(before));
        self.reach(self.spent);
        let goal = search.sweep().metric().goal;
        let Some(best) = search.leaderboard().best(record) else {
            return;
        };
        let is_better = |known: &(Trial, f64)| goal.score(best.value) > goal.score(known.1);
        if self.best.as_ref().is_none_or(is_better) {
            self.best = Some((record.trial.clone(), best.value));
        }
    }
}

/// How far `trial` is from the best there is.
fn regret(objective: &impl Simulation, sweep: &Sweep, trial: &Trial) -> f64 {
    let goal = sweep.metric().goal;
    goal.score(objective.best()) - goal.score(objective.worth(&trial.params))
}

fn text(
    args: &SimulateArgs,
    search: &Search,
    objective: &impl Simulation,
    simulated: &Came,
) -> String {
    let sweep = search.sweep();
    let metric = &sweep.metric().name;
    let Followed {
        epochs_of_full,
        spent,
        moments,
        ..
    } = &simulated.followed;
    let mut text = format!(
        "{}, simulated: {} on {}, {spent} epochs, {:.1} full trainings\n",
        sweep.name(),
        counted(search.state().trials().len(), "trial"),
        counted(args.workers, "worker"),
        *spent as f64 / *epochs_of_full as f64,
    );
    let _ = writeln!(
        text,
        "  {} virtual seconds, the workers busy {:.1} % of them\n",
        brief(simulated.seconds),
        100.0 * simulated.utilisation
    );
    let mut table = Table::new([
        "full trainings",
        metric,
        "regret",
        "of the best trial so far",
    ]);
    for (n, best) in moments {
        let Some((best, value)) = best else { continue };
        let regret = regret(objective, sweep, best);
        let bar = "█".repeat((30.0 * regret.clamp(0.0, 1.0)).ceil() as usize);
        table.push(vec![n.to_string(), brief(*value), brief(regret), bar]);
    }
    let _ = write!(text, "{table}");
    match search.winner() {
        Some(winner) => {
            let _ = writeln!(
                text,
                "\nwinner: trial {} ({}), regret {}; the best there is has {metric} {}",
                winner.trial.id,
                brief_params(&winner.trial.params),
                brief(regret(objective, sweep, winner.trial)),
                brief(objective.best())
            );
        }
        None => text.push_str("\nwinner: none, because no trial completed with a finite metric\n"),
    }
    let _ = writeln!(text, "results in {}/", simulated.directory.display());
    text
}

fn json(
    args: &SimulateArgs,
    search: &Search,
    objective: &impl Simulation,
    simulated: &Came,
) -> serde_json::Value {
    let sweep = search.sweep();
    let followed = &simulated.followed;
    let anytime = followed.moments.iter().map(|(n, best)| {
        json!({
            "full_trainings": n,
            "trial": best.as_ref().map(|(trial, _)| trial.id),
            "metric": best.as_ref().map(|(_, metric)| metric),
            "regret": best.as_ref().map(|(trial, _)| regret(objective, sweep, trial)),
        })
    });
    let winner = search.winner();
    json!({
        "name": sweep.name(),
        "directory": simulated.directory,
        "workers": args.workers,
        "trials": search.state().trials().len(),
        "epochs": followed.spent,
        "full_trainings": followed.spent as f64 / followed.epochs_of_full as f64,
        "virtual_seconds": simulated.seconds,
        "utilisation": simulated.utilisation,
        "best_known": objective.best(),
        "winner": winner.map(|winner| winner.trial.id),
        "regret": winner.map(|winner| regret(objective, sweep, winner.trial)),
        "anytime": anytime.collect::<Vec<_>>(),
    })
}
