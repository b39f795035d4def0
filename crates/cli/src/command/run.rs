//! `finetooth run`: a sweep, from the beginning or from where it was, to the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use finetooth_scheduler::event::Verdict;
use finetooth_scheduler::executor::{Executor, Pool, Slurm, SlurmOptions};
use finetooth_scheduler::gate::Gate;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::results::{Tables, replace_text, write_best};
use finetooth_scheduler::run::{self as sweep_loop, RunEnd, Storage};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::state::State;
use finetooth_scheduler::sweep::{ExecutorKind, Override, Procedure, Purpose, Sweep};
use finetooth_scheduler::trial::{Trial, TrialId};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::check::cluster;
use super::serve;
use crate::definition::{self, Definition};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::counted;
use crate::finale::Finale;
use crate::gate;
use crate::opened::Opened;
use crate::output;
use crate::place::{self, Place};
use crate::progress::Progress;
use crate::record::RESULTS;
use crate::resume::{self, Resumption, Wanted};
use crate::screen::Screen;
use crate::signals::{Stop, StopSignals};
use crate::summary::Summary;

/// Most trials at once.
const MOST_WORKERS: usize = 1024;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth run sweeps/digits.toml                  run it; after an interruption, go on with it
  finetooth run sweeps/digits.toml --workers 8      eight trials at once: the same results, sooner
  finetooth run sweeps/digits.toml --serve          and watch it in a browser
  finetooth run sweeps/digits.toml --fresh          begin anew; the old run is kept beside
  finetooth run sweeps/digits.toml --extend         plan anew, by a larger budget say; results are kept
  finetooth run sweeps/digits.toml --out /tmp/try --set train.batch_size=128 --set model.kind=mlp

Ctrl-C stops at the end of the epoch, twice at once. Either way the same command goes on with the sweep.")]
pub(crate) struct RunArgs {
    /// The definition
    file: PathBuf,
    /// Trials at once; does not change the results [default: limits.workers, else one for each core]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_WORKERS as u64))]
    workers: Option<usize>,
    /// Where trials run, other than the definition says: local or slurm
    #[arg(long, value_name = "KIND", value_parser = ["local", "slurm"])]
    executor: Option<String>,
    /// Directory of the run [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Another seed than the definition's
    #[arg(long, value_name = "N", value_parser = definition::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Another value than the definition's, such as train.batch_size=128; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    set: Vec<Override>,
    /// Show warnings only
    #[arg(long)]
    quiet: bool,
    /// Print what the sweep came to as JSON
    #[arg(long)]
    json: bool,
    /// Begin anew; what is in the directory is moved aside to NAME.old-1, -2, …
    #[arg(long, conflicts_with = "extend")]
    fresh: bool,
    /// Plan anew by a changed definition and keep every result that it asks for again
    #[arg(long)]
    extend: bool,
    /// Show the page beside the run, on this machine alone [port: 8711, or the next that is free]
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0", value_parser = clap::value_parser!(u16))]
    serve: Option<u16>,
    /// Try failed trials again, where nothing was concluded from their failure yet
    #[arg(long, conflicts_with = "fresh")]
    retry_failed: bool,
}

/// The options that change a definition, in the order in which they are put onto it.
pub(crate) fn overrides(
    set: &[Override],
    seed: Option<u64>,
    workers: Option<usize>,
) -> Vec<Override> {
    let options = seed
        .map(Override::seed)
        .into_iter()
        .chain(workers.map(Override::workers));
    set.iter().cloned().chain(options).collect()
}

