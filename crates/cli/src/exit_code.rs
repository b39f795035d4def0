//! What the program's exit code says.

/// An exit code of the program. These are promises: scripts and batch systems act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExitCode(u8);

impl ExitCode {
    /// It is done.
    pub(crate) const DONE: Self = Self(0);
    /// The work was done and its verdict is negative: too many trials failed, a trial came out otherwise, or the single training diverged.
    pub(crate) const NEGATIVE: Self = Self(1);
    /// The definition, the command line or the data are wrong. Nothing was run, nothing was written.
    pub(crate) const USAGE: Self = Self(2);
    /// A sanity check failed, and nothing was searched.
    pub(crate) const SANITY: Self = Self(3);
    /// The directory is in use by another run.
    pub(crate) const IN_USE: Self = Self(4);
    /// The record or the results could not be written. What was recorded before is whole and can be resumed.
    pub(crate) const NOT_WRITTEN: Self = Self(5);
    /// The run was interrupted and can be resumed: 128 + SIGINT, whichever signal it was.
    pub(crate) const INTERRUPTED: Self = Self(130);

    /// The number.
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.0.into()
    }
}
