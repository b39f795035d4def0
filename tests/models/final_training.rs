//! The final training: of a sweep's winner by `[after]`, and by hand with `train --to`.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::{DIGITS, done, refused, with_digits};
use crate::sandbox::Sandbox;

fn record(sandbox: &Sandbox) -> Json {
    serde_json::from_str(&sandbox.read("results/digits/final/fit.json")).unwrap()
}

fn model(sandbox: &Sandbox, directory: &str) -> Vec<u8> {
    fs::read(sandbox.path().join(directory).join("model.safetensors")).unwrap()
}

#[test]
fn the_winner_is_trained_longer_and_its_best_epoch_is_kept() {
    let sandbox = with_digits();
    let told = record(&sandbox);
    let best: Json =
        serde_json::from_str(&done(&sandbox, &["best", "digits", "-n", "1", "--json"]).out)
            .unwrap();
    assert_eq!(told["winner"]["trial"], best["trials"][0]["trial"]);
    // The history tells the best epoch, and how long patience lasted after it.
    let history = sandbox.read("results/digits/final/history.csv");
    let mut rows = history.lines();
    let columns: Vec<&str> = rows.next().unwrap().split(',').collect();
    let place = columns
        .iter()
        .position(|column| *column == "val_accuracy")
        .unwrap();
    let values: Vec<f64> = rows
        .map(|row| row.split(',').nth(place).unwrap().parse().unwrap())
        .collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let first = values.iter().position(|value| *value == largest).unwrap() + 1;
    assert_eq!(told["value"].as_f64().unwrap(), largest);
    assert_eq!(told["best_epoch"], first);
    assert_eq!(told["epochs"], values.len());
    assert!(values.len() == 12 || values.len() == first + 4);
    // Nothing is left to do, and nothing is done.
    let before = model(&sandbox, "results/digits/final");
    let again = done(&sandbox, &["run", "digits.toml"]);
    assert!(again.err.contains(" was trained "), "{}", again.err);
    assert!(before == model(&sandbox, "results/digits/final"));
    // What it says is what the model says.
    let tested = done(&sandbox, &["test", "digits", "--json"]);
    let tested: Json = serde_json::from_str(&tested.out).unwrap();
    assert_eq!(tested["validation"]["together"]["accuracy"], told["value"]);
    assert_eq!(tested["members"][0]["model"], told["model"]);
}

#[test]
fn after_may_change_without_another_search() {
    let sandbox = with_digits();
    let trials = sandbox.read("results/digits/trials.csv");
    let before = model(&sandbox, "results/digits/final");
    sandbox.write(
        "digits.toml",
        &DIGITS.replace("epochs = 12\npatience = 4", "epochs = 5\nema_decay = 0.9"),
    );
    let said = done(&sandbox, &["run", "digits.toml"]);
    assert!(
        said.err.contains("the final training begins anew"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains(" trained 5 epochs: best val_accuracy"),
        "{}",
        said.err
    );
    assert_eq!(sandbox.read("results/digits/trials.csv"), trials);
    assert!(before != model(&sandbox, "results/digits/final"));
    fs::write(
        sandbox
            .path()
            .join("results/digits/final/model.safetensors"),
        "damaged",
    )
    .unwrap();
    refused(
        &sandbox,
        &["test", "digits"],
        "is not the model that the training wrote",
    );
}

#[test]
fn a_model_of_another_winner_is_left_alone() {
    let sandbox = with_digits();
    let path = sandbox.path().join("results/digits/final/fit.json");
    let mut told = record(&sandbox);
    told["winner"]["seed"] = 1.into();
    fs::write(&path, told.to_string()).unwrap();
    let said = done(&sandbox, &["test", "digits"]);
    assert!(!said.out.contains("final"), "{}", said.out);
}

#[test]
fn mistakes_in_after_are_told_where_they_are() {
    let sandbox = Sandbox::new();
    let check = |after: &str, expected: &str| {
        sandbox.write(
            "digits.toml",
            &DIGITS.replace("epochs = 12\npatience = 4", after),
        );
        refused(&sandbox, &["check", "digits.toml"], expected);
    };
    check("patience = 4", "epochs");
    check("epochs = 0", "after.epochs");
    check("epochs = 5\nema_decay = 1", "a number from 0 to below 1");
    check("epochs = 5\nema_decay = nan", "a number from 0 to below 1");
    check("epochs = 5\npatient = 4", "did you mean");
    sandbox.write(
        "program.toml",
        "name = \"program\"\nmetric = { name = \"loss\" }\n[command]\nargv = [\"true\"]\n[space.x]\nlow = 0.0\nhigh = 1.0\n[after]\nepochs = 9\n",
    );
    refused(
        &sandbox,
        &["check", "program.toml"],
        "[after] is for built-in training",
    );
}

/// A training that takes some seconds.
const LONG: &str = "[model]\nkind = \"mlp\"\nhidden = [128, 64]\ndropout = 0.1\nbatch_norm = true\n[train]\nepochs = 600\nema_decay = 0.99\nschedule = \"cosine\"\n";

#[test]
fn a_training_that_is_interrupted_goes_on_to_the_same_bits() {
    let sandbox = Sandbox::new();
    sandbox.write("net.toml", LONG);
    let train = |directory: &str| ["train", "net.toml", "--to", directory].map(str::to_owned);
    let whole = sandbox.run(&train("whole").each_ref().map(String::as_str));
    assert_eq!(whole.code, 0, "{}", whole.err);
    let mut n_interrupted = 0;
    for wait in [300, 500, 700, 900] {
        let arguments = train("parts");
        let mut child = sandbox
            .program(&arguments.each_ref().map(String::as_str))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(wait) && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(10));
        }
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        n_interrupted += i32::from(child.wait().unwrap().code() == Some(130));
    }
    let said = sandbox.run(&train("parts").each_ref().map(String::as_str));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(n_interrupted > 0, "none was interrupted");
    assert_eq!(
        sandbox.read("parts/history.csv"),
        sandbox.read("whole/history.csv")
    );
    assert!(model(&sandbox, "parts") == model(&sandbox, "whole"));
}

