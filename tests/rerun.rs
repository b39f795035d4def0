//! A trial once more: the same numbers, or which ones differ.

use std::fs;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn every_trial_comes_out_the_same_and_nothing_is_written() {
    let sandbox = Sandbox::with_small_run();
    let before = fs::read(sandbox.path().join("results/small/journal.jsonl")).unwrap();
    for (trial, epochs) in [("1", "1 epoch"), ("6", "2 epochs")] {
        let said = sandbox.run(&["rerun", "small", trial]);
        assert_eq!(said.code, 0, "{}", said.err);
        let expected =
            format!("trial {trial} came out the same: {epochs}, every number to the bit\n");
        assert_eq!(said.out, expected);
    }
    let after = fs::read(sandbox.path().join("results/small/journal.jsonl")).unwrap();
    assert!(before == after, "rerun wrote to the record");
}

#[test]
fn a_number_that_differs_in_its_last_bit_is_told_and_the_exit_code_says_so() {
    let sandbox = Sandbox::with_small_run();
    let journal = sandbox.read("results/small/journal.jsonl");
    let line = journal
        .lines()
        .find(|line| line.contains("epoch_reported") && line.contains("\"trial\":2,"))
        .filter(|line| line.contains("\"epoch\":0"))
        .expect("trial 2 reports its untrained network first");
    let (before, values) = line.split_once("\"values\":[").unwrap();
    let (numbers, rest) = values.split_once(']').unwrap();
    let mut numbers: Vec<String> = numbers.split(',').map(str::to_owned).collect();
    let changed = numbers
        .iter_mut()
        .rfind(|number| number.starts_with("0."))
        .expect("an accuracy below 1");
    *changed = changed.parse::<f64>().unwrap().next_up().to_string();
    let changed = format!("{before}\"values\":[{}]{rest}", numbers.join(","));
    sandbox.write(
        "results/small/journal.jsonl",
        &journal.replacen(line, &changed, 1),
    );
    let said = sandbox.run(&["rerun", "small", "2", "--json"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["same"], false);
    let differences = told["differences"].as_array().unwrap();
    assert!(
        differences.len() == 1 && differences[0].as_str().unwrap().starts_with("epoch 0: "),
        "{differences:?}"
    );
    let said = sandbox.run(&["rerun", "small", "2"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .starts_with("trial 2 did not come out the same: 1 difference\n  epoch 0: "),
        "{}",
        said.out
    );
}

#[test]
fn a_trial_that_is_not_there_is_refused() {
    let sandbox = Sandbox::with_small_run();
    let said = sandbox.run(&["rerun", "small", "7"]);
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @"error: there is no trial 7 in `results/small`; those begun so far are 1 to 6");
}
