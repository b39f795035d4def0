use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::config::{CsvLabel, LabelKind};
use crate::data::Targets;
use crate::data::raw::Cells;

fn options(label: CsvLabel) -> CsvOptions {
    CsvOptions {
        label,
        label_kind: LabelKind::Class,
        header: None,
        delimiter: None,
        missing: ["", "?", "NA"].map(str::to_owned).to_vec(),
    }
}

fn last() -> CsvOptions {
    options(CsvLabel::Position(-1))
}

fn named(name: &str) -> CsvOptions {
    options(CsvLabel::Name(name.into()))
}

/// Writes a table to a file of its own for as long as it is read.
fn with_file<T>(bytes: &[u8], read: impl FnOnce(PathBuf) -> T) -> T {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.csv");
    fs::write(&path, bytes).unwrap();
    read(path)
}

fn read_text(text: &str, options: &CsvOptions) -> Result<Raw, DataError> {
    with_file(text.as_bytes(), |path| {
        read(&path, None, options, None).map(|(raw, _)| raw)
    })
}

fn features(raw: &Raw) -> &[f32] {
    match &raw.cells {
        Cells::Numbers(numbers) => numbers,
        Cells::Pixels(_) => panic!("tables are numbers"),
    }
}

/// Expects these features, row by row, and these class names row by row.
#[track_caller]
fn check(text: &str, options: &CsvOptions, expected: &[f32], classes: &[&str]) {
    let raw = read_text(text, options).unwrap();
    assert_eq!(features(&raw), expected);
    let found: Vec<&str> = raw
        .targets
        .labels()
        .unwrap()
        .iter()
        .map(|&label| raw.classes[label as usize].as_str())
        .collect();
    assert_eq!(found, classes);
}

#[test]
fn the_label_is_found_by_name_or_position() {
    check("1,2,a\n3,4,b\n", &last(), &[1., 2., 3., 4.], &["a", "b"]);
    check("x,y\n1,a\n2,b\n", &named("y"), &[1., 2.], &["a", "b"]);
    check(
        "a,1\nb,2\n",
        &options(CsvLabel::Position(0)),
        &[1., 2.],
        &["a", "b"],
    );
    check(
        "a,1\nb,2\n",
        &options(CsvLabel::Position(-2)),
        &[1., 2.],
        &["a", "b"],
    );
}

#[test]
fn a_header_is_recognised() {
    check("x,y\n1,a\n2,b\n", &last(), &[1., 2.], &["a", "b"]);
    check(",y\n0,a\n1,b\n", &last(), &[0., 1.], &["a", "b"]);
    // Words above words that never repeat them; words that are repeated below.
    check("size,kind\nbig,a\nbig,b\n", &last(), &[1., 1.], &["a", "b"]);
    check("big,a\nbig,b\n", &last(), &[1., 1.], &["a", "b"]);
    check("1,2\n3,4\n", &last(), &[1., 3.], &["2", "4"]);
    // As told, against the looks of it.
    let told = CsvOptions {
        header: Some(false),
        ..last()
    };
    check("x,y\nx,z\n", &told, &[1., 1.], &["y", "z"]);
    let told = CsvOptions {
        header: Some(true),
        ..last()
    };
    check("0,1\n1,2\n3,4\n", &told, &[1., 3.], &["2", "4"]);
}

#[test]
fn the_delimiter_is_recognised() {
    check(
        "1;2,5;a\n3;4,5;b\n",
        &last(),
        &[1., 1., 0., 3., 0., 1.],
        &["a", "b"],
    );
    check("1\t2\n3\t4\n", &last(), &[1., 3.], &["2", "4"]);
    check("1|2\n3|4\n", &last(), &[1., 3.], &["2", "4"]);
    check(
        "\"a;b\",1,x\n\"a;b\",2,y\n",
        &last(),
        &[1., 1., 1., 2.],
        &["x", "y"],
    );
}

#[test]
fn text_is_read_as_tables_are_written() {
    check(
        "\u{feff}x,y\r\n1, a\r\n\r\n2 ,b",
        &last(),
        &[1., 2.],
        &["a", "b"],
    );
    check("+1e2,a\n-.5,b\n", &last(), &[100., -0.5], &["a", "b"]);
    check(
        "1,\"say \"\"a\"\"\"\n2,\"b\nc\"\n",
        &last(),
        &[1., 2.],
        &["say \"a\"", "b\nc"],
    );
}

#[test]
fn categories_are_one_hot_in_sorted_order_and_missing_ones_come_last() {
    check(
        "b,1,x\na,2,y\n?,3,x\n",
        &last(),
        &[0., 1., 0., 1., 1., 0., 0., 2., 0., 0., 1., 3.],
        &["x", "y", "x"],
    );
}

