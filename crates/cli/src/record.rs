//! The record of a sweep, read to be shown: also while a run writes to it.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use finetooth_scheduler::event::Event;
use finetooth_scheduler::journal;
use finetooth_scheduler::stage::{Best, Leaderboard};
use finetooth_scheduler::state::{Settled, State, TrialRecord};
use finetooth_scheduler::sweep::Sweep;
use finetooth_scheduler::trial::TrialId;
use jiff::Timestamp;

use crate::definition::Definition;
use crate::failure::Failure;

/// Name of the record in a run's directory.
pub(crate) const JOURNAL: &str = journal::NAME;

/// Where runs put their directories.
pub(crate) const RESULTS: &str = "results";

/// A sweep as its record tells it.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The run's directory.
    pub(crate) directory: PathBuf,
    /// The definition.
    pub(crate) sweep: Sweep,
    /// What the events add up to.
    pub(crate) state: State,
    /// Compares its trials.
    pub(crate) leaderboard: Leaderboard,
    /// When it began.
    pub(crate) began: Timestamp,
    /// When the last event was recorded.
    pub(crate) last: Timestamp,
    /// Machine and workers of the latest run.
    pub(crate) latest_run: Option<(String, usize)>,
    /// Whether a run holds the record at this moment.
    pub(crate) is_in_use: bool,
}

impl Recorded {
    /// Reads the record in `directory`; without one, that of the sweep in results/ that was written to last.
    ///
    /// # Errors
    /// Where there is none or it cannot be read.
    pub(crate) fn read(directory: Option<&Path>) -> Result<Self, Failure> {
        let directory = directory_of(directory)?;
        let path = directory.join(JOURNAL);
        // Asked before reading: a run that ends meanwhile is then shown as running for the last time, never an
        // unfinished one as broken off.
        let is_in_use = journal::is_in_use(&path);
        let records = journal::read(&path).map_err(Failure::usage)?.records;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            let name = path.display();
            return Err(Failure::usage(format!(
                "`{name}` holds nothing yet: no sweep has begun there"
            )));
        };
        let (began, last) = (first.at, last.at);
        let mut latest_run = None;
        let mut state = State::default();
        for record in records {
            if let Event::RunStarted { host, workers } = &record.event {
                latest_run = Some((host.clone(), *workers));
            }
            state.apply(record).map_err(Failure::usage)?;
        }
        let started = state
            .started()
            .expect("a state that took a record has begun");
        let columns = &started.objective.columns;
        let sweep = Definition::recorded(&started.definition, columns, &directory)?.sweep;
        let leaderboard = Leaderboard::new(sweep.metric(), columns)
            .expect("the metric is one of the columns, or the definition is refused");
        Ok(Self {
            directory,
            sweep,
            state,
            leaderboard,
            began,
            last,
            latest_run,
            is_in_use,
        })
    }

    /// Trials that may be compared: those with an outcome; of a finished sweep, those that its verdict counts.
    pub(crate) fn ended(&self) -> impl Iterator<Item = Settled<'_>> {
        let n = match self.state.finished() {
            Some(_) => self.state.committed().len(),
            None => 0,
        };
        let unsettled = self.state.trials()[n..].iter().map(Settled::from);
        let trials = self
            .state
            .committed()
            .take(n)
            .chain(unsettled.filter(move |_| n == 0));
        trials.filter(|record| record.outcome.is_some())
    }

    /// The trial with this number.
    ///
    /// # Errors
    /// Where none of that number has begun.
    pub(crate) fn trial(&self, number: u32) -> Result<&TrialRecord, Failure> {
        let trials = self.state.trials();
        let known = TrialId::new(number).and_then(|id| trials.get(id.index()));
        known.ok_or_else(|| {
            Failure::usage(format!(
                "there is no trial {number} in `{}`; {}",
                self.directory.display(),
                match trials.len() {
                    0 => "none has begun".to_owned(),
                    n => format!("those begun so far are 1 to {n}"),
                }
            ))
        })
    }

    /// The best trial so far with its metric, where one completed with a finite one.
    pub(crate) fn best(&self) -> Option<(Settled<'_>, Best)> {
        match self.state.finished() {
            Some(_) => self.leaderboard.leader(&self.state),
            None => self.leaderboard.winner(self.state.trials()),
        }
    }

    /// Name of the stage at `index`.
    pub(crate) fn stage(&self, index: usize) -> &str {
        self.sweep.stage_name(index)
    }
}

/// The run's directory: as given, or by its name in results/; without one, the one in results/ that was written to last.
///
/// # Errors
/// Where none is given and there is none.
pub(crate) fn directory_of(given: Option<&Path>) -> Result<PathBuf, Failure> {
    match given {
        Some(directory) => Ok(named(directory)),
        None => newest(Path::new(RESULTS)),
    }
}

/// Reads a definition out of a record for the page.
pub(crate) fn read_definition(text: &str, columns: &[String]) -> Result<Sweep, String> {
    Definition::recorded(text, columns, Path::new("the record"))
        .map(|definition| definition.sweep)
        .map_err(|failure| failure.to_string())
}

/// `directory` as given, or the sweep of that name in results/.
fn named(directory: &Path) -> PathBuf {
    let below = Path::new(RESULTS).join(directory);
    if directory.join(JOURNAL).exists() || !below.join(JOURNAL).exists() {
        directory.to_owned()
    } else {
        below
    }
}

/// The run's directory in `results` whose record was written to last.
fn newest(results: &Path) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(results).into_iter().flatten().flatten();
    let written = |directory: PathBuf| {
        let journal = fs::metadata(directory.join(JOURNAL)).ok()?;
        Some((Reverse(journal.modified().ok()?), directory))
    };
    let runs = entries.filter_map(|entry| written(entry.path()));
    runs.min().map(|(_, directory)| directory).ok_or_else(|| {
        Failure::usage("there is no sweep in results/: name the directory of one, or begin one with `finetooth run FILE`")
    })
}
