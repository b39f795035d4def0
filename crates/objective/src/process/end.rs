//! How a program ended.

use serde::{Deserialize, Serialize};

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal that it was not sent by its supervisor.
    Signalled(i32),
    /// It never ran.
    NotStarted(NotStarted),
    /// It ran longer than it may.
    TimedOut,
    /// It used more memory than it may.
    OutOfMemory,
    /// It was asked to end.
    Terminated,
    /// Its supervisor was gone without a word.
    Lost,
}

/// Why a program never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotStarted {
    /// There is no such program.
    NoProgram,
    /// There is no such working directory.
    NoDirectory,
    /// It may not be executed.
    NotExecutable,
    /// The system refused.
    Refused,
}

impl End {
    /// Whether it says nothing about the program itself, so that another try may end otherwise.
    pub fn may_be_retried(&self) -> bool {
        matches!(self, Self::Signalled(_) | Self::OutOfMemory | Self::Lost)
    }
}

/// The name of a signal, where it is a common one.
pub(crate) fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        _ => return None,
    })
}
