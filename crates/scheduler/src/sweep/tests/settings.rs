//! `[data]`, `[model]` and `[train]`.

use insta::assert_snapshot;

use super::{told, told_of};

#[test]
fn every_kind_tells_what_it_takes() {
    assert_snapshot!(told_of("[train]\nlearning_rate = \"1e-3\""), @r#"
    3:17 train.learning_rate takes a number from 1e-8 to 10, found "1e-3"
      help: numbers stand without quotes: 1e-3
    "#);
    assert_snapshot!(told_of("[train]\nlearning_rate = \"fast\""), @r#"3:17 train.learning_rate takes a number from 1e-8 to 10, found "fast""#);
    assert_snapshot!(told_of("[train]\nlearning_rate = nan"), @"3:17 train.learning_rate takes a number from 1e-8 to 10, found nan");
    assert_snapshot!(told_of("[train]\nlearning_rate = 1e999"), @r#"
    3:17 train.learning_rate takes a number from 1e-8 to 10, found 1e999
      help: it does not fit 64 bits
    "#);
    assert_snapshot!(told_of("[train]\nlearning_rate = true"), @"3:17 train.learning_rate takes a number from 1e-8 to 10, found true");
    assert_snapshot!(told_of("[train]\nlearning_rate = { low = 1 }"), @"3:17 train.learning_rate takes a number from 1e-8 to 10, found a table");
    assert_snapshot!(told_of("[train]\nshift = inf"), @"3:9 train.shift takes a number, found inf");
    assert_snapshot!(told_of("[train]\nbatch_size = 64.0"), @r#"
    3:14 train.batch_size takes a whole number from 1 to 65536, found 64.0
      help: write it as 64
    "#);
    assert_snapshot!(told_of("[train]\nbatch_size = 64.5"), @"3:14 train.batch_size takes a whole number from 1 to 65536, found 64.5");
    assert_snapshot!(told_of("[train]\nbatch_size = \"64\""), @r#"
    3:14 train.batch_size takes a whole number from 1 to 65536, found "64"
      help: numbers stand without quotes: 64
    "#);
    assert_snapshot!(told_of("[train]\nbatch_size = [64]"), @"3:14 train.batch_size takes a whole number from 1 to 65536, found [64]");
    assert_snapshot!(told_of("[model]\nhidden = \"64\""), @r#"
    3:10 model.hidden takes a whole number from 1 to 65536, or a list of such, found "64"
      help: numbers stand without quotes: 64
    "#);
    assert_snapshot!(told_of("[model]\nhidden = [64, 1.5, 0]"), @r#"
    3:15 model.hidden takes a whole number from 1 to 65536, or a list of such, found 1.5
    3:20 model.hidden takes a whole number from 1 to 65536, or a list of such, found 0
    "#);
    assert_snapshot!(told_of("[model]\nbias = 1"), @"3:8 model.bias takes true or false, found 1");
    assert_snapshot!(told_of("[data]\nshape = 28"), @"3:9 data.shape takes a list of whole numbers, found 28");
    assert_snapshot!(told_of("[data]\nshape = [1, \"28\"]"), @r#"
    3:13 data.shape takes a list of whole numbers, found "28"
      help: numbers stand without quotes: 28
    "#);
    assert_snapshot!(told_of("[data]\nlabel = 1.5"), @"3:9 data.label takes text in quotes or a whole number, found 1.5");
    assert_snapshot!(told_of("[data]\nheader = \"yes\""), @r#"3:10 data.header takes true, false or "auto", found "yes""#);
    assert_snapshot!(told_of("[data]\nmissing = \"NA\""), @r#"3:11 data.missing takes a list of texts in quotes, found "NA""#);
    assert_snapshot!(told_of("[data]\nmissing = [\"NA\", 3]"), @"3:18 data.missing takes a list of texts in quotes, found 3");
    assert_snapshot!(told_of("[data]\npath = 3"), @"3:8 data.path takes the path of a file or directory in quotes, found 3");
    assert_snapshot!(told_of("[data]\npath = \"\""), @r#"3:8 data.path takes the path of a file or directory in quotes, found """#);
    assert_snapshot!(told_of("[data]\nvalidation = 1.0"), @"3:14 data.validation takes a fraction below 1 (like 0.2) or a count (a whole number), found 1.0");
    assert_snapshot!(told_of("[data]\nvalidation = -1"), @"3:14 data.validation takes a fraction below 1 (like 0.2) or a count (a whole number), found -1");
    assert_snapshot!(told_of("[data]\nvalidation = \"a fifth\""), @r#"3:14 data.validation takes a fraction below 1 (like 0.2) or a count (a whole number), found "a fifth""#);
    assert_snapshot!(told_of("[train]\noptimizer = 3"), @r#"3:13 train.optimizer takes "sgd", "momentum" or "adam", found 3"#);
}

#[test]
fn limits_are_told() {
    assert_snapshot!(told_of("[train]\nlearning_rate = 0"), @"3:17 train.learning_rate takes a number from 1e-8 to 10, found 0");
    assert_snapshot!(told_of("[train]\nlr_decay = 1.5"), @"3:12 train.lr_decay takes a number from 1e-6 to 1, found 1.5");
    assert_snapshot!(told_of("[train]\nl2 = -1e-3"), @"3:6 train.l2 takes a number of at least 0, found -1e-3");
    assert_snapshot!(told_of("[train]\nbatch_size = 0"), @"3:14 train.batch_size takes a whole number from 1 to 65536, found 0");
    assert_snapshot!(told_of("[model]\nn_filters = 5000"), @"3:13 model.n_filters takes a whole number from 1 to 4096, found 5000");
}

#[test]
fn words_name_the_nearest_and_those_of_later_versions() {
    assert_snapshot!(told_of("[train]\noptimizer = \"Adam\""), @r#"
    3:13 train.optimizer takes "sgd", "momentum" or "adam", found "Adam"
      help: did you mean "adam"?
    "#);
    assert_snapshot!(told_of("[train]\noptimizer = \"lbfgs\""), @r#"3:13 train.optimizer takes "sgd", "momentum" or "adam", found "lbfgs""#);
    assert_snapshot!(told_of("[train]\noptimizer = \"lion\""), @r#"
    3:13 train.optimizer = "lion" is not supported by this version
      help: this version has "sgd", "momentum" or "adam"
    "#);
    assert_snapshot!(told_of("[data]\npreprocess = \"pca_whiten\""), @r#"
    3:14 data.preprocess = "pca_whiten" is not supported by this version
      help: this version has "standardize_channel", "standardize" or "none"
    "#);
}

#[test]
fn unknown_keys_name_the_nearest_or_their_table() {
    assert_snapshot!(told_of("[train]\nlearningrate = 1e-3"), @r#"
    3:1 [train] has no key `learningrate`
      help: did you mean `learning_rate`?
    "#);
    assert_snapshot!(told_of("[train]\nlr = 1e-3"), @r#"
    3:1 [train] has no key `lr`
      help: did you mean `learning_rate`?
    "#);
    assert_snapshot!(told_of("[train]\nn_filters = 8"), @r#"
    3:1 [train] has no key `n_filters`
      help: it belongs in [model]
    "#);
    assert_snapshot!(told_of("[model]\noptimizer = \"adam\""), @r#"
    3:1 [model] has no key `optimizer`
      help: it belongs in [train]
    "#);
    assert_snapshot!(told_of("[train]\ntrials = 8"), @r#"
    3:1 [train] has no key `trials`
      help: it belongs in [[stage]]
    "#);
    assert_snapshot!(told_of("[train.more]\nx = 8"), @r#"
    2:8 [train] has no key `more`
      help: [train] takes epochs, optimizer, learning_rate, lr_decay, l2, batch_size, shift, dtype, seed
    "#);
    assert_snapshot!(told_of("train = 3"), @"2:9 train takes a table of keys, found 3");
}

#[test]
fn keys_of_later_versions_are_refused_unless_at_their_default() {
    assert_snapshot!(told_of("[model]\ndropout = 0.5"), @r#"
    3:1 model.dropout is not supported by this version
      help: leave it out
    "#);
    assert_snapshot!(told_of("[data]\nflip = true"), @r#"
    3:1 data.flip is not supported by this version
      help: leave it out
    "#);
    assert_snapshot!(told_of("[model]\ndropout = 0"), @"nothing is wrong");
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    assert_snapshot!(told("seed = -1\n[train]\nbatch_size = 0\nlr_decay = 2\n[model]\nn_filter = 3\n[space.l2]\nlow = 1\nhigh = 0.1\n[[stage]]\nname = \"a\"\ntrials = 0\n[limits]\nworkers = 0"), @r#"
    1:1 `name` is missing
      help: add a line like name = "digits"
    1:8 seed takes a whole number from 0 to 2147483647, found -1
    3:14 train.batch_size takes a whole number from 1 to 65536, found 0
    4:12 train.lr_decay takes a number from 1e-6 to 1, found 2
    6:1 [model] has no key `n_filter`
      help: did you mean `n_filters`?
    8:7 space.l2.low = 1 is above high = 0.1
      help: exchange the two
    10:1 stage.epochs is missing
      help: add a line like epochs = 3
    12:10 stage.trials takes a whole number from 1 to 1000000, found 0
    14:11 limits.workers takes "auto" or a whole number from 1 to 1024, found 0
    "#);
}
