use std::env;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::config::{Augment, CsvLabel, CsvOptions, LabelKind, NpzOptions, Preprocess, Share};
use crate::data::Shape;

fn config(source: Source, path: Option<PathBuf>) -> DataConfig {
    DataConfig {
        source,
        path,
        test_path: None,
        validation: Share::Fraction(0.2),
        test: Share::Fraction(0.2),
        train_limit: None,
        resize: None,
        shape: None,
        preprocess: Preprocess::None,
        augment: Augment::default(),
        csv: CsvOptions {
            label: CsvLabel::Position(-1),
            label_kind: LabelKind::Class,
            header: None,
            delimiter: None,
            missing: ["", "?", "NA"].map(str::to_owned).to_vec(),
        },
        npz: NpzOptions::default(),
    }
}

fn sizes(data: &Dataset) -> [usize; 3] {
    [data.train.len(), data.validation.len(), data.test.len()]
}

/// Loads a table, with a test set of its own if `test` is not empty.
fn load_table(text: &str, test: &str, share: Share) -> Result<Dataset, DataError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.csv");
    let test_path = directory.path().join("test.csv");
    fs::write(&path, text).unwrap();
    fs::write(&test_path, test).unwrap();
    let config = DataConfig {
        test_path: (!test.is_empty()).then_some(test_path),
        validation: share,
        test: Share::Count(0),
        ..config(Source::Csv, Some(path))
    };
    load(&config, 0)
}

#[test]
fn the_digits_are_split_as_asked() {
    let data = load(&config(Source::Digits, None), 0).unwrap();
    assert_eq!(sizes(&data), [1077, 360, 360]);
    assert_eq!(data.task.n_outputs(), 10);
    assert_eq!(data.train.features.len(), 1077 * 64);
    assert!(
        data.summary()[0].contains("1077 training, 360 validation and 360 test samples of 8 × 8")
    );
}

/// A record made by an earlier version must be resumable: the same seed keeps giving the same split.
#[test]
fn the_split_of_a_seed_is_the_same_in_every_version() {
    let data = load(&config(Source::Digits, None), 0).unwrap();
    // Printed by the first version.
    assert_eq!(
        data.validation.targets.labels().unwrap()[..10],
        [2, 1, 7, 3, 1, 1, 4, 8, 2, 2]
    );
    assert_eq!(data.fingerprint(), 0x392d_aa8b_fa30_2687);
}

#[test]
fn the_same_seed_loads_the_same_data() {
    let of_seed = |seed| load(&config(Source::Digits, None), seed).unwrap();
    assert_eq!(of_seed(3), of_seed(3));
    assert_eq!(of_seed(3).fingerprint(), of_seed(3).fingerprint());
    assert_ne!(of_seed(3).fingerprint(), of_seed(4).fingerprint());
}

/// A table of two classes whose first column is `cell(row)`.
fn table(n_rows: usize, cell: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..n_rows)
        .map(|row| format!("{},{},{}\n", cell(row), row, row % 2))
        .collect();
    rows.concat()
}

#[test]
fn missing_numbers_take_the_mean_of_the_training_part_alone() {
    let text = table(40, |row| if row < 4 { "?".into() } else { row.to_string() });
    let data = load_table(&text, "", Share::Fraction(0.5)).unwrap();
    // The second column tells which rows are in the training part.
    let rows = data.train.features.chunks(2).map(|sample| sample[1]);
    let known: Vec<f32> = rows.filter(|&row| row >= 4.0).collect();
    let mean = (known.iter().map(|&x| f64::from(x)).sum::<f64>() / known.len() as f64) as f32;
    let mut n_filled = 0;
    for part in [&data.train, &data.validation] {
        for sample in part.features.chunks(2).filter(|sample| sample[1] < 4.0) {
            assert_eq!(sample[0], mean);
            n_filled += 1;
        }
    }
    assert_eq!(n_filled, 4);
    let told = |note: &String| note.contains("the training part: 4 in column 0");
    assert!(data.notes.iter().any(told), "{:?}", data.notes);
}

#[test]
fn a_column_without_any_number_becomes_0() {
    let data = load_table(&table(40, |_| String::new()), "", Share::Fraction(0.5)).unwrap();
    assert!(data.train.features.chunks(2).all(|sample| sample[0] == 0.0));
}

