//! What two definitions are told to differ in.

use insta::assert_snapshot;

use super::{keys, sweep};
use crate::sweep::{changes, extends};

const OLD: &str = r#"
name = "x"
[space]
l2 = { low = 1e-6, high = 1e-1 }
learning_rate = { low = 1e-5, high = 1e-1 }
[[stage]]
name = "coarse"
trials = 32
epochs = 3
[[stage]]
name = "fine"
trials = 16
epochs = 9
"#;

const THIRD: &str = "[[stage]]\nname = \"final\"\ntrials = 8\nepochs = 27\n";

fn told(new: &str) -> String {
    changes(&sweep(OLD).to_toml(&keys()), &sweep(new).to_toml(&keys())).join("\n")
}

fn put(from: &str, to: &str) -> String {
    assert!(OLD.contains(from));
    OLD.replace(from, to)
}

#[test]
fn tells_key_by_key_what_changed() {
    assert_snapshot!(told(OLD), @"");
    assert_snapshot!(told(&format!("{OLD}[limits]\nworkers = 3\nmax_failures = 9")), @"");
    assert_snapshot!(told(&format!("{OLD}[train]\nbatch_size = 128\noptimizer = \"sgd\"")), @r##"
    train.optimizer: adam → sgd
    train.batch_size: 64 → 128
    "##);
    assert_snapshot!(told(&format!("{OLD}[data]\nmissing = [\"NA\"]\n[widen]\ntau = 0.2")), @r##"
    data.missing added: ["NA"]
    widen.tau: 0.15 → 0.2
    "##);
    assert_snapshot!(told(&put("name = \"x\"", "name = \"y\"\nseed = 3\nmetric = { name = \"val_loss\" }")), @r##"
    name: x → y
    seed: 0 → 3
    metric.name: val_accuracy → val_loss
    metric.goal: maximize → minimize
    "##);
    assert_snapshot!(told(&put("l2 = { low = 1e-6, high = 1e-1 }", "bias = { values = [true, false] }")), @r##"
    space.l2 removed
    space.bias added
    stage.coarse.keys: ["l2","learning_rate"] → ["bias","learning_rate"]
    stage.fine.keys: ["l2","learning_rate"] → ["bias","learning_rate"]
    "##);
    assert_snapshot!(told(&put("high = 1e-1 }\n[", "high = 1, scale = \"linear\" }\n[")), @r##"
    space.learning_rate.high: 0.1 → 1.0
    space.learning_rate.scale: log → linear
    "##);
    assert_snapshot!(told(&put("trials = 16", "trials = 20\nsampler = \"random\"\nkeys = [\"l2\"]")), @r##"
    stage.fine.trials: 16 → 20
    stage.fine.sampler: sobol → random
    stage.fine.keys: ["l2","learning_rate"] → ["l2"]
    "##);
    assert_snapshot!(told(&format!("{OLD}[prune]\nrule = \"median\"\nmin_trials = 3")), @r#"
    prune.rule: none → median
    prune.min_trials: 8 → 3
    "#);
    assert_snapshot!(told(&put("name = \"x\"", "name = \"x\"\nmetric = { target = 0.9 }")), @"metric.target added: 0.9");
    assert_snapshot!(told(&format!("{OLD}[limits]\nsweep_seconds = 3\nkeep_bytes = 9")), @"");
    assert_snapshot!(told(&format!("{OLD}{THIRD}")), @"stage.final added");
    assert_snapshot!(told(&put("[[stage]]\nname = \"fine\"\ntrials = 16\nepochs = 9\n", "")), @"stage.fine removed");
    let (one, other) = (
        "l2 = { low = 1e-6, high = 1e-1 }\n",
        "learning_rate = { low = 1e-5, high = 1e-1 }\n",
    );
    assert_snapshot!(told(&put(&format!("{one}{other}"), &format!("{other}{one}"))), @r##"
    stage.coarse.keys: ["l2","learning_rate"] → ["learning_rate","l2"]
    stage.fine.keys: ["l2","learning_rate"] → ["learning_rate","l2"]
    order of [space]: l2, learning_rate → learning_rate, l2
    "##);
}

#[test]
fn tells_how_searches_in_generations_and_their_keys_differ() {
    let told = |old: &str, new: &str| {
        let written = |lines: &str| {
            let space = "[space]\nbias = { values = [true, false] }\n";
            sweep(&format!("name = \"x\"\n{space}{lines}")).to_toml(&keys())
        };
        changes(&written(old), &written(new)).join("\n")
    };
    let l2 = "l2 = { low = 0.1, high = 1 }\n";
    let second = "l2 = { low = 0.1, high = 1, order = 2 }\n";
    let on_true = "l2 = { low = 0.1, high = 1, when = { bias = true } }\n";
    let on_both = "l2 = { low = 0.1, high = 1, when = { bias = [true, false] } }\n";
    assert_snapshot!(told(l2, second), @"space.l2.order added: 2");
    assert_snapshot!(told(l2, on_true), @"space.l2.when added");
    assert_snapshot!(told(on_true, on_both), @"space.l2.when.bias: [true] → [true,false]");
    assert_snapshot!(told(l2, &format!("{l2}[search]\nbudget = 9\nepochs = 3\nproposals = \"gp\"")), @r#"
    train.epochs: 27 → 3
    search.epochs: 27 → 3
    search.budget: 20 → 9
    search.proposals: random → gp
    search.first_order: 10 → 4
    "#);
    assert_snapshot!(told(l2, &format!("{l2}{THIRD}")), @r#"
    search removed
    stage.final added
    "#);
}

#[test]
fn what_is_no_definition_differs() {
    assert_eq!(
        changes("a = ", "a = 1"),
        ["one of the two definitions cannot be read"]
    );
}

#[track_caller]
fn check_extends(new: &str, expected: bool) {
    assert_eq!(extends(&sweep(OLD), &sweep(new)), expected);
}

#[test]
fn definitions_of_earlier_versions_are_those_without_pruning() {
    let now = sweep(OLD).to_toml(&keys());
    let pruning = "[prune]\nrule = \"none\"\nmin_trials = 8\nmin_epochs = 1\n\n";
    let before = now.replace(pruning, "");
    assert_ne!(before, now);
    assert!(changes(&before, &now).is_empty());
    let median = sweep(&format!("{OLD}[prune]\nrule = \"median\"")).to_toml(&keys());
    assert_eq!(changes(&before, &median), ["prune.rule: none → median"]);
}

#[test]
fn what_a_trials_numbers_depend_on_stays_in_an_extension() {
    check_extends(&format!("{OLD}{THIRD}"), true);
    check_extends(&format!("{OLD}[limits]\nworkers = 3"), true);
    check_extends(&put("trials = 16", "trials = 17"), true);
    check_extends("name = \"x\"\n[search]\nbudget = 40", true);
    check_extends(&format!("{OLD}{THIRD}[train]\nl2 = 1.0"), false);
    check_extends(&put("name = \"x\"", "name = \"x\"\nseed = 1"), false);
    check_extends("name = \"x\"\n[search]\nepochs = 9", false);
}
