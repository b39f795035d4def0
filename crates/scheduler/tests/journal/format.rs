//! Files of every version must load for ever.
//!
//! `fixtures/journal-v1.jsonl` holds the events of [`version_1`] as version 1 wrote them, `journal-v2.jsonl` those of
//! [`every_event`]. A new version keeps those files and their tests, and adds its own: the file is the one that
//! `writes_what_the_fixture_holds` leaves in the directory it names when it fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use finetooth_scheduler::event::Record;
use finetooth_scheduler::journal::{Journal, read};

use crate::events::{KINDS, every_event, kind, version_1};

fn fixture(version: u32) -> PathBuf {
    let name = format!("tests/fixtures/journal-v{version}.jsonl");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_fixture_holds_every_kind_of_event() {
    let records = read(&fixture(2)).unwrap().records;
    let kinds: BTreeSet<&str> = records.iter().map(|record| kind(&record.event)).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
}

#[track_caller]
fn check_loads(version: u32, expected: &[Record]) {
    let contents = read(&fixture(version)).unwrap();
    // NaN is not equal to itself, but shows itself the same.
    let shown = |records: &[Record]| format!("{records:#?}");
    assert_eq!(shown(&contents.records), shown(expected));
    assert_eq!(contents.torn, None);
}

#[test]
fn version_1_loads_with_every_value_it_held() {
    check_loads(1, &version_1());
}

#[test]
fn version_2_loads_with_every_value_it_held() {
    check_loads(2, &every_event());
}

#[test]
fn writes_what_the_fixture_holds() {
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journal-now.jsonl");
    fs::write(&written, "").unwrap();
    let mut journal = Journal::open(&written).unwrap().journal;
    journal.append(&every_event()).unwrap();
    let held = fs::read_to_string(fixture(2)).unwrap_or_default();
    assert_eq!(
        fs::read_to_string(&written).unwrap(),
        held,
        "compare {} with the fixture: a change of the format needs a new version",
        written.display()
    );
}
