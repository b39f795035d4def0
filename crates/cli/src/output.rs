//! The two streams: results on standard output, everything else on standard error. Nothing else prints.

use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;

/// Writes `text` to standard output.
///
/// A reader that has seen enough (`finetooth best | head`) is no failure: the rest is dropped.
///
/// # Errors
/// Where the output goes to a file that cannot take it.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::not_written(format!(
            "standard output could not be written: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Writes `value` to standard output as JSON on one line.
///
/// # Errors
/// As [`result`].
pub(crate) fn json(value: &serde_json::Value) -> Result<(), Failure> {
    result(&format!("{value}\n"))
}

/// Writes `text` to standard error. There is nobody to tell that it failed.
pub(crate) fn message(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
