//! Who watches a sweep.

use crate::event::Record;
use crate::search::Search;

/// Is told of every event after it is recorded; cannot change anything.
pub trait Observer {
    /// `record` was just applied; `search` already includes it and what was recorded with it.
    fn observe(&mut self, record: &Record, search: &Search);

    /// The terminal may want to move though nothing happened; called a few times a second.
    fn tick(&mut self, search: &Search) {
        let _ = search;
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Record, _: &Search) {}
}
