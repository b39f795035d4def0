//! The sanity gate: a broken set-up is not searched.

use crate::sandbox::{Said, Sandbox};

#[track_caller]
fn check_code(said: &Said, code: i32) {
    assert_eq!(said.code, code, "{}", said.err);
}

const SMALL: &str = r#"
name = "small"
[model]
kind = "mlp"
hidden = 8
[search]
epochs = 3
budget = 16
"#;

/// Units that all start the same stay the same, and with relu at 0 none of them learns.
fn broken() -> String {
    SMALL.replace("hidden = 8", "hidden = 8\ninit = \"zeros\"")
}

#[test]
fn a_set_up_that_cannot_learn_is_refused_by_check() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", &broken());
    let said = sandbox.run(&["check", "small.toml"]);
    check_code(&said, 3);
    assert!(said.out.contains("overfit         failed"), "{}", said.out);
    assert!(
        said.err.contains(
            "error: a sanity check failed: overfit: the network cannot overfit 100 samples"
        ),
        "{}",
        said.err
    );
    assert_eq!(sandbox.names(".").len(), 1, "check writes nothing");
}

#[test]
fn a_set_up_that_cannot_learn_is_not_searched_and_begins_once_it_is_mended() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", &broken());
    for _ in 0..2 {
        let said = sandbox.run(&["run", "small.toml"]);
        check_code(&said, 3);
        assert!(
            said.err.contains("cannot overfit 100 samples"),
            "{}",
            said.err
        );
        let journal = sandbox.read("results/small/journal.jsonl");
        assert!(journal.contains("gate_checked") && !journal.contains("trial_started"));
    }
    let status = sandbox.run(&["status", "results/small"]);
    assert!(
        status.out.contains("a sanity check failed"),
        "{}",
        status.out
    );
    sandbox.write("small.toml", SMALL);
    check_code(&sandbox.run(&["run", "small.toml", "--quiet"]), 0);
    assert!(sandbox.read("results/small/trials.csv").lines().count() > 20);
}

#[test]
fn a_failed_check_may_be_a_warning_and_checks_may_be_left_out() {
    let sandbox = Sandbox::new();
    let few = "[limits]\nmax_failures = 100\n";
    sandbox.write(
        "warn.toml",
        &format!("{}[sanity]\non_failure = \"warn\"\n{few}", broken()),
    );
    let said = sandbox.run(&["run", "warn.toml", "--out", "warn"]);
    check_code(&said, 0);
    assert!(said.err.contains("overfit         failed"), "{}", said.err);
    sandbox.write("off.toml", &format!("{SMALL}[sanity]\nenabled = false\n"));
    check_code(&sandbox.run(&["run", "off.toml", "--out", "off"]), 0);
    assert!(!sandbox.read("off/journal.jsonl").contains("gate_checked"));
    assert!(
        sandbox
            .read("off/stages.csv")
            .contains("coarse,0,learning_rate,1e-5,0.1,")
    );
}

#[test]
fn the_probe_finds_the_range_where_none_is_given_and_warns_where_one_is() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    check_code(&sandbox.run(&["run", "small.toml", "--quiet"]), 0);
    let said = sandbox.run(&["check", "small.toml", "--json"]);
    check_code(&said, 0);
    let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let end = |name: &str| told["sanity"]["probe"][name].as_f64().expect("a number");
    let stages = sandbox.read("results/small/stages.csv");
    let first: Vec<&str> = stages.lines().nth(1).expect("a row").split(',').collect();
    let range = [first[3], first[4]].map(|cell| cell.parse::<f64>().expect("a number"));
    assert_eq!(range, [end("low"), end("high")]);

    let misplaced = format!("{SMALL}[space]\nlearning_rate = {{ low = 1e-7, high = 1e-5 }}\n");
    sandbox.write("small.toml", &misplaced);
    let said = sandbox.run(&["check", "small.toml"]);
    check_code(&said, 0);
    assert!(said.out.contains("learning rate   warning"), "{}", said.out);
    assert!(
        said.out
            .contains("learning_rate is searched from 1.0e-7 to 1.0e-5"),
        "{}",
        said.out
    );
}
