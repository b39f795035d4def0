//! One cell of a table, with its type.

use std::fmt;

use jiff::Timestamp;

use crate::number::{is_missing, shortest};
use crate::space::{Domain, Value};

/// What stands in one row of one column. It shows itself as in a CSV file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing was measured, or there is nothing to say.
    Missing,
    /// `true` or `false`.
    Flag(bool),
    /// A count, an id, or a whole hyperparameter.
    Whole(i64),
    /// A real number; NaN and infinities were measured.
    Real(f64),
    /// A word or sentence.
    Text(&'a str),
    /// A list, such as the widths of hidden layers.
    List(&'a [Value]),
    /// A moment, of which milliseconds are told.
    Time(Timestamp),
}

/// What the cells of a column are, those that are missing apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Cell::Flag`].
    Flag,
    /// [`Cell::Whole`].
    Whole,
    /// [`Cell::Real`] or [`Cell::Whole`].
    Real,
    /// Any, each by its text.
    Text,
    /// [`Cell::Time`].
    Time,
}

impl<'a> Cell<'a> {
    /// A number that was measured, where it was.
    pub(super) fn measured(value: Option<f64>) -> Self {
        value
            .filter(|value| !is_missing(*value))
            .map_or(Self::Missing, Self::Real)
    }

    /// A count or id.
    pub(super) fn count(value: impl TryInto<i64>) -> Self {
        let whole = value.try_into().ok();
        Self::Whole(whole.expect("what is counted here is below 2^63"))
    }

    /// A hyperparameter's value, where there is one.
    pub(super) fn value(value: Option<&'a Value>) -> Self {
        match value {
            None => Self::Missing,
            Some(Value::Bool(flag)) => Self::Flag(*flag),
            Some(Value::Integer(whole)) => Self::Whole(*whole),
            Some(Value::Float(real)) => Self::Real(*real),
            Some(Value::Text(text)) => Self::Text(text),
            Some(Value::List(items)) => Self::List(items),
        }
    }

    /// What it is; none where it is missing.
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Missing => None,
            Self::Flag(_) => Some(Kind::Flag),
            Self::Whole(_) => Some(Kind::Whole),
            Self::Real(_) => Some(Kind::Real),
            Self::Text(_) | Self::List(_) => Some(Kind::Text),
            Self::Time(_) => Some(Kind::Time),
        }
    }
}

impl Kind {
    /// The narrowest kind that takes `cells` and, where it is given, `kind`; text where nothing is to be taken.
    pub(super) fn of<'a>(kind: Option<Self>, cells: impl IntoIterator<Item = Cell<'a>>) -> Self {
        let kinds = cells.into_iter().filter_map(Cell::kind);
        kind.into_iter()
            .chain(kinds)
            .reduce(Self::with)
            .unwrap_or(Self::Text)
    }

    /// The kind of the values of `domain`.
    pub(super) fn of_domain(domain: &Domain) -> Self {
        match domain {
            Domain::Float { .. } | Domain::Stepped { .. } => Self::Real,
            Domain::Integer { .. } => Self::Whole,
            Domain::Choice { values } => {
                Self::of(None, values.iter().map(|value| Cell::value(Some(value))))
            }
        }
    }

    /// The narrowest kind that takes what both take.
    pub(super) fn with(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Whole, Self::Real) | (Self::Real, Self::Whole) => Self::Real,
            _ => Self::Text,
        }
    }
}

/// The form of CSV cells: numbers that read back to the same bits, words bare, lists as JSON, times to the
/// millisecond, nothing for what is missing.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Real(real) => f.write_str(&shortest(*real)),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str(&serde_json::to_string(items).map_err(|_| fmt::Error)?)
            }
            Self::Time(at) => write!(f, "{at:.3}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Kind};
    use crate::number::MISSING;
    use crate::space::Value;

    #[track_caller]
    fn check(cell: Cell<'_>, text: &str) {
        assert_eq!(cell.to_string(), text);
    }

    #[test]
    fn cells_show_themselves_as_csv_files_have_them() {
        check(Cell::measured(Some(MISSING)), "");
        check(Cell::measured(Some(f64::NAN)), "NaN");
        check(Cell::measured(Some(f64::NEG_INFINITY)), "-Inf");
        check(Cell::measured(Some(1.0)), "1.0");
        check(Cell::count(7_usize), "7");
        check(Cell::Flag(true), "true");
        check(Cell::Text("a, \"b\""), "a, \"b\"");
        let list = [Value::Integer(64), Value::Text("x".to_owned())];
        check(Cell::List(&list), "[64,\"x\"]");
        // Milliseconds are cut, not rounded.
        let at = "2025-01-31T23:59:59.9999Z".parse().unwrap();
        check(Cell::Time(at), "2025-01-31T23:59:59.999Z");
    }

    #[track_caller]
    fn check_kind(cells: &[Cell<'_>], expected: Kind) {
        assert_eq!(Kind::of(None, cells.iter().copied()), expected);
    }

    #[test]
    fn a_column_has_the_narrowest_kind_that_takes_its_cells() {
        let (whole, real) = (Cell::Whole(1), Cell::Real(0.5));
        check_kind(&[], Kind::Text);
        check_kind(&[Cell::Missing], Kind::Text);
        check_kind(&[Cell::Missing, whole], Kind::Whole);
        check_kind(&[whole, real, whole], Kind::Real);
        check_kind(&[Cell::Flag(true)], Kind::Flag);
        check_kind(&[Cell::Flag(true), whole], Kind::Text);
        check_kind(&[Cell::List(&[]), whole], Kind::Text);
        assert_eq!(Kind::of(Some(Kind::Real), [whole]), Kind::Real);
    }
}
