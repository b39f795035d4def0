//! CSV, JSON and Parquet hold what the run's own CSV files hold.

use std::fs::{self, File};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value as Json;

use super::{TABLES, export, number, odd, rows};
use crate::sandbox::Sandbox;

#[test]
fn csv_files_have_the_bytes_of_the_run() {
    let sandbox = odd();
    export(&sandbox, "odd", "csv");
    for table in TABLES {
        let of_run = sandbox.read(&format!("results/odd/{table}.csv"));
        let exported = sandbox.read(&format!("results/odd/export/csv/{table}.csv"));
        assert_eq!(exported, of_run);
    }
}

/// A JSON value as the text of a CSV cell.
fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_f64() => format!("{:?}", number.as_f64().unwrap()),
        value => value.to_string(),
    }
}

#[track_caller]
fn check_json(sandbox: &Sandbox, name: &str) -> Json {
    let arguments = ["export", name, "--format", "json", "--out", "-"];
    let output = sandbox.program(&arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    export(sandbox, name, "json");
    let file = format!("results/{name}/export/{name}.json");
    assert!(sandbox.read(&file).as_bytes() == output.stdout);
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    for table in TABLES {
        let (names, lines) = rows(sandbox, &format!("results/{name}/{table}.csv"));
        let told = document[table].as_array().unwrap();
        assert_eq!(told.len(), lines.len());
        for (told, line) in told.iter().zip(&lines) {
            let told = told.as_object().unwrap();
            let none = serde_json::Map::new();
            let group = |name: &str| told.get(name).and_then(Json::as_object).unwrap_or(&none);
            let groups = [group("params"), group("values")];
            let n_groups = groups.iter().filter(|group| !group.is_empty()).count();
            let n = told.len() - n_groups + groups[0].len() + groups[1].len();
            assert_eq!(n, names.len(), "{table}");
            for (name, cell) in names.iter().zip(line) {
                let own = told.get(name).filter(|value| !value.is_object());
                let holders = groups.iter().filter_map(|group| group.get(name));
                let mut values = own.into_iter().chain(holders);
                assert!(values.any(|value| text(value) == *cell), "{table}.{name}");
            }
        }
    }
    document
}

#[test]
fn json_tells_what_the_csv_files_tell_with_types() {
    let document = check_json(&odd(), "odd");
    let trial = |number: usize| &document["trials"][number - 1];
    assert_eq!(trial(2)["params"]["widths"].to_string(), "[16]");
    assert_eq!(trial(2)["params"]["flag"], true);
    assert_eq!(trial(2)["params"]["mixed"], "auto");
    assert_eq!(trial(1)["params"]["cond"], Json::Null);
    assert_eq!(trial(4)["values"]["val/acc \"é\" ✓"], "NaN");
    assert_eq!(trial(5)["values"]["val/acc \"é\" ✓"], "Inf");
    assert_eq!(document["epochs"][0]["values"]["f1,macro"], "-Inf");
    assert_eq!(document["epochs"][0]["values"]["params"], 1.0);
    assert_eq!(document["definition"]["space"]["n"]["low"], 1);
    check_json(&Sandbox::with_small_run(), "small");
}

/// A field as the text of a CSV cell, but for times.
fn shown(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(flag) => flag.to_string(),
        Field::Long(whole) => whole.to_string(),
        Field::Double(real) => format!("{real:?}"),
        Field::Str(text) => text.clone(),
        field => panic!("no column is of {field:?}"),
    }
}

#[track_caller]
fn check_parquet(sandbox: &Sandbox, name: &str) {
    export(sandbox, name, "parquet");
    for table in TABLES {
        let (names, lines) = rows(sandbox, &format!("results/{name}/{table}.csv"));
        let path = format!("results/{name}/export/parquet/{table}.parquet");
        let reader = SerializedFileReader::new(File::open(sandbox.path().join(path)).unwrap());
        let reader = reader.unwrap();
        let read: Vec<_> = reader.get_row_iter(None).unwrap().collect();
        assert_eq!(read.len(), lines.len());
        for (row, line) in read.into_iter().zip(&lines) {
            let row = row.unwrap();
            let columns: Vec<_> = row.get_column_iter().collect();
            let found: Vec<&String> = columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(found, names.iter().collect::<Vec<_>>());
            for ((name, field), cell) in columns.into_iter().zip(line) {
                let is_same = match field {
                    // Also of a whole number in a column of real ones, as of ranges in stages.csv.
                    Field::Double(real) => number(cell).to_bits() == real.to_bits(),
                    Field::TimestampMillis(at) => {
                        jiff::Timestamp::from_millisecond(*at).unwrap() == cell.parse().unwrap()
                    }
                    field => shown(field) == *cell,
                };
                assert!(is_same, "{table}.{name}: {field:?} is not {cell}");
            }
        }
    }
}