#[test]
fn a_directory_of_another_training_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("net.toml", LONG);
    let train = [
        "train",
        "net.toml",
        "--to",
        "net",
        "--set",
        "train.epochs=2",
        "--quiet",
    ];
    done(&sandbox, &train);
    let before = model(&sandbox, "net");
    let other = [&train[..], &["--set", "train.learning_rate=0.02"]].concat();
    let said = sandbox.run(&other);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("--fresh") && said.err.contains("learning_rate"),
        "{}",
        said.err
    );
    assert!(before == model(&sandbox, "net"));
    done(&sandbox, &[&other[..], &["--fresh"]].concat());
    assert!(before != model(&sandbox, "net"));
    // On fewer threads, the same.
    done(
        &sandbox,
        &[&train[..], &["--fresh", "--threads", "1"]].concat(),
    );
    assert!(before == model(&sandbox, "net"));
    sandbox.write("file", "");
    refused(
        &sandbox,
        &["train", "net.toml", "--to", "file", "--quiet"],
        "is not a directory",
    );
}

#[test]
fn checkpoints_of_one_trial_predict_together() {
    let sandbox = with_digits();
    let said = done(
        &sandbox,
        &["test", "digits", "--checkpoints", "3", "--json"],
    );
    let told: Json = serde_json::from_str(&said.out).unwrap();
    let members = told["members"].as_array().unwrap();
    let mut epochs: Vec<u64> = members
        .iter()
        .map(|member| member["epoch"].as_u64().unwrap())
        .collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [1, 2, 3]);
    assert!(
        members
            .iter()
            .all(|member| member["trial"] == members[0]["trial"])
    );
    let metrics: Vec<f64> = members
        .iter()
        .map(|member| member["metric"].as_f64().unwrap())
        .collect();
    assert!(metrics.is_sorted_by(|a, b| a >= b), "{metrics:?}");
    let loss = |of: &str| told["validation"][of]["loss"].as_f64().unwrap();
    assert!(loss("together") <= loss("best_alone"));
    refused(
        &sandbox,
        &["test", "digits", "--checkpoints", "2", "--ensemble", "2"],
        "cannot be used with",
    );
}

#[test]
fn exports_of_models_overwrite_nothing_else() {
    let sandbox = with_digits();
    sandbox.write("notes.onnx", "mine");
    refused(
        &sandbox,
        &[
            "export",
            "digits",
            "--format",
            "onnx",
            "--out",
            "notes.onnx",
        ],
        "is no model of finetooth",
    );
    assert_eq!(sandbox.read("notes.onnx"), "mine");
    refused(
        &sandbox,
        &[
            "export",
            "digits",
            "--format",
            "onnx",
            "--out",
            "net.safetensors",
        ],
        "is named as",
    );
    refused(
        &sandbox,
        &["export", "digits", "--format", "onnx", "--out", "-"],
        "not a text for standard output",
    );
    refused(
        &sandbox,
        &["export", "digits", "--format", "csv", "--ensemble", "2"],
        "choose a model",
    );
    done(
        &sandbox,
        &[
            "export",
            "digits",
            "--format",
            "onnx",
            "--out",
            "notes.onnx",
            "--force",
        ],
    );
    let first = fs::read(sandbox.path().join("notes.onnx")).unwrap();
    done(
        &sandbox,
        &[
            "export",
            "digits",
            "--format",
            "onnx",
            "--out",
            "notes.onnx",
        ],
    );
    assert!(first == fs::read(sandbox.path().join("notes.onnx")).unwrap());
}
