//! Programs run from outside, on cores of their own.

use std::process::{Child, Command, Stdio};

use miette::{Context, IntoDiagnostic, Result, ensure, miette};
use serde::de::DeserializeOwned;

/// A program confined to some of the cores, as `taskset -c` names them.
pub(crate) fn pinned(cores: &str, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", cores, program]);
    command
}

/// Starts a program whose last line of standard output is to be read.
pub(crate) fn start(command: &mut Command) -> Result<Child> {
    let text = format!("{command:?}");
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    started
        .into_diagnostic()
        .wrap_err_with(|| format!("failed to start {text}"))
}

/// Waits for a program's end; its last line of standard output, read as JSON.
pub(crate) fn last_line<T: DeserializeOwned>(child: Child) -> Result<T> {
    let output = child.wait_with_output().into_diagnostic()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .last()
        .ok_or_else(|| miette!("nothing was printed: {errors}"))?;
    serde_json::from_str(line)
        .into_diagnostic()
        .wrap_err_with(|| format!("failed to read {line:?}"))
}

/// The median of some figures, of which there is at least one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 {
        figures[middle]
    } else {
        f64::midpoint(figures[middle - 1], figures[middle])
    }
}