#[test]
fn a_test_set_of_its_own_is_taken_whole() {
    let number = |row: usize| row.to_string();
    let data = load_table(&table(40, number), &table(7, number), Share::Count(10)).unwrap();
    assert_eq!(sizes(&data), [30, 10, 7]);
    assert_eq!(data.test.features[..4], [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(data.test.targets.labels().unwrap(), [0, 1, 0, 1, 0, 1, 0]);
}

#[test]
fn a_test_set_left_alone_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let images = |n: u8| {
        [
            &[0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 1, 0, 0, 0, 1],
            &vec![7; n.into()][..],
        ]
        .concat()
    };
    let labels = |n: u8| {
        [
            &[0, 0, 8, 1, 0, 0, 0, n],
            &[0, 1].repeat(usize::from(n) / 2)[..],
        ]
        .concat()
    };
    for (set, n) in [("train", 20), ("t10k", 4)] {
        fs::write(path.join(format!("{set}-images-idx3-ubyte")), images(n)).unwrap();
        fs::write(path.join(format!("{set}-labels-idx1-ubyte")), labels(n)).unwrap();
    }
    let mut config = config(Source::Idx, Some(path.to_path_buf()));
    let data = load(&config, 0).unwrap();
    assert_eq!(sizes(&data), [12, 4, 4]);
    assert!(
        data.notes[0].contains("t10k-images-idx3-ubyte is left alone"),
        "{:?}",
        data.notes
    );
    config.test_path = Some(path.to_path_buf());
    let data = load(&config, 0).unwrap();
    assert_eq!(sizes(&data), [16, 4, 4]);
    assert!(data.notes.is_empty(), "{:?}", data.notes);
}

#[test]
fn errors_name_the_key_they_are_about() {
    let one_class = load_table("1,2\n2,2\n3,2\n", "", Share::Count(1)).unwrap_err();
    assert_eq!(one_class.key(), "path");
    assert!(
        one_class
            .to_string()
            .contains("all 3 samples are of one class, \"2\"")
    );

    let number = |row: usize| row.to_string();
    let unknown = load_table(&table(40, number), "1,2,9\n", Share::Count(10)).unwrap_err();
    assert_eq!(unknown.key(), "test_path");
    assert!(
        unknown
            .to_string()
            .contains("class \"9\" in line 1 is unknown"),
        "{unknown}"
    );

    let no_path = load(&config(Source::Idx, None), 0).unwrap_err();
    assert!(
        no_path
            .to_string()
            .contains("source = \"idx\" needs a path"),
        "{no_path}"
    );

    let shaped = DataConfig {
        shape: Some([1, 4, 16]),
        ..config(Source::Digits, None)
    };
    let error = load(&shaped, 0).unwrap_err();
    assert_eq!(error.key(), "shape");
    assert!(error.to_string().contains("accepted: [1, 8, 8]"), "{error}");
}

/// Loads a table whose last column is a number to be predicted.
fn load_numbers(text: &str, validation: Share, test: Share) -> Result<Dataset, DataError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.csv");
    fs::write(&path, text).unwrap();
    let mut config = DataConfig {
        validation,
        test,
        ..config(Source::Csv, Some(path))
    };
    config.csv.label_kind = LabelKind::Number;
    load(&config, 0)
}

/// Rows x, 10 x + 5, in the order of x.
fn line(n_rows: usize) -> String {
    let rows = (0..n_rows).map(|x| format!("{x},{}\n", 10 * x + 5));
    rows.collect()
}

#[test]
fn numbers_are_split_at_random_and_scaled_by_the_training_part() {
    let data = load_numbers(&line(100), Share::Fraction(0.2), Share::Count(30)).unwrap();
    assert_eq!(sizes(&data), [50, 20, 30]);
    let Task::Regression { scale } = data.task else {
        panic!("{:?}", data.task)
    };
    let mut all = Vec::new();
    for part in [&data.train, &data.validation, &data.test] {
        for (x, target) in part.features.iter().zip(part.targets.values().unwrap()) {
            let label = scale.mean + scale.deviation * f64::from(*target);
            assert!(
                (label - f64::from(10.0 * x + 5.0)).abs() < 1e-3,
                "{x}: {label}"
            );
            all.push(*x);
        }
    }
    assert!(!all.is_sorted(), "{all:?}");
    all.sort_by(f32::total_cmp);
    assert_eq!(all, (0..100).map(|x| x as f32).collect::<Vec<_>>());
    let train = data.train.targets.values().unwrap();
    let mean = train.iter().map(|y| f64::from(*y)).sum::<f64>() / 50.0;
    let square = train
        .iter()
        .map(|y| f64::from(*y) * f64::from(*y))
        .sum::<f64>()
        / 50.0;
    assert!(
        mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6,
        "{mean} {square}"
    );
    let again = load_numbers(&line(100), Share::Fraction(0.2), Share::Count(30)).unwrap();
    assert_eq!(data.fingerprint(), again.fingerprint());
}

