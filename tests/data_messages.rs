//! What the program says of data that are wrong: it exits with 2, marks the key that led to them, and has written nothing.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::messages::{refused, refused_with};
use crate::sandbox::{Sandbox, table};

/// What `run` says of the table `csv`.
#[track_caller]
fn refused_table(csv: &str) -> String {
    let definition = "name = \"x\"\n[data]\nsource = \"csv\"\npath = \"table.csv\"\nlabel = \"class\"\n\
                      preprocess = \"standardize\"\n[model]\nkind = \"mlp\"\nhidden = 4\n";
    refused_with(definition, &[("table.csv", csv)], &[])
}

#[test]
fn a_network_that_does_not_fit_the_data() {
    assert_snapshot!(refused("name = \"x\"\n[model]\nhidden = [3, 4]\n"), @r#"
      error: model.hidden: 2 numbers; three_layer_convnet has one hidden linear layer
       ,-[sweep.toml:3:10]
     2 | [model]
     3 | hidden = [3, 4]
       :          ^^^|^^
       :             `-- here
       `----
      help: a whole number, or kind = "mlp" with an array

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn data_that_are_not_there() {
    assert_snapshot!(
        refused("name = \"x\"\n[data]\nsource = \"csv\"\npath = \"table.csv\"\n[model]\nkind = \"mlp\"\n"), @r#"
          error: failed to read [dir]/table.csv: No such file or directory (os error 2)
           ,-[sweep.toml:4:8]
         3 | source = "csv"
         4 | path = "table.csv"
           :        ^^^^^|^^^^^
           :             `-- from here
         5 | [model]
           `----

        error: sweep.toml has a mistake; nothing was run, nothing was written
        "#);
}

#[test]
fn data_without_a_path() {
    assert_snapshot!(refused("name = \"x\"\n[data]\nsource = \"csv\"\n[model]\nkind = \"mlp\"\n"), @r#"
      error: data.path: is missing; source = "csv" reads files
       ,-[sweep.toml:2:1]
     1 | name = "x"
     2 | [data]
       : ^^^|^^
       :    `-- here
     3 | source = "csv"
       `----
      help: give the file or directory, relative to this file

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn an_empty_data_file() {
    assert_snapshot!(refused_table(""), @r#"
      error: failed to read [dir]/table.csv: the file is empty; accepted: a table of comma-separated values
       ,-[sweep.toml:4:8]
     3 | source = "csv"
     4 | path = "table.csv"
       :        ^^^^^|^^^^^
       :             `-- from here
     5 | label = "class"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_table_without_rows() {
    assert_snapshot!(refused_table("a,b,class\n"), @r#"
      error: failed to read [dir]/table.csv: there are no samples in it
       ,-[sweep.toml:4:8]
     3 | source = "csv"
     4 | path = "table.csv"
       :        ^^^^^|^^^^^
       :             `-- from here
     5 | label = "class"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_table_of_one_class() {
    assert_snapshot!(refused_table(&table(["yes", "yes"])), @r#"
      error: failed to take the classes: all 40 samples are of one class, "yes"; accepted: at least two classes
       ,-[sweep.toml:4:8]
     3 | source = "csv"
     4 | path = "table.csv"
       :        ^^^^^|^^^^^
       :             `-- from here
     5 | label = "class"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_table_with_nan() {
    assert_snapshot!(refused_table(&(table(["yes", "no"]) + "1,NaN,yes\n")), @r#"
      error: failed to read [dir]/table.csv: "NaN" in line 42, b, is not a finite number (of 32 bits); add it to `missing` if it means a missing value
       ,-[sweep.toml:4:8]
     3 | source = "csv"
     4 | path = "table.csv"
       :        ^^^^^|^^^^^
       :             `-- from here
     5 | label = "class"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_label_that_is_no_column() {
    assert_snapshot!(refused_table("a,b,clas\n1,2,yes\n3,4,no\n"), @r#"
      error: failed to find the label in [dir]/table.csv: there is no column "class"; did you mean "clas"?; accepted: "a", "b", "clas", or a position from 0
       ,-[sweep.toml:5:9]
     4 | path = "table.csv"
     5 | label = "class"
       :         ^^^|^^^
       :            `-- from here
     6 | preprocess = "standardize"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn numbers_that_are_taken_for_classes() {
    let rows = (0..1200).map(|row| format!("{row},{row}.5\n"));
    let rows: String = rows.collect();
    assert_snapshot!(refused_table(&format!("size,class\n{rows}")), @r#"
      error: failed to take the classes from [dir]/table.csv: the label column has more than 1000 different values; a number is predicted with loss = "mse" or "huber" in [train]
       ,-[sweep.toml:5:9]
     4 | path = "table.csv"
     5 | label = "class"
       :         ^^^|^^^
       :            `-- from here
     6 | preprocess = "standardize"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_table_in_which_nothing_varies() {
    let rows: String = ["1,2,yes\n", "1,2,no\n"].repeat(20).concat();
    assert_snapshot!(refused_table(&format!("a,b,class\n{rows}")), @r#"
      error: data.preprocess: every feature is constant over the 24 training samples, so that "standardize" makes all of them 0; accepted: data in which a feature varies, or "none"
       ,-[sweep.toml:6:14]
     5 | label = "class"
     6 | preprocess = "standardize"
       :              ^^^^^^|^^^^^^
       :                    `-- here
     7 | [model]
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_table_whose_rows_are_to_be_mirrored() {
    let definition = "name = \"x\"\n[data]\nsource = \"csv\"\npath = \"table.csv\"\nflip = true\n\
                      [model]\nkind = \"mlp\"\nhidden = 4\n";
    let csv = table(["yes", "no"]);
    assert_snapshot!(refused_with(definition, &[("table.csv", &csv)], &[]), @r#"
      error: data.flip varies images, and the samples are rows of 2 features; leave it out, or give the columns a shape
       ,-[sweep.toml:5:8]
     4 | path = "table.csv"
     5 | flip = true
       :        ^^|^
       :          `-- here
     6 | [model]
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

/// What `run` says of a sweep over `data.npz`, a copy of what NumPy wrote.
#[track_caller]
fn refused_arrays(name: &str, keys: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/data/npz/fixtures");
    let sandbox = Sandbox::new();
    fs::copy(fixtures.join(name), sandbox.path().join("data.npz")).unwrap();
    let definition = format!(
        "name = \"x\"\n[data]\nsource = \"npz\"\npath = \"data.npz\"\n{keys}preprocess = \"none\"\n"
    );
    sandbox.write("sweep.toml", &definition);
    let said = sandbox.run(&["run", "sweep.toml"]);
    assert_eq!(said.code, 2, "{}", said.err);
    said.err
}

#[test]
fn an_archive_without_the_usual_arrays() {
    assert_snapshot!(refused_arrays("unicode.npz", ""), @r#"
      error: failed to find the features in [dir]/data.npz: there is no array "x" or "x_train"; features = "NAME" names one; accepted: "größe", "名前"
       ,-[sweep.toml:2:1]
     1 | name = "x"
     2 | [data]
       : ^^^|^^
       :    `-- from here
     3 | source = "npz"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn an_array_of_python_objects() {
    assert_snapshot!(refused_arrays("wrong.npz", "features = \"objects\"\n"), @r#"
      error: failed to read "objects" of [dir]/data.npz: it holds Python objects (dtype |O), which take pickle to read, and pickle runs code; save an array of numbers, such as x.astype("float32")
       ,-[sweep.toml:4:8]
     3 | source = "npz"
     4 | path = "data.npz"
       :        ^^^^^|^^^^
       :             `-- from here
     5 | features = "objects"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn an_array_named_by_a_position() {
    assert_snapshot!(refused_arrays("plain.npz", "label = 1\n"), @r#"
      error: data.label: is a position, and arrays have names
       ,-[sweep.toml:5:9]
     4 | path = "data.npz"
     5 | label = 1
       :         |
       :         `-- here
     6 | preprocess = "none"
       `----
      help: the name of the array of labels in quotes

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn arrays_with_nan() {
    assert_snapshot!(refused_arrays("wrong.npz", "features = \"nan\"\n"), @r#"
      error: failed to read "nan" of [dir]/data.npz: NaN in sample 1 (counted from 0) is not a finite number (of 32 bits); leave such samples out, or fill in, such as np.nan_to_num does
       ,-[sweep.toml:4:8]
     3 | source = "npz"
     4 | path = "data.npz"
       :        ^^^^^|^^^^
       :             `-- from here
     5 | features = "nan"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}
