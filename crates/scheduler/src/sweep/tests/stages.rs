//! `[[stage]]`.

use insta::assert_snapshot;

use super::told_of;

/// What is told of a stage with these lines; the first of them is line 3.
fn stage(lines: &str) -> String {
    told_of(&format!("[[stage]]\n{lines}"))
}

#[test]
fn a_stage_has_name_trials_and_epochs() {
    assert_snapshot!(stage(""), @r#"
    2:1 stage.name is missing
      help: add a line like name = "coarse"
    2:1 stage.trials is missing
      help: add a line like trials = 32
    2:1 stage.epochs is missing
      help: add a line like epochs = 3
    "#);
    assert_snapshot!(stage("name = \"A B\"\ntrials = 1\nepochs = 1"), @r#"
    3:8 stage.name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found "A B"
      help: write it as "a-b"
    "#);
    assert_snapshot!(stage("name = 1\ntrials = 0\nepochs = 0"), @r#"
    3:8 stage.name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found 1
    4:10 stage.trials takes a whole number from 1 to 1000000, found 0
    5:10 stage.epochs takes a whole number from 1 to 1000000, found 0
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 1000001\nepochs = 1.5"), @r#"
    4:10 stage.trials takes a whole number from 1 to 1000000, found 1000001
    5:10 stage.epochs takes a whole number from 1 to 1000000, found 1.5
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 1\nepochs = 1\nepoch = 1"), @r#"
    6:1 [[stage]] has no key `epoch`
      help: did you mean `epochs`?
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 1\nepochs = 1\nlearning_rate = 1"), @r#"
    6:1 [[stage]] has no key `learning_rate`
      help: it belongs in [train]
    "#);
}

#[test]
fn stages_are_a_list_of_different_names() {
    assert_snapshot!(told_of("stage = []"), @r#"
    2:9 a sweep has 1 to 100 stages, found 0
      help: remove `stage` for the default search, or add [[stage]] tables
    "#);
    assert_snapshot!(told_of("stage = 3"), @"2:9 stages are a list: each begins with [[stage]], in double brackets");
    assert_snapshot!(told_of("stage = [3]"), @"2:10 stage takes tables, each beginning with [[stage]], found 3");
    assert_snapshot!(told_of("[stage]\nname = \"a\""), @"2:1 stages are a list: each begins with [[stage]], in double brackets");
    assert_snapshot!(stage("name = \"a\"\ntrials = 1\nepochs = 1\n[[stage]]\nname = \"a\"\ntrials = 1\nepochs = 1"), @r#"
    7:8 two stages have the name "a"
      help: the results tell stages apart by their names
    "#);
}

#[test]
fn samplers_are_three() {
    assert_snapshot!(stage("name = \"a\"\ntrials = 9\nepochs = 1\nsampler = \"Sobol\""), @r#"
    6:11 stage.sampler takes "sobol", "random" or "grid", found "Sobol"
      help: did you mean "sobol"?
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 9\nepochs = 1\nsampler = \"tpe\""), @r#"6:11 stage.sampler takes "sobol", "random" or "grid", found "tpe""#);
}

#[test]
fn keys_are_some_of_the_searched_ones() {
    assert_snapshot!(stage("name = \"a\"\ntrials = 9\nepochs = 1\nkeys = []"), @r#"
    6:8 stage.keys is empty: the stage would search nothing
      help: name keys of [space], or remove `keys` to search all
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 9\nepochs = 1\nkeys = \"l2\""), @r#"6:8 stage.keys takes a list of searched keys in quotes, found "l2""#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 9\nepochs = 1\nkeys = [\"l2\", \"l2\", \"l3\", \"batch_size\", 3]"), @r#"
    6:15 stage.keys names "l2" twice
    6:21 stage.keys names "l3", which this sweep does not search
      help: did you mean "l2"?
    6:27 stage.keys names "batch_size", which this sweep does not search
      help: this sweep searches learning_rate, lr_decay, l2
    6:41 stage.keys takes a list of searched keys in quotes, found 3
    "#);
}

#[test]
fn a_grid_holds_its_lists_and_both_ends() {
    assert_snapshot!(stage("name = \"a\"\ntrials = 7\nepochs = 1\nsampler = \"grid\""), @r#"
    4:10 a grid of learning_rate × lr_decay × l2 needs at least 8 trials, found 7
      help: write trials = 8 or more, name fewer `keys`, or take sampler = "sobol"
    "#);
    assert_snapshot!(stage("name = \"a\"\ntrials = 8\nepochs = 1\nsampler = \"grid\""), @"nothing is wrong");
    assert_snapshot!(stage("name = \"a\"\ntrials = 5\nepochs = 1\nsampler = \"grid\"\nkeys = [\"optimizer\", \"l2\"]\n[space]\nl2 = { low = 0.1, high = 1 }\noptimizer = { values = [\"adam\", \"sgd\", \"momentum\"] }"), @r#"
    4:10 a grid of l2 × optimizer needs at least 6 trials, found 5
      help: write trials = 6 or more, name fewer `keys`, or take sampler = "sobol"
    "#);
}

#[test]
fn a_key_with_a_mistake_of_its_own_is_still_a_searched_one() {
    assert_snapshot!(stage("name = \"a\"\ntrials = 1\nepochs = 1\nsampler = \"grid\"\nkeys = [\"l2\"]\n[space.l2]\nlow = 3"), @r#"
    8:1 space.l2.high is missing
      help: add a line like high = 0.1
    "#);
}
