//! A column of a table: its name, what it holds, where that comes from.

use super::cell::Kind;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name, the first row of the CSV file.
    pub name: &'a str,
    /// What its cells are.
    pub kind: Kind,
    /// Where they come from.
    pub origin: Origin,
}

/// Where the cells of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The search: the table of every sweep has the column.
    Search,
    /// A searched key.
    Key,
    /// A number that trials report.
    Report,
}

impl<'a> Column<'a> {
    /// A column that the table of every sweep has.
    pub(super) fn fixed(name: &'a str, kind: Kind) -> Self {
        let origin = Origin::Search;
        Self { name, kind, origin }
    }

    /// A column of numbers that trials report.
    pub(super) fn reported(name: &'a str) -> Self {
        Self {
            name,
            kind: Kind::Real,
            origin: Origin::Report,
        }
    }
}
