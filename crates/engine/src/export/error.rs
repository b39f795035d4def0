//! Why a model cannot be written or read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::network::NetworkError;

/// Why a model file could not be written or read.
#[derive(Debug, Error)]
pub enum ModelError {
    /// It could not be written.
    #[error("the model could not be written to {} ({reason})", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// It could not be read.
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Unusable,
    },
}

/// Why a file is no model that can be used.
#[derive(Debug, Error)]
pub enum Unusable {
    /// The operating system refused.
    #[error("it could not be read ({0})")]
    Unreadable(#[from] io::Error),
    /// A directory, a device or a pipe.
    #[error("it is not a file")]
    NotAFile,
    /// More than a model takes.
    #[error("it has {bytes} bytes; a model has {limit} at most")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// Largest size.
        limit: u64,
    },
    /// Another kind of file.
    #[error("it is neither safetensors nor ONNX")]
    Foreign,
    /// A model of another program.
    #[error(
        "it does not tell which network it holds, as those that `finetooth export` writes do; of models of other programs, \
         onnxruntime runs ONNX"
    )]
    NotOurs,
    /// Written by a later version.
    #[error(
        "it has version {found} of the format; this program reads version {accepted}: use a newer finetooth"
    )]
    Version {
        /// Its version.
        found: u32,
        /// The version that is read.
        accepted: u32,
    },
    /// Not as it was written.
    #[error("it is damaged or was cut off ({problem}): copy or export it again")]
    Damaged {
        /// What was found.
        problem: String,
    },
    /// A network that cannot be built.
    #[error("its network cannot be built: {0}")]
    Network(#[from] NetworkError),
}

impl Unusable {
    pub(super) fn damaged(problem: &impl ToString) -> Self {
        Self::Damaged {
            problem: problem.to_string(),
        }
    }
}
