//! Files of every version must load for ever.
//!
//! `fixtures/journal-v1.jsonl` holds the events of [`every_event`] as version 1 wrote them. A new version keeps
//! that file and its test, and adds its own: the file is the one that `writes_what_the_fixture_holds` leaves in
//! the directory it names when it fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use finetooth_scheduler::event::Record;
use finetooth_scheduler::journal::{Journal, read};

use crate::events::{KINDS, every_event, kind};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-v1.jsonl")
}

#[test]
fn the_fixture_holds_every_kind_of_event() {
    let records = read(&fixture()).unwrap().records;
    let kinds: BTreeSet<&str> = records.iter().map(|record| kind(&record.event)).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
}

#[test]
fn version_1_loads_with_every_value_it_held() {
    let contents = read(&fixture()).unwrap();
    // NaN is not equal to itself, but shows itself the same.
    let shown = |records: &[Record]| format!("{records:#?}");
    assert_eq!(shown(&contents.records), shown(&every_event()));
    assert_eq!(contents.torn, None);
}

#[test]
fn writes_what_the_fixture_holds() {
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journal-now.jsonl");
    fs::write(&written, "").unwrap();
    let mut journal = Journal::open(&written).unwrap().journal;
    journal.append(&every_event()).unwrap();
    let held = fs::read_to_string(fixture()).unwrap_or_default();
    assert_eq!(
        fs::read_to_string(&written).unwrap(),
        held,
        "compare {} with the fixture: a change of the format needs a new version",
        written.display()
    );
}
