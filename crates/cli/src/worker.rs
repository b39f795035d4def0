//! The far side of a Slurm cluster's jobs: one rung, by its directory; reports and a result come back as files there.

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use finetooth_scheduler::executor::attend;
use finetooth_scheduler::executor::job::{JobDirectory, Result as JobResult, Spec};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::objective::Context;
use finetooth_scheduler::sweep::Purpose;
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report};
use tokio::signal::unix::{SignalKind, signal};

use crate::definition::Definition;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::screen::Screen;

/// Arguments of `worker`.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The job's directory
    directory: PathBuf,
}

/// Runs the rung that the directory asks for. Whatever comes of it, also that it could not be run, is the result.
///
/// # Errors
/// Where the directory holds no request, or cannot be written.
pub(crate) fn worker(args: &WorkerArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let directory = JobDirectory::at(&args.directory);
    let Some(spec) = directory.spec() else {
        return Err(Failure::usage(format!(
            "`{}` holds no request: this command is for the jobs that finetooth submits",
            args.directory.display()
        )));
    };
    // How often Slurm has started the job again.
    let restart = env::var("SLURM_RESTART_COUNT").ok();
    let restart = restart.and_then(|count| count.parse().ok()).unwrap_or(0);
    let began = Instant::now();
    let interrupt = Interrupt::default();
    listen(interrupt.clone());
    let mut reports: Vec<Report> = Vec::new();
    let ended =
        run(&spec, &directory, restart, &interrupt, &mut reports).unwrap_or_else(|failure| {
            screen.show(&failure.drawn(screen));
            Ended::Outcome(Outcome::Failed {
                reason: "setup: the job's node could not run the trial".to_owned(),
            })
        });
    let result = JobResult {
        job: spec.job,
        reports,
        ended,
        seconds: began.elapsed().as_secs_f64(),
    };
    directory
        .finish(&result, restart)
        .map_err(Failure::not_written)?;
    Ok(ExitCode::DONE)
}

fn run(
    spec: &Spec,
    directory: &JobDirectory,
    restart: u32,
    interrupt: &Interrupt,
    reports: &mut Vec<Report>,
) -> Result<Ended, Failure> {
    let file = spec.directory.join("sweep.toml");
    let definition = Definition::read(&file, Purpose::Sweep, &[])?;
    // Other nodes use what others have left; only who sees all of them can make room.
    let keep_bytes = u64::MAX;
    let opened = definition
        .open(&spec.directory)?
        .keeping(&spec.directory, keep_bytes);
    let mut told = directory.reports(restart).map_err(Failure::not_written)?;
    let deliver = |report: Report| {
        // What is not told on the way is told by the result.
        if let Err(error) = told.append(&report) {
            tracing::warn!("a report could not be written: {error}");
        }
        reports.push(report);
        if interrupt.is_raised() {
            Decision::Interrupt
        } else {
            Decision::Continue
        }
    };
    let context = Context {
        worker: 0,
        interrupt: interrupt.clone(),
    };
    let ended = attend(&opened, &spec.task, context, deliver);
    // `scancel` signals every process of the job at once: the program may have ended by it before this one has heard.
    if matches!(ended, Ended::Outcome(Outcome::Failed { .. })) {
        let last = Instant::now() + HEARS_WITHIN;
        while !interrupt.is_raised() && Instant::now() < last {
            thread::sleep(Duration::from_millis(20));
        }
        if interrupt.is_raised() {
            let epoch = reports.last().map_or(spec.task.from, |report| report.epoch);
            return Ok(Ended::Interrupted { epoch });
        }
    }
    Ok(ended)
}

/// How long after a program's failure a signal for the job may come that explains it.
const HEARS_WITHIN: Duration = Duration::from_secs(1);

/// SIGTERM, as `scancel` sends it, and SIGUSR1, which announces the end of the job's time, ask the trial to stop.
fn listen(interrupt: Interrupt) {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let (Ok(mut terminate), Ok(mut warned)) = (
                signal(SignalKind::terminate()),
                signal(SignalKind::user_defined1()),
            ) else {
                return;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = warned.recv() => {}
            }
            interrupt.raise();
        });
    });
}
