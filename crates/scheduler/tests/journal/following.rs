//! Reading a record while it grows.

use std::fs;

use finetooth_scheduler::event::Record;
use finetooth_scheduler::journal::{Follower, Journal, JournalError, News};

use crate::events::reports;
use crate::torn::bytes_of;

#[track_caller]
fn records(follower: &mut Follower) -> Vec<Record> {
    match follower.read().unwrap() {
        News::Records(records) => records,
        News::Replaced => panic!("the journal is still the same"),
    }
}

#[test]
fn grown_by_one_byte_at_a_time_it_tells_each_record_once_when_its_line_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let all = reports(4);
    let bytes = bytes_of(&all);
    let mut follower = Follower::new(&path);
    assert!(matches!(follower.read(), Err(JournalError::Missing { .. })));
    let mut told = Vec::new();
    for length in 0..=bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        told.extend(records(&mut follower));
        let whole = bytes[..length].split_inclusive(|byte| *byte == b'\n');
        let whole = whole.filter(|line| line.ends_with(b"\n"));
        assert_eq!(told.len(), whole.count(), "at byte {length}");
    }
    assert_eq!(told, all);
    assert_eq!(records(&mut follower), []);
}

#[test]
fn a_torn_end_is_waited_with_until_the_next_run_has_cut_it_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let all = reports(4);
    let mut torn = bytes_of(&all[..2]);
    torn.extend(b"{\"seq\":2,\"at\":\n");
    fs::write(&path, &torn).unwrap();
    let mut follower = Follower::new(&path);
    assert_eq!(records(&mut follower), all[..2]);
    assert_eq!(records(&mut follower), []);
    let mut opened = Journal::open(&path).unwrap();
    assert_eq!(records(&mut follower), []);
    opened.journal.append(&all[2..]).unwrap();
    assert_eq!(records(&mut follower), all[2..]);
}

#[test]
fn damage_is_told_after_what_stands_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let all = reports(4);
    let mut bytes = bytes_of(&all);
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes[second] = b'?';
    fs::write(&path, &bytes).unwrap();
    let mut follower = Follower::new(&path);
    assert_eq!(records(&mut follower), all[..1]);
    for _ in 0..2 {
        assert!(matches!(
            follower.read(),
            Err(JournalError::Damaged { line: 2, .. })
        ));
    }
}

#[test]
fn a_journal_put_in_its_place_is_read_from_its_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    fs::write(&path, bytes_of(&reports(4))).unwrap();
    let mut follower = Follower::new(&path);
    assert_eq!(records(&mut follower).len(), 4);
    fs::rename(&path, directory.path().join("aside")).unwrap();
    fs::write(&path, bytes_of(&reports(6))).unwrap();
    assert_eq!(follower.read().unwrap(), News::Replaced);
    assert_eq!(records(&mut follower).len(), 6);
    // cut in place, as nothing of ours does
    fs::write(&path, bytes_of(&reports(1))).unwrap();
    assert_eq!(follower.read().unwrap(), News::Replaced);
    assert_eq!(records(&mut follower).len(), 1);
}
