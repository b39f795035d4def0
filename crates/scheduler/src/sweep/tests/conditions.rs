//! `when` of a searched key.

use insta::assert_snapshot;

use super::{sweep, told_of};
use crate::space::{Condition, Value};

const OPTIMIZER: &str = "[space.optimizer]\nvalues = [\"sgd\", \"adam\"]\n";

/// What is told of a range of `l2` with this `when`, on line 5; the optimizer is searched after it.
fn when(when: &str) -> String {
    told_of(&format!(
        "[space.l2]\nlow = 0.1\nhigh = 1\nwhen = {when}\n{OPTIMIZER}"
    ))
}

#[test]
fn a_key_may_depend_on_values_of_others() {
    let text = format!(
        "name = \"x\"\n[space.l2]\nlow = 0.1\nhigh = 1\nwhen = {{ optimizer = \"sgd\", batch_size = [8, 24] }}\n\
         {OPTIMIZER}[space.batch_size]\nlow = 8\nhigh = 32\nstep = 8"
    );
    let sweep = sweep(&text);
    let expected = [
        Condition {
            key: "optimizer".into(),
            values: vec![Value::Text("sgd".to_owned())],
        },
        Condition {
            key: "batch_size".into(),
            values: vec![Value::Integer(8), Value::Integer(24)],
        },
    ];
    assert_eq!(sweep.space().0[0].when, expected);
    let (with, without) = (
        sweep.space().at(&[0.0, 0.0, 0.0]),
        sweep.space().at(&[0.0, 0.0, 0.3]),
    );
    assert_eq!(
        with.to_string(),
        "l2 = 0.1, optimizer = sgd, batch_size = 8"
    );
    assert_eq!(without.to_string(), "optimizer = sgd, batch_size = 16");
}

#[test]
fn a_list_of_numbers_is_several_values() {
    let text = "name = \"x\"\n[space]\nl2 = { low = 0.1, high = 1, when = { hidden = [64, [64, 32]], shift = 0 } }\n\
                hidden = { values = [64, [64, 32], 8] }\nshift = { low = 0.5, high = 1, zero = 0.5 }";
    let sweep = sweep(text);
    let when = &sweep.space().0[0].when;
    let pair = Value::List([64, 32].map(Value::Integer).to_vec());
    assert_eq!(when[0].values, [Value::Integer(64), pair]);
    assert_eq!(when[1].values, [Value::Float(0.0)]);
}

