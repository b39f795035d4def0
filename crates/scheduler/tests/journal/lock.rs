//! One run at a time.

use std::env;
use std::path::Path;
use std::process::Command;

use finetooth_scheduler::journal::{Journal, JournalError, read};

use crate::events::reports;

/// Names the journal to the process that this test starts.
const TAKEN: &str = "FINETOOTH_TEST_TAKEN_JOURNAL";

fn is_in_use(path: &Path) -> bool {
    matches!(Journal::open(path), Err(JournalError::InUse { .. }))
}

#[test]
fn a_second_opener_in_the_same_process_is_refused_until_the_first_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let first = Journal::open(&path).unwrap();
    assert!(is_in_use(&path));
    drop(first);
    assert!(!is_in_use(&path));
}

#[test]
fn another_process_is_refused_and_may_read() {
    if let Some(path) = env::var_os(TAKEN) {
        assert!(is_in_use(Path::new(&path)));
        assert_eq!(read(Path::new(&path)).unwrap().records, reports(3));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut first = Journal::open(&path).unwrap().journal;
    first.append(&reports(3)).unwrap();
    let other = Command::new(env::current_exe().unwrap())
        .args(["--exact", "lock::another_process_is_refused_and_may_read"])
        .env(TAKEN, &path)
        .output()
        .unwrap();
    assert!(
        other.status.success(),
        "{}",
        String::from_utf8_lossy(&other.stdout)
    );
}
