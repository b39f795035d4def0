//! What the scheduler is told of an objective's keys; it knows no others.

use crate::space::{Scale, Value};

/// Largest whole number a range may hold: up to it, all of them are floating-point numbers too.
pub(super) const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A key of the objective's tables (`[data]`, `[model]`, `[train]`).
#[derive(Debug, Clone, PartialEq)]
pub struct KeySpec {
    /// The table it stands in; empty for a key of the user's own program, which stands in `[space]` alone.
    pub table: String,
    /// Its name there, in `[space]` and in the CSVs.
    pub name: String,
    /// What it takes.
    pub kind: KeyKind,
    /// Value where none is given; `None`: the key is then absent.
    pub default: Option<Value>,
    /// Lowest and highest value, both allowed; never crossed by widening. An end may be infinite: none.
    pub limits: Option<(f64, f64)>,
    /// Scale of a range that names none.
    pub scale: Scale,
    /// Whether it may stand in `[space]`.
    pub searchable: bool,
    /// Whether this version builds it; if not it is refused as such.
    pub supported: bool,
    /// One sentence: what it does.
    pub doc: String,
}

/// What a key takes.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyKind {
    /// A real number; whole numbers are read as such.
    Float,
    /// A whole number.
    Integer,
    /// A whole number or a list of them.
    IntegerOrList,
    /// A list of whole numbers.
    IntegerList,
    /// `true` or `false`.
    Bool,
    /// `true`, `false` or the word `auto`.
    BoolOrAuto,
    /// Any text.
    Text,
    /// Text or a whole number.
    TextOrInteger,
    /// A list of texts.
    TextList,
    /// A list of texts, or the word `auto`.
    TextListOrAuto,
    /// A table of texts.
    TextTable,
    /// A flag, a number, a text, or a list of such.
    Any,
    /// A file or directory, relative to the definition file.
    Path,
    /// A fraction below 1, or a count.
    Share,
    /// One of a list of words.
    Choice(Vec<Choice>),
}

/// A word a key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word.
    pub word: String,
    /// Whether this version builds it.
    pub supported: bool,
}

impl KeySpec {
    /// Whether it is a key of the user's own program.
    pub(super) fn is_own(&self) -> bool {
        self.table.is_empty()
    }

    /// Lowest and highest value, finite: the key's limits, or the ends of what its kind can hold.
    pub(super) fn hard_limits(&self) -> (f64, f64) {
        let (least, most) = self.unbounded();
        let (low, high) = self.limits.unwrap_or((least, most));
        (low.max(least), high.min(most))
    }

    /// Limits that mean none.
    pub(super) fn unbounded(&self) -> (f64, f64) {
        let most = match self.kind {
            KeyKind::Float => f64::MAX,
            _ => LARGEST_WHOLE,
        };
        (-most, most)
    }

    /// Whether a range of it holds whole numbers, real numbers (`Some(false)`), or cannot be.
    pub(super) fn range_is_whole(&self) -> Option<bool> {
        match self.kind {
            KeyKind::Float => Some(false),
            KeyKind::Integer | KeyKind::IntegerOrList => Some(true),
            _ => None,
        }
    }
}
