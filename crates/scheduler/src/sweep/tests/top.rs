//! The top of the file, `metric`, `[widen]`, `[limits]` and what a single training may have.

use insta::assert_snapshot;

use std::path::Path;

use super::{Mistakes, Purpose, keys, told, told_of, told_with};
use crate::sweep::Sweep;

#[test]
fn a_name_is_required_and_fit_for_a_directory() {
    assert_snapshot!(told(""), @r#"
    1:1 `name` is missing
      help: add a line like name = "digits"
    "#);
    assert_snapshot!(told("seed = 1"), @r#"
    1:1 `name` is missing
      help: add a line like name = "digits"
    "#);
    assert_snapshot!(told("name = 3"), @"1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found 3");
    assert_snapshot!(told("name = \"My Run\""), @r#"
    1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found "My Run"
      help: write it as "my-run"
    "#);
    assert_snapshot!(told("name = \".x\""), @r#"
    1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found ".x"
      help: write it as "x"
    "#);
    assert_snapshot!(told("name = \"\""), @r#"1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found """#);
    assert_snapshot!(told("name = \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""), @r#"
    1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…
      help: write it as "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "#);
    assert_snapshot!(told("name = [\"x\"]"), @r#"1:8 name takes 1 to 64 of a-z, 0-9, `.`, `_` and `-` in quotes, not beginning with a dot, found ["x"]"#);
}

#[test]
fn a_seed_has_31_bits() {
    assert_snapshot!(told_of("seed = 2147483648"), @"2:8 seed takes a whole number from 0 to 2147483647, found 2147483648");
    assert_snapshot!(told_of("seed = -1"), @"2:8 seed takes a whole number from 0 to 2147483647, found -1");
    assert_snapshot!(told_of("seed = 1.0"), @r#"
    2:8 seed takes a whole number from 0 to 2147483647, found 1.0
      help: write it as 1
    "#);
    assert_snapshot!(told_of("seed = \"1\""), @r#"
    2:8 seed takes a whole number from 0 to 2147483647, found "1"
      help: numbers stand without quotes: 1
    "#);
    assert_snapshot!(told_of("seed = 99999999999999999999"), @r#"
    2:8 seed takes a whole number from 0 to 2147483647, found 99999999999999999999
      help: it does not fit 64 bits
    "#);
    assert_snapshot!(told_of("seed = 2026-01-01"), @"2:8 seed takes a whole number from 0 to 2147483647, found 2026-01-01");
}

#[test]
fn unknown_tables_and_keys_name_the_nearest_or_their_place() {
    assert_snapshot!(told_of("sede = 1"), @r#"
    2:1 there is no key or table `sede`
      help: did you mean `seed`?
    "#);
    assert_snapshot!(told_of("[trian]\nbatch_size = 1"), @r#"
    2:2 there is no key or table `trian`
      help: did you mean `train`?
    "#);
    assert_snapshot!(told_of("learning_rate = 1e-3"), @r#"
    2:1 there is no key or table `learning_rate`
      help: it belongs in [train]
    "#);
    assert_snapshot!(told_of("trials = 3"), @r#"
    2:1 there is no key or table `trials`
      help: it belongs in [[stage]]
    "#);
    assert_snapshot!(told_of("frobnicate = 3"), @"
    2:1 there is no key or table `frobnicate`
      help: a definition has name, seed, metric, space, search, stage, widen, prune, sanity, limits, executor, after, data, model, train
    ");
    assert_snapshot!(told_of("[stages]\nname = \"a\""), @r#"
    2:2 there is no key or table `stages`
      help: did you mean `stage`?
    "#);
}

#[test]
fn what_only_programs_and_clusters_have_is_refused_elsewhere() {
    assert_snapshot!(told_of("[command]\nargv = [\"a\"]"), @"
    2:2 there is no key or table `command`
      help: a definition has name, seed, metric, space, search, stage, widen, prune, sanity, limits, executor, after, data, model, train
    ");
    assert_snapshot!(told_of("executor = { kind = \"pbs\", partition = \"a\" }"), @r#"2:21 executor.kind takes "local" or "slurm", found "pbs""#);
    assert_snapshot!(told_of("[limits]\ntrial_seconds = 3\nmemory_mb = 3\ngpus = [0]"), @"
    4:13 limits.memory_mb is for programs, started by [command]
      help: remove it
    5:8 limits.gpus is for programs, started by [command]
      help: remove it
    ");
}

#[test]
fn a_metric_is_a_reported_number() {
    assert_snapshot!(told_of("metric = { name = \"val_acuracy\" }"), @r#"
    2:19 metric.name takes "train_loss", "val_loss" or "val_accuracy", found "val_acuracy"
      help: did you mean "val_accuracy"?
    "#);
    assert_snapshot!(told_of("metric = { name = \"f1\" }"), @r#"2:19 metric.name takes "train_loss", "val_loss" or "val_accuracy", found "f1""#);
    assert_snapshot!(told_of("metric = { name = \"learning_rate\" }"), @r#"2:19 metric.name takes "train_loss", "val_loss" or "val_accuracy", found "learning_rate""#);
    assert_snapshot!(told_of("metric = { name = 3 }"), @r#"2:19 metric.name takes "train_loss", "val_loss" or "val_accuracy", found 3"#);
    assert_snapshot!(told_of("metric = \"val_loss\""), @r#"
    2:10 metric takes a table with name and goal, found "val_loss"
      help: write metric = { name = "val_loss" }
    "#);
    assert_snapshot!(told_of("metric = { goal = \"minimise\" }"), @r#"
    2:19 metric.goal takes "maximize" or "minimize", found "minimise"
      help: did you mean "minimize"?
    "#);
    assert_snapshot!(told_of("metric = { gaol = \"minimize\" }"), @r#"
    2:12 [metric] has no key `gaol`
      help: did you mean `goal`?
    "#);
    assert_snapshot!(told_of("metric = { target = \"0.9\" }"), @r#"
    2:21 metric.target takes a number, found "0.9"
      help: numbers stand without quotes: 0.9
    "#);
    assert_snapshot!(told_of("metric = { target = inf }"), @"2:21 metric.target takes a number, found inf");
    assert_snapshot!(told_of("metric = []"), @"2:10 metric takes a table with name and goal, found []");
}

#[test]
fn widen_has_bounds() {
    assert_snapshot!(told_of("widen = 3"), @"2:9 widen takes a table with max_rounds, tau and step, found 3");
    assert_snapshot!(told_of("[widen]\nmax_rounds = 101"), @"3:14 widen.max_rounds takes a whole number from 0 to 100, found 101");
    assert_snapshot!(told_of("[widen]\nmax_rounds = -1"), @"3:14 widen.max_rounds takes a whole number from 0 to 100, found -1");
    assert_snapshot!(told_of("[widen]\ntau = 0.5"), @"3:7 widen.tau takes a number above 0 and below 0.5, found 0.5");
    assert_snapshot!(told_of("[widen]\ntau = 0"), @"3:7 widen.tau takes a number above 0 and below 0.5, found 0");
    assert_snapshot!(told_of("[widen]\ntau = \"0.1\""), @r#"
    3:7 widen.tau takes a number above 0 and below 0.5, found "0.1"
      help: numbers stand without quotes: 0.1
    "#);
    assert_snapshot!(told_of("[widen]\nstep = nan"), @"3:8 widen.step takes a number above 0 and up to 4, found nan");
    assert_snapshot!(told_of("[widen]\nstep = 4.5"), @"3:8 widen.step takes a number above 0 and up to 4, found 4.5");
    assert_snapshot!(told_of("[widen]\nmax_round = 1"), @r#"
    3:1 [widen] has no key `max_round`
      help: did you mean `max_rounds`?
    "#);
}

#[test]
fn limits_have_bounds() {
    assert_snapshot!(told_of("limits = 3"), @"2:10 limits takes a table with workers, max_failures and others, found 3");
    assert_snapshot!(told_of("[limits]\nworkers = 0"), @r#"3:11 limits.workers takes "auto" or a whole number from 1 to 1024, found 0"#);
    assert_snapshot!(told_of("[limits]\nworkers = 1025"), @r#"3:11 limits.workers takes "auto" or a whole number from 1 to 1024, found 1025"#);
    assert_snapshot!(told_of("[limits]\nworkers = \"atuo\""), @r#"3:11 limits.workers takes "auto" or a whole number from 1 to 1024, found "atuo""#);
    assert_snapshot!(told_of("[limits]\nmax_failures = 0"), @"3:16 limits.max_failures takes a whole number from 1 to 1000000, found 0");
    assert_snapshot!(told_of("[limits]\nsweep_seconds = 0"), @"3:17 limits.sweep_seconds takes a whole number from 1 to 1000000000, found 0");
    assert_snapshot!(told_of("[limits]\nsweep_seconds = \"1h\""), @r#"3:17 limits.sweep_seconds takes a whole number from 1 to 1000000000, found "1h""#);
    assert_snapshot!(told_of("[limits]\nkeep_bytes = -1"), @r#"3:14 limits.keep_bytes takes a size like "500MB", "10GB" or "1.5GiB", or a whole number of bytes, found -1"#);
    assert_snapshot!(told_of("[limits]\nkeep_bytes = \"10 gigabytes\""), @r#"3:14 limits.keep_bytes takes a size like "500MB", "10GB" or "1.5GiB", or a whole number of bytes, found "10 gigabytes""#);
    assert_snapshot!(told_of("[limits]\nkeep_bytes = \"1000\""), @r#"
    3:14 limits.keep_bytes takes a size like "500MB", "10GB" or "1.5GiB", or a whole number of bytes, found "1000"
      help: numbers stand without quotes: 1000
    "#);
    assert_snapshot!(told_of("[limits]\nkeep_bytes = 1.5"), @r#"3:14 limits.keep_bytes takes a size like "500MB", "10GB" or "1.5GiB", or a whole number of bytes, found 1.5"#);
    assert_snapshot!(told_of("[limits]\nworker = 2"), @r#"
    3:1 [limits] has no key `worker`
      help: did you mean `workers`?
    "#);
}

#[test]
fn pruning_has_rules_and_bounds() {
    assert_snapshot!(told_of("prune = \"median\""), @r#"2:9 prune takes a table with rule, min_trials and min_epochs, found "median""#);
    assert_snapshot!(told_of("[prune]\nrule = \"Median\""), @r#"
    3:8 prune.rule takes "none" or "median", found "Median"
      help: did you mean "median"?
    "#);
    assert_snapshot!(told_of("[prune]\nrule = \"asha\"\nmin_trials = 0\nmin_epochs = 0"), @r#"
    3:8 prune.rule takes "none" or "median", found "asha"
    4:14 prune.min_trials takes a whole number from 1 to 1000000, found 0
    5:14 prune.min_epochs takes a whole number from 1 to 1000000, found 0
    "#);
    assert_snapshot!(told_of("[prune]\nmin_trial = 3"), @r#"
    3:1 [prune] has no key `min_trial`
      help: did you mean `min_trials`?
    "#);
}

#[test]
fn a_single_training_may_have_a_seed_and_no_name() {
    assert_snapshot!(told_with("[train]\nseed = 3", &[], Purpose::Train), @"nothing is wrong");
    assert_snapshot!(told_with("name = \"x\"\n[train]\nseed = 3", &[], Purpose::Sweep), @r#"
    3:1 train.seed is not for sweeps: each trial gets a seed of its own, drawn from the sweep's
      help: write `seed = …` at the top of the file
    "#);
    assert_snapshot!(told_with("[train]\nseed = -3\n[space.l3]\nlow = 1\n[[stage]]\nname = \"a\"", &[], Purpose::Train), @r#"
    2:8 train.seed takes a whole number from 0 to 2147483647, found -3
    3:8 [space] has no key `l3`
      help: did you mean `l2`?
    5:1 stage.trials is missing
      help: add a line like trials = 32
    5:1 stage.epochs is missing
      help: add a line like epochs = 3
    "#);
}

#[test]
fn what_has_no_default_for_this_objective_must_be_given() {
    let keys: Vec<_> = keys()
        .into_iter()
        .filter(|key| key.table == "model")
        .collect();
    let columns = ["score".to_owned()];
    let told = |text| {
        let base = Path::new("/");
        let parsed = Sweep::parse(text, &keys, &columns, &[], base, Purpose::Sweep);
        let Mistakes(mistakes) = parsed.unwrap_err();
        let lines = mistakes
            .into_iter()
            .map(|mistake| format!("{}; {}", mistake.message, mistake.help.unwrap()));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told("name = \"x\""), @r##"
    `metric` is missing; add a line like metric = { name = "score" }
    [space] is missing, and none of these keys has a default range; add tables like [space.KEY] with low and high
    "##);
    assert_snapshot!(told("name = \"x\"\nmetric = {}\nspace.n_filters = { low = 1, high = 2 }"), @r#"metric.name is missing; add a line like name = "score""#);
}
