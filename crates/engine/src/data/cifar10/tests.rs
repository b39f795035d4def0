use std::fs;

use super::*;

/// A record whose pixel p has red p mod 251, green 100 and blue 200.
fn record(label: u8) -> Vec<u8> {
    let mut bytes = vec![label];
    bytes.extend((0..PLANE).map(|p| (p % 251) as u8));
    bytes.extend([100; PLANE]);
    bytes.extend([200; PLANE]);
    bytes
}

fn read_files(files: &[(&str, Vec<u8>)], path: &str, set: Set) -> Result<Raw, DataError> {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    read(&directory.path().join(path), set)
}

#[test]
fn planes_become_pixels_of_three_channels() {
    let raw = read_files(&[("x.bin", record(3))], "x.bin", Set::Train).unwrap();
    let Cells::Pixels(pixels) = raw.cells else {
        panic!("images are pixels")
    };
    assert_eq!(pixels.len(), 3072);
    assert_eq!(pixels[..6], [0, 100, 200, 1, 100, 200]);
    assert_eq!(pixels[3069..], [(1023 % 251) as u8, 100, 200]);
    assert_eq!(raw.targets.labels().unwrap(), [3]);
    assert_eq!(raw.classes[3], "cat");
}

#[test]
fn a_directory_gives_its_batches_in_order() {
    let files = [
        ("data_batch_2.bin", record(2)),
        ("data_batch_1.bin", [record(1), record(9)].concat()),
        ("test_batch.bin", record(7)),
    ];
    let raw = read_files(&files, "", Set::Train).unwrap();
    assert_eq!(raw.targets.labels().unwrap(), [1, 9, 2]);
    assert!(
        raw.notes[0].contains("2 of CIFAR-10's 5"),
        "{:?}",
        raw.notes
    );
    let test = read_files(&files, "", Set::Test).unwrap();
    assert_eq!(
        (test.targets.labels().unwrap(), test.notes.len()),
        (&[7][..], 0)
    );
}

/// Expects an error on a file with these bytes.
#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let error = read_files(&[("x.bin", bytes.to_vec())], "x.bin", Set::Train).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn damaged_files_are_refused() {
    check_refused(b"", "is empty");
    check_refused(
        &record(1)[..3000],
        "3000 bytes are not whole records of 3073",
    );
    check_refused(&[record(1), vec![1]].concat(), "not whole records");
    check_refused(&[record(1), record(10)].concat(), "record 1 has label 10");
    check_refused(&[0x1f, 0x8b, 8, 0], "damaged");
}

#[test]
fn an_empty_directory_says_what_it_lacks() {
    let error = read_files(&[], "", Set::Train).unwrap_err();
    assert!(
        error.to_string().contains("there is no data_batch_1.bin"),
        "{error}"
    );
    let error = read_files(&[], "", Set::Test).unwrap_err();
    assert!(
        error.to_string().contains("there is no test_batch.bin"),
        "{error}"
    );
}
