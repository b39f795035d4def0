//! A label that is a number: what the program says of it, and what the results hold.

use insta::assert_snapshot;

use crate::messages::refused_with;
use crate::sandbox::Sandbox;

const TABLE: &str = "name = \"x\"
[data]
source = \"csv\"
path = \"table.csv\"
label = \"price\"
preprocess = \"standardize\"
[model]
kind = \"mlp\"
hidden = 4
[train]
loss = \"mse\"
";

const METRIC: &str = "metric = { name = \"val_mae\" }\n";

/// What `run` says of the table `csv`, whose label is to be a number, with `metric` as the metric.
#[track_caller]
fn refused(csv: &str, metric: &str) -> String {
    refused_with(&format!("{metric}{TABLE}"), &[("table.csv", csv)], &[])
}

/// A table of 40 rows with a price.
fn prices() -> String {
    let rows = (0..40).map(|row| format!("{row},{}.5\n", 3 * row));
    format!("size,price\n{}", rows.collect::<String>())
}

#[test]
fn a_number_to_be_predicted_has_no_accuracy() {
    assert_snapshot!(refused(&prices(), ""), @r#"
      error: loss = "mse" has no val_accuracy, the default metric, to rank trials by
        ,-[sweep.toml:11:8]
     10 | [train]
     11 | loss = "mse"
        :        ^^|^^
        :          `-- here
        `----
      help: write metric = { name = "val_rmse" }, or another of val_loss, val_rmse, val_mae, val_r2

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
    assert_snapshot!(
        refused(&prices(), "metric = { name = \"val_accuracy\" }\n"), @r#"
          error: loss = "mse" has no val_accuracy to rank trials by
           ,-[sweep.toml:1:19]
         1 | metric = { name = "val_accuracy" }
           :                   ^^^^^^^|^^^^^^
           :                          `-- here
         2 | name = "x"
           `----
          help: write metric = { name = "val_rmse" }, or another of val_loss, val_rmse, val_mae, val_r2

        error: sweep.toml has a mistake; nothing was run, nothing was written
        "#);
}

#[test]
fn a_class_where_a_number_is_to_be_predicted() {
    let csv = prices().replace("\n7,21.5", "\n7,dear");
    assert_snapshot!(refused(&csv, METRIC), @r#"
      error: failed to read [dir]/table.csv: the label "dear" in line 9, price, is not a number, which loss = "mse" and "huber" predict; accepted: a column of numbers, or loss = "softmax" or "hinge"
       ,-[sweep.toml:6:9]
     5 | path = "table.csv"
     6 | label = "price"
       :         ^^^|^^^
       :            `-- from here
     7 | preprocess = "standardize"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn the_check_tells_mean_and_spread_of_the_number() {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", &prices());
    sandbox.write("sweep.toml", &format!("{METRIC}{TABLE}"));
    let said = sandbox.run(&["check", "sweep.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let line = said.out.lines().find(|line| line.contains("a number"));
    assert_snapshot!(line.unwrap().trim(), @"the label is a number; in training, its mean is 59.88, its standard deviation 33.9, from 3.5 to 117.5");
}

#[test]
fn the_results_have_errors_in_the_place_of_accuracies() {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", &prices());
    let stage = "batch_size = 8\n[[stage]]\nname = \"only\"\ntrials = 3\nepochs = 2\n";
    sandbox.write("sweep.toml", &format!("{METRIC}{TABLE}{stage}"));
    let said = sandbox.run(&["run", "sweep.toml", "--out", "out"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let (trials, epochs) = (
        sandbox.read("out/trials.csv"),
        sandbox.read("out/epochs.csv"),
    );
    assert_snapshot!(trials.lines().next().unwrap(), @"trial,stage,round,state,learning_rate,lr_decay,l2,val_mae,best_epoch,epochs,train_loss,train_rmse,train_mae,val_loss,val_rmse,val_r2,seed,parent,reason");
    assert_snapshot!(epochs.lines().next().unwrap(), @"trial,stage,epoch,learning_rate,train_loss,train_rmse,train_mae,val_loss,val_rmse,val_mae,val_r2,update_ratio");
}

#[test]
fn the_smallest_error_is_the_best_and_comes_again_to_the_last_bit() {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", &prices());
    let stage = "batch_size = 8\n[[stage]]\nname = \"only\"\ntrials = 3\nepochs = 2\n";
    sandbox.write("sweep.toml", &format!("{METRIC}{TABLE}{stage}"));
    let said = sandbox.run(&["run", "sweep.toml", "--out", "out"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let epochs = sandbox.read("out/epochs.csv");
    let mut rows = epochs.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = header.iter().position(|name| *name == "val_mae").unwrap();
    let smallest = rows
        .map(|row| row[column].parse::<f64>().unwrap())
        .min_by(f64::total_cmp);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let best = json(&sandbox.run(&["best", "out", "--json"]).out);
    assert_eq!(best["trials"][0]["metric"].as_f64(), smallest);
    let said = sandbox.run(&[
        "train",
        "out/best.toml",
        "--json",
        "--set",
        "train.epochs=2",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut again = said.out.lines().map(|row| json(row)["val_mae"].as_f64());
    assert!(again.any(|error| error == smallest), "{}", said.out);
}
