//! Numbers out of what a program prints: lines of any kind that hold `key=value`, `key: value` or JSON.

use std::collections::BTreeMap;

use finetooth_scheduler::number::{MISSING, is_missing};

use super::line::{Line, read_line};

/// Longest line that is looked at, in bytes; the rest of a longer one is skipped.
const LONGEST_LINE: usize = 1 << 20;
/// Names that are counted for `finetooth check`, at most.
const MOST_NAMES: usize = 1000;

/// A line that holds the metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The epoch that the program names, in this line or in one like `Epoch 3/10` since the report before.
    pub(super) epoch: Option<u32>,
    /// One number for each column: of this line, or else the latest since the report before; [`MISSING`] where there is none.
    pub(super) values: Vec<f64>,
}

impl Found {
    /// Whether it is a later state of the line that `before` was on; it then keeps what it does not say again.
    fn draws_over(&mut self, before: &Self) -> bool {
        if self.epoch.is_some() && self.epoch != before.epoch {
            return false;
        }
        self.epoch = before.epoch;
        for (value, earlier) in self.values.iter_mut().zip(&before.values) {
            if is_missing(*value) {
                *value = *earlier;
            }
        }
        true
    }
}

/// What was read under one name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// How often.
    pub(super) times: u64,
    /// The last value.
    pub(super) last: f64,
    /// The first line that held it.
    pub(super) line: String,
}

/// Takes a program's output in pieces of any size and finds the reports in it.
///
/// A line ends with a line feed. What a carriage return takes back, as progress bars do, counts only where the line names
/// another epoch afterwards, or says nothing more: what a terminal would show in the end.
#[derive(Debug)]
pub(super) struct Metrics {
    columns: Vec<String>,
    /// Which column has to be there.
    metric: usize,
    line: Vec<u8>,
    is_skipping: bool,
    /// Values since the last report, each with the epoch that its own line names.
    values: Vec<(f64, Option<u32>)>,
    /// Epoch of a line like `Epoch 3/10` since the last report.
    epoch: Option<u32>,
    /// What was written before a carriage return, and holds the metric.
    taken_back: Option<Found>,
    seen: BTreeMap<String, Seen>,
}

impl Metrics {
    /// Looks for `columns`, of which the one at `metric` makes a line a report.
    pub(super) fn new(columns: &[String], metric: usize) -> Self {
        Self {
            columns: columns.to_vec(),
            metric,
            line: Vec::new(),
            is_skipping: false,
            values: vec![(MISSING, None); columns.len()],
            epoch: None,
            taken_back: None,
            seen: BTreeMap::new(),
        }
    }

    /// Takes further output, and hands each report to `take`.
    pub(super) fn feed(&mut self, bytes: &[u8], take: &mut dyn FnMut(Found)) {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, end) = match piece {
                [text @ .., end @ (b'\n' | b'\r')] => (text, Some(*end)),
                text => (text, None),
            };
            let room = LONGEST_LINE - self.line.len();
            self.is_skipping |= text.len() > room;
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if let Some(end) = end {
                self.end_line(end == b'\r', take);
            }
        }
    }

    /// Takes the end of the output; a last line need not end.
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(Found)) {
        self.end_line(false, take);
    }

    /// Every name that was read with a number, those that are not kept too.
    pub(super) fn seen(&self) -> &BTreeMap<String, Seen> {
        &self.seen
    }

    fn end_line(&mut self, is_taken_back: bool, take: &mut dyn FnMut(Found)) {
        // What was cut off may have ended within a number.
        let mut found = if self.is_skipping {
            None
        } else {
            let bytes = std::mem::take(&mut self.line);
            let found = self.report(&read_line(&bytes));
            self.line = bytes;
            found
        };
        self.line.clear();
        self.is_skipping = false;
        if let Some(before) = self.taken_back.take() {
            let is_replaced = match &mut found {
                Some(found) => found.draws_over(&before),
                None => false,
            };
            if found.is_none() && is_taken_back {
                self.taken_back = Some(before);
                return;
            }
            if !is_replaced {
                take(before);
            }
        }
        match found {
            Some(found) if is_taken_back => self.taken_back = Some(found),
            Some(found) => take(found),
            None => {}
        }
    }

    fn report(&mut self, line: &Line) -> Option<Found> {
        if line.epoch.is_some() {
            self.epoch = line.epoch;
        }
        let mut has_metric = false;
        for (name, value) in &line.pairs {
            self.count(name, *value, line);
            if let Some(column) = self.columns.iter().position(|column| column == name) {
                self.values[column] = (*value, line.epoch);
                has_metric |= column == self.metric;
            }
        }
        if !has_metric {
            return None;
        }
        let epoch = self.epoch.take();
        let columns = self.values.iter_mut();
        let values = columns.map(|column| {
            let (value, named) = std::mem::replace(column, (MISSING, None));
            // What came after the metric of an epoch is not the next one's.
            let is_of_another =
                named.is_some_and(|named| epoch.is_some_and(|epoch| epoch != named));
            if is_of_another { MISSING } else { value }
        });
        Some(Found {
            epoch,
            values: values.collect(),
        })
    }

    fn count(&mut self, name: &str, value: f64, line: &Line) {
        if let Some(seen) = self.seen.get_mut(name) {
            seen.times += 1;
            seen.last = value;
        } else if self.seen.len() < MOST_NAMES {
            let first = Seen {
                times: 1,
                last: value,
                line: line.text.chars().take(200).collect(),
            };
            self.seen.insert(name.to_owned(), first);
        }
    }
}

#[cfg(test)]
mod tests;
