//! What programs left to go on from, of all trials together: within a number of bytes, the oldest make room.
//!
//! Nothing depends on it: a program that finds no files begins anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use finetooth_scheduler::trial::TrialId;

use super::workspace::Workspace;

/// The kept files of a run.
#[derive(Debug)]
pub(super) struct Kept {
    run: PathBuf,
    keep_bytes: u64,
    held: Mutex<Held>,
}

/// What is there, as far as this process knows.
#[derive(Debug, Default)]
struct Held {
    /// When each trial's were kept, by a counter, and their size.
    trials: BTreeMap<TrialId, (u64, u64)>,
    n_kept: u64,
    running: BTreeSet<TrialId>,
}

impl Kept {
    /// Those of the run in `run`, at most `keep_bytes`.
    pub(super) fn open(run: &Path, keep_bytes: u64) -> Self {
        let mut held = Held::default();
        for entry in fs::read_dir(run.join("trials"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            if let Some(trial) = number.and_then(TrialId::new) {
                let bytes = Workspace::new(run, trial).kept_bytes();
                if bytes > 0 {
                    held.trials.insert(trial, (0, bytes));
                }
            }
        }
        Self {
            run: run.to_owned(),
            keep_bytes,
            held: Mutex::new(held),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the trial's files are in use, until [`Kept::leave`].
    pub(super) fn enter(&self, trial: TrialId) {
        self.held().running.insert(trial);
    }

    pub(super) fn leave(&self, trial: TrialId) {
        self.held().running.remove(&trial);
    }

    /// Keeps what the program of `trial` left at `epochs`; the oldest of other trials make room.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(super) fn keep(&self, trial: TrialId, epochs: u32) -> io::Result<()> {
        let workspace = Workspace::new(&self.run, trial);
        workspace.keep(epochs)?;
        let bytes = workspace.kept_bytes();
        let mut held = self.held();
        held.n_kept += 1;
        let order = held.n_kept;
        held.trials.insert(trial, (order, bytes));
        let mut total: u64 = held.trials.values().map(|(_, bytes)| bytes).sum();
        while total > self.keep_bytes {
            let others = held.trials.iter();
            let others =
                others.filter(|(other, _)| **other != trial && !held.running.contains(other));
            let oldest = others.min_by_key(|(other, (order, _))| (*order, **other));
            let (gone, bytes) =
                oldest.map_or((trial, bytes), |(other, (_, bytes))| (*other, *bytes));
            held.trials.remove(&gone);
            Workspace::new(&self.run, gone).forget();
            total -= bytes;
            if gone == trial {
                tracing::warn!(
                    "what the program of trial {trial} left does not fit into the {} bytes of [limits] keep_bytes",
                    self.keep_bytes
                );
                break;
            }
        }
        Ok(())
    }

    /// Removes what `trial` left, unless it runs.
    pub(super) fn forget(&self, trial: TrialId) {
        let mut held = self.held();
        if !held.running.contains(&trial) {
            held.trials.remove(&trial);
            Workspace::new(&self.run, trial).forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a trial whose program leaves `n` bytes.
    fn run(kept: &Kept, run: &Path, trial: TrialId, n: usize) {
        let workspace = Workspace::new(run, trial);
        kept.enter(trial);
        workspace.restore(0, false).unwrap();
        fs::write(workspace.checkpoints().join("model"), vec![0; n]).unwrap();
        kept.keep(trial, 3).unwrap();
        kept.leave(trial);
    }

    #[test]
    fn the_oldest_make_room_and_what_is_too_large_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let kept = Kept::open(path, 250);
        let trials: Vec<TrialId> = (0..4).map(TrialId::from_index).collect();
        let has = |trial: &TrialId| Workspace::new(path, *trial).has(3);
        for trial in &trials[..3] {
            run(&kept, path, *trial, 100);
        }
        assert_eq!(
            trials.iter().map(has).collect::<Vec<_>>(),
            [false, true, true, false]
        );
        // Another process knows what is there.
        let again = Kept::open(path, 250);
        again.enter(trials[1]);
        run(&again, path, trials[3], 100);
        assert_eq!(
            trials.iter().map(has).collect::<Vec<_>>(),
            [false, true, false, true]
        );
        run(&again, path, trials[0], 300);
        assert!(!has(&trials[0]) && has(&trials[1]));
        again.forget(trials[1]);
        assert!(has(&trials[1]), "it runs");
        again.leave(trials[1]);
        again.forget(trials[1]);
        assert!(!has(&trials[1]));
    }
}
