//! `finetooth test`: honest once, and on record.

use std::fs;

use serde_json::Value as Json;

use crate::commands::check_code;
use crate::sandbox::{SMALL, Sandbox, table};

fn ledger(sandbox: &Sandbox, run: &str) -> Json {
    serde_json::from_str(&sandbox.read(&format!("results/{run}/test.json"))).unwrap()
}

#[test]
fn the_best_trial_is_tested_once_and_the_same_question_is_answered_from_the_record() {
    let sandbox = Sandbox::with_small_run();
    let said = sandbox.run(&["test", "small"]);
    check_code(&said, 0);
    assert!(
        said.out.starts_with("test set: accuracy 0."),
        "{}",
        said.out
    );
    assert!(
        said.out
            .ends_with("the test set was used 1 time; test.json tells\n"),
        "{}",
        said.out
    );
    let written = sandbox.read("results/small/test.json");
    let used = &ledger(&sandbox, "small")["uses"][0];
    let test = &used["test"];
    assert_eq!(test["samples"], 360);
    // the matrix, the accuracy and the recalls tell the same
    let confusion = test["confusion"].as_array().unwrap();
    let count = |row: usize, column: usize| confusion[row][column].as_u64().unwrap();
    let right: u64 = (0..10).map(|class| count(class, class)).sum();
    assert_eq!(test["accuracy"].as_f64().unwrap(), right as f64 / 360.0);
    let all: u64 = (0..10)
        .flat_map(|row| (0..10).map(move |column| (row, column)))
        .map(|(row, column)| count(row, column))
        .sum();
    assert_eq!(all, 360);
    for class in 0..10 {
        let of = &test["classes"][class];
        let support: u64 = (0..10).map(|column| count(class, column)).sum();
        assert_eq!(of["support"], support);
        assert_eq!(
            of["recall"].as_f64().unwrap(),
            count(class, class) as f64 / support as f64
        );
    }
    // what was measured where the trial was chosen is what the sweep recorded
    let best: Json =
        serde_json::from_str(&sandbox.run(&["best", "small", "-n", "1", "--json"]).out).unwrap();
    assert_eq!(
        used["validation"]["best_alone"]["accuracy"],
        best["trials"][0]["metric"]
    );
    assert_eq!(used["members"][0]["trial"], best["trials"][0]["trial"]);

    let again = sandbox.run(&["test", "small"]);
    check_code(&again, 0);
    assert_eq!(again.out, said.out);
    assert_eq!(
        again.err,
        "this was tested before; the test set is not used again\n"
    );
    assert_eq!(sandbox.read("results/small/test.json"), written);
}

#[test]
fn another_question_asks_for_again_and_both_stay_on_record() {
    let sandbox = Sandbox::with_small_run();
    check_code(&sandbox.run(&["test", "small"]), 0);
    let said = sandbox.run(&["test", "small", "--ensemble", "3"]);
    check_code(&said, 2);
    assert!(said.err.contains("was used before, on 20"), "{}", said.err);
    assert!(
        said.err.contains("--again uses it once more"),
        "{}",
        said.err
    );
    let said = sandbox.run(&["test", "small", "--ensemble", "3", "--again", "--json"]);
    check_code(&said, 0);
    let told: Json = serde_json::from_str(&said.out).unwrap();
    let members = told["members"].as_array().unwrap();
    assert_eq!(members.len(), 3);
    let weights: u64 = members
        .iter()
        .map(|member| member["weight"].as_u64().unwrap())
        .sum();
    assert!((1..=3).contains(&weights));
    // selection never does worse than the best alone where it selects
    let loss = |of: &str| told["validation"][of]["loss"].as_f64().unwrap();
    assert!(loss("together") <= loss("best_alone"));
    let uses = ledger(&sandbox, "small");
    let uses = uses["uses"].as_array().unwrap();
    assert_eq!(uses.len(), 2);
    assert_eq!(
        told["test"]["best_alone"]["accuracy"],
        uses[0]["test"]["accuracy"]
    );
}

