//! Where exports go, what is there already, and what is left of one that could not be finished.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use super::export;
use crate::sandbox::{SMALL, Sandbox};

const FORMATS: [&str; 4] = ["csv", "json", "parquet", "tensorboard"];

/// All files below a directory, hidden ones too, with their bytes.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn exported_twice_the_bytes_and_names_are_the_same() {
    let sandbox = Sandbox::with_small_run();
    let place = sandbox.path().join("results/small/export");
    let all = || {
        for format in FORMATS {
            export(&sandbox, "small", format);
        }
        files(&place)
    };
    let first = all();
    // Over the first, which is left as it is, and where nothing is.
    let table = || fs::metadata(place.join("csv/trials.csv")).unwrap().ino();
    let before = table();
    assert!(all() == first);
    assert_eq!(table(), before);
    fs::remove_dir_all(&place).unwrap();
    assert!(all() == first);
    let names: Vec<&String> = first.keys().collect();
    assert_eq!(names.len(), 1 + 2 * 5 + 1 + 1 + 6, "{names:?}");
}

#[track_caller]
fn refusal(sandbox: &Sandbox, format: &str, out: &str) -> String {
    let said = sandbox.run(&["export", "small", "--format", format, "--out", out]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    said.err
}

#[test]
fn what_export_did_not_write_is_left_alone_without_force() {
    let sandbox = Sandbox::with_small_run();
    fs::create_dir(sandbox.path().join("there")).unwrap();
    for name in ["there/notes.txt", "there/epochs.parquet", "there.json"] {
        sandbox.write(name, "mine");
    }
    assert_snapshot!(refusal(&sandbox, "parquet", "there"), @"error: `there/epochs.parquet` is there and was not written by export: name another place with --out, or overwrite it with --force");
    assert_snapshot!(refusal(&sandbox, "json", "there.json"), @"error: `there.json` is there and was not written by export: name another place with --out, or overwrite it with --force");
    assert_snapshot!(refusal(&sandbox, "csv", "results/small"), @"error: `results/small/epochs.csv` is there and was not written by export: name another place with --out, or overwrite it with --force");
    assert_eq!(sandbox.read("there/epochs.parquet"), "mine");
    assert_eq!(sandbox.names("there"), ["epochs.parquet", "notes.txt"]);
    for (format, out) in [("parquet", "there"), ("json", "there.json")] {
        for options in [&["--force"][..], &[]] {
            let arguments = ["export", "small", "--format", format, "--out", out];
            let said = sandbox.run(&[&arguments, options].concat());
            assert_eq!(said.code, 0, "{}", said.err);
        }
    }
    assert_eq!(sandbox.read("there/notes.txt"), "mine");
    assert!(
        sandbox
            .read("there.json")
            .starts_with("{\"format\":\"finetooth-export\"")
    );
}

#[test]
fn places_that_cannot_be_are_told_with_the_remedy() {
    let sandbox = Sandbox::with_small_run();
    sandbox.write("file", "");
    let told: Vec<String> = [
        ("csv", "-"),
        ("csv", "file"),
        ("csv", "file/below"),
        ("json", "results"),
        ("json", "/dev/null"),
    ]
    .map(|(format, out)| refusal(&sandbox, format, out))
    .to_vec();
    assert_snapshot!(told.concat(), @"
    error: csv is several files, which standard output cannot take: name a directory with --out, or export JSON
    error: `file` is not a directory, and csv is several files: name another place with --out
    error: `file/below` cannot be written to (Not a directory (os error 20)): name another place with --out
    error: `results` is not a file, and JSON is one: name a file with --out, or `-` for standard output
    error: `/dev/null` is not a file, and JSON is one: name a file with --out, or `-` for standard output
    ");
}

#[test]
fn runs_of_an_earlier_export_that_are_no_more_are_removed() {
    let sandbox = Sandbox::with_small_run();
    sandbox.write(
        "two.toml",
        &SMALL
            .replace("small", "two")
            .replace("trials = 4", "trials = 1"),
    );
    assert_eq!(sandbox.run(&["run", "two.toml", "--quiet"]).code, 0);
    let log = |name: &str| {
        let arguments = ["export", name, "--format", "tensorboard", "--out", "log"];
        assert_eq!(sandbox.run(&arguments).code, 0);
        let names = sandbox.names("log");
        names
            .iter()
            .filter(|name| name.starts_with("trial-"))
            .count()
    };
    assert_eq!(log("small"), 6);
    sandbox.write("log/trial-0005/mine.txt", "mine");
    // The directory in which something else lies stays.
    assert_eq!(log("two"), 3 + 1);
    assert_eq!(sandbox.names("log/trial-0005"), ["mine.txt"]);
}

/// Puts a record of many trials in the place of the small one's.
fn grow(sandbox: &Sandbox, n_trials: usize, epochs: usize) {
    let name = "results/small/journal.jsonl";
    let journal = sandbox.read(name);
    let lines: Vec<Json> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is = |line: &&Json, event: &str| line["event"].get(event).is_some();
    let first = |event: &str| lines.iter().find(|line| is(line, event)).unwrap().clone();
    let mut plan = first("round_planned");
    plan["event"]["round_planned"]["blocks"][0]["trials"] = json!(n_trials);
    let mut events = vec![first("sweep_started"), first("run_started"), plan];
    let (start, report, end) = (
        first("trial_started"),
        first("epoch_reported"),
        first("trial_ended"),
    );
    for trial in 1..=n_trials {
        let mut start = start.clone();
        start["event"]["trial_started"]["trial"]["id"] = json!(trial);
        events.push(start);
        for epoch in 1..=epochs {
            let mut report = report.clone();
            report["event"]["epoch_reported"]["trial"] = json!(trial);
            report["event"]["epoch_reported"]["report"]["epoch"] = json!(epoch);
            events.push(report);
        }
        let mut end = end.clone();
        end["event"]["trial_ended"]["trial"] = json!(trial);
        events.push(end);
    }
    let mut text = String::new();
    for (seq, event) in events.iter_mut().enumerate() {
        event["seq"] = json!(seq);
        writeln!(text, "{event}").unwrap();
    }
    // The header stands first on the first line.
    let header = "\"format\":\"finetooth-journal\",\"version\":2,";
    let first = text.split_once('\n').unwrap().0;
    let mut object: serde_json::Map<String, Json> = serde_json::from_str(first).unwrap();
    object.retain(|key, _| key != "format" && key != "version");
    let body = Json::Object(object).to_string();
    let rest = &text[first.len()..];
    sandbox.write(name, &format!("{{{header}{}{rest}", &body[1..]));
}

#[test]
fn an_interrupted_export_leaves_nothing() {
    let sandbox = Sandbox::with_small_run();
    grow(&sandbox, 2000, 10);
    for signal in ["INT", "TERM"] {
        let arguments = [
            "export",
            "small",
            "--format",
            "tensorboard",
            "--out",
            "out/log",
        ];
        let mut child = sandbox.program(&arguments).spawn().unwrap();
        let staging = sandbox.path().join("out/.log.part");
        let since = Instant::now();
        while !staging.join("trial-0003").exists() {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "it does not begin"
            );
            sleep(Duration::from_millis(1));
        }
        let id = child.id().to_string();
        Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(130));
        assert_eq!(sandbox.names("out"), Vec::<String>::new());
    }
}

