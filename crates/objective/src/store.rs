//! Checkpoints of a run's trials: kept while they may be continued, within a number of bytes.
//!
//! Nothing depends on one: a trial whose checkpoint is missing or unusable is trained again from the start, to the
//! same numbers. So they need not survive a loss of power, and may be removed at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use finetooth_engine::checkpoint::SaveError;
use finetooth_engine::solver::Solver;
use finetooth_scheduler::fault;
use finetooth_scheduler::trial::TrialId;

const NAME: &str = "checkpoint";

/// The checkpoints below `trials/` of a run's directory: `trials/ID/checkpoint`.
#[derive(Debug)]
pub(crate) struct Store {
    trials: PathBuf,
    keep_bytes: u64,
    held: Mutex<Held>,
}

/// What is there, as far as this process knows.
#[derive(Debug, Default)]
struct Held {
    /// When each was written, by a counter, and its size.
    files: BTreeMap<TrialId, (u64, u64)>,
    n_written: u64,
    running: BTreeSet<TrialId>,
    has_warned: bool,
}

/// What came of asking for a checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// The solver is where the checkpoint left it.
    Yes,
    /// There is none, or none of use; the solver is as it was.
    No {
        /// Why.
        reason: String,
    },
}

impl Store {
    /// The checkpoints of the run in `directory`, at most `keep_bytes` of them; what crashed runs left half-written is
    /// removed.
    pub(crate) fn open(directory: &Path, keep_bytes: u64) -> Self {
        let trials = directory.join("trials");
        let mut held = Held::default();
        // What cannot be looked at is not held; saving will tell.
        for entry in fs::read_dir(&trials).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            let Some(trial) = number.and_then(TrialId::new) else {
                continue;
            };
            let directory = entry.path();
            let _ = fs::remove_file(directory.join(format!(".{NAME}.part")));
            if let Ok(metadata) = fs::metadata(directory.join(NAME)) {
                held.files.insert(trial, (0, metadata.len()));
            }
        }
        Self {
            trials,
            keep_bytes,
            held: Mutex::new(held),
        }
    }

    fn path(&self, trial: TrialId) -> PathBuf {
        self.trials.join(trial.to_string()).join(NAME)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the trial's checkpoint is in use, until [`Store::leave`].
    pub(crate) fn enter(&self, trial: TrialId) {
        self.held().running.insert(trial);
    }

    pub(crate) fn leave(&self, trial: TrialId) {
        self.held().running.remove(&trial);
    }

    /// Puts `solver`, made for `trial`, where its checkpoint left it.
    pub(crate) fn restore(&self, trial: TrialId, solver: &mut Solver) -> Restored {
        let path = self.path(trial);
        if !path.exists() {
            let reason = "it has no checkpoint".to_owned();
            return Restored::No { reason };
        }
        match solver.restore(&path) {
            Ok(()) => Restored::Yes,
            Err(error) => Restored::No {
                reason: error.reason.to_string(),
            },
        }
    }

    /// Keeps `solver` as the checkpoint of `trial`. The oldest others make room; where there is not room enough, or
    /// the file cannot be written, nothing is kept, and the first time this happens it is said in words.
    pub(crate) fn save(&self, trial: TrialId, solver: &Solver) -> Option<String> {
        let path = self.path(trial);
        let directory = path.parent().unwrap_or(&self.trials);
        fault::point("checkpoint-begun");
        let saved = fs::create_dir_all(directory)
            .map_err(|error| format!("{}: {error}", directory.display()))
            .and_then(|()| match solver.save_unsynced(&path) {
                // There is nothing to continue.
                Err(SaveError::Diverged { .. } | SaveError::BestInPlace) => Ok(None),
                Err(error @ SaveError::Unwritable { .. }) => Err(error.to_string()),
                Ok(()) => fs::metadata(&path)
                    .map(|metadata| Some(metadata.len()))
                    .map_err(|error| format!("{}: {error}", path.display())),
            });
        fault::point("checkpoint-saved");
        let mut held = self.held();
        let problem = match saved {
            Ok(None) => return None,
            Ok(Some(bytes)) => {
                held.n_written += 1;
                let written = held.n_written;
                held.files.insert(trial, (written, bytes));
                self.make_room(&mut held, trial)?
            }
            Err(problem) => problem,
        };
        if std::mem::replace(&mut held.has_warned, true) {
            return None;
        }
        Some(problem)
    }

    /// Removes the least recently written checkpoints until all fit; tells where `latest` alone does not.
    fn make_room(&self, held: &mut Held, latest: TrialId) -> Option<String> {
        let mut total: u64 = held.files.values().map(|(_, bytes)| bytes).sum();
        while total > self.keep_bytes {
            let others = held
                .files
                .iter()
                .filter(|(trial, _)| **trial != latest && !held.running.contains(trial));
            let oldest = others.min_by_key(|(trial, (written, _))| (*written, **trial));
            let Some((trial, bytes)) = oldest.map(|(trial, (_, bytes))| (*trial, *bytes)) else {
                self.remove(held, latest);
                return Some(format!(
                    "a checkpoint does not fit into the {} bytes of [limits] keep_bytes",
                    self.keep_bytes
                ));
            };
            self.remove(held, trial);
            total -= bytes;
        }
        None
    }

    /// Removes the checkpoint of `trial`, if it has one.
    pub(crate) fn forget(&self, trial: TrialId) {
        let mut held = self.held();
        if !held.running.contains(&trial) {
            self.remove(&mut held, trial);
        }
    }

    fn remove(&self, held: &mut Held, trial: TrialId) {
        if held.files.remove(&trial).is_none() {
            return;
        }
        let path = self.path(trial);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(trial = trial.number(), %error, "a checkpoint could not be removed");
            }
            // The directory holds more for trials that are programs.
            _ => remove_if_empty(path.parent().unwrap_or(&self.trials)),
        }
    }
}

fn remove_if_empty(directory: &Path) {
    let result: io::Result<()> = fs::remove_dir(directory);
    // One that holds something is kept.
    drop(result);
}
