//! best.toml: the winner as a file for `finetooth train`.

use std::path::Path;

use super::replace::{ResultsError, replace_text};

/// Replaces `best.toml` in `directory` by `text`, a definition in TOML with the winner's values in it.
///
/// # Errors
/// [`ResultsError`] where it could not be written; the file is then as before.
pub fn write_best(directory: &Path, text: &str) -> Result<(), ResultsError> {
    replace_text(directory, "best.toml", text)
}