#[test]
fn conditions_are_on_other_searched_keys() {
    assert_snapshot!(when("{ optimizer = [\"adam\"] }"), @"nothing is wrong");
    assert_snapshot!(when("3"), @r#"5:8 space.l2.when takes a table of keys and their values, like { optimizer = ["adam"] }, found 3"#);
    assert_snapshot!(when("{}"), @r#"
    5:8 space.l2.when is empty
      help: name a searched key and its values, like { optimizer = ["adam"] }, or remove `when`
    "#);
    assert_snapshot!(when("{ l2 = 0.1 }"), @r#"
    5:10 space.l2.when makes l2 depend on itself
      help: name another key, or remove `when`
    "#);
    assert_snapshot!(when("{ bias = true }"), @r#"
    5:10 space.l2.when names bias, which this sweep does not search
      help: search it, in [space.bias], or drop `when`
    "#);
    assert_snapshot!(when("{ optimzer = \"adam\" }"), @r#"
    5:10 space.l2.when names optimzer, which this sweep does not search
      help: did you mean `optimizer`?
    "#);
    assert_snapshot!(when("{ gamma = 1, epochs = 3 }"), @r#"
    5:10 space.l2.when names gamma, which this sweep does not search
      help: drop `when`; this sweep searches l2, optimizer
    5:21 space.l2.when names epochs, which this sweep does not search
      help: drop `when`; this sweep searches l2, optimizer
    "#);
}

#[test]
fn conditions_name_values_that_the_other_key_can_have() {
    assert_snapshot!(when("{ optimizer = [] }"), @r#"
    5:22 space.l2.when.optimizer is empty: the condition never holds
      help: name values, or drop the condition
    "#);
    assert_snapshot!(when("{ optimizer = [\"adma\", 3] }"), @r#"
    5:23 space.l2.when.optimizer takes "sgd", "momentum" or "adam", found "adma"
      help: did you mean "adam"?
    5:31 space.l2.when.optimizer takes "sgd", "momentum" or "adam", found 3
    "#);
    assert_snapshot!(when("{ optimizer = \"momentum\" }"), @r#"
    5:22 space.l2.when.optimizer names "momentum", which [space.optimizer] does not hold
      help: the key can be sgd, adam
    "#);
    assert_snapshot!(when("{ optimizer = [\"adam\", \"adam\"] }"), @r#"5:31 space.l2.when.optimizer holds "adam" twice"#);
    let on = |value: &str| {
        told_of(&format!(
            "[space]\nbias = {{ values = [true, false], when = {value} }}\n\
             batch_size = {{ low = 8, high = 64, step = 8 }}\nlr_decay = {{ low = 0.5, high = 1, step = 0.1 }}\n\
             l2 = {{ low = 0.1, high = 1, zero = 0.1 }}\nshift = {{ low = 1, high = 2 }}"
        ))
    };
    assert_snapshot!(on("{ batch_size = [8, 64], lr_decay = [0.7, 1], l2 = [0, 0.5], shift = 2 }"), @"nothing is wrong");
    assert_snapshot!(on("{ batch_size = [12, 72, 8.0], lr_decay = 0.75, l2 = 0.01, shift = 0 }"), @r#"
    3:57 space.bias.when.batch_size names 12, which [space.batch_size] does not hold
      help: the key can be from 8 to 64 in steps of 8
    3:61 space.bias.when.batch_size names 72, which [space.batch_size] does not hold
      help: the key can be from 8 to 64 in steps of 8
    3:65 space.bias.when.batch_size takes a whole number from 1 to 65536, found 8.0
      help: write it as 8
    3:82 space.bias.when.lr_decay names 0.75, which [space.lr_decay] does not hold
      help: the key can be from 0.5 to 1.0 in steps of 0.1
    3:93 space.bias.when.l2 names 0.01, which [space.l2] does not hold
      help: the key can be 0, or from 0.1 to 1.0
    3:107 space.bias.when.shift names 0, which [space.shift] does not hold
      help: the key can be from 1.0 to 2.0
    "#);
}

#[test]
fn conditions_go_in_no_circle() {
    let bias = "[space.bias]\nvalues = [true, false]\n";
    let filters = "[space.n_filters]\nvalues = [8, 16]\n";
    assert_snapshot!(told_of(&format!("{bias}when = {{ n_filters = 8 }}\n{filters}when = {{ bias = true }}")), @r#"
    4:8 space.bias.when makes bias depend on itself: bias → n_filters → bias
      help: drop one of these conditions: the first key of a chain has none
    "#);
    assert_snapshot!(told_of(&format!(
        "{bias}when = {{ optimizer = \"adam\" }}\n{OPTIMIZER}when = {{ n_filters = 8 }}\n{filters}when = {{ optimizer = \"sgd\" }}"
    )), @r#"
    7:8 space.optimizer.when makes optimizer depend on itself: optimizer → n_filters → optimizer
      help: drop one of these conditions: the first key of a chain has none
    "#);
    assert_snapshot!(told_of(&format!(
        "{bias}when = {{ optimizer = \"adam\", n_filters = 8 }}\n{OPTIMIZER}when = {{ n_filters = 8 }}\n{filters}"
    )), @"nothing is wrong");
}

#[test]
fn a_grid_needs_no_trials_for_inactive_keys() {
    let grid = |trials: u32| {
        told_of(&format!(
            "[space.l2]\nlow = 0.1\nhigh = 1\nwhen = {{ optimizer = \"adam\" }}\n{OPTIMIZER}\
             [[stage]]\nname = \"a\"\nepochs = 1\nsampler = \"grid\"\ntrials = {trials}"
        ))
    };
    assert_snapshot!(grid(3), @"nothing is wrong");
    assert_snapshot!(grid(2), @r#"
    12:10 a grid of l2 × optimizer needs at least 3 trials, found 2
      help: write trials = 3 or more, name fewer `keys`, or take sampler = "sobol"
    "#);
}
