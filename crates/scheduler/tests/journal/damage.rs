//! Files that are not what was written: refused, told precisely, and left as they are.

use std::fs;
use std::path::Path;

use finetooth_scheduler::journal::{Journal, JournalError, read};

use crate::events::reports;

/// The lines of a journal of five records, their newlines included.
fn lines() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::open(&path).unwrap().journal;
    journal.append(&reports(5)).unwrap();
    let bytes = fs::read(path).unwrap();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

/// What opening a file of `bytes` says, with the directory left out of it.
#[track_caller]
fn refusal(bytes: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    fs::write(&path, bytes).unwrap();
    let opened = Journal::open(&path).map(|_| ()).unwrap_err().to_string();
    assert_eq!(read(&path).unwrap_err().to_string(), opened);
    assert_eq!(fs::read(&path).unwrap(), bytes, "it is left as it is");
    opened.replace(&format!("{}/", directory.path().display()), "")
}

/// Replacing line `number` by `line` is refused as damage of line `told`.
#[track_caller]
fn check_line(number: usize, line: &[u8], told: usize) {
    let mut lines = lines();
    lines[number - 1] = line.to_vec();
    let expected = format!("`journal.jsonl` is damaged on line {told}: ");
    let refusal = refusal(&lines.concat());
    assert!(refusal.starts_with(&expected), "{refusal}");
}

#[test]
fn refuses_damage_in_the_middle() {
    check_line(2, b"junk\n", 2);
    check_line(3, b"\n", 3);
    check_line(3, b"\0\0\0\0\0\0\n", 3);
    check_line(3, b"\0\0\0\0\0\0", 3);
    check_line(4, b"{\"seq\":3,\"at\":\n", 4);
    check_line(4, b"\xff\xfe\xfd\n", 4);
}

#[test]
fn refuses_a_gap_and_a_repetition() {
    check_line(3, b"", 3);
    check_line(3, &[lines()[2].clone(), lines()[2].clone()].concat(), 4);
    check_line(5, &lines()[3], 5);
}

#[test]
fn refuses_a_whole_object_that_is_no_record_even_at_the_end() {
    check_line(
        5,
        b"{\"seq\":4,\"at\":\"2025-03-04T05:06:07Z\",\"event\":{\"moon_landed\":{}}}\n",
        5,
    );
    check_line(5, b"{\"seq\":4}", 5);
}

#[test]
fn refuses_two_unreadable_lines_at_the_end() {
    check_line(5, b"junk\njunk", 5);
}

#[test]
fn refuses_an_unknown_event_in_the_first_line() {
    check_line(
        1,
        b"{\"format\":\"finetooth-journal\",\"version\":1,\"seq\":0}\n",
        1,
    );
}

#[test]
fn says_what_is_wrong_where_and_what_to_do() {
    let mut damaged = lines();
    damaged[3].truncate(40);
    damaged[3].push(b'\n');
    insta::assert_snapshot!(refusal(&damaged.concat()), @"`journal.jsonl` is damaged on line 4: EOF while parsing an object at column 40; what stands before is whole: restore the file from a copy, or cut it before line 4 and run again what followed");
    insta::assert_snapshot!(refusal(&[lines()[0].clone(), lines()[2].clone()].concat()), @"`journal.jsonl` is damaged on line 2: its seq is 2 where 1 should follow; what stands before is whole: restore the file from a copy, or cut it before line 2 and run again what followed");
    insta::assert_snapshot!(refusal(b"{\"format\":\"finetooth-journal\",\"version\":3,\"seal\":0}\n"), @"`journal.jsonl` is a record of format version 3, this program reads versions 1 to 2: use the finetooth that wrote it, or run into another directory (--out)");
    insta::assert_snapshot!(refusal(b"trial,stage,round\n1,coarse,0\n"), @r#"`journal.jsonl` is not a record of finetooth: its first line should begin with {"format":"finetooth-journal"; run into another directory (--out)"#);
}

#[test]
fn never_cuts_a_file_that_is_not_ours() {
    for foreign in ["x", "notes", "{}", "{\"format\":\"geojson\"", "[]\n"] {
        assert!(refusal(foreign.as_bytes()).contains("is not a record of finetooth"));
    }
}

#[test]
fn a_missing_file_is_missing_and_a_directory_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let missing = read(&directory.path().join("journal.jsonl")).unwrap_err();
    assert!(matches!(missing, JournalError::Missing { .. }));
    let unreadable = read(directory.path()).unwrap_err();
    assert!(matches!(
        unreadable,
        JournalError::File { action: "read", .. }
    ));
    let unopened = Journal::open(directory.path()).map(|_| ()).unwrap_err();
    assert!(matches!(
        unopened,
        JournalError::File {
            action: "opened",
            ..
        }
    ));
}

#[test]
#[cfg(target_os = "linux")]
fn an_endless_line_is_refused_without_being_held() {
    let refused = read(Path::new("/dev/zero")).unwrap_err();
    assert!(
        matches!(refused, JournalError::Damaged { line: 1, .. }),
        "{refused}"
    );
}
