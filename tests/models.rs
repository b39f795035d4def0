//! From a sweep to a model that other programs use: final training, ensembles, model files, predictions.

mod final_training;
mod foreign;
mod predictions;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::sandbox::{Said, Sandbox};

/// A sweep of seconds on the embedded digits, whose winner is trained on.
const DIGITS: &str = r#"name = "digits"
seed = 3
[model]
kind = "mlp"
hidden = 32
[space.learning_rate]
low = 1e-3
high = 1e-1
scale = "log"
[[stage]]
name = "only"
trials = 6
epochs = 3
[widen]
max_rounds = 0
[after]
epochs = 12
patience = 4
"#;

/// A sandbox with that sweep, run to its end.
fn with_digits() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("digits.toml", DIGITS);
    done(&sandbox, &["run", "digits.toml", "--quiet"]);
    sandbox
}

#[track_caller]
fn done(sandbox: &Sandbox, arguments: &[&str]) -> Said {
    let said = sandbox.run(arguments);
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
    said
}

#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], expected: &str) {
    let said = sandbox.run(arguments);
    assert_eq!(said.code, 2, "{arguments:?}: {}{}", said.out, said.err);
    assert!(said.err.contains(expected), "{}", said.err);
    assert_eq!(said.out, "");
}

/// The embedded digits as a table: a name for each pixel, the label last, as it is in the repository.
fn digits_table() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/data/digits.csv.gz");
    let mut rows = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut rows)
        .unwrap();
    rows
}

/// Their pixels alone.
fn digits_pixels() -> String {
    let table = digits_table();
    let rows = table.lines().filter(|row| {
        row.bytes()
            .all(|byte| byte.is_ascii_digit() || b",.".contains(&byte))
    });
    let pixels = rows.map(|row| row.split(',').take(64).collect::<Vec<_>>().join(","));
    let header: Vec<String> = (0..64).map(|pixel| format!("pixel_{pixel}")).collect();
    header.join(",") + "\n" + &pixels.collect::<Vec<_>>().join("\n") + "\n"
}
