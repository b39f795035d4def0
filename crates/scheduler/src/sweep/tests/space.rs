//! `[space]`.

use insta::assert_snapshot;

use super::told_of;

/// What is told of `[space.KEY]` with these lines; the first of them is line 3.
fn key(key: &str, lines: &str) -> String {
    told_of(&format!("[space.{key}]\n{lines}"))
}

#[test]
fn only_keys_that_trials_may_differ_in_are_searched() {
    assert_snapshot!(key("epochs", "low = 1\nhigh = 3"), @r#"
    2:8 epochs cannot be searched: the search says how long its trials train
      help: write `epochs = …` in [search] or [[stage]]
    "#);
    assert_snapshot!(key("seed", "low = 1\nhigh = 3"), @r#"
    2:8 seed cannot be searched: each trial gets one of its own, drawn from the sweep's
      help: remove [space.seed]; a program's own seed is searched as [space.my_seed] with as = "seed"
    "#);
    assert_snapshot!(key("dtype", "values = [\"f32\", \"f64\"]"), @r#"
    2:8 dtype cannot be searched: trials are compared with each other, and must have it in common
      help: set `dtype` in [train], and write one definition for each value
    "#);
    assert_snapshot!(key("label", "values = [1, 2]"), @r#"
    2:8 label cannot be searched: all trials of a sweep share the same data
      help: set `label` in [data], and write one definition for each value
    "#);
    assert_snapshot!(key("stage", "low = 1\nhigh = 2"), @r#"
    2:8 stage cannot be searched: it is a column of the results
      help: the keys that can be searched are preprocess, n_filters, hidden, bias, optimizer, learning_rate, lr_decay, l2, batch_size, shift
    "#);
    assert_snapshot!(key("val_loss", "low = 1\nhigh = 2"), @r#"
    2:8 val_loss cannot be searched: it is a column of the results
      help: the keys that can be searched are preprocess, n_filters, hidden, bias, optimizer, learning_rate, lr_decay, l2, batch_size, shift
    "#);
    assert_snapshot!(key("dropout", "low = 0.1\nhigh = 0.5"), @r#"
    2:8 space.dropout is not supported by this version
      help: leave it out
    "#);
    assert_snapshot!(key("learnig_rate", "low = 1e-4\nhigh = 1e-2"), @r#"
    2:8 [space] has no key `learnig_rate`
      help: did you mean `learning_rate`?
    "#);
    assert_snapshot!(key("train", "learning_rate = { low = 1 }"), @r#"
    2:8 [space] has no key `train`
      help: keys stand in [space] by their name alone, like [space.learning_rate]
    "#);
    assert_snapshot!(key("gamma", "low = 1\nhigh = 2"), @r#"
    2:8 [space] has no key `gamma`
      help: the keys that can be searched are preprocess, n_filters, hidden, bias, optimizer, learning_rate, lr_decay, l2, batch_size, shift
    "#);
    assert_snapshot!(told_of("space = 3"), @"2:9 space takes a table of searched keys, found 3");
    assert_snapshot!(told_of("[space]"), @r#"
    2:1 [space] is empty: there is nothing to search
      help: add a key like learning_rate = { low = 1e-5, high = 1e-1 }, or remove [space] for the default one
    "#);
    assert_snapshot!(told_of("[space]\nl2 = 0.1"), @"3:6 space.l2 takes a table with low and high, or with values, found 0.1");
    assert_snapshot!(told_of("[space]\noptimizer = [\"sgd\", \"adam\"]"), @r#"3:13 space.optimizer takes a table with values, found ["sgd", "adam"]"#);
}

#[test]
fn a_range_has_two_ends_in_order() {
    assert_snapshot!(key("l2", ""), @r#"
    2:1 space.l2.low is missing
      help: add a line like low = 1e-6
    2:1 space.l2.high is missing
      help: add a line like high = 0.1
    "#);
    assert_snapshot!(key("l2", "low = 1e-6"), @r#"
    2:1 space.l2.high is missing
      help: add a line like high = 0.1
    "#);
    assert_snapshot!(key("l2", "high = 1e-1"), @r#"
    2:1 space.l2.low is missing
      help: add a line like low = 1e-6
    "#);
    assert_snapshot!(key("batch_size", "high = 8"), @r#"
    2:1 space.batch_size.low is missing
      help: add a line like low = 32
    "#);
    assert_snapshot!(key("l2", "low = 1e-1\nhigh = 1e-6"), @r#"
    3:7 space.l2.low = 1e-1 is above high = 1e-6
      help: exchange the two
    "#);
    assert_snapshot!(key("l2", "low = 0.1\nhigh = 0.1"), @r#"
    4:8 space.l2.low and high are both 0.1
      help: a fixed value is no range: remove [space.l2] and write `l2 = 0.1` in [train]
    "#);
    assert_snapshot!(key("l2", "low = 0\nhigh = 0.1"), @r#"
    3:7 space.l2.low must be above 0 on a log scale, found 0
      help: begin above 0 (`zero = 0.1` draws exact zeros besides), or write scale = "linear"
    "#);
    assert_snapshot!(key("shift", "low = -1\nhigh = 1\nscale = \"log\""), @r#"
    3:7 space.shift.low must be above 0 on a log scale, found -1
      help: begin above 0, or write scale = "linear"
    "#);
    assert_snapshot!(key("shift", "low = -1e308\nhigh = 1e308"), @"4:8 space.shift is wider than floating-point numbers reach");
    assert_snapshot!(key("shift", "low = nan\nhigh = 1"), @"3:7 space.shift.low takes a number, found nan");
    assert_snapshot!(key("shift", "low = 0\nhigh = inf"), @"4:8 space.shift.high takes a number, found inf");
    assert_snapshot!(key("shift", "low = \"0\"\nhigh = 1e999"), @r#"
    3:7 space.shift.low takes a number, found "0"
      help: numbers stand without quotes: 0
    4:8 space.shift.high takes a number, found 1e999
      help: it does not fit 64 bits
    "#);
}

#[test]
fn whole_numbers_have_whole_ends() {
    assert_snapshot!(key("batch_size", "low = 8.0\nhigh = 64"), @r#"
    3:7 space.batch_size.low takes a whole number from 1 to 65536, found 8.0
      help: write it as 8
    "#);
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64.5"), @"4:8 space.batch_size.high takes a whole number from 1 to 65536, found 64.5");
    assert_snapshot!(key("hidden", "low = [8]\nhigh = 64"), @"3:7 space.hidden.low takes a whole number from 1 to 65536, found [8]");
    assert_snapshot!(key("batch_size", "low = 0\nhigh = 64"), @"3:7 space.batch_size.low takes a whole number from 1 to 65536, found 0");
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 9007199254740993"), @"4:8 space.batch_size.high takes a whole number from 1 to 65536, found 9007199254740993");
}

#[test]
fn ends_stay_within_what_the_key_can_be() {
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1.5"), @"4:8 space.lr_decay.high takes a number from 1e-6 to 1, found 1.5");
    assert_snapshot!(key("l2", "low = -1\nhigh = 1\nscale = \"linear\""), @"3:7 space.l2.low takes a number of at least 0, found -1");
    assert_snapshot!(key("learning_rate", "low = 1e-9\nhigh = 100"), @r#"
    3:7 space.learning_rate.low takes a number from 1e-8 to 10, found 1e-9
    4:8 space.learning_rate.high takes a number from 1e-8 to 10, found 100
    "#);
}

#[test]
fn scales_are_two() {
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nscale = \"lgo\""), @r#"
    5:9 space.l2.scale takes "linear" or "log", found "lgo"
      help: did you mean "log"?
    "#);
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nscale = \"logarithmic\""), @r#"5:9 space.l2.scale takes "linear" or "log", found "logarithmic""#);
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nscale = true"), @r#"5:9 space.l2.scale takes "linear" or "log", found true"#);
}

#[test]
fn limits_contain_the_range() {
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nlimits = [1e-5, 1]"), @r#"
    5:10 space.l2.limits = [1e-5, 1] does not contain the range from 1e-6 to 0.1
      help: widening starts from the range: limits lie outside it
    "#);
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nlimits = [0.5, 1.5]"), @r#"
    5:10 space.lr_decay.limits = [0.5, 1.5] goes beyond what lr_decay can be: a number from 1e-6 to 1
      help: limits may be closer than the key's own, not farther
    "#);
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nlimits = [1, 0]"), @"5:10 space.l2.limits must begin with the lower one, found [1, 0]");
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nlimits = 1"), @"5:10 space.l2.limits takes two numbers, the lowest and the highest (inf for none), found 1");
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nlimits = [1]"), @"5:10 space.l2.limits takes two numbers, the lowest and the highest (inf for none), found [1]");
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nlimits = [nan, 1]"), @"5:10 space.l2.limits takes two numbers, the lowest and the highest (inf for none), found [nan, 1]");
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64\nlimits = [1.5, 128]"), @"5:10 space.batch_size.limits takes two whole numbers, the lowest and the highest (inf for none), found [1.5, 128]");
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nlimits = [0.5, inf]"), @r#"
    5:10 space.lr_decay.limits = [0.5, inf] goes beyond what lr_decay can be: a number from 1e-6 to 1
      help: limits may be closer than the key's own, not farther
    "#);
}

#[test]
fn a_step_divides_its_range() {
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64\nstep = 10"), @r#"
    5:8 space.batch_size.step = 10 does not lead from 8 to 64
      help: move high to 58 or 68, or change step
    "#);
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64\nstep = 0"), @"5:8 space.batch_size.step takes a whole number above 0, found 0");
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64\nstep = 8.0"), @r#"
    5:8 space.batch_size.step takes a whole number above 0, found 8.0
      help: write it as 8
    "#);
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nstep = 0.03"), @r#"
    5:8 space.lr_decay.step = 0.03 does not lead from 0.8 to 1
      help: move high to 0.98, or change step
    "#);
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nstep = 0.3"), @r#"
    5:8 space.lr_decay.step = 0.3 does not lead from 0.8 to 1
      help: take a smaller step
    "#);
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nstep = -0.1"), @"5:8 space.lr_decay.step takes a number above 0, found -0.1");
    assert_snapshot!(key("lr_decay", "low = 0.8\nhigh = 1\nstep = 1e-9"), @r#"
    5:8 space.lr_decay.step = 1e-9 does not lead from 0.8 to 1
      help: take a larger step, or remove it for every number of the range
    "#);
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nscale = \"log\"\nstep = 1e-3"), @r#"
    6:8 space.l2.step does not go with a log scale
      help: write scale = "linear", list the values, or remove step
    "#);
}

#[test]
fn zero_is_a_share_of_what_may_be_zero() {
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nzero = 1"), @"5:8 space.l2.zero takes a share of at least 0 and below 1, found 1");
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nzero = -0.1"), @"5:8 space.l2.zero takes a share of at least 0 and below 1, found -0.1");
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nzero = \"no\""), @r#"5:8 space.l2.zero takes a share of at least 0 and below 1, found "no""#);
    assert_snapshot!(key("learning_rate", "low = 1e-6\nhigh = 1e-1\nzero = 0.1"), @r#"
    5:8 space.learning_rate.zero draws exact zeros, and learning_rate takes a number from 1e-8 to 10
      help: remove zero
    "#);
    assert_snapshot!(key("shift", "low = -1\nhigh = 1\nzero = 0.1"), @r#"
    5:8 space.shift.zero goes with a range above 0, and low is -1
      help: begin above 0, or remove zero
    "#);
    assert_snapshot!(key("batch_size", "low = 8\nhigh = 64\nzero = 0.1"), @r#"
    5:8 space.batch_size.zero draws exact zeros, and batch_size takes a whole number from 1 to 65536
      help: remove zero
    "#);
}

#[test]
fn values_are_a_list_of_what_the_key_takes() {
    assert_snapshot!(key("optimizer", "values = []"), @r#"
    3:10 space.optimizer.values is empty
      help: list the values: values = ["sgd", "momentum", "adam"]
    "#);
    assert_snapshot!(key("optimizer", "values = \"adam\""), @r#"3:10 space.optimizer.values takes a list, each member "sgd", "momentum" or "adam", found "adam""#);
    assert_snapshot!(key("optimizer", "values = [\"adam\", \"adma\", \"lion\"]"), @r#"
    3:19 space.optimizer.values takes "sgd", "momentum" or "adam", found "adma"
      help: did you mean "adam"?
    3:27 space.optimizer.values = "lion" is not supported by this version
      help: this version has "sgd", "momentum" or "adam"
    "#);
    assert_snapshot!(key("optimizer", "values = [\"adam\", \"sgd\", \"adam\"]"), @r#"
    3:26 space.optimizer.values holds "adam" twice
      help: name each value once; all are drawn equally often
    "#);
    assert_snapshot!(key("n_filters", "values = [8, 0, 16.0, \"x\"]"), @r#"
    3:14 space.n_filters.values takes a whole number from 1 to 4096, found 0
    3:17 space.n_filters.values takes a whole number from 1 to 4096, found 16.0
      help: write it as 16
    3:23 space.n_filters.values takes a whole number from 1 to 4096, found "x"
    "#);
    assert_snapshot!(key("learning_rate", "values = [1, 1.0, nan, 100]"), @r#"
    3:14 space.learning_rate.values holds 1.0 twice
      help: name each value once; all are drawn equally often
    3:19 space.learning_rate.values takes a number from 1e-8 to 10, found nan
    3:24 space.learning_rate.values takes a number from 1e-8 to 10, found 100
    "#);
    assert_snapshot!(key("hidden", "values = [64, [64, 32], [64, 32], [0]]"), @r#"
    3:25 space.hidden.values holds [64, 32] twice
      help: name each value once; all are drawn equally often
    3:36 space.hidden.values takes a whole number from 1 to 65536, or a list of such, found 0
    "#);
    assert_snapshot!(key("bias", "values = [true, 0]"), @"3:17 space.bias.values takes true or false, found 0");
    assert_snapshot!(key("n_filters", "values = [8, 16]\nlow = 8\nzero = 0.1"), @r#"
    4:1 space.n_filters.low does not go with values
      help: a key has either a range (low, high) or a list (values)
    5:1 space.n_filters.zero does not go with values
      help: a key has either a range (low, high) or a list (values)
    "#);
    assert_snapshot!(key("optimizer", "low = \"adam\"\nhigh = \"sgd\""), @r#"
    3:1 space.optimizer.low has no meaning: optimizer is not a number
      help: list the values: values = ["sgd", "momentum", "adam"]
    4:1 space.optimizer.high has no meaning: optimizer is not a number
      help: list the values: values = ["sgd", "momentum", "adam"]
    "#);
    assert_snapshot!(key("bias", ""), @r#"
    2:1 space.bias.values is missing
      help: add a line like values = [false, true]
    "#);
}

#[test]
fn fields_of_later_versions_and_unknown_ones_are_refused() {
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nas = \"wd\"\ndefault = 0"), @"
    5:6 space.l2.as is for keys of your own program
      help: set `l2 = …` in [train]
    6:11 space.l2.default is for keys of your own program
      help: set `l2 = …` in [train]
    ");
    assert_snapshot!(key("l2", "low = 1e-6\nhihg = 1e-1"), @r#"
    2:1 space.l2.high is missing
      help: add a line like high = 0.1
    4:1 [space.l2] has no key `hihg`
      help: did you mean `high`?
    "#);
    assert_snapshot!(key("l2", "low = 1e-6\nhigh = 1e-1\nprior = 3"), @"
    5:1 [space.l2] has no key `prior`
      help: [space.l2] takes low, high, scale, step, limits, zero, values, order, when, default, as
    ");
}