#[test]
fn the_test_part_of_numbers_does_not_move_with_the_validation_part() {
    let test = |validation| {
        let data = load_numbers(&line(100), Share::Count(validation), Share::Count(30)).unwrap();
        data.test.features
    };
    assert_eq!(test(10), test(50));
}

#[test]
fn few_samples_of_a_class_that_is_a_number_may_be_no_class_at_all() {
    // Ten prices of six samples each, and one of a single sample.
    let rows = (0..60).map(|x| format!("{x},{}.5\n", x % 30 / 3));
    let text: String = rows.collect::<Vec<_>>().concat() + "99,77.5\n";
    let error = load_table(&text, "", Share::Count(20)).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("class \"77.5\" has 1")
            && message.ends_with("loss = \"mse\" or \"huber\""),
        "{message}"
    );
}

#[test]
fn numbers_that_cannot_be_split_or_learned_are_refused() {
    let refused = |text: &str, validation, expected: &str| {
        let error = load_numbers(text, Share::Count(validation), Share::Count(0)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused(
        &line(10),
        10,
        "leaves 0 for the training part; accepted: at least 1",
    );
    refused("1,7\n2,7\n3,7\n", 1, "all 3 samples have the number 7");
}

/// The folder of real data sets, if this machine has one; then each must be complete.
fn real_data() -> Option<PathBuf> {
    env::var_os("FINETOOTH_DATA").map(PathBuf::from)
}

#[test]
fn real_mnist_and_fashion_mnist_are_read() {
    let Some(folder) = real_data() else { return };
    for name in ["mnist", "fashion-mnist"] {
        let config = DataConfig {
            validation: Share::Count(10_000),
            train_limit: Some(10_000),
            test_path: Some(folder.join(name)),
            ..config(Source::Idx, Some(folder.join(name)))
        };
        let data = load(&config, 0).unwrap();
        assert_eq!(sizes(&data), [10_000, 10_000, 10_000]);
        assert_eq!(data.shape.len(), 28 * 28);
        assert_eq!(data.task.n_outputs(), 10);
        // The first test labels of both sets. Source: mnist.load_data() and fashion_mnist.load_data() of Keras.
        let first = if name == "mnist" {
            [7, 2, 1, 0, 4]
        } else {
            [9, 2, 1, 1, 6]
        };
        assert_eq!(data.test.targets.labels().unwrap()[..5], first);
        let max = data.test.features.iter().copied().fold(0.0, f32::max);
        assert_eq!(max, 255.0);
    }
}

/// An archive, stored, of these arrays of bytes: name, shape as Python writes it, content.
fn archive_of_bytes(path: &Path, arrays: &[(&str, &str, &[u8])]) {
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = ZipWriter::new(fs::File::create(path).unwrap());
    for (name, shape, content) in arrays {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        writer.start_file(format!("{name}.npy"), stored).unwrap();
        writer.write_all(b"\x93NUMPY\x01\x00").unwrap();
        let length = (header.len() as u16).to_le_bytes();
        writer.write_all(&length).unwrap();
        writer.write_all(header.as_bytes()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn real_mnist_as_arrays_is_the_same_data_set() {
    let Some(folder) = real_data() else { return };
    let folder = folder.join("mnist");
    let file = |name: &str, header: usize| {
        let mut bytes = Vec::new();
        let file = fs::File::open(folder.join(name)).unwrap();
        let mut decoder = flate2::read::MultiGzDecoder::new(file);
        decoder.read_to_end(&mut bytes).unwrap();
        bytes.split_off(header)
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mnist.npz");
    archive_of_bytes(
        &path,
        &[
            (
                "x_test",
                "(10000, 28, 28)",
                &file("t10k-images-idx3-ubyte.gz", 16),
            ),
            (
                "x_train",
                "(60000, 28, 28)",
                &file("train-images-idx3-ubyte.gz", 16),
            ),
            (
                "y_train",
                "(60000,)",
                &file("train-labels-idx1-ubyte.gz", 8),
            ),
            ("y_test", "(10000,)", &file("t10k-labels-idx1-ubyte.gz", 8)),
        ],
    );
    let of = |source, path, test_path| {
        let config = DataConfig {
            test_path,
            ..config(source, Some(path))
        };
        let mut data = load(&config, 3).unwrap();
        data.notes.clear();
        data
    };
    let idx = of(Source::Idx, folder.clone(), Some(folder.clone()));
    let npz = of(Source::Npz, path, None);
    assert!(idx == npz, "the data sets differ");
    assert_eq!(idx.fingerprint(), npz.fingerprint());
}

/// A file that `../npz/fixtures/make.py` wrote.
fn arrays(name: &str) -> DataConfig {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/npz/fixtures");
    DataConfig {
        validation: Share::Count(1),
        test: Share::Count(0),
        ..config(Source::Npz, Some(folder.join(name)))
    }
}

#[test]
fn arrays_are_split_like_tables_and_their_own_test_set_is_kept() {
    let mut config = arrays("numbers.npz");
    config.csv.label_kind = LabelKind::Number;
    let data = load(&config, 0).unwrap();
    assert_eq!(sizes(&data), [3, 1, 0]);
    assert!(data.task.scale().is_some());

    let mut config = arrays("keras.npz");
    config.csv.label_kind = LabelKind::Number;
    let data = load(&config, 0).unwrap();
    assert_eq!(sizes(&data), [3, 1, 2]);
    assert!(
        data.notes
            .iter()
            .any(|note| note.contains("2 samples, features \"x_test\""))
    );
}

#[test]
fn a_change_of_a_file_of_arrays_changes_the_fingerprint() {
    let of = |name: &str| {
        let mut config = arrays(name);
        config.csv.label_kind = LabelKind::Number;
        load(&config, 0).unwrap().fingerprint()
    };
    assert_eq!(of("plain.npz"), of("packed.npz"));
    assert_ne!(of("plain.npz"), of("keras.npz"));
}

#[test]
fn arrays_of_one_class_are_refused() {
    let mut config = arrays("wrong.npz");
    config.npz.features = Some("x".to_owned());
    config.npz.label = Some("same".to_owned());
    let error = load(&config, 0).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("all 4 samples are of one class, \"0\""),
        "{error}"
    );
}

#[test]
fn real_cifar10_is_read() {
    let Some(folder) = real_data() else { return };
    let config = DataConfig {
        validation: Share::Count(1000),
        test_path: Some(folder.join("cifar-10")),
        ..config(Source::Cifar10, Some(folder.join("cifar-10")))
    };
    let data = load(&config, 0).unwrap();
    assert_eq!(data.test.len(), 10_000);
    let cifar = Shape {
        height: 32,
        width: 32,
        channels: 3,
    };
    assert_eq!(data.shape, cifar);
    // The first test image is a cat whose first pixel is (158, 112, 49). Source: cifar10.load_data() of Keras.
    assert_eq!(data.test.targets.labels().unwrap()[0], 3);
    assert_eq!(data.test.features[..3], [158.0, 112.0, 49.0]);
}

#[test]
fn real_tables_are_read() {
    let Some(folder) = real_data() else { return };
    let table = |name: &str, label: CsvLabel| {
        let mut config = config(Source::Csv, Some(folder.join("uci").join(name)));
        config.csv.label = label;
        load(&config, 0).unwrap()
    };
    // 6 numeric columns; 8 categorical ones with 8 + 16 + 7 + 14 + 6 + 5 + 2 + 41 values besides "?", which
    // occurs in workclass, occupation and native-country. Source: adult.names.
    let adult = table("adult.data.gz", CsvLabel::Position(-1));
    assert_eq!(adult.task.classes().unwrap(), ["<=50K", ">50K"]);
    assert_eq!(sizes(&adult).iter().sum::<usize>(), 32_561);
    assert_eq!(adult.shape.channels, 6 + 9 + 16 + 7 + 15 + 6 + 5 + 2 + 42);

    let wine = table("winequality-red.csv.gz", CsvLabel::Name("quality".into()));
    assert_eq!(wine.task.classes().unwrap(), ["3", "4", "5", "6", "7", "8"]);
    assert_eq!(sizes(&wine).iter().sum::<usize>(), 1599);

    let letters = table("letter-recognition.data.gz", CsvLabel::Position(0));
    assert_eq!((letters.task.n_outputs(), letters.shape.channels), (26, 16));

    let digits = table("optdigits.tes.gz", CsvLabel::Position(-1));
    let embedded = load(&config(Source::Digits, None), 0).unwrap();
    assert_eq!(digits.validation, embedded.validation);
}
