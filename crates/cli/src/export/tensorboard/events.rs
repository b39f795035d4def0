//! An event file, event by event.

use std::io::{self, Write};

use jiff::Timestamp;
use prost::Message;

use super::messages::{Event, Summary, SummaryValue, What};
use super::tfrecord;

/// Writes events to `output`.
pub(super) struct Events<W: Write> {
    output: W,
    bytes: Vec<u8>,
}

impl<W: Write> Events<W> {
    /// Begins the file, with an event of the moment `at`.
    pub(super) fn begin(output: W, at: Timestamp) -> io::Result<Self> {
        let bytes = Vec::new();
        let mut events = Self { output, bytes };
        events.write(at, 0, What::FileVersion("brain.Event:2".to_owned()))?;
        Ok(events)
    }

    /// Writes what was measured `at` that moment, after epoch `step`.
    pub(super) fn summary(
        &mut self,
        at: Timestamp,
        step: u32,
        values: Vec<SummaryValue>,
    ) -> io::Result<()> {
        self.write(at, step, What::Summary(Summary { values }))
    }

    fn write(&mut self, at: Timestamp, step: u32, what: What) -> io::Result<()> {
        let event = Event {
            wall_time: seconds(at),
            step: step.into(),
            what: Some(what),
        };
        self.bytes.clear();
        event
            .encode(&mut self.bytes)
            .expect("memory takes every message");
        tfrecord::write(&mut self.output, &self.bytes)
    }
}

/// Seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}
