//! What is wrong in a definition file, and where.

use std::fmt;
use std::ops::Range;

/// One mistake in a definition file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong: key, value found, values accepted. A lower-case fragment.
    pub message: String,
    /// Bytes of the file it is about; none where it stands in a command-line option, which `message` then quotes.
    pub span: Option<Range<usize>>,
    /// What stands under the mark.
    pub label: String,
    /// A second place it is about, such as the first of two equal keys, and what stands under that.
    pub other: Option<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

/// All mistakes of a definition, in the order of the file, those of command-line options last; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}", mistake.message)?;
        }
        Ok(())
    }
}

/// Line and column of byte `at` of `text`, both from 1, columns in characters.
pub(super) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
