//! A disk that takes no more: a process whose files may not grow stands for it.
#![cfg(target_os = "linux")]

use std::env;
use std::path::Path;
use std::process::Command;

use finetooth_scheduler::journal::{AppendError, Journal, read};

use crate::events::reports;

/// Names the journal to the process that this test starts with a limit on its files.
const LIMITED: &str = "FINETOOTH_TEST_LIMITED_JOURNAL";

#[test]
fn a_write_that_falls_short_is_told_and_leaves_whole_records() {
    if let Some(path) = env::var_os(LIMITED) {
        fill(Path::new(&path));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "full_disk::a_write_that_falls_short_is_told_and_leaves_whole_records",
        ])
        .env(LIMITED, directory.path().join("journal.jsonl"))
        .output()
        .unwrap();
    assert!(
        limited.status.success(),
        "{}",
        String::from_utf8_lossy(&limited.stdout)
    );
}

fn fill(path: &Path) {
    let all = reports(1000);
    let mut journal = Journal::open(path).unwrap().journal;
    let mut groups = all.chunks(7);
    let (n_written, error) = groups
        .by_ref()
        .enumerate()
        .find_map(|(index, group)| Some((7 * index, journal.append(group).err()?)))
        .unwrap();
    assert!(matches!(error, AppendError::Write { .. }), "{error}");
    assert!(n_written > 0);
    let contents = read(path).unwrap();
    assert_eq!((contents.records.len(), contents.torn), (n_written, None));
    let refused = journal.append(groups.next().unwrap()).unwrap_err();
    assert!(matches!(refused, AppendError::Refused { .. }));
    assert!(matches!(journal.sync(), Err(AppendError::Refused { .. })));
    drop(journal);
    assert_eq!(
        Journal::open(path).unwrap().journal.next_seq(),
        n_written as u64
    );
}