#[test]
fn a_missing_number_is_left_open() {
    let raw = read_text("1,x\nNA,y\n", &last()).unwrap();
    assert!(features(&raw)[1].is_nan());
}

#[test]
fn rows_without_a_label_are_dropped_and_told() {
    let raw = read_text("1,x\n2,?\n3,y\n", &last()).unwrap();
    assert_eq!(features(&raw), [1., 3.]);
    assert!(
        raw.notes[1].contains("1 rows without a label dropped"),
        "{:?}",
        raw.notes
    );
}

#[test]
fn integer_classes_are_in_order_of_value() {
    let raw = read_text("1,10\n2,9\n3,-1\n", &last()).unwrap();
    assert_eq!(raw.classes, ["-1", "9", "10"]);
    let raw = read_text("1,10\n2,9\n3,x\n", &last()).unwrap();
    assert_eq!(raw.classes, ["10", "9", "x"]);
}

#[test]
fn rows_become_images_of_the_shape_given() {
    // Two channels of 1 × 2 pixels, plane by plane: 1 2 and 10 20.
    let (raw, _) = with_file(b"1,2,10,20,a\n3,4,30,40,b\n", |path| {
        read(&path, None, &last(), Some([2, 1, 2])).unwrap()
    });
    assert_eq!(features(&raw), [1., 10., 2., 20., 3., 30., 4., 40.]);
    assert_eq!(
        (raw.shape.height, raw.shape.width, raw.shape.channels),
        (1, 2, 2)
    );
}

