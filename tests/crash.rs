//! kill -9 at any moment: the same bytes, no finished trial lost or run twice.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Small networks on the embedded digits: two stages, a range that is widened, some hundred milliseconds in all.
const SWEEP: &str = r#"
name = "small"
seed = 11
[model]
kind = "mlp"
hidden = [32]
[space.learning_rate]
low = 1e-5
high = 3e-4
scale = "log"
[space.l2]
low = 1e-6
high = 1e-1
scale = "log"
zero = 0.1
[[stage]]
name = "coarse"
trials = 32
epochs = 4
[[stage]]
name = "fine"
trials = 12
epochs = 12
"#;

/// The same in generations: trials that are continued from checkpoints, a list, whole numbers, a conditional key and one
/// that is opened later.
const GENERATIONS: &str = r#"
name = "small"
seed = 11
[model]
kind = "mlp"
[space.learning_rate]
low = 1e-5
high = 3e-4
scale = "log"
[space.optimizer]
values = ["sgd", "adam"]
[space.beta1]
low = 0.8
high = 0.99
when = { optimizer = "adam" }
[space.hidden]
low = 8
high = 24
order = 2
[search]
epochs = 9
budget = 14
first_order = 6
"#;

const RESULTS: [&str; 4] = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];

fn command(dir: &Path, sweep: &str, workers: usize) -> Command {
    fs::write(dir.join("small.toml"), sweep).expect("a fresh directory can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_finetooth"));
    command.args([
        "run",
        "small.toml",
        "--quiet",
        "--workers",
        &workers.to_string(),
    ]);
    command
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn finish(dir: &Path, sweep: &str, workers: usize) {
    let output = command(dir, sweep, workers)
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn results(dir: &Path) -> Vec<String> {
    let read = |name: &&str| {
        fs::read_to_string(dir.join("results/small").join(name)).expect("results were written")
    };
    RESULTS.iter().map(read).collect()
}

#[track_caller]
fn assert_same(expected: &[String], dir: &Path, what: &str) {
    for ((name, expected), found) in RESULTS.iter().zip(expected).zip(results(dir)) {
        assert!(
            *expected == found,
            "{name} differs {what}:\n{expected}\n--- and ---\n{found}"
        );
    }
}

/// Trials that have an outcome on record, in the order of their outcomes.
fn outcomes(dir: &Path) -> Vec<u64> {
    let journal =
        fs::read_to_string(dir.join("results/small/journal.jsonl")).expect("a journal was written");
    let outcome = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).expect("every line is whole");
        record["event"]["trial_ended"]["trial"].as_u64()
    };
    journal.lines().filter_map(outcome).collect()
}

/// Results and outcomes, sorted, of a run that nothing disturbed.
fn reference(sweep: &str) -> (Vec<String>, Vec<u64>) {
    let dir = TempDir::new().expect("a temporary directory");
    finish(dir.path(), sweep, 2);
    let mut outcomes = outcomes(dir.path());
    outcomes.sort_unstable();
    // 32 and 12 as the one file says; either widens at least once
    assert!(outcomes.len() > 44, "{} outcomes", outcomes.len());
    let results = results(dir.path());
    assert!(results[2].contains("widened"), "the sweep widened nothing");
    (results, outcomes)
}

#[test]
fn results_are_the_same_bytes_for_any_number_of_workers() {
    for sweep in [SWEEP, GENERATIONS] {
        let (expected, _) = reference(sweep);
        for workers in [1, 3, 8] {
            let dir = TempDir::new().expect("a temporary directory");
            finish(dir.path(), sweep, workers);
            assert_same(&expected, dir.path(), &format!("with {workers} workers"));
        }
    }
}

/// Each rung of each trial has one outcome, whatever was killed.
#[track_caller]
fn assert_whole(dir: &Path, expected: &(Vec<String>, Vec<u64>), what: &str) {
    assert_same(&expected.0, dir, what);
    let mut found = outcomes(dir);
    found.sort_unstable();
    assert!(
        found == expected.1,
        "a finished trial was run again or lost {what}"
    );
}

