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

const RESULTS: [&str; 4] = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];

fn command(dir: &Path, workers: usize) -> Command {
    fs::write(dir.join("small.toml"), SWEEP).expect("a fresh directory can be written");
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

fn finish(dir: &Path, workers: usize) {
    let output = command(dir, workers).output().expect("the program starts");
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

fn reference() -> (TempDir, Vec<String>, usize) {
    let dir = TempDir::new().expect("a temporary directory");
    finish(dir.path(), 2);
    let n_trials = outcomes(dir.path()).len();
    // 32 and 12 as the file says, and at least one widening
    assert!(
        n_trials > 44,
        "the sweep widened nothing: {n_trials} trials"
    );
    let results = results(dir.path());
    (dir, results, n_trials)
}

#[test]
fn results_are_the_same_bytes_for_any_number_of_workers() {
    let (_dir, expected, _) = reference();
    for workers in [1, 3, 8] {
        let dir = TempDir::new().expect("a temporary directory");
        finish(dir.path(), workers);
        assert_same(&expected, dir.path(), &format!("with {workers} workers"));
    }
}

#[test]
fn fifty_kills_at_random_moments_change_nothing() {
    let (_dir, expected, n_trials) = reference();
    let mut random: u64 = 0x5DEE_CE66;
    let mut n_kills = 0;
    let mut n_sweeps = 0;
    while n_kills < 50 {
        let dir = TempDir::new().expect("a temporary directory");
        n_sweeps += 1;
        loop {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut child = command(dir.path(), 2).spawn().expect("the program starts");
            std::thread::sleep(Duration::from_micros((random >> 33) % 120_000));
            child.kill().expect("a child can be killed");
            let status = child.wait().expect("a child can be waited for");
            if status.success() {
                break;
            }
            assert_eq!(status.code(), None, "it ended by itself, with {status}");
            n_kills += 1;
        }
        assert_same(
            &expected,
            dir.path(),
            &format!("in sweep {n_sweeps}, after {n_kills} kills"),
        );
        let mut outcomes = outcomes(dir.path());
        assert_eq!(
            outcomes.len(),
            n_trials,
            "a finished trial was run again or lost"
        );
        outcomes.sort_unstable();
        outcomes.dedup();
        assert_eq!(outcomes.len(), n_trials, "a finished trial was run again");
    }
}

#[test]
fn a_second_run_in_the_same_directory_is_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    // Trials of so many epochs take minutes: the first is at work until it is killed.
    let long = || {
        let mut command = command(dir.path(), 1);
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
