//! The loop around the search: fill free workers, record events, act. The one place with a clock.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::event::{Event, Record, Verdict};
use crate::executor::{Executor, Message};
use crate::journal::{AppendError, Journal};
use crate::objective::Task;
use crate::observer::Observer;
use crate::results::{ResultsError, Tables, write_best};
use crate::search::{Ask, Search};
use crate::trial::Trial;

/// Longest time between two writings of the tables.
const TABLES_EVERY: Duration = Duration::from_secs(10);
const TICK_EVERY: Duration = Duration::from_millis(200);

/// Where a run leaves its record and results.
pub struct Storage {
    /// The record.
    pub journal: Journal,
    /// The CSVs.
    pub tables: Tables,
    /// The run's directory.
    pub dir: PathBuf,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// The sweep is over.
    Finished(Verdict),
    /// It was interrupted and can be resumed.
    Interrupted,
}

/// The record or the results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The record.
    #[error(
        "failed to write the record; the sweep stops here and can be resumed when that is mended"
    )]
    Journal(#[from] AppendError),
    /// The results.
    #[error(
        "failed to write the results; the record is intact and the sweep can be resumed when that is mended"
    )]
    Results(#[from] ResultsError),
}

/// Runs `search`, which has begun, to its end, or until `shutdown` resolves: then no trial is started any more and
/// running ones stop at the end of their epoch.
///
/// `storage` is `None` for searches that leave nothing behind. `train_file` writes the definition of the best trial.
///
/// # Errors
/// [`RunError`] where the record or the results cannot be written; nothing is acted on that was not recorded.
pub async fn run<E: Executor>(
    search: &mut Search,
    executor: &mut E,
    mut storage: Option<&mut Storage>,
    train_file: &dyn Fn(&Trial) -> String,
    observer: &mut dyn Observer,
    shutdown: impl Future<Output = ()>,
) -> Result<RunEnd, RunError> {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut tables_due = tokio::time::interval_at(Instant::now() + TABLES_EVERY, TABLES_EVERY);
    let mut tick = tokio::time::interval(TICK_EVERY);
    tables_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut free: Vec<usize> = (0..executor.workers()).rev().collect();
    let mut stopping = false;
    let mut unwritten = true;
    loop {
        let mut tasks: Vec<(Task, usize)> = Vec::new();
        while !stopping && let Some(worker) = free.last().copied() {
            match search.ask(worker, now()) {
                Ask::Run(task) => {
                    free.pop();
                    tasks.push((task, worker));
                }
                Ask::Wait => break,
                Ask::Done => {
                    stopping = true;
                    executor.interrupt();
                }
            }
        }
        let records = search.take_records();
        if let Some(storage) = &mut storage {
            storage.journal.append(&records)?;
            if records.iter().any(|record| is_conclusion(record, search)) {
                write_results(search, storage, train_file)?;
                unwritten = false;
            } else if records.iter().any(is_plan) {
                storage.journal.sync()?;
            }
        }
        for record in &records {
            observer.observe(record, search);
        }
        for trial in search.take_released() {
            executor.forget(trial);
        }
        for (task, worker) in tasks {
            executor.start(task, worker);
        }
        if free.len() == executor.workers() {
            break;
        }
        tokio::select! {
            message = executor.next() => {
                unwritten = true;
                take(search, message, &mut free);
                while let Some(message) = executor.try_next() {
                    take(search, message, &mut free);
                }
            }
            () = &mut shutdown, if !stopping => {
                stopping = true;
                executor.interrupt();
            }
            _ = tables_due.tick(), if unwritten => {
                if let Some(storage) = &mut storage {
                    write_results(search, storage, train_file)?;
                    unwritten = false;
                }
            }
            _ = tick.tick() => observer.tick(search),
        }
    }
    if let Some(storage) = &mut storage
        && unwritten
    {
        write_results(search, storage, train_file)?;
    }
    Ok(match search.state().finished() {
        Some((verdict, _)) => RunEnd::Finished(verdict.clone()),
        None => RunEnd::Interrupted,
    })
}

/// The time that records carry; it decides nothing.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn take(search: &mut Search, message: Message, free: &mut Vec<usize>) {
    let now = now();
    match message {
        Message::Reported {
            trial,
            attempt,
            report,
        } => {
            search.report(trial, attempt, report, now);
        }
        Message::Ended {
            trial,
            attempt,
            worker,
            ended,
            seconds,
        } => {
            search.tell(trial, attempt, ended, seconds, now);
            free.push(worker);
        }
    }
}

/// Whether results are worth writing after `record`: a round that the next waits for or the sweep is over. In the fine
/// phase, where nothing waits and the tables are long, once in a while is enough.
fn is_conclusion(record: &Record, search: &Search) -> bool {
    match &record.event {
        Event::RoundRefined(refinement) => search.is_barrier(refinement),
        Event::SweepFinished { .. } => true,
        _ => false,
    }
}

/// Whether trials will follow from `record`, so that it must be on disk before the first of them.
fn is_plan(record: &Record) -> bool {
    matches!(record.event, Event::RoundPlanned(_))
}

/// Syncs the record, so that no table shows what it might lose, then replaces the tables.
fn write_results(
    search: &Search,
    storage: &mut Storage,
    train_file: &dyn Fn(&Trial) -> String,
) -> Result<(), RunError> {
    storage.journal.sync()?;
    storage.tables.write(search.state())?;
    if let Some(winner) = search.winner() {
        write_best(&storage.dir, &train_file(winner.trial))?;
    }
    Ok(())
}