#[test]
fn what_a_killed_export_left_does_not_hinder_the_next() {
    let sandbox = Sandbox::with_small_run();
    for place in [
        "results/small/export/.csv.part",
        "there/.finetooth-export.part",
    ] {
        fs::create_dir_all(sandbox.path().join(place)).unwrap();
        sandbox.write(&format!("{place}/trials.csv"), "half");
    }
    export(&sandbox, "small", "csv");
    assert_eq!(sandbox.names("results/small/export"), ["csv"]);
    let arguments = ["export", "small", "--format", "csv", "--out", "there"];
    assert_eq!(sandbox.run(&arguments).code, 0);
    assert_eq!(sandbox.names("there").len(), 5);
}

#[test]
fn a_full_disk_leaves_what_was_there_before() {
    let sandbox = Sandbox::with_small_run();
    for format in FORMATS {
        export(&sandbox, "small", format);
    }
    let place = sandbox.path().join("results/small/export");
    let before = files(&place);
    // Files may have 16 KiB at most.
    grow(&sandbox, 60, 100);
    for format in ["csv", "json", "parquet"] {
        let program = sandbox.program(&["export", "small", "--format", format]);
        let limited = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        let said = sandbox.said(&limited);
        assert_eq!(said.code, 5, "{}", said.err);
        let remedy = "(File too large (os error 27)): make room, or name a place on another disk with --out\n";
        assert!(said.err.ends_with(remedy), "{}", said.err);
        assert!(files(&place) == before, "{format}");
    }
}
