//! What right files are read as.

use super::{Purpose, parse, parse_with, sweep};
use crate::space::{Domain, Scale, Value};
use crate::sweep::{Goal, Procedure, Prune, PruneRule};

#[test]
fn a_name_is_enough() {
    let sweep = sweep("name = \"x\"");
    assert_eq!((sweep.name(), sweep.seed()), ("x", 0));
    assert_eq!(sweep.metric().name, "val_accuracy");
    assert_eq!(sweep.metric().goal, Goal::Maximize);
    assert_eq!(sweep.metric().target, None);
    assert!(matches!(sweep.procedure(), Procedure::Generations(_)));
    assert_eq!(
        (
            sweep.widen().max_rounds,
            sweep.widen().tau,
            sweep.widen().step
        ),
        (4, 0.15, 0.5)
    );
    assert_eq!(
        (sweep.limits().workers, sweep.limits().max_failures),
        (None, 5)
    );
    assert_eq!(
        (sweep.limits().sweep_seconds, sweep.limits().keep_bytes),
        (None, 10_000_000_000)
    );
    assert_eq!(
        (
            sweep.prune().rule,
            sweep.prune().min_trials,
            sweep.prune().min_epochs
        ),
        (PruneRule::None, 8, 1)
    );
    let ranges: Vec<_> = sweep
        .space()
        .0
        .iter()
        .map(|dimension| {
            (
                &*dimension.key,
                dimension.domain.range().unwrap(),
                dimension.zero,
            )
        })
        .collect();
    let expected = [
        ("learning_rate", (1e-5, 1e-1, Scale::Log), 0.0),
        ("lr_decay", (0.8, 1.0, Scale::Linear), 0.0),
        ("l2", (1e-6, 1e-1, Scale::Log), 0.1),
    ];
    assert_eq!(ranges, expected);
}

#[test]
fn settings_hold_every_default_in_the_order_of_the_keys() {
    let sweep = sweep("name = \"x\"\n[train]\nlearning_rate = 1\n[data]\nlabel = \"class\"");
    let names: Vec<&String> = sweep.settings().keys().collect();
    assert_eq!(names, ["data", "model", "train"]);
    let train = sweep.settings()["train"].as_table().unwrap();
    let expected = [
        "epochs",
        "optimizer",
        "learning_rate",
        "lr_decay",
        "l2",
        "batch_size",
        "dtype",
    ];
    assert_eq!(train.keys().collect::<Vec<_>>(), expected);
    assert_eq!(train["learning_rate"], toml::Value::Float(1.0));
    let data = sweep.settings()["data"].as_table().unwrap();
    let expected = ["source", "validation", "preprocess", "label", "header"];
    assert_eq!(data.keys().collect::<Vec<_>>(), expected);
    assert_eq!(data["label"].as_str(), Some("class"));
}

#[track_caller]
fn check_path(written: &str, expected: &str) {
    let sweep = sweep(&format!("name = \"x\"\n[data]\npath = \"{written}\""));
    assert_eq!(sweep.settings()["data"]["path"].as_str(), Some(expected));
}

#[test]
fn paths_start_at_the_definitions_directory() {
    check_path("mnist", "/home/lab/mnist");
    check_path("./mnist/", "/home/lab/mnist/");
    check_path("../data/adult.csv", "/home/lab/../data/adult.csv");
    check_path("/mnt/data", "/mnt/data");
}

#[track_caller]
fn check_goal(metric: &str, expected: Goal) {
    let sweep = sweep(&format!("name = \"x\"\nmetric = {metric}"));
    assert_eq!(sweep.metric().goal, expected);
}

#[test]
fn a_loss_is_minimised_unless_told_otherwise() {
    check_goal("{}", Goal::Maximize);
    check_goal("{ name = \"val_loss\" }", Goal::Minimize);
    check_goal(
        "{ name = \"val_loss\", goal = \"maximize\" }",
        Goal::Maximize,
    );
    check_goal("{ goal = \"minimize\" }", Goal::Minimize);
}

#[test]
fn targets_limits_and_pruning_are_read() {
    let sweep = sweep(
        "name = \"x\"\nmetric = { target = 1 }\n[prune]\nrule = \"median\"\nmin_trials = 5\nmin_epochs = 3\n\
         [limits]\nsweep_seconds = 60\nkeep_bytes = \"1.5GiB\"",
    );
    assert_eq!(sweep.metric().target, Some(1.0));
    let expected = Prune {
        rule: PruneRule::Median,
        min_trials: 5,
        min_epochs: 3,
    };
    assert_eq!(sweep.prune(), expected);
    let limits = sweep.limits();
    assert_eq!(
        (limits.sweep_seconds, limits.keep_bytes),
        (Some(60), 3 << 29)
    );
}

