//! `finetooth logs`: what a trial's program printed.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::record::Recorded;

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth logs results/pytorch 12              what it printed, and what it said on standard error
  finetooth logs pytorch 12 2>/dev/null | tail   standard output alone")]
pub(crate) struct LogsArgs {
    /// Directory of the sweep, or its name in results/
    dir: PathBuf,
    /// Number of the trial, as in trials.csv
    trial: u32,
}

/// Prints what the program of a trial's last attempt wrote to standard output and standard error, each to its own.
///
/// # Errors
/// Where there is no such trial, or it ran no program.
pub(crate) fn logs(args: &LogsArgs) -> Result<ExitCode, Failure> {
    let recorded = Recorded::read(Some(&args.dir))?;
    recorded.trial(args.trial)?;
    if !recorded.sweep.runs_program() {
        return Err(Failure::usage(format!(
            "the trials of `{}` are trained by finetooth itself and print nothing; `finetooth show {} {}` has their epochs",
            recorded.directory.display(),
            args.dir.display(),
            args.trial
        )));
    }
    let directory = recorded
        .directory
        .join("trials")
        .join(args.trial.to_string());
    pass_on(&directory.join("stdout"), &mut io::stdout().lock())?;
    pass_on(&directory.join("stderr"), &mut io::stderr().lock())?;
    Ok(ExitCode::DONE)
}

fn pass_on(path: &Path, to: &mut impl Write) -> Result<(), Failure> {
    let name = path.display();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::usage(format!(
                "`{name}` is not there: the trial has not run yet"
            )));
        }
        Err(error) => {
            return Err(Failure::usage(format!(
                "`{name}` could not be read: {error}"
            )));
        }
    };
    let mut chunk = vec![0; 64 << 10];
    loop {
        let n = file
            .read(&mut chunk)
            .map_err(|error| Failure::usage(format!("`{name}` could not be read: {error}")))?;
        if n == 0 {
            return Ok(());
        }
        // Whoever reads may have seen enough.
        if to.write_all(&chunk[..n]).is_err() {
            return Ok(());
        }
    }
}