#[test]
fn parquet_reads_back_to_the_cells_of_the_csv_files() {
    check_parquet(&Sandbox::with_small_run(), "small");
    let sandbox = odd();
    check_parquet(&sandbox, "odd");
    let path = sandbox
        .path()
        .join("results/odd/export/parquet/trials.parquet");
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let columns = reader.metadata().file_metadata().schema_descr();
    let kind = |index: usize| columns.column(index).physical_type().to_string();
    // trial, stage, round, state, lr, a/b, widths, flag, n, mixed, cond, the metric
    let kinds: Vec<String> = (0..12).map(kind).collect();
    assert_eq!(
        kinds.join(" "),
        "INT64 BYTE_ARRAY INT64 BYTE_ARRAY DOUBLE BYTE_ARRAY BYTE_ARRAY BOOLEAN INT64 BYTE_ARRAY DOUBLE DOUBLE"
    );
}

#[test]
fn a_metric_named_like_a_column_is_told_apart_in_parquet() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "same.toml",
        "name = \"same\"\nmetric = { name = \"state\" }\n[command]\nargv = [\"sh\", \"-c\", \"echo state=0.5\"]\n\
         [space]\nlr = { low = 0.1, high = 0.2 }\n[[stage]]\nname = \"only\"\ntrials = 1\nepochs = 1\n[widen]\n\
         max_rounds = 0\n",
    );
    assert_eq!(sandbox.run(&["run", "same.toml", "--quiet"]).code, 0);
    export(&sandbox, "same", "parquet");
    let path = "results/same/export/parquet/trials.parquet";
    let reader = SerializedFileReader::new(File::open(sandbox.path().join(path)).unwrap()).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let found: Vec<_> = row.get_column_iter().collect();
    let find = |wanted: &str| found.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert_eq!(find("state"), &Field::Str("completed".to_owned()));
    assert_eq!(find("state.1"), &Field::Double(0.5));
}

#[test]
fn a_sweep_that_has_only_begun_has_tables_without_rows() {
    let sandbox = Sandbox::with_small_run();
    let journal = sandbox.read("results/small/journal.jsonl");
    let first = journal.lines().next().unwrap();
    sandbox.write("results/small/journal.jsonl", &format!("{first}\n"));
    for format in ["csv", "json", "parquet", "tensorboard"] {
        let said = sandbox.run(&["export", "small", "--format", format]);
        assert_eq!(said.code, 0, "{}", said.err);
        let note = "note: the sweep is not finished; the same command later replaces this by what is there then\n";
        assert_eq!(said.err, note);
    }
    let trials = sandbox.read("results/small/export/csv/trials.csv");
    assert!(
        trials.starts_with("trial,stage,round,state,learning_rate,") && trials.lines().count() == 1
    );
    let path = "results/small/export/parquet/trials.parquet";
    let reader = SerializedFileReader::new(File::open(sandbox.path().join(path)).unwrap()).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    let json = sandbox.read("results/small/export/small.json");
    let document: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(document["trials"], Json::Array(Vec::new()));
    assert_eq!(document["verdict"], "unfinished");
}

#[test]
fn what_a_crash_left_half_written_at_the_end_is_not_told() {
    let sandbox = Sandbox::with_small_run();
    let path = sandbox.path().join("results/small/journal.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let said = sandbox.run(&["export", "small", "--format", "json", "--out", "-"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let document: Json = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["trials"].as_array().unwrap().len(), 6);
    assert_eq!(document["verdict"], "unfinished");
    assert_eq!(fs::read(&path).unwrap().len(), whole.len() - 10);
}
