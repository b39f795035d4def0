//! One line of the journal: its form, and why a line is none.

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::event::{Event, FORMAT_VERSION, OLDEST_VERSION, Record};

const FORMAT: &str = "finetooth-journal";

/// What every first line begins with, whatever its version.
const OPENING: &[u8] = br#"{"format":"finetooth-journal","#;

/// The first line, as written.
#[derive(Serialize)]
struct FirstLine<'a> {
    format: &'static str,
    version: u32,
    seq: u64,
    at: Timestamp,
    event: &'a Event,
}

/// The first line, as read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadFirstLine {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    seq: u64,
    at: Timestamp,
    event: Event,
}

/// What the first line of every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// Why a line is not a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Not the whole of a JSON object: what a broken write leaves, if nothing follows.
    Broken(String),
    /// A whole JSON object that is no record: no accident of writing makes one.
    Strange(String),
    /// The first line of a journal of another version.
    Version(u64),
    /// The first line of something else.
    NotAJournal,
}

/// Adds `record` as a line to `buffer`; with the header where it is the first.
pub(super) fn push(buffer: &mut Vec<u8>, record: &Record) {
    let written = if record.seq == 0 {
        let first = FirstLine {
            format: FORMAT,
            version: FORMAT_VERSION,
            seq: record.seq,
            at: record.at,
            event: &record.event,
        };
        serde_json::to_writer(&mut *buffer, &first)
    } else {
        serde_json::to_writer(&mut *buffer, record)
    };
    written.expect("events have text keys, and memory takes every byte");
    buffer.push(b'\n');
}

/// Reads a line other than the first, without its newline.
pub(super) fn parse(line: &[u8]) -> Result<Record, Unreadable> {
    serde_json::from_slice(line).map_err(|error| unreadable(line, &error))
}

/// Reads the first line, without its newline.
pub(super) fn parse_first(line: &[u8]) -> Result<Record, Unreadable> {
    match serde_json::from_slice::<Header>(line) {
        Ok(header) if header.format != FORMAT => return Err(Unreadable::NotAJournal),
        Ok(header)
            if !(u64::from(OLDEST_VERSION)..=u64::from(FORMAT_VERSION))
                .contains(&header.version) =>
        {
            return Err(Unreadable::Version(header.version));
        }
        Ok(_) => {}
        Err(error) => {
            return Err(if is_beginning_of_a_journal(line) {
                unreadable(line, &error)
            } else {
                Unreadable::NotAJournal
            });
        }
    }
    match serde_json::from_slice::<ReadFirstLine>(line) {
        Ok(first) => Ok(Record {
            seq: first.seq,
            at: first.at,
            event: first.event,
        }),
        Err(error) => Err(unreadable(line, &error)),
    }
}

/// Whether a first line that broke off can have been ours: no other file is ever cut.
fn is_beginning_of_a_journal(line: &[u8]) -> bool {
    line.starts_with(OPENING) || OPENING.starts_with(line)
}

fn unreadable(line: &[u8], error: &serde_json::Error) -> Unreadable {
    // The reader counts lines of its own, of which there is one.
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    let problem = format!("{message} at column {}", error.column());
    let is_object = line.trim_ascii_start().first() == Some(&b'{')
        && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if is_object {
        Unreadable::Strange(problem)
    } else {
        Unreadable::Broken(problem)
    }
}
