//! Runs a program such that nothing of it is left when it is over, in whatever way that comes about.
//!
//! Between this process and the program stands a supervisor, this program executed again ([`supervise`]): the parent of the
//! program and, as child subreaper, of everything the program leaves behind. It holds one end of a socket; when the other end
//! closes, because this process ended, was killed or crashed, it kills all its descendants. Process groups do not reach what
//! calls `setsid`, and a parent-death signal does not reach grandchildren: hence this.

mod child;
mod end;
mod supervisor;
mod tree;

pub use child::{Child, StartError, Terminator};
pub use end::End;
pub(crate) use end::{NotStarted, signal_name};
pub use supervisor::supervise;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a supervisor is asked to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Program and arguments, at least one.
    pub argv: Vec<String>,
    /// Working directory.
    pub directory: PathBuf,
    /// Seconds between SIGTERM and SIGKILL.
    pub grace_seconds: f64,
    /// Seconds after which it is ended.
    pub seconds: Option<u64>,
    /// Resident memory of the program and all its descendants, in bytes, beyond which it is ended.
    pub memory_bytes: Option<u64>,
}

/// What a supervisor says, each in a line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// The program runs, in a process group of this number.
    Started(i32),
    /// It is over, and nothing of it is left.
    Ended(End),
}

/// The line that asks a supervisor to end its program.
const TERMINATE: &str = "terminate\n";
