//! Where in the file each key stands, for errors that are found after reading.

use std::collections::HashMap;
use std::ops::Range;

use super::tree::{Item, Node, Place};
use super::{Mistake, Override};

/// Where each key of a definition was written.
///
/// Paths are those of the file, with dots: `train.learning_rate`, `space.l2.low`, `stage.0.epochs` (from 0).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spans {
    places: HashMap<String, Place>,
    overrides: Vec<Override>,
}

impl Spans {
    pub(super) fn of(root: &Node, overrides: &[Override]) -> Self {
        let mut spans = Self {
            places: HashMap::new(),
            overrides: overrides.to_vec(),
        };
        spans.add(root);
        spans
    }

    fn add(&mut self, node: &Node) {
        self.places.insert(node.path.clone(), node.place.clone());
        match &node.item {
            Item::Table(entries) => entries.iter().for_each(|entry| self.add(&entry.node)),
            Item::List(members) => members.iter().for_each(|member| self.add(member)),
            Item::Scalar(_) | Item::TooLarge | Item::Date => {}
        }
    }

    /// Bytes of the value at `path`; where the file has none, those of the enclosing table's header, and `0..0`
    /// where that is not in the file either.
    pub fn get(&self, path: &str) -> Range<usize> {
        match self.place(path) {
            Some(Place::File(range)) => range.clone(),
            _ => 0..0,
        }
    }

    /// Whether the definition itself, or a command-line option, gives `path`, rather than a default.
    pub fn contains(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The command-line option that gave `path`, if one did.
    pub fn overridden(&self, path: &str) -> Option<&Override> {
        match self.places.get(path)? {
            Place::Option(index) => self.overrides.get(*index),
            Place::File(_) => None,
        }
    }

    /// A mistake about the value at `path`, drawn where it was written.
    pub fn mistake(&self, path: &str, message: &str, label: &str, help: Option<String>) -> Mistake {
        let place = self.place(path).cloned().unwrap_or(Place::File(0..0));
        mistake(&self.overrides, &place, message, label, help)
    }

    fn place(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place);
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}

/// A mistake at `place`; one in a command-line option quotes the option, for lack of a line to mark.
pub(super) fn mistake(
    overrides: &[Override],
    place: &Place,
    message: &str,
    label: &str,
    help: Option<String>,
) -> Mistake {
    let (message, span) = match place {
        Place::File(range) => (message.to_owned(), Some(range.clone())),
        Place::Option(index) => (format!("in `{}`: {message}", overrides[*index]), None),
    };
    Mistake {
        message,
        span,
        label: label.to_owned(),
        other: None,
        help,
    }
}
