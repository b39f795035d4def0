//! Appending and taking up again.

use std::fs;

use finetooth_scheduler::journal::{AppendError, Journal, read};

use crate::events::reports;

#[test]
fn creates_the_file_and_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("results/digits/journal.jsonl");
    let opened = Journal::open(&path).unwrap();
    assert_eq!((opened.records.len(), opened.torn), (0, None));
    assert!(path.exists());
}

#[test]
fn what_is_appended_is_there_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let records = reports(9);
    let mut journal = Journal::open(&path).unwrap().journal;
    for n_records in 1..=records.len() {
        journal.append(&records[n_records - 1..n_records]).unwrap();
        assert_eq!(read(&path).unwrap().records, records[..n_records]);
    }
}

#[test]
fn goes_on_where_it_ended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let records = reports(9);
    for group in records.chunks(4) {
        let mut journal = Journal::open(&path).unwrap().journal;
        assert_eq!(journal.next_seq(), group[0].seq);
        journal.append(group).unwrap();
        journal.sync().unwrap();
    }
    assert_eq!(read(&path).unwrap().records, records);
}

#[test]
fn appending_nothing_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    Journal::open(&path).unwrap().journal.append(&[]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
#[should_panic(expected = "records are numbered without gaps")]
fn takes_no_record_out_of_turn() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::open(&path).unwrap().journal;
    let _ = journal.append(&reports(3)[1..]);
}

#[test]
fn a_record_that_was_deleted_while_it_is_written_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::open(&path).unwrap().journal;
    journal.append(&reports(3)).unwrap();
    journal.sync().unwrap();
    fs::remove_file(&path).unwrap();
    let error = journal.sync().unwrap_err();
    assert!(matches!(error, AppendError::Deleted { .. }), "{error}");
    assert!(matches!(journal.sync(), Err(AppendError::Refused { .. })));
}