/// Expects this table to be refused.
#[track_caller]
fn check_refused(text: &str, options: &CsvOptions, expected: &str) {
    let error = read_text(text, options).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn damaged_tables_are_refused() {
    check_refused("", &last(), "is empty");
    check_refused("\n\n", &last(), "no comma, semicolon, tab or |");
    check_refused("1\n2\n", &last(), "no comma, semicolon, tab or |");
    check_refused("x,y\n", &named("y"), "no samples");
    check_refused("1,?\n2,?\n", &last(), "no samples");
    check_refused(
        "1,2\n3,4,5\n",
        &last(),
        "line 2 has 3 cells; accepted: 2, as in line 1",
    );
    check_refused("1,2\n\n3,4\n5\n", &last(), "line 4 has 1 cells");
    check_refused("1,2\n\n\n5\n", &last(), "line 4 has 1 cells");
    let one_column = CsvOptions {
        delimiter: Some(b';'),
        ..last()
    };
    check_refused(
        "1,2\n3,4\n",
        &one_column,
        "delimiter ';' cuts its first line into one column",
    );
    let error = with_file(b"1,a\n2,\xe9\n", |path| {
        read(&path, None, &last(), None).unwrap_err()
    });
    assert!(error.to_string().contains("line 2 is not UTF-8"), "{error}");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    check_refused(
        "x,y\n1,a\nNaN,b\n",
        &last(),
        "\"NaN\" in line 3, x, is not a finite number",
    );
    check_refused("1,a\n-inf,b\n", &last(), "\"-inf\" in line 2, column 0");
    check_refused("1,a\n1e39,b\n", &last(), "\"1e39\" in line 2");
    // Words among words, and a marker of a missing value.
    check("inf,a\nsup,b\n", &last(), &[1., 0., 0., 1.], &["a", "b"]);
    let missing = CsvOptions {
        missing: vec!["NaN".into()],
        ..last()
    };
    assert!(read_text("1,a\nNaN,b\n", &missing).is_ok());
}

#[test]
fn a_label_that_is_not_there_is_refused_with_the_nearest_name() {
    check_refused(
        "age,income\n1,2\n",
        &named("Incom"),
        "no column \"Incom\"; did you mean \"income\"?",
    );
    check_refused(
        "age,income\n1,2\n",
        &named("zzz"),
        "no column \"zzz\"; accepted: \"age\", \"income\"",
    );
    check_refused(
        "y,y\n1,2\n",
        &named("y"),
        "columns 0 and 1 (counted from 0) are both named",
    );
    check_refused(
        "1,2\n",
        &options(CsvLabel::Position(2)),
        "no column 2; accepted: 0 to 1, or -1 (the last) to -2",
    );
    check_refused("1,2\n", &options(CsvLabel::Position(-3)), "no column -3");
    check_refused(
        "1,2\n",
        &options(CsvLabel::Position(i64::MIN)),
        "no column -9223372036854775808",
    );
    let headless = CsvOptions {
        header: Some(false),
        ..named("y")
    };
    check_refused("1,2\n", &headless, "give the label's position");
}

#[test]
fn identifiers_and_numbers_to_predict_are_refused() {
    let rows = |cell: fn(u32) -> String| (0..2000).map(cell).collect::<String>();
    check_refused(
        &rows(|i| format!("id{i},{}\n", i % 2)),
        &last(),
        "column 0 (counted from 0) is not numbers (\"id0\" in line 1)",
    );
    check_refused(
        &rows(|i| format!("{},{}.5\n", i % 7, i)),
        &last(),
        "a number is predicted with loss = \"mse\" or \"huber\"",
    );
}

#[test]
fn one_odd_cell_among_numbers_is_told() {
    let raw = read_text("1,a\n2,b\nunknown,a\n4,b\n", &last()).unwrap();
    let told =
        |note: &String| note.contains("mostly numbers") && note.contains("\"unknown\" in line 3");
    assert!(raw.notes.iter().any(told), "{:?}", raw.notes);
}

/// Reads a training table and a test table; the test table's features and notes, or the error.
fn read_pair(text: &str, test: &str) -> Result<(Vec<f32>, String), DataError> {
    with_file(text.as_bytes(), |path| {
        with_file(test.as_bytes(), |test_path| {
            let (_, test) = read(&path, Some(&test_path), &last(), None)?;
            let test = test.expect("a test path gives a test set");
            Ok((features(&test).to_vec(), test.notes.join("\n")))
        })
    })
}

#[test]
fn a_test_table_is_encoded_as_the_training_table_was() {
    let (features, notes) =
        read_pair("k,n,y\na,1,p\nb,2,q\n", "k,n,y\nb,5,q\nc,6,p\n?,?,p\n").unwrap();
    assert_eq!(features[..8], [0., 1., 5., 0., 0., 6., 0., 0.]);
    assert!(features[8].is_nan());
    assert!(
        notes.contains("no row of the training file holds, with all features 0: 2 in k"),
        "{notes}"
    );
}

#[test]
fn a_test_table_of_other_columns_is_refused() {
    let refused = |test: &str| {
        read_pair("k,n,y\na,1,p\nb,2,q\n", test)
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused("k,m,y\na,1,p\n")
            .contains("accepted: \"k\", \"n\", \"y\", as in the training file")
    );
    assert!(refused("k,n,y\na,x,p\n").contains("\"x\" in line 2, n, is not a number"));
    assert!(refused("k,n,y\na,inf,p\n").contains("not a finite number"));
    assert!(refused("k,n,y\na,1,r\n").contains("class \"r\" in line 2 is unknown"));
    assert!(refused("k,n,y\n").contains("no samples"));
    let error = read_pair("1,2,p\n2,3,q\n", "1,p\n")
        .unwrap_err()
        .to_string();
    assert!(error.contains("2 columns; accepted: 3"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = with_file(&bytes, |path| read(&path, None, &last(), None).map(|_| ()));
    }

    #[test]
    fn no_table_like_text_makes_the_reader_panic(text in "([a-c?0-9.,;\"\n]|NaN|\\|){0,80}") {
        for options in [last(), named("a"), options(CsvLabel::Position(0))] {
            let _ = read_text(&text, &options);
        }
    }

    #[test]
    fn numbers_read_back_as_they_were_written(
        numbers in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::ZERO, 1..50),
    ) {
        let lines: Vec<String> = numbers.iter().map(|x| format!("{x:?},c\n")).collect();
        let text = lines.concat();
        let raw = read_text(&text, &last()).unwrap();
        prop_assert_eq!(features(&raw), &numbers[..]);
    }
}

/// The last column as numbers.
fn numbers() -> CsvOptions {
    CsvOptions {
        label_kind: LabelKind::Number,
        ..last()
    }
}

#[test]
fn a_label_of_numbers_is_read_as_such() {
    let raw = read_text("x,price\n1,2.5\n2,-3\n3,?\n", &numbers()).unwrap();
    assert_eq!(raw.targets, Targets::Values(vec![2.5, -3.0]));
    assert_eq!(features(&raw), [1.0, 2.0]);
    assert!(raw.classes.is_empty());
}

#[test]
fn a_class_where_a_number_is_to_be_predicted_is_told_with_its_line() {
    let error = read_text("x,price\n1,2.5\n2,cheap\n3,dear\n", &numbers()).unwrap_err();
    assert_eq!(error.key(), "label");
    let message = error.to_string();
    assert!(
        message.contains("the label \"cheap\" in line 3, price, is not a number"),
        "{message}"
    );
    let message = read_text("1,2.5\n2,inf\n", &numbers())
        .unwrap_err()
        .to_string();
    assert!(message.contains("\"inf\" in line 2"), "{message}");
}

#[test]
fn numbers_may_be_more_than_classes_can() {
    let rows = (0..1500).map(|row| format!("{row},{row}.5\n"));
    let text: String = rows.collect();
    assert!(read_text(&text, &last()).is_err());
    assert_eq!(read_text(&text, &numbers()).unwrap().targets.len(), 1500);
}
