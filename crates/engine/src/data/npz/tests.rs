use std::fs;
use std::io::Write;
use std::path::PathBuf;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::data::Targets;

/// A file of `fixtures/`, which `fixtures/make.py` wrote with NumPy 2.4.
fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/npz/fixtures");
    folder.join(name)
}

fn named(features: &str, label: &str) -> NpzOptions {
    let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    NpzOptions {
        features: name(features),
        label: name(label),
        label_path: None,
    }
}

fn read_classes(path: &Path, options: &NpzOptions) -> Result<(Raw, Option<Raw>), DataError> {
    read(path, None, options, LabelKind::Class, None)
}

/// Features as numbers, whatever they are kept as.
fn numbers(raw: &Raw) -> Vec<f32> {
    match &raw.cells {
        Cells::Pixels(pixels) => pixels.iter().map(|&p| f32::from(p)).collect(),
        Cells::Numbers(numbers) => numbers.clone(),
    }
}

/// 0, 1, 2, …, n − 1.
fn counting(n: u8) -> Vec<f32> {
    (0..n).map(f32::from).collect()
}

/// Expects the four images of 2 × 3 pixels and labels that `make.py` calls x and y.
#[track_caller]
fn check(name: &str, options: &NpzOptions) {
    let (raw, test) = read_classes(&fixture(name), options).unwrap();
    let shape = [raw.shape.height, raw.shape.width, raw.shape.channels];
    assert_eq!(shape, [2, 3, 1]);
    assert_eq!(numbers(&raw), counting(24));
    assert_eq!(raw.classes, ["-2", "7", "300"]);
    assert_eq!(raw.targets, Targets::Labels(vec![1, 0, 1, 2]));
    assert!(test.is_none());
}

/// Expects the error to hold this text and to be at this key.
#[track_caller]
fn check_refused(result: Result<(Raw, Option<Raw>), DataError>, key: &str, expected: &str) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(error.key(), key, "{error}");
}

#[test]
fn archives_stored_and_deflated_and_single_arrays_are_the_same_data() {
    check("plain.npz", &NpzOptions::default());
    check("packed.npz", &NpzOptions::default());
    let labels = NpzOptions {
        label_path: Some(fixture("y.npy")),
        ..NpzOptions::default()
    };
    check("x.npy", &labels);
}

#[test]
fn every_type_and_order_is_the_same_numbers() {
    for file in ["little.npz", "big.npz"] {
        for name in [
            "u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8",
        ] {
            check(file, &named(name, ""));
        }
    }
    check("fortran.npz", &NpzOptions::default());
}

#[test]
fn bytes_stay_bytes() {
    let (raw, _) = read_classes(&fixture("plain.npz"), &NpzOptions::default()).unwrap();
    assert!(matches!(raw.cells, Cells::Pixels(_)));
}