#[test]
fn a_test_that_was_stopped_is_asked_for_again_and_another_trial_of_the_number_is_another_question()
{
    let sandbox = Sandbox::with_small_run();
    check_code(&sandbox.run(&["test", "small"]), 0);
    let mut stopped = ledger(&sandbox, "small");
    let told = stopped["uses"][0]["test"].clone();
    stopped["uses"][0]["test"] = Json::Null;
    sandbox.write("results/small/test.json", &stopped.to_string());
    check_code(&sandbox.run(&["test", "small"]), 0);
    let mut used = ledger(&sandbox, "small");
    assert_eq!(
        used["uses"].as_array().unwrap().len(),
        1,
        "nobody knew what came of the first"
    );
    assert_eq!(used["uses"][0]["test"], told);
    // as after a plan that gave the number to another trial
    used["uses"][0]["members"][0]["seed"] = 1.into();
    sandbox.write("results/small/test.json", &used.to_string());
    let said = sandbox.run(&["test", "small"]);
    check_code(&said, 2);
    assert!(said.err.contains("was used before"), "{}", said.err);
}

#[test]
fn two_tests_at_once_do_not_lose_a_use() {
    let sandbox = Sandbox::with_small_run();
    let directory = fs::File::open(sandbox.path().join("results/small")).unwrap();
    directory.lock().unwrap();
    let said = sandbox.run(&["test", "small"]);
    check_code(&said, 4);
    assert_eq!(
        said.err,
        "error: another test of `results/small` is under way: wait for it to end\n"
    );
}

#[test]
fn numbers_are_measured_in_the_labels_unit() {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", &table(["150", "-25"]));
    sandbox.write(
        "number.toml",
        "name = \"number\"\nmetric = { name = \"val_rmse\" }\n[data]\nsource = \"csv\"\npath = \"table.csv\"\n\
         [model]\nkind = \"mlp\"\nhidden = 4\n[train]\nloss = \"mse\"\nbatch_size = 8\n\
         [[stage]]\nname = \"only\"\ntrials = 4\nepochs = 2\n[widen]\nmax_rounds = 0\n[sanity]\nenabled = false\n",
    );
    check_code(&sandbox.run(&["run", "number.toml", "--quiet"]), 0);
    let said = sandbox.run(&["test", "number", "--ensemble", "2", "--json"]);
    check_code(&said, 0);
    let told: Json = serde_json::from_str(&said.out).unwrap();
    let rmse = told["test"]["rmse"].as_f64().unwrap();
    // labels are 150 and -25: their own spread is 87.5
    assert!(rmse > 1.0 && rmse < 400.0, "{rmse}");
    assert_eq!(told["test"]["samples"], 8);
    let together = told["validation"]["together"]["rmse"].as_f64().unwrap();
    assert!(together <= told["validation"]["best_alone"]["rmse"].as_f64().unwrap());
}

#[test]
fn what_cannot_be_tested_is_said_before_anything_is_trained() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "none.toml",
        &SMALL.replace("name = \"small\"", "name = \"none\"\ndata.test = 0"),
    );
    check_code(&sandbox.run(&["run", "none.toml", "--quiet"]), 0);
    let said = sandbox.run(&["test", "none"]);
    check_code(&said, 2);
    assert!(said.err.contains("set no test data aside"), "{}", said.err);

    sandbox.write("small.toml", SMALL);
    check_code(&sandbox.run(&["run", "small.toml", "--quiet"]), 0);
    let journal = sandbox.read("results/small/journal.jsonl");
    let (unfinished, _) = journal.trim_end().rsplit_once('\n').unwrap();
    fs::create_dir(sandbox.path().join("results/unfinished")).unwrap();
    sandbox.write("results/unfinished/journal.jsonl", unfinished);
    let said = sandbox.run(&["test", "unfinished"]);
    check_code(&said, 2);
    assert!(said.err.contains("is not finished"), "{}", said.err);

    sandbox.write("results/small/test.json", "{\"format\":");
    let said = sandbox.run(&["test", "small"]);
    check_code(&said, 2);
    assert!(said.err.contains("restore it from a copy"), "{}", said.err);
    let said = sandbox.run(&["test", "small", "--ensemble", "0"]);
    check_code(&said, 2);
}
