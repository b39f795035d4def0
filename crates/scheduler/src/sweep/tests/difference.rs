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
fn only_further_stages_extend() {
    check_extends(OLD, false);
    check_extends(&format!("{OLD}{THIRD}"), true);
    check_extends(&format!("{OLD}{THIRD}[limits]\nworkers = 3"), true);
    check_extends(&format!("{OLD}[limits]\nworkers = 3"), false);
    check_extends(&format!("{OLD}{THIRD}[train]\nl2 = 1.0"), false);
    check_extends(
        &format!("{}{THIRD}", put("trials = 16", "trials = 17")),
        false,
    );
    check_extends(
        &put(
            "[[stage]]\nname = \"fine\"",
            &format!("{THIRD}[[stage]]\nname = \"fine\""),
        ),
        false,
    );
}
