//! Whatever a file holds, reading it ends with records or a reason.

use std::fs;

use finetooth_scheduler::journal::{Contents, Journal, read};
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use crate::events::every_event;

/// Bytes, and lines of a true journal, some of them changed in a byte.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let mut journal = Journal::open(&path).unwrap().journal;
    journal.append(&every_event()).unwrap();
    let journal = fs::read(&path).unwrap();
    let n_bytes = journal.len();
    let changed =
        (Just(journal.clone()), 0..n_bytes, any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            bytes[at] = byte;
            bytes
        });
    let lines: Vec<Vec<u8>> = journal
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let shuffled = proptest::collection::vec(0..lines.len(), 0..6).prop_map(move |order| {
        order
            .into_iter()
            .flat_map(|line| lines[line].clone())
            .collect()
    });
    let arbitrary = proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![changed, shuffled, arbitrary]
}

proptest! {
    #[test]
    fn reading_and_opening_agree_and_never_panic(bytes in bytes()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        fs::write(&path, &bytes).unwrap();
        let read_first = read(&path).map_err(|error| error.to_string());
        match Journal::open(&path) {
            Ok(opened) => {
                let Contents { records, torn } = read_first.unwrap();
                prop_assert_eq!(format!("{:?}", opened.records), format!("{records:?}"));
                prop_assert_eq!(opened.torn, torn);
                // What was mended needs no mending again.
                prop_assert_eq!(read(&path).unwrap().torn, None);
            }
            Err(error) => {
                prop_assert_eq!(error.to_string(), read_first.unwrap_err());
                prop_assert_eq!(fs::read(&path).unwrap(), bytes);
            }
        }
    }
}
