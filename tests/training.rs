//! `finetooth train`: one training with the values of a file.

use serde_json::Value as Json;

use crate::commands::{check_code, json};
use crate::sandbox::{SMALL, Sandbox};

#[test]
fn best_toml_trains_the_winner_again() {
    let sandbox = Sandbox::with_small_run();
    let best = &json(&sandbox, &["best", "small", "--json"])["trials"][0];
    let epochs = format!("train.epochs={}", best["epochs"]);
    let said = sandbox.run(&[
        "train",
        "results/small/best.toml",
        "--set",
        &epochs,
        "--out",
        "history.csv",
        "--quiet",
    ]);
    check_code(&said, 0);
    assert_eq!(said.err, "");
    let history = sandbox.read("history.csv");
    let header: Vec<&str> = history.lines().next().unwrap().split(',').collect();
    let column = header
        .iter()
        .position(|name| *name == "val_accuracy")
        .unwrap();
    let row = history
        .lines()
        .nth(best["best_epoch"].as_u64().unwrap() as usize)
        .unwrap();
    let again: f64 = row.split(',').nth(column).unwrap().parse().unwrap();
    assert_eq!(
        best["metric"].as_f64(),
        Some(again),
        "the same number to the last bit"
    );
}

#[test]
fn train_prints_an_epoch_a_line() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let said = sandbox.run(&["train", "small.toml", "--set", "train.epochs=2", "--json"]);
    check_code(&said, 0);
    let epochs: Vec<Json> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        epochs
            .iter()
            .map(|epoch| epoch["epoch"].as_u64())
            .collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)]
    );
    assert!(epochs[2]["val_accuracy"].as_f64().is_some());
}

#[test]
fn any_number_of_threads_trains_to_the_same_numbers() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let trained = |n: &str| {
        let options = [
            "--set",
            "train.epochs=2",
            "--set",
            "model.kind=three_layer_convnet",
            "--set",
            "model.n_filters=64",
        ];
        let command = ["train", "small.toml", "--json", "--threads", n];
        let said = sandbox.run(&[&command, &options[..]].concat());
        check_code(&said, 0);
        said.out
    };
    let alone = trained("1");
    assert_eq!(alone.lines().count(), 3);
    for n in ["2", "3"] {
        assert_eq!(trained(n), alone, "{n} threads");
    }
}

#[test]
fn no_threads_and_too_many_are_refused() {
    let sandbox = Sandbox::new();
    for n in ["0", "-1", "1025", "all"] {
        let said = sandbox.run(&["train", "small.toml", "--threads", n]);
        check_code(&said, 2);
        let accepted = "the number of threads is a whole number from 1 to 1024";
        assert!(said.err.contains(accepted), "{}", said.err);
    }
}

#[test]
fn a_training_that_diverges_has_a_negative_verdict() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["init"]);
    check_code(&said, 0);
    let options = [
        "--set",
        "train.learning_rate=10",
        "--set",
        "train.optimizer=sgd",
        "--set",
        "train.l2=1000000",
    ];
    let said = sandbox.run(&[&["train", "finetooth.toml"], &options[..]].concat());
    check_code(&said, 1);
    assert!(said.err.contains("diverged"), "{}", said.err);
}

#[test]
fn a_training_that_no_longer_improves_ends_when_patience_does() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let epochs = ["train", "small.toml", "--set", "train.epochs=400"];
    let said = sandbox.run(&[&epochs[..], &["--patience", "4", "--out", "history.csv"]].concat());
    check_code(&said, 0);
    let history = sandbox.read("history.csv");
    let header: Vec<&str> = history.lines().next().unwrap().split(',').collect();
    let column = header
        .iter()
        .position(|name| *name == "val_accuracy")
        .unwrap();
    let accuracies: Vec<f64> = history
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(column).unwrap().parse().unwrap())
        .collect();
    let n = accuracies.len();
    assert!(n > 4 && n < 400, "{n} epochs");
    let best = accuracies.iter().copied().fold(0.0, f64::max);
    let first_best = accuracies
        .iter()
        .position(|accuracy| *accuracy == best)
        .unwrap();
    assert_eq!(
        first_best + 1,
        n - 4,
        "four epochs after the first of the best"
    );
    let told = format!(
        "at epoch {} of {n}; no better one in 4 epochs after it\n",
        n - 4
    );
    assert!(said.err.ends_with(&told), "{}", said.err);
    check_code(&sandbox.run(&["train", "small.toml", "--patience", "0"]), 2);
    let unknown = [
        "train",
        "small.toml",
        "--patience",
        "4",
        "--set",
        "metric.name=val_rmse",
    ];
    let said = sandbox.run(&unknown);
    check_code(&said, 2);
    assert!(
        said.err.contains("`val_rmse` is not reported here"),
        "{}",
        said.err
    );
}
