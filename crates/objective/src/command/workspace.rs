//! A trial's own directory: what its program printed, and the files it goes on from.
//!
//! The program writes into `checkpoint/`. When a rung is over, that directory becomes `checkpoint-N`, N the epochs reached, by
//! one renaming; the next rung works on a copy of it. So whatever happens to a program on its way, the state it went on
//! from is still there, and the rung is run again from it to the same numbers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use finetooth_scheduler::trial::TrialId;

#[derive(Debug)]
pub(super) struct Workspace {
    directory: PathBuf,
}

impl Workspace {
    /// That of `trial` below a run's directory.
    pub(super) fn new(run: &Path, trial: TrialId) -> Self {
        Self {
            directory: run.join("trials").join(trial.to_string()),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the program keeps what it goes on from.
    pub(super) fn checkpoints(&self) -> PathBuf {
        self.directory.join("checkpoint")
    }

    fn kept(&self, epochs: u32) -> PathBuf {
        self.directory.join(format!("checkpoint-{epochs}"))
    }

    /// Whether the program left files when it had reached `epochs`.
    pub(super) fn has(&self, epochs: u32) -> bool {
        fs::read_dir(self.kept(epochs)).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Makes the checkpoint directory what it was at `epochs`, or empty.
    pub(super) fn restore(&self, epochs: u32, resumes: bool) -> io::Result<()> {
        remove(&self.checkpoints())?;
        if resumes {
            copy(&self.kept(epochs), &self.checkpoints())
        } else {
            fs::create_dir_all(self.checkpoints())
        }
    }

    /// Makes sure that the directories are there.
    pub(super) fn prepare(&self, resumes: bool) -> io::Result<()> {
        if resumes {
            return Ok(());
        }
        fs::create_dir_all(self.checkpoints())
    }

    /// Keeps the checkpoint directory as that of `epochs`, in the place of earlier ones.
    pub(super) fn keep(&self, epochs: u32) -> io::Result<()> {
        let kept = self.kept(epochs);
        remove(&kept)?;
        fs::rename(self.checkpoints(), &kept)?;
        for other in self.all_kept().into_iter().filter(|other| *other != kept) {
            remove(&other)?;
        }
        Ok(())
    }

    /// Bytes of what is kept.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.all_kept().iter().map(|kept| bytes_of(kept)).sum()
    }

    /// Removes what the program went on from; what it printed stays.
    pub(super) fn forget(&self) {
        for directory in self.all_kept().into_iter().chain([self.checkpoints()]) {
            if let Err(error) = remove(&directory) {
                tracing::warn!("{} could not be removed: {error}", directory.display());
            }
        }
    }

    fn all_kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let is_kept = |name: &str| {
            name.strip_prefix("checkpoint-")
                .is_some_and(|epochs| epochs.parse::<u32>().is_ok())
        };
        entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_kept))
            .map(|entry| entry.path())
            .collect()
    }
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Bytes of the files in a directory; what cannot be looked at has none.
fn bytes_of(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