#[test]
fn truth_values_are_numbers_and_classes() {
    let (raw, _) = read_classes(&fixture("bools.npz"), &NpzOptions::default()).unwrap();
    assert_eq!(numbers(&raw)[..4], [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(raw.classes, ["False", "True"]);
    assert_eq!(raw.targets, Targets::Labels(vec![1, 0, 1, 1]));
}

#[test]
fn channels_first_are_turned_around_where_the_shape_says_so() {
    let of = |features: &str, shape| {
        let options = named(features, "y");
        let (raw, _) = read(
            &fixture("images.npz"),
            None,
            &options,
            LabelKind::Class,
            shape,
        )?;
        let found = [raw.shape.height, raw.shape.width, raw.shape.channels];
        Ok::<_, DataError>((found, numbers(&raw)))
    };
    let expected = ([1, 2, 3], counting(24));
    let shape = Some([3, 1, 2]);
    for features in ["last", "first", "rows", "fortran", "fortran_rows"] {
        assert_eq!(of(features, shape).unwrap(), expected, "{features}");
    }
    assert_eq!(of("last", None).unwrap(), expected);
    assert_eq!(of("first", None).unwrap().0, [3, 1, 2]);
    let error = of("first", Some([3, 2, 1])).unwrap_err();
    assert!(
        error.to_string().contains("[4, 3, 1, 2], samples first"),
        "{error}"
    );
    assert_eq!(error.key(), "shape");
}

#[test]
fn the_names_of_keras_bring_a_test_set() {
    let path = fixture("keras.npz");
    let (raw, test) = read_classes(&path, &NpzOptions::default()).unwrap();
    assert_eq!(raw.targets, Targets::Labels(vec![1, 0, 1, 2]));
    let test = test.unwrap();
    assert_eq!(test.classes, ["7", "300"]);
    assert_eq!(numbers(&test), counting(12));

    let (_, test) = read_classes(&path, &named("x_train", "y_train")).unwrap();
    assert!(test.is_none());
    let (raw, test) = read(
        &path,
        Some(&fixture("plain.npz")),
        &NpzOptions::default(),
        LabelKind::Class,
        None,
    )
    .unwrap();
    assert_eq!(test.unwrap().targets.len(), 4);
    assert!(
        raw.notes[1].contains("are left alone, as test_path"),
        "{:?}",
        raw.notes
    );
    // The same file as test set of its own: x_test and y_test.
    let (_, test) = read(
        &path,
        Some(&path),
        &NpzOptions::default(),
        LabelKind::Class,
        None,
    )
    .unwrap();
    assert_eq!(test.unwrap().targets.len(), 2);
}

#[test]
fn what_was_read_is_told() {
    let (raw, _) = read_classes(&fixture("keras.npz"), &NpzOptions::default()).unwrap();
    let note = "keras.npz: 4 samples, features \"x_train\" (uint8), labels \"y_train\" (int16)";
    assert!(raw.notes[0].ends_with(note), "{:?}", raw.notes);
}

#[test]
fn labels_are_numbers_where_numbers_are_predicted() {
    let of = |name: &str| {
        let options = NpzOptions::default();
        read(&fixture(name), None, &options, LabelKind::Number, None)
    };
    let (raw, _) = of("numbers.npz").unwrap();
    assert_eq!(raw.targets, Targets::Values(vec![0.5, -1.25, 3.0, 2.0]));
    let (raw, _) = of("plain.npz").unwrap();
    assert_eq!(raw.targets, Targets::Values(vec![7.0, -2.0, 7.0, 300.0]));
    let real = read_classes(&fixture("numbers.npz"), &NpzOptions::default());
    check_refused(real, "path", "its dtype is float32; accepted: integers");
}

#[test]
fn names_in_any_script_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("größen 名.npz");
    fs::copy(fixture("unicode.npz"), &path).unwrap();
    let (raw, _) = read_classes(&path, &named("größe", "名前")).unwrap();
    assert_eq!(numbers(&raw), counting(24));
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let plain = fixture("plain.npz");
    check_refused(
        read_classes(&plain, &named("X", "")),
        "features",
        "there is no array \"X\"; did you mean \"x\"?; features = \"NAME\" names one; accepted: \"x\", \"y\"",
    );
    check_refused(
        read_classes(&plain, &named("", "ages")),
        "label",
        "find the labels in",
    );
    check_refused(
        read_classes(&fixture("unicode.npz"), &NpzOptions::default()),
        "features",
        "no array \"x\" or \"x_train\"; features = \"NAME\" names one; accepted: \"größe\", \"名前\"",
    );
    check_refused(
        read_classes(&fixture("little.npz"), &NpzOptions::default()),
        "features",
        "no array \"x\"",
    );
    check_refused(
        read_classes(&fixture("empty.npz"), &NpzOptions::default()),
        "features",
        "an archive with arrays",
    );
}

#[test]
fn single_arrays_need_labels_of_their_own() {
    let x = fixture("x.npy");
    let labels = |path: PathBuf, name: &str| NpzOptions {
        label_path: Some(path),
        ..named(name, "")
    };
    let refused = |path: &Path, options, key: &str, expected: &str| {
        check_refused(read_classes(path, &options), key, expected);
    };
    refused(
        &x,
        NpzOptions::default(),
        "path",
        "label_path = \"LABELS.npy\"",
    );
    refused(&x, labels(fixture("y.npy"), "x"), "features", "no names");
    refused(
        &x,
        labels(fixture("plain.npz"), ""),
        "label_path",
        "it is an archive; accepted: an .npy file",
    );
    refused(
        &fixture("plain.npz"),
        labels(fixture("y.npy"), ""),
        "label_path",
        "leave label_path out",
    );
    refused(
        &x,
        labels(fixture("absent"), ""),
        "label_path",
        "No such file",
    );
    refused(
        &x,
        labels(x.clone(), ""),
        "label_path",
        "its shape is [4, 2, 3]; accepted: (N) or (N, 1)",
    );
    let test = read(
        &x,
        Some(&x),
        &labels(fixture("y.npy"), ""),
        LabelKind::Class,
        None,
    );
    check_refused(test, "test_path", "features without labels");
}

#[test]
fn arrays_that_are_no_data_are_refused_with_the_remedy() {
    let features = |name: &str, expected: &str| {
        let result = read_classes(&fixture("wrong.npz"), &named(name, "y"));
        check_refused(result, "path", expected);
    };
    features(
        "nan",
        "NaN in sample 1 (counted from 0) is not a finite number",
    );
    features("infinite", "beyond 3.4e38, in sample 3");
    features("objects", "take pickle to read");
    features("text", "its dtype is <U1; accepted: bool, int8");
    features("dates", "x.astype(\"int64\") makes numbers of dates");
    features("complex", "its dtype is <c8");
    features("records", "its dtype is [('a', '<f4'), ('b', '<i4')]");
    features("short", "has 3 samples");
    features("row", "its shape is [4]; accepted: (N, features)");
    features("number", "its shape is []; accepted: (N, features)");
    features("none", "its shape is [0, 3], so that there are no samples");
    let labels = |name: &str, expected: &str| {
        let result = read_classes(&fixture("wrong.npz"), &named("x", name));
        check_refused(result, "path", expected);
    };
    labels("text", "np.unique(y, return_inverse=True)");
    labels("objects", "take pickle to read");
    labels("one_hot", "y.argmax(axis=1)");
    labels("short", "has 4 samples");
    labels("row", "its dtype is float64; accepted: integers");
    labels("number", "its shape is []; accepted: (N) or (N, 1)");
    let values = read(
        &fixture("wrong.npz"),
        None,
        &named("x", "infinite"),
        LabelKind::Number,
        None,
    );
    check_refused(values, "path", "sample 3");
}

#[test]
fn labels_of_one_class_are_left_to_the_split() {
    let (raw, _) = read_classes(&fixture("wrong.npz"), &named("x", "same")).unwrap();
    assert_eq!(raw.classes, ["0"]);
}

/// A file of these bytes as features or archive, with the labels of `y.npy`.
fn read_bytes(bytes: &[u8], label_path: Option<PathBuf>) -> Result<(Raw, Option<Raw>), DataError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    fs::write(&path, bytes).unwrap();
    let options = NpzOptions {
        label_path,
        ..NpzOptions::default()
    };
    read_classes(&path, &options)
}

