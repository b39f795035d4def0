//! Why a training could not be saved, or not be continued.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why no checkpoint was written. Messages read after "failed to …".
#[derive(Debug, Error)]
pub enum SaveError {
    /// The operating system refused.
    #[error(
        "write the checkpoint {}: {reason}; a checkpoint that was there is still whole",
        path.display()
    )]
    Unwritable {
        /// The checkpoint.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The training diverged, so there is nothing to continue.
    #[error("write a checkpoint: the training diverged in epoch {epoch}; lower its learning rate")]
    Diverged {
        /// Epoch in which it diverged.
        epoch: u32,
    },
    /// The network has its best weights, not those that the training goes on with.
    #[error("write a checkpoint: the best weights are in place; save before they are put there")]
    BestInPlace,
}

/// Why a training was not continued; it is as it was before. Messages read after "failed to …".
#[derive(Debug, Error)]
#[error("continue from the checkpoint {}: {reason}", path.display())]
pub struct RestoreError {
    /// The checkpoint.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: Unusable,
}

/// What is wrong with a checkpoint.
#[derive(Debug, Error)]
pub enum Unusable {
    /// The operating system refused.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// A directory, a device or a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// The file begins with something else.
    #[error("it is no checkpoint of finetooth; name the file that a training was saved to")]
    Foreign,
    /// Written by another version.
    #[error(
        "it has version {found} of the format, this program reads version {accepted}; \
         use the program that wrote it, or begin the training anew"
    )]
    OtherVersion {
        /// Version found.
        found: u32,
        /// Version accepted.
        accepted: u32,
    },
    /// Bytes are missing or not what was written.
    #[error("it is damaged or cut short; take an earlier one, or begin the training anew")]
    Damaged,
    /// A section is missing, superfluous, or of another size.
    #[error("its section `{section}` {problem}; begin the training anew")]
    Section {
        /// Name of the section.
        section: String,
        /// What was found and what is accepted.
        problem: String,
    },
    /// Configuration, data, seed or processor are not those it was written with.
    #[error(
        "it is of another training: {}; take the settings it was written with, or begin anew",
        list(.0)
    )]
    OtherTraining(Vec<Difference>),
}

/// One thing that a checkpoint and the training to be continued do not agree in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A key with its table, such as `train.l2`, or `data`, `seed`, `instruction_set`, ….
    pub what: String,
    /// Its value in the checkpoint; `None` where it has none.
    pub saved: Option<String>,
    /// Its value in the training; `None` where it has none.
    pub here: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
        write!(
            f,
            "{} is {} there and {} here",
            self.what,
            value(&self.saved),
            value(&self.here)
        )
    }
}

fn list(differences: &[Difference]) -> String {
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    told.join(", ")
}
