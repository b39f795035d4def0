use std::fs;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::data::raw::Cells;

/// Three images of 2 × 2 pixels: 0 to 3, 4 to 7, 8 to 11.
fn images() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2];
    bytes.extend(0..12);
    bytes
}

/// Their labels: 5, 0, 5.
fn labels() -> Vec<u8> {
    vec![0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 5]
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads a directory with these files.
fn read_files(files: &[(&str, Vec<u8>)], path: &str, set: Set) -> Result<Raw, DataError> {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    read(&directory.path().join(path), set)
}

/// Expects the three images above.
#[track_caller]
fn check(files: &[(&str, Vec<u8>)], path: &str, set: Set) {
    let raw = read_files(files, path, set).unwrap();
    let Cells::Pixels(pixels) = raw.cells else {
        panic!("images are pixels")
    };
    assert_eq!(pixels, (0..12).collect::<Vec<u8>>());
    assert_eq!(
        (raw.shape.height, raw.shape.width, raw.shape.channels),
        (2, 2, 1)
    );
    assert_eq!(raw.classes, ["0", "5"]);
    assert_eq!(raw.targets.labels().unwrap(), [1, 0, 1]);
}

#[test]
fn directories_and_files_plain_or_compressed_are_read() {
    let train = ("train-images-idx3-ubyte", images());
    let train_labels = ("train-labels-idx1-ubyte", labels());
    check(&[train.clone(), train_labels.clone()], "", Set::Train);
    check(&[train.clone(), train_labels.clone()], train.0, Set::Train);
    let train_gz = ("train-images-idx3-ubyte.gz", gzipped(&images()));
    let labels_gz = ("train-labels-idx1-ubyte.gz", gzipped(&labels()));
    check(&[train_gz.clone(), labels_gz.clone()], "", Set::Train);
    check(&[train_gz.clone(), labels_gz], train_gz.0, Set::Train);
    check(&[train_gz, train_labels], "", Set::Train);
    check(
        &[
            ("t10k-images.idx3-ubyte", images()),
            ("t10k-labels.idx1-ubyte", labels()),
        ],
        "",
        Set::Test,
    );
    check(
        &[("my-images", images()), ("my-labels", labels())],
        "my-images",
        Set::Train,
    );
}

/// Expects an error on these images and labels.
#[track_caller]
fn check_refused(images: &[u8], labels: &[u8], expected: &str) {
    let files = [
        ("train-images-idx3-ubyte", images.to_vec()),
        ("train-labels-idx1-ubyte", labels.to_vec()),
    ];
    let error = read_files(&files, "", Set::Train).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

fn header(dimensions: [u32; 3]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    bytes.extend(dimensions.into_iter().flat_map(u32::to_be_bytes));
    bytes
}

#[test]
fn damaged_files_are_refused() {
    check_refused(b"", &labels(), "is empty");
    check_refused(&images()[..3], &labels(), "ends within its header");
    check_refused(&images()[..10], &labels(), "ends within its header");
    check_refused(
        &images()[..27],
        &labels(),
        "3 images of 2 × 2 pixels needs 12 bytes",
    );
    check_refused(&images(), &labels()[..9], "3 labels needs 3 bytes");
    check_refused(&gzipped(&images())[..20], &labels(), "damaged");
    check_refused(&[images(), vec![0]].concat(), &labels(), "holds more than");
    check_refused(
        b"PNG and what follows",
        &labels(),
        "begins with [50, 4e, 47, 20]",
    );
    check_refused(&[0, 0, 13, 3, 0, 0, 0, 3], &labels(), "unsigned bytes");
}

#[test]
fn images_and_labels_must_belong_together() {
    check_refused(&labels(), &labels(), "1 dimensions; accepted: 3");
    check_refused(&images(), &images(), "3 dimensions; accepted: 1");
    let four = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 3];
    check_refused(&images(), &four, "has 3 images");
    check_refused(&header([0, 28, 28]), &labels(), "no samples");
    check_refused(&header([3, 0, 28]), &labels(), "no samples");
}

#[test]
fn absurd_sizes_are_refused_before_allocating() {
    let announced = |n: u32| [&[0, 0, 8, 1], &n.to_be_bytes()[..]].concat();
    check_refused(
        &header([1 << 20; 3]),
        &announced(1 << 20),
        "at most 1073741824 values",
    );
    check_refused(
        &header([u32::MAX; 3]),
        &announced(u32::MAX),
        "at most 1073741824 values",
    );
    check_refused(
        &header([1 << 20, 28, 28]),
        &announced(1 << 20),
        "needs 1048576 bytes",
    );
}

#[test]
fn what_is_missing_is_named() {
    let refused = |files: &[(&str, Vec<u8>)], path: &str| {
        read_files(files, path, Set::Train).unwrap_err().to_string()
    };
    assert!(refused(&[], "").contains("there is no train-images-idx3-ubyte"));
    assert!(refused(&[], "absent").contains("No such file"));
    let images = ("train-images-idx3-ubyte", images());
    assert!(refused(&[images], "").contains("there is no train-labels-idx1-ubyte, the labels"));
    assert!(refused(&[("pictures", labels())], "pictures").contains("should hold \"images\""));
}
