//! What is known of a key: the types of the list of keys.

/// One key of a training configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Table that holds it.
    pub table: Table,
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Its value where the file has none.
    pub default: KeyDefault,
    /// Smallest and largest number it takes, both included.
    pub limits: Option<(f64, f64)>,
    /// Scale on which equal steps matter equally.
    pub scale: Scale,
    /// Whether a search may vary it.
    pub searchable: bool,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// Table of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `[data]`.
    Data,
    /// `[model]`.
    Model,
    /// `[train]`.
    Train,
}

impl Table {
    /// All tables, in the order of a file.
    pub const ALL: [Self; 3] = [Self::Data, Self::Model, Self::Train];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Model => "model",
            Self::Train => "train",
        }
    }
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Float,
    /// A whole number.
    Integer,
    /// A whole number, or an array of them.
    IntegerOrList,
    /// true or false.
    Boolean,
    /// One of a set of names.
    Choice {
        /// Names this version builds.
        names: &'static [&'static str],
        /// Names of later versions, refused as such.
        later: &'static [&'static str],
    },
    /// A path, absolute or relative to the file's directory.
    Path,
    /// A fraction of the data (a number below 1) or a count (a whole number).
    Share,
    /// `[channels, height, width]`.
    Shape,
    /// A column by its name, or by its position from 0, negative from the end.
    Column,
    /// true, false or "auto".
    BooleanOrAuto,
    /// One character, "tab" or "auto".
    Delimiter,
    /// An array of texts.
    TextList,
    /// A text that is not empty.
    Text,
}

/// A key's value where the file has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyDefault {
    /// The key is absent.
    Absent,
    /// A number.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// true or false.
    Boolean(bool),
    /// A text.
    Text(&'static str),
    /// Texts.
    TextList(&'static [&'static str]),
}

/// Scale on which equal steps matter equally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Differences.
    Linear,
    /// Ratios.
    Log,
}

impl Key {
    const fn new(
        table: Table,
        name: &'static str,
        kind: Kind,
        default: KeyDefault,
        doc: &'static str,
    ) -> Self {
        let searchable = !matches!(table, Table::Data);
        Self {
            table,
            name,
            kind,
            default,
            limits: None,
            scale: Scale::Linear,
            searchable,
            doc,
        }
    }

    pub(super) const fn data(
        name: &'static str,
        kind: Kind,
        default: KeyDefault,
        doc: &'static str,
    ) -> Self {
        Self::new(Table::Data, name, kind, default, doc)
    }

    pub(super) const fn model(
        name: &'static str,
        kind: Kind,
        default: KeyDefault,
        doc: &'static str,
    ) -> Self {
        Self::new(Table::Model, name, kind, default, doc)
    }

    pub(super) const fn train(
        name: &'static str,
        kind: Kind,
        default: KeyDefault,
        doc: &'static str,
    ) -> Self {
        Self::new(Table::Train, name, kind, default, doc)
    }

    pub(super) const fn within(self, low: f64, high: f64) -> Self {
        Self {
            limits: Some((low, high)),
            ..self
        }
    }

    pub(super) const fn log(self) -> Self {
        Self {
            scale: Scale::Log,
            ..self
        }
    }

    pub(super) const fn searchable(self) -> Self {
        Self {
            searchable: true,
            ..self
        }
    }

    pub(super) const fn fixed(self) -> Self {
        Self {
            searchable: false,
            ..self
        }
    }

    /// The key of that table and name.
    pub fn find(table: Table, name: &str) -> Option<&'static Self> {
        super::keys::KEYS
            .iter()
            .find(|key| key.table == table && key.name == name)
    }
}