/// Runs a sweep to its end, or until it is interrupted, and then its final training. Nothing is written before definition and
/// data are right.
///
/// # Errors
/// Where definition, data or directory are wrong, or the record or the results cannot be written.
pub(crate) fn run(args: &RunArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let definition = Definition::read(&args.file, Purpose::Sweep, &args.overrides())?;
    let sweep = &definition.sweep;
    let directory = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new(RESULTS).join(sweep.name()));
    let opened = definition.open(&absolute(&directory))?;
    let summary = opened.summary();
    if args.fresh
        && let Some(aside) = place::move_aside(&directory)?
    {
        screen.line(&format!("moved the old run to {}", aside.display()));
    }
    let Place { journal, records } = place::take(&directory, screen)?;
    let opened = Arc::new(opened.keeping(&directory, sweep.limits().keep_bytes));
    let written = definition::written(sweep);
    let (journal, records) = if resume::never_began(&records, &written) {
        drop(journal);
        place::move_aside(&directory)?;
        let Place { journal, records } = place::take(&directory, screen)?;
        (journal, records)
    } else {
        (journal, records)
    };
    let wanted = Wanted {
        sweep,
        definition: &written,
        summary: &summary,
        directory: &directory,
        extend: args.extend,
    };
    let resumption = resume::compare(&records, &wanted, screen)?;
    let mut search = match resumption {
        Resumption::Extends => Search::new(sweep.clone(), summary.clone())
            .and_then(|search| search.replan(records, &written, Timestamp::now())),
        Resumption::Begins | Resumption::GoesOn => {
            Search::replay(sweep.clone(), summary.clone(), records)
        }
    }
    .map_err(Failure::usage)?;
    if args.retry_failed {
        tell_retried(&search.retry_failed(Timestamp::now()), screen);
    }
    let storage = Storage {
        journal,
        tables: Tables::new(&directory, sweep, &summary.columns),
        dir: directory.clone(),
    };
    let mut run = Run {
        args,
        screen,
        directory: &directory,
        search,
        storage,
    };
    let end = |run: &Run<'_>, code: ExitCode| {
        let winner = run.search.winner().filter(|_| code == ExitCode::DONE);
        match (&*opened, sweep.after(), winner) {
            (Opened::Training(training), Some(after), Some(winner)) => Finale {
                training,
                sweep,
                columns: &summary.columns,
                winner: winner.trial,
                after,
                directory: &directory,
                screen,
                is_quiet: args.quiet,
                again: args.again(),
            }
            .play(),
            _ => Ok(code),
        }
    };
    if run.search.state().finished().is_some() {
        let code = run.already_finished(&*opened)?;
        return end(&run, code);
    }
    replace_text(&directory, "sweep.toml", &written).map_err(Failure::not_written)?;
    if let ExecutorKind::Slurm(settings) = sweep.executor() {
        cluster(settings)?;
    }
    let gate = || gate::checks(&opened, sweep, screen);
    let workers = n_workers(sweep, &opened);
    warn_of_busy_cores(sweep, &opened, workers, screen);
    let code = run.go_on(&opened, workers, &written, &gate)?;
    end(&run, code)
}

/// `path` from the root: a program runs elsewhere.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Programs that each take several threads, and together more than the machine has, wait for each other.
fn warn_of_busy_cores(sweep: &Sweep, opened: &Opened, workers: usize, screen: &Screen) {
    let Opened::Program(program) = opened else {
        return;
    };
    if *sweep.executor() != ExecutorKind::Local {
        return;
    }
    let (threads, cores) = (program.threads(), n_cores());
    if workers * threads > cores {
        screen.line(&format!(
            "warning: {workers} workers of {} are more than the {} of this machine: they will wait for each other; fewer \
             --workers, or a smaller [command] threads",
            counted(threads, "thread"),
            counted(cores, "core")
        ));
    }
}

fn tell_retried(trials: &[TrialId], screen: &Screen) {
    let numbers: Vec<String> = trials.iter().map(ToString::to_string).collect();
    screen.line(&match trials.len() {
        0 => "no trial is tried again: none failed, or the search has gone on from it".to_owned(),
        n => format!(
            "tries {} again: {}",
            counted(n, "failed trial"),
            numbers.join(", ")
        ),
    });
}

/// A run that is ready to go.
struct Run<'a> {
    args: &'a RunArgs,
    screen: &'a Screen,
    directory: &'a Path,
    search: Search,
    storage: Storage,
}