/// Domain, limits and zero share of the only searched key.
#[track_caller]
fn check_key(lines: &str, domain: &Domain, limits: (f64, f64), zero: f64) {
    let sweep = sweep(&format!("name = \"x\"\n[space]\n{lines}"));
    let dimension = &sweep.space().0[0];
    assert_eq!(
        (&dimension.domain, dimension.limits, dimension.zero),
        (domain, limits, zero)
    );
}

fn float(low: f64, high: f64, scale: Scale) -> Domain {
    Domain::Float { low, high, scale }
}

fn integer(low: i64, high: i64, step: i64, scale: Scale) -> Domain {
    Domain::Integer {
        low,
        high,
        step,
        scale,
    }
}

#[test]
fn ranges_take_scale_and_limits_from_their_key() {
    let linear = Scale::Linear;
    let log = Scale::Log;
    let whole = 9_007_199_254_740_992.0; // 2^53
    check_key(
        "learning_rate = { low = 1e-5, high = 1 }",
        &float(1e-5, 1.0, log),
        (1e-8, 10.0),
        0.0,
    );
    check_key(
        "l2 = { low = 1e-6, high = 1e-1, zero = 0.1 }",
        &float(1e-6, 0.1, log),
        (f64::MIN_POSITIVE, f64::MAX),
        0.1,
    );
    check_key(
        "l2 = { low = 2, high = 3, limits = [1, inf] }",
        &float(2.0, 3.0, log),
        (1.0, f64::MAX),
        0.0,
    );
    check_key(
        "shift = { low = -1, high = 1 }",
        &float(-1.0, 1.0, linear),
        (-f64::MAX, f64::MAX),
        0.0,
    );
    check_key(
        "batch_size = { low = 8, high = 64, step = 8, limits = [1, 128] }",
        &integer(8, 64, 8, linear),
        (1.0, 128.0),
        0.0,
    );
    check_key(
        "hidden = { low = 8, high = 64, scale = \"log\" }",
        &integer(8, 64, 1, log),
        (1.0, 65536.0),
        0.0,
    );
    check_key(
        "lr_decay = { low = 0.8, high = 1, step = 0.05 }",
        &Domain::Stepped {
            low: 0.8,
            high: 1.0,
            step: 0.05,
        },
        (1e-6, 1.0),
        0.0,
    );
    check_key(
        "l2 = { low = 0.01, high = 0.03, step = 0.01 }",
        &Domain::Stepped {
            low: 0.01,
            high: 0.03,
            step: 0.01,
        },
        (0.0, f64::MAX),
        0.0,
    );
    let values = vec![
        Value::Integer(64),
        Value::List(vec![Value::Integer(64), Value::Integer(32)]),
    ];
    check_key(
        "hidden = { values = [64, [64, 32]] }",
        &Domain::Choice { values },
        (1.0, 65536.0),
        0.0,
    );
    let values = vec![Value::Bool(false), Value::Bool(true)];
    check_key(
        "bias = { values = [false, true] }",
        &Domain::Choice { values },
        (-whole, whole),
        0.0,
    );
}

#[test]
fn a_space_keeps_the_files_order_and_a_stage_the_spaces() {
    let sweep = sweep(
        "name = \"x\"
[space.lr_decay]
low = 0.8
high = 1
[space]
l2 = { low = 1e-3, high = 1 }
[[stage]]
name = \"only\"
trials = 4
epochs = 1
sampler = \"grid\"
keys = [\"l2\", \"lr_decay\"]",
    );
    let keys: Vec<&str> = sweep
        .space()
        .0
        .iter()
        .map(|dimension| &*dimension.key)
        .collect();
    assert_eq!(keys, ["lr_decay", "l2"]);
    assert_eq!(sweep.stages()[0].keys, ["lr_decay", "l2"]);
}

#[test]
fn spans_lead_to_values_and_else_to_the_table_around() {
    let text = "name = \"x\"\n[train]\nl2 = 0.5\n[space.l2]\nlow = 1e-3\nhigh = 1\n\
                [[stage]]\nname = \"a\"\ntrials = 4\nepochs = 1";
    let spans = parse(text).unwrap().1;
    let marked = |path| &text[spans.get(path)];
    assert_eq!(marked("train.l2"), "0.5");
    assert_eq!(marked("train.batch_size"), "[train]");
    assert_eq!(marked("space.l2"), "[space.l2]");
    assert_eq!(marked("space.l2.low"), "1e-3");
    assert_eq!(marked("stage.0.trials"), "4");
    assert_eq!(marked("stage.0"), "[[stage]]");
    assert_eq!(spans.get("model.hidden"), 0..0);
    assert!(spans.contains("train.l2") && !spans.contains("train.batch_size"));
}

#[test]
fn a_single_training_is_named_and_seeded_by_its_file() {
    let text = "[train]\nseed = 3";
    let (sweep, _) = parse_with(text, &[], Purpose::Train).unwrap();
    assert_eq!(sweep.name(), "train");
    assert_eq!(sweep.settings()["train"]["seed"].as_integer(), Some(3));
}
