//! Ends that a crash left half-written.

use std::fs;
use std::path::Path;

use finetooth_scheduler::journal::{Journal, TornTail, read};

use crate::events::{every_event, reports};

/// The bytes of a journal of `records`.
pub(crate) fn bytes_of(records: &[finetooth_scheduler::event::Record]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    Journal::open(&path)
        .unwrap()
        .journal
        .append(records)
        .unwrap();
    fs::read(path).unwrap()
}

/// Opens a journal of `bytes`; returns how many records it gave, what was torn, and the file afterwards. Whatever
/// was there, the journal then takes the next record, and reading without opening tells the same.
#[track_caller]
fn opened(path: &Path, bytes: &[u8]) -> (usize, Option<TornTail>, Vec<u8>) {
    let all = reports(8);
    fs::write(path, bytes).unwrap();
    let contents = read(path).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes, "reading changes nothing");
    let mut opened = Journal::open(path).unwrap();
    let n_records = opened.records.len();
    assert_eq!(opened.records, contents.records);
    assert_eq!(opened.torn, contents.torn);
    assert_eq!(opened.records, all[..n_records]);
    let mended = fs::read(path).unwrap();
    opened.journal.append(&all[n_records..=n_records]).unwrap();
    assert_eq!(read(path).unwrap().records, all[..=n_records]);
    (n_records, opened.torn, mended)
}

#[test]
fn cut_at_every_byte_of_the_last_three_records_it_holds_the_whole_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let bytes = bytes_of(&reports(5));
    let mut ends: Vec<usize> = (1..=bytes.len())
        .filter(|end| bytes[end - 1] == b'\n')
        .collect();
    ends.insert(0, 0);
    for cut in ends[2]..=bytes.len() {
        let (n_records, torn, mended) = opened(&path, &bytes[..cut]);
        // A record is whole with its last brace, with or without the newline.
        let whole = ends
            .iter()
            .rposition(|end| end.saturating_sub(1) <= cut)
            .unwrap();
        assert_eq!(n_records, whole, "cut at {cut}");
        assert_eq!(mended, bytes[..ends[whole]], "cut at {cut}");
        let rest = cut.saturating_sub(ends[whole]) as u64;
        let expected = (rest > 0).then_some(TornTail {
            bytes: rest,
            line: whole + 1,
        });
        assert_eq!(torn, expected, "cut at {cut}");
    }
}

#[test]
fn cut_anywhere_in_its_first_line_it_holds_nothing_yet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let bytes = bytes_of(&reports(1));
    for cut in 0..bytes.len() - 1 {
        let (n_records, _, mended) = opened(&path, &bytes[..cut]);
        assert_eq!((n_records, mended.len()), (0, 0), "cut at {cut}");
    }
}

#[test]
fn a_last_record_without_its_newline_is_kept_and_completed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let bytes = bytes_of(&reports(3));
    let (n_records, torn, mended) = opened(&path, &bytes[..bytes.len() - 1]);
    assert_eq!((n_records, torn), (3, None));
    assert_eq!(mended, bytes);
}

/// A journal of three records with `tail` after them gives the three, and the tail is cut off.
#[track_caller]
fn check_tail(tail: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let whole = bytes_of(&reports(3));
    let (n_records, torn, mended) = opened(&path, &[&whole[..], tail].concat());
    assert_eq!(n_records, 3);
    assert_eq!(
        torn,
        Some(TornTail {
            bytes: tail.len() as u64,
            line: 4
        })
    );
    assert_eq!(mended, whole);
}

#[test]
fn cuts_off_what_is_no_record_at_the_end() {
    check_tail(b"\n");
    check_tail(b"{");
    check_tail(b"{\"seq\":3,\"at\":\"2025-0");
    check_tail(b"{\"seq\":3,\"at\":\"2025-0\n");
    check_tail(b"junk");
    check_tail(b"junk\n");
    check_tail(b"17\n");
    check_tail(b"\xff\xfe\x00\x01");
    check_tail("{\"seq\":3,\"at\":\"½".as_bytes().split_last().unwrap().1);
}

#[test]
fn cuts_off_zeros_that_a_loss_of_power_left() {
    check_tail(b"\0");
    check_tail(&[0; 4096]);
    check_tail(b"{\"seq\":3,\"at\":\0\0\0\0\0\0");
    check_tail(b"{\"seq\":3,\"a\0\0\0\0\n\0\0\0");
}

#[test]
fn zeros_after_a_whole_record_do_not_take_it_along() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let whole = bytes_of(&reports(3));
    let (n_records, torn, mended) =
        opened(&path, &[&whole[..whole.len() - 1], &[0; 100][..]].concat());
    assert_eq!(n_records, 3);
    assert_eq!(
        torn,
        Some(TornTail {
            bytes: 100,
            line: 3
        })
    );
    assert_eq!(mended, whole);
}

#[test]
fn a_file_of_zeros_holds_nothing_yet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let (n_records, torn, mended) = opened(&path, &[0; 100]);
    assert_eq!((n_records, mended.len()), (0, 0));
    assert_eq!(
        torn,
        Some(TornTail {
            bytes: 100,
            line: 1
        })
    );
}

#[test]
fn an_empty_file_holds_nothing_yet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    assert_eq!(opened(&path, b""), (0, None, Vec::new()));
}

#[test]
fn every_event_survives_a_cut_behind_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let records = every_event();
    let bytes = bytes_of(&records);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for n_lines in 1..=records.len() {
        let half = lines
            .get(n_lines)
            .map_or(&[][..], |next| &next[..next.len() / 2]);
        fs::write(&path, [&lines[..n_lines].concat(), half].concat()).unwrap();
        let contents = read(&path).unwrap();
        assert_eq!(
            format!("{:?}", contents.records),
            format!("{:?}", &records[..n_lines])
        );
    }
}