impl Run<'_> {
    /// Writes the results once more, as a program that was killed at the very end left them out, and tells.
    fn already_finished(&mut self, objective: &impl Objective) -> Result<ExitCode, Failure> {
        let Storage {
            journal,
            tables,
            dir,
        } = &mut self.storage;
        journal.sync().map_err(Failure::not_written)?;
        tables
            .write(self.search.state())
            .map_err(Failure::not_written)?;
        if let Some(winner) = self.search.winner() {
            write_best(dir, &objective.train_file(winner.trial)).map_err(Failure::not_written)?;
        }
        if !self.args.quiet {
            self.screen.line(&format!(
                "{} is finished, nothing is left to run; --fresh begins anew, --extend goes on where the definition \
                 asks for more",
                self.directory.display()
            ));
        }
        self.tell_end()
    }

    /// Runs what is left.
    fn go_on<O: Objective + 'static>(
        &mut self,
        objective: &Arc<O>,
        workers: usize,
        definition: &str,
        gate: &dyn Fn() -> Option<Gate>,
    ) -> Result<ExitCode, Failure> {
        let slurm = self.slurm(&**objective, workers)?;
        self.tell_beginning(workers);
        if let Some(port) = self.args.serve {
            serve::beside(self.directory, (port > 0).then_some(port), self.screen)?;
        }
        self.warn_of_idle_workers(workers);
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        self.search.begin(
            env!("CARGO_PKG_VERSION"),
            definition,
            &host,
            workers,
            Timestamp::now(),
        );
        if self.search.awaits_gate()
            && let Some(found) = gate()
        {
            if !self.args.quiet {
                self.screen.line(gate::text(&found).trim_end());
            }
            self.search.take_gate(found, Timestamp::now());
        }
        let end = match slurm {
            None => {
                let pool = Pool::new(Arc::clone(objective), workers).map_err(Failure::usage)?;
                self.supervise(|| pool, &**objective)?
            }
            Some(options) => {
                self.supervise(|| Slurm::new(Arc::clone(objective), options), &**objective)?
            }
        };
        match end {
            RunEnd::Finished(_) => self.tell_end(),
            RunEnd::Interrupted => self.tell_interruption(),
        }
    }

    /// More workers than the search is laid out for wait for each other.
    fn warn_of_idle_workers(&self, workers: usize) {
        let Procedure::Generations(settings) = self.search.sweep().procedure() else {
            return;
        };
        let parallel = settings.parallel as usize;
        if workers > 2 * parallel {
            self.screen.line(&format!(
                "warning: {workers} workers, and [search] parallel = {parallel} lays the search out for {parallel}: many \
                 will wait; a larger `parallel` keeps them busy, with other results"
            ));
        }
    }

    /// What jobs are submitted with, where trials are jobs of a cluster.
    fn slurm(
        &self,
        objective: &impl Objective,
        workers: usize,
    ) -> Result<Option<SlurmOptions>, Failure> {
        let sweep = self.search.sweep();
        let ExecutorKind::Slurm(settings) = sweep.executor() else {
            return Ok(None);
        };
        let program = std::env::current_exe().map_err(|error| {
            Failure::usage(format!(
                "the system does not tell where finetooth itself is: {error}"
            ))
        })?;
        let mut settings = (**settings).clone();
        settings.max_pending = workers;
        let threads = sweep.base("threads").and_then(|threads| threads.as_f64());
        Ok(Some(SlurmOptions {
            settings,
            cores: threads.map_or(1, |threads| threads as u32),
            directory: absolute(self.directory),
            name: sweep.name().to_owned(),
            program: program.into_os_string(),
            instruction_set: objective.summary().instruction_set,
        }))
    }

    /// Runs the loop and listens for signals beside it: the first asks it to stop, the second ends the program. The executor is
    /// made within the runtime.
    fn supervise<E: Executor>(
        &mut self,
        executor: impl FnOnce() -> E,
        objective: &impl Objective,
    ) -> Result<RunEnd, Failure> {
        let refused =
            |error| Failure::usage(format!("the system gives no timers or signals: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(refused)?;
        let _context = runtime.enter();
        let mut signals = StopSignals::listen().map_err(refused)?;
        let mut executor = executor();
        let mut progress = Progress::new(
            self.screen,
            &self.search,
            executor.workers(),
            self.args.quiet,
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let train_file = |trial: &Trial| objective.train_file(trial);
        let screen = self.screen;
        let has_bars = !self.args.quiet;
        let take_back = |signal: Stop| {
            if has_bars && signal == Stop::Interrupt {
                screen.take_back_ctrl_c();
            }
        };
        let stop_at_once = async {
            take_back(signals.next().await);
            screen.line(
                "stopping: each running trial ends with its epoch; once more to stop at once",
            );
            // The loop may have come to its end in this very moment.
            let _ = stop.send(());
            take_back(signals.next().await);
        };
        let seconds = self.search.sweep().limits().sweep_seconds;
        let time_is_up = async {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
            screen.line(
                "the time of [limits] sweep_seconds is up: each running trial ends with its epoch",
            );
        };
        let mut time_is_up = std::pin::pin!(time_is_up);
        let end = runtime.block_on(async {
            tokio::select! {
                end = sweep_loop::run(
                    &mut self.search,
                    &mut executor,
                    Some(&mut self.storage),
                    &train_file,
                    &mut progress,
                    async {
                        tokio::select! {
                            // Unsent it is dropped together with the loop.
                            stopped = stopped => drop(stopped),
                            () = &mut time_is_up => {}
                        }
                    },
                ) => end,
                () = stop_at_once => {
                    screen.line(&format!("stopped at once; to go on: {}", self.args.again()));
                    std::process::exit(ExitCode::INTERRUPTED.number().into());
                }
            }
        });
        Ok(end?)
    }

    fn tell_beginning(&self, workers: usize) {
        if self.args.quiet {
            return;
        }
        let state = self.search.state();
        let n_ended = n_ended(state);
        let name = self.search.sweep().name();
        let does = match state.trials().len() {
            0 => "begins".to_owned(),
            n => format!(
                "goes on: {n_ended} of {} begun have ended",
                counted(n, "trial")
            ),
        };
        let directory = self.directory.display();
        self.screen.line(&format!(
            "{name} {does}; {}, results in {directory}/",
            counted(workers, "worker")
        ));
    }

    /// Tells what the sweep came to.
    fn tell_end(&self) -> Result<ExitCode, Failure> {
        let summary = self.summary();
        if self.args.json {
            output::json(&summary.json())?;
        } else if !self.args.quiet {
            output::result(&summary.text())?;
        }
        match self.search.state().finished() {
            Some((Verdict::TooManyFailures { reason, .. }, _)) => {
                self.screen.line(&format!(
                    "error: the sweep was ended: {reason}; mend what made them fail, then go on with --retry-failed, or \
                     begin anew with --fresh"
                ));
                Ok(ExitCode::NEGATIVE)
            }
            Some((Verdict::SanityFailed { reason }, _)) => {
                self.screen.line(&format!(
                    "error: a sanity check failed, and nothing was searched: {reason}\nmend it and run again with --fresh, \
                     or, where it is meant so, write on_failure = \"warn\" in [sanity]"
                ));
                Ok(ExitCode::SANITY)
            }
            _ => Ok(ExitCode::DONE),
        }
    }

    fn tell_interruption(&self) -> Result<ExitCode, Failure> {
        if self.args.json {
            output::json(&self.summary().json())?;
        }
        self.screen.line(&format!(
            "interrupted: {} of {} trials have ended; to go on: {}",
            n_ended(self.search.state()),
            self.search.state().n_planned(),
            self.args.again()
        ));
        Ok(ExitCode::INTERRUPTED)
    }

    fn summary(&self) -> Summary<'_> {
        Summary {
            directory: self.directory,
            sweep: self.search.sweep(),
            state: self.search.state(),
            leaderboard: self.search.leaderboard(),
        }
    }
}

impl RunArgs {
    /// What the options change of the definition.
    fn overrides(&self) -> Vec<Override> {
        let mut changed = overrides(&self.set, self.seed, self.workers);
        changed.extend(self.executor.as_deref().map(Override::executor));
        changed
    }

    /// The command that goes on with what this one began.
    fn again(&self) -> String {
        let mut words = vec![
            "finetooth run".to_owned(),
            quoted(&self.file.to_string_lossy()),
        ];
        words.extend(
            self.out
                .as_ref()
                .map(|out| format!("--out {}", quoted(&out.to_string_lossy()))),
        );
        words.extend(
            self.overrides()
                .iter()
                .map(|given| match given.to_string() {
                    option if option.starts_with("--set ") => {
                        format!("--set {}", quoted(&option["--set ".len()..]))
                    }
                    option => option,
                }),
        );
        words.join(" ")
    }
}

fn n_ended(state: &State) -> usize {
    state
        .trials()
        .iter()
        .filter(|record| record.outcome().is_some())
        .count()
}

/// `word` as a shell takes it for one.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=,:+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn n_cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Trials at once: as many as the definition says, else as the machine has cores for; no more than it has GPUs for.
fn n_workers(sweep: &Sweep, opened: &Opened) -> usize {
    if let ExecutorKind::Slurm(slurm) = sweep.executor() {
        return sweep
            .limits()
            .workers
            .unwrap_or(slurm.max_pending)
            .min(slurm.max_pending);
    }
    let (threads, slots) = match opened {
        Opened::Training(_) => (1, None),
        Opened::Program(program) => (program.threads(), program.slots()),
    };
    let workers = sweep.limits().workers;
    let workers = workers.unwrap_or_else(|| (n_cores() / threads).max(1));
    workers.min(slots.unwrap_or(MOST_WORKERS)).min(MOST_WORKERS)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[track_caller]
    fn check(word: &str, expected: &str) {
        assert_eq!(quoted(word), expected);
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        check("sweeps/digits.toml", "sweeps/digits.toml");
        check("model.hidden=[1, 2]", "'model.hidden=[1, 2]'");
        check("it's", "'it'\\''s'");
        check("", "''");
    }
}