#[test]
fn a_file_cut_off_at_any_byte_is_refused() {
    for (name, label_path) in [
        ("plain.npz", None),
        ("packed.npz", None),
        ("keras.npz", None),
        ("x.npy", Some(fixture("y.npy"))),
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        assert!(read_bytes(&whole, label_path.clone()).is_ok(), "{name}");
        for end in 0..whole.len() {
            let result = read_bytes(&whole[..end], label_path.clone());
            assert!(result.is_err(), "{name} cut off after {end} bytes");
        }
    }
}

/// Every flip of a byte is noticed, or hits what no reader looks at: the data are never others.
#[test]
fn a_byte_that_is_changed_in_an_archive_changes_no_number() {
    for name in ["plain.npz", "packed.npz"] {
        let whole = fs::read(fixture(name)).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            if let Ok((raw, _)) = read_bytes(&changed, None) {
                assert_eq!(numbers(&raw), counting(24), "{name}, byte {at}");
                assert_eq!(raw.targets, Targets::Labels(vec![1, 0, 1, 2]));
            }
        }
    }
}

/// An array of bytes with this shape in its header.
fn array(shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(content);
    bytes
}

/// An archive of these arrays.
fn archive(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in arrays {
        writer.start_file(format!("{name}.npy"), packed).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_header_of_2_to_the_60_elements_is_refused_before_allocating() {
    let features = |bytes: &[u8], expected: &str| {
        check_refused(read_bytes(bytes, Some(fixture("y.npy"))), "path", expected);
    };
    let huge = "(4, 288230376151711744)";
    let needs = "its shape [4, 288230376151711744] needs 1152921504606846976 bytes, and there are at most 9";
    features(&array(huge, b"few bytes"), needs);
    features(
        &array("(4, 9223372036854775808)", b""),
        "and there are at most 0",
    );
    let packed = archive(&[
        ("x", array(huge, b"few bytes")),
        ("y", array("(4,)", &[0, 1, 0, 1])),
    ]);
    check_refused(read_bytes(&packed, None), "path", needs);
    let labels = archive(&[
        ("x", array("(1152921504606846976, 1)", b"few")),
        ("y", array("(1152921504606846976,)", b"few")),
    ]);
    check_refused(read_bytes(&labels, None), "path", "at most 3");
}

#[test]
fn an_archive_made_to_fill_the_memory_is_refused_at_the_headers_own_size() {
    // 32 MiB of zeros take 32 kB in the archive.
    let zeros = vec![0; 32 << 20];
    let bomb = archive(&[
        ("x", array("(4, 3)", &zeros)),
        ("y", array("(4,)", &[0, 1, 0, 1])),
    ]);
    check_refused(
        read_bytes(&bomb, None),
        "path",
        "holds more than the 12 bytes of its shape [4, 3]",
    );
}

#[test]
fn what_is_neither_archive_nor_array_is_refused() {
    let refused = |bytes: &[u8], expected: &str| {
        check_refused(read_bytes(bytes, None), "path", expected);
    };
    refused(b"", "the file is empty; accepted: an .npz or .npy file");
    refused(b"PK", "begins with [50, 4b]");
    refused(b"a,b\n1,2\n", "begins with [61, 2c, 62, 0a]");
    refused(
        b"PK\x03\x04 and what follows",
        "damaged, cut off or not written by NumPy",
    );
    let text = archive(&[
        ("x", b"no array at all".to_vec()),
        ("y", array("(1,)", b"a")),
    ]);
    refused(
        &text,
        "its header is not NumPy's: it begins with [6e, 6f, 20",
    );
}
