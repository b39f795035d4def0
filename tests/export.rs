//! Results in other forms: what they hold, and what becomes of what was there before.

mod events;
mod forms;
mod places;

use std::env;
use std::ffi::OsString;
use std::process::Command;

use crate::sandbox::{Sandbox, table};

/// A program's sweep whose keys, values and metrics are as odd as they may be: names with slashes, quotes, commas and
/// words of the tables' own, lists, an empty word, numbers beside words, a key that not every trial has.
const ODD: &str = r#"
name = "odd"
metric = { name = "val/acc \"é\" ✓", goal = "maximize" }
[command]
argv = ["sh", "program.sh", "{args}"]
metrics = ["params", "values", "trial", "best/val/acc \"é\" ✓", "f1,macro", "_hparams_/experiment"]
[space]
lr = { low = 1e-4, high = 1e-1, scale = "log" }
"a/b" = { values = ["x\"y", "ü,é", "plain", ""] }
widths = { values = [[64, 32], [16]] }
flag = { values = [true, false] }
n = { low = 1, high = 5 }
mixed = { values = [1, 0.5, "auto"] }
cond = { low = 0.0, high = 1.0, when = { flag = [true] } }
[[stage]]
name = "only"
trials = 12
epochs = 2
[widen]
max_rounds = 0
[limits]
workers = 2
"#;

/// The third trial fails, the fourth is never a number, the fifth is infinite.
const PROGRAM: &str = r#"
case $FINETOOTH_TRIAL in
  3) exit 3 ;;
  4) v=NaN ;;
  5) v=Infinity ;;
  *) v=0.$FINETOOTH_TRIAL ;;
esac
epoch=0
while [ $epoch -lt $FINETOOTH_EPOCHS ]; do
  epoch=$((epoch + 1))
  printf '{"epoch": %d, "train_loss": 0.1%d, "val/acc \\"é\\" ✓": %s, "params": 1, "f1,macro": -Infinity,' $epoch $epoch $v
  printf ' "trial": 7, "_hparams_/experiment": 0.25}\n'
done
"#;

/// A sandbox with the odd sweep, run to its end.
fn odd() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("odd.toml", ODD);
    sandbox.write("program.sh", PROGRAM);
    let said = sandbox.run(&["run", "odd.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    sandbox
}

/// Exports the sweep `name`, to where exports go by themselves.
#[track_caller]
fn export(sandbox: &Sandbox, name: &str, format: &str) {
    let said = sandbox.run(&["export", name, "--format", format]);
    assert_eq!(said.code, 0, "{}", said.err);
}

/// A CSV file of a run: names, then rows.
fn rows(sandbox: &Sandbox, file: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let text = sandbox.read(file);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    (rows.next().unwrap(), rows.collect())
}

/// The number of a CSV cell.
fn number(text: &str) -> f64 {
    match text {
        "Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        text => text.parse().unwrap(),
    }
}

const TABLES: [&str; 4] = ["trials", "epochs", "stages", "timings"];

/// A python with pandas, pyarrow, duckdb and tensorboard; `None` where FINETOOTH_PYTHON is not set.
fn python() -> Option<OsString> {
    env::var_os("FINETOOTH_PYTHON").filter(|value| !value.is_empty())
}

#[track_caller]
fn check_with_python(sandbox: &Sandbox, name: &str) {
    let Some(python) = python() else { return };
    for format in ["csv", "json", "parquet", "tensorboard"] {
        export(sandbox, name, format);
    }
    let run = format!("results/{name}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/export/compare.py");
    let compared = Command::new(python)
        .arg(script)
        .arg(&run)
        .arg(format!("{run}/export/csv"))
        .arg(format!("{run}/export/{name}.json"))
        .arg(format!("{run}/export/parquet"))
        .arg(format!("{run}/export/tensorboard"))
        .current_dir(sandbox.path())
        .output()
        .expect("FINETOOTH_PYTHON names a python");
    let said = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{said}");
}

#[test]
fn pandas_duckdb_and_tensorboard_read_what_the_csv_files_tell() {
    check_with_python(&Sandbox::with_small_run(), "small");
    check_with_python(&odd(), "odd");
}

#[test]
fn they_read_a_regression_in_generations_too() {
    if python().is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", &table(["1.5", "-0.25"]));
    sandbox.write(
        "grown.toml",
        "name = \"grown\"\nmetric = { name = \"val_rmse\" }\n[data]\nsource = \"csv\"\npath = \"table.csv\"\n\
         [model]\nkind = \"mlp\"\nhidden = 4\n[train]\nloss = \"mse\"\nbatch_size = 8\n\
         [search]\nepochs = 9\nbudget = 6\n[sanity]\non_failure = \"warn\"\n",
    );
    let said = sandbox.run(&["run", "grown.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    check_with_python(&sandbox, "grown");
}