#[test]
fn two_hundred_kills_at_random_moments_change_nothing() {
    let mut random: u64 = 0x5DEE_CE66;
    for sweep in [SWEEP, GENERATIONS] {
        let expected = reference(sweep);
        let mut n_kills = 0;
        while n_kills < 100 {
            let dir = TempDir::new().expect("a temporary directory");
            loop {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let mut child = command(dir.path(), sweep, 2)
                    .spawn()
                    .expect("the program starts");
                std::thread::sleep(Duration::from_micros((random >> 33) % 120_000));
                child.kill().expect("a child can be killed");
                let status = child.wait().expect("a child can be waited for");
                if status.success() {
                    break;
                }
                assert_eq!(status.code(), None, "it ended by itself, with {status}");
                n_kills += 1;
            }
            assert_whole(dir.path(), &expected, &format!("after {n_kills} kills"));
        }
    }
}

#[test]
fn death_while_anything_is_written_changes_nothing() {
    const POINTS: [&str; 6] = [
        "journal-half",
        "journal-written",
        "table-begun",
        "table-placed",
        "checkpoint-begun",
        "checkpoint-saved",
    ];
    let expected = reference(GENERATIONS);
    for point in POINTS {
        for times in [1, 2, 3, 5, 8, 13, 21] {
            let dir = TempDir::new().expect("a temporary directory");
            let output = command(dir.path(), GENERATIONS, 2)
                .env("FINETOOTH_FAULT", format!("{point}:{times}"))
                .output()
                .expect("the program starts");
            assert_eq!(
                output.status.code(),
                None,
                "{point} was not passed {times} times"
            );
            finish(dir.path(), GENERATIONS, 3);
            assert_whole(
                dir.path(),
                &expected,
                &format!("after {point} number {times}"),
            );
        }
    }
}

#[test]
fn checkpoints_that_are_damaged_or_gone_change_nothing() {
    let expected = reference(GENERATIONS);
    for damage in ["truncate", "overwrite", "remove"] {
        let dir = TempDir::new().expect("a temporary directory");
        let status = command(dir.path(), GENERATIONS, 2)
            .env("FINETOOTH_FAULT", "checkpoint-saved:25")
            .status()
            .expect("the program starts");
        assert_eq!(status.code(), None);
        let trials = fs::read_dir(dir.path().join("results/small/trials"));
        let mut n_damaged = 0;
        for trial in trials.expect("checkpoints were kept") {
            let path = trial.expect("an entry").path().join("checkpoint");
            let Ok(bytes) = fs::read(&path) else { continue };
            let mut changed = bytes.clone();
            match damage {
                "truncate" => changed.truncate(bytes.len() / 2),
                "overwrite" => changed[bytes.len() / 3] ^= 0x10,
                _ => fs::remove_file(&path).expect("it can be removed"),
            }
            if damage != "remove" {
                fs::write(&path, changed).expect("it can be written");
            }
            n_damaged += 1;
        }
        assert!(n_damaged > 5, "{n_damaged} checkpoints");
        finish(dir.path(), GENERATIONS, 2);
        assert_whole(
            dir.path(),
            &expected,
            &format!("after {damage} of checkpoints"),
        );
    }
}

#[test]
fn a_second_run_in_the_same_directory_is_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    // Trials of so many epochs take minutes: the first is at work until it is killed.
    let long = || {
        let mut command = command(dir.path(), SWEEP, 1);
        command.args(["--set", "stage.0.epochs=100000"]);
        command
    };
    let mut first = long().spawn().expect("the program starts");
    let journal = dir.path().join("results/small/journal.jsonl");
    // It writes once it has the lock.
    while fs::metadata(&journal).map_or(0, |metadata| metadata.len()) == 0 {
        let ended = first.try_wait().expect("a child can be asked");
        assert_eq!(ended, None, "the first run ended before it began");
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = long().output().expect("the program starts");
    first.kill().expect("a child can be killed");
    first.wait().expect("a child can be waited for");
    let message = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(4), "{message}");
}
