//! The commands, one a file: each takes its arguments and ends with an exit code or a failure.

pub(crate) mod best;
pub(crate) mod check;
mod dry_run;
pub(crate) mod export;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod rerun;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod train;
