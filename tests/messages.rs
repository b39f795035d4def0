//! What the program says of a definition or command line that is wrong: it exits with 2 and has written nothing.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// What `run` with `options` says of `definition`, beside which `files` lie.
#[track_caller]
pub(crate) fn refused_with(definition: &str, files: &[(&str, &str)], options: &[&str]) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("sweep.toml", definition);
    for (name, text) in files {
        sandbox.write(name, text);
    }
    let before = sandbox.names(".");
    let said = sandbox.run(&[&["run", "sweep.toml"], options].concat());
    assert_eq!(said.code, 2, "{}", said.err);
    assert_eq!(said.out, "");
    assert_eq!(sandbox.names("."), before, "nothing is written");
    said.err
}

/// What `run` says of `definition`.
#[track_caller]
pub(crate) fn refused(definition: &str) -> String {
    refused_with(definition, &[], &[])
}

#[test]
fn an_unknown_key() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nwarp = 9\n"), @"
      error: [train] has no key `warp`
       ,-[sweep.toml:3:1]
     2 | [train]
     3 | warp = 9
       : ^^|^
       :   `-- unknown
       `----
      help: [train] takes epochs, optimizer, learning_rate, schedule, warmup_epochs, lr_decay, l2, l1, max_norm, ema_decay, weight_decay, batch_size, loss, label_smoothing, dtype, momentum, beta1, beta2, rho, eps, clip_norm, clip_value, step_epochs, step_factor, patience, seed

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_misspelt_key() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nlerning_rate = 0.1\n"), @"
      error: [train] has no key `lerning_rate`
       ,-[sweep.toml:3:1]
     2 | [train]
     3 | lerning_rate = 0.1
       : ^^^^^^|^^^^^
       :       `-- unknown
       `----
      help: did you mean `learning_rate`?

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_key_in_the_wrong_table() {
    assert_snapshot!(refused("name = \"x\"\n[model]\nbatch_size = 32\n"), @"
      error: [model] has no key `batch_size`
       ,-[sweep.toml:3:1]
     2 | [model]
     3 | batch_size = 32
       : ^^^^^|^^^^
       :      `-- unknown
       `----
      help: it belongs in [train]

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_value_of_the_wrong_type() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nbatch_size = \"64\"\n"), @r#"
      error: train.batch_size takes a whole number from 1 to 65536, found "64"
       ,-[sweep.toml:3:14]
     2 | [train]
     3 | batch_size = "64"
       :              ^^|^
       :                `-- expected a whole number from 1 to 65536
       `----
      help: numbers stand without quotes: 64

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_value_out_of_its_limits() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nlr_decay = 1.5\n"), @"
      error: train.lr_decay takes a number from 1e-6 to 1, found 1.5
       ,-[sweep.toml:3:12]
     2 | [train]
     3 | lr_decay = 1.5
       :            ^|^
       :             `-- expected a number from 1e-6 to 1
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_word_that_is_none() {
    assert_snapshot!(refused("name = \"x\"\n[train]\noptimizer = \"adm\"\n"), @r#"
      error: train.optimizer takes "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "nadam" or "lion", found "adm"
       ,-[sweep.toml:3:13]
     2 | [train]
     3 | optimizer = "adm"
       :             ^^|^^
       :               `-- expected "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "nadam" or "lion"
       `----
      help: did you mean "adam"?

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_word_of_a_later_version() {
    assert_snapshot!(refused("name = \"x\"\n[data]\nsource = \"synthetic\"\n"), @r#"
      error: data.source = "synthetic" is not supported by this version
       ,-[sweep.toml:3:10]
     2 | [data]
     3 | source = "synthetic"
       :          ^^^^^|^^^^^
       :               `-- not supported yet
       `----
      help: this version has "digits", "idx", "cifar10", "csv", "npz" or "images"

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_schedule_without_a_key_it_needs() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nschedule = \"step\"\n"), @r#"
      error: train.step_epochs: is missing; schedule = "step" needs it
       ,-[sweep.toml:2:1]
     1 | name = "x"
     2 | [train]
       : ^^^|^^^
       :    `-- here
     3 | schedule = "step"
       `----
      help: a whole number: the epochs from one fall to the next

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_layer_that_does_not_exist() {
    let text = "name = \"x\"\n[model]\nkind = \"layers\"\nlayers = [\"conv 8 3x3\", \"max_poll 2\", \"linear 10\"]\n";
    assert_snapshot!(refused(text), @r#"
      error: model.layers: layer 2, "max_poll 2": no layer is called "max_poll"
       ,-[sweep.toml:4:10]
     3 | kind = "layers"
     4 | layers = ["conv 8 3x3", "max_poll 2", "linear 10"]
       :          ^^^^^^^^^^^^^^^^^^^^|^^^^^^^^^^^^^^^^^^^^
       :                              `-- here
       `----
      help: did you mean "max_pool"? one of conv, linear, max_pool, avg_pool, global_avg_pool, batch_norm, layer_norm, dropout, flatten, relu, leaky_relu, elu, gelu, silu, tanh, sigmoid, softplus

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_list_of_layers_for_another_number_of_classes() {
    let text = "name = \"x\"\n[model]\nkind = \"layers\"\nlayers = [\"linear 12\"]\n";
    assert_snapshot!(refused(text), @r#"
      error: no network can be built: the last layer gives 12 scores, the data have 10 classes; end the list with "linear 10"
       ,-[sweep.toml:2:1]
     1 | name = "x"
     2 | [model]
       : ^^^|^^^
       :    `-- from here
     3 | kind = "layers"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_searched_list_whose_shapes_do_not_fit() {
    let text = "name = \"x\"\n[model]\nkind = \"layers\"\nlayers = [\"linear 10\"]\n[space.layers]\n\
                values = [[\"linear 10\"], [\"conv 8 9 pad valid\", \"linear 10\"]]\n";
    assert_snapshot!(refused(text), @r#"
      error: no network can be built with layers = ["conv 8 9 pad valid","linear 10"]: layer 1, "conv 8 9x9 pad valid": filters of 9 × 9 on an input of 8 × 8 × 1; there they can be at most 8 × 8
       ,-[sweep.toml:5:1]
     4 | layers = ["linear 10"]
     5 | [space.layers]
       : ^^^^^^^|^^^^^^
       :        `-- this value does not fit
     6 | values = [["linear 10"], ["conv 8 9 pad valid", "linear 10"]]
       `----
      help: narrow the range, or change the model or data it does not fit

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn where_trials_run() {
    assert_snapshot!(refused("name = \"x\"\n[executor]\nkind = \"pbs\"\n"), @r#"
      error: executor.kind takes "local" or "slurm", found "pbs"
       ,-[sweep.toml:3:8]
     2 | [executor]
     3 | kind = "pbs"
       :        ^^|^^
       :          `-- expected "local" or "slurm"
       `----

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
    assert_snapshot!(refused("name = \"x\"\n[executor]\npartition = \"gpu\"\n"), @r#"
      error: executor.partition is for kind = "slurm"
       ,-[sweep.toml:3:1]
     2 | [executor]
     3 | partition = "gpu"
       : ^^^^|^^^^
       :     `-- not on this machine
       `----
      help: remove it, or write kind = "slurm"

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
    assert_snapshot!(refused("name = \"x\"\n[executor]\nkind = \"slurm\"\ngpus = -1\nextra = \"--nice\"\nmax_pending = 0\n"), @r#"
      error: executor.gpus takes what Slurm takes: text in quotes, or a whole number, found -1
       ,-[sweep.toml:4:8]
     3 | kind = "slurm"
     4 | gpus = -1
       :        ^|
       :         `-- expected what Slurm takes: text in quotes, or a whole number
     5 | extra = "--nice"
       `----

      error: executor.extra takes a list of texts in quotes, found "--nice"
       ,-[sweep.toml:5:9]
     4 | gpus = -1
     5 | extra = "--nice"
       :         ^^^^|^^^
       :             `-- expected a list of texts in quotes
     6 | max_pending = 0
       `----

      error: executor.max_pending takes a whole number from 1 to 1000, found 0
       ,-[sweep.toml:6:15]
     5 | extra = "--nice"
     6 | max_pending = 0
       :               |
       :               `-- expected a whole number from 1 to 1000
       `----

    error: sweep.toml has 3 mistakes; nothing was run, nothing was written
    "#);
}

#[test]
fn a_missing_name() {
    assert_snapshot!(refused("seed = 1\n"), @r#"
      error: `name` is missing
       ,-[sweep.toml:1:1]
     1 | seed = 1
       : ^
       : `-- `name` is missing
       `----
      help: add a line like name = "digits"

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn an_empty_file() {
    assert_snapshot!(refused(""), @r#"
      error: `name` is missing
      help: add a line like name = "digits"

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_key_given_twice() {
    assert_snapshot!(refused("name = \"x\"\n[train]\nbatch_size = 32\nbatch_size = 64\n"), @"
      error: `batch_size` is given twice, first on line 3
       ,-[sweep.toml:3:1]
     2 | [train]
     3 | batch_size = 32
       : ^^^^^|^^^^
       :      `-- first given here
     4 | batch_size = 64
       : ^^^^^|^^^^
       :      `-- given again
       `----
      help: keep one of the two

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_range_upside_down() {
    assert_snapshot!(refused("name = \"x\"\n[space.learning_rate]\nlow = 0.1\nhigh = 1e-5\n"), @"
      error: space.learning_rate.low = 0.1 is above high = 1e-5
       ,-[sweep.toml:3:7]
     2 | [space.learning_rate]
     3 | low = 0.1
       :       ^|^
       :        `-- above high
     4 | high = 1e-5
       `----
      help: exchange the two

    error: sweep.toml has a mistake; nothing was run, nothing was written
    ");
}

#[test]
fn a_logarithm_of_zero() {
    assert_snapshot!(refused("name = \"x\"\n[space.learning_rate]\nlow = 0.0\nhigh = 0.1\nscale = \"log\"\n"), @r#"
      error: space.learning_rate.low takes a number from 1e-8 to 10, found 0.0
       ,-[sweep.toml:3:7]
     2 | [space.learning_rate]
     3 | low = 0.0
       :       ^|^
       :        `-- expected a number from 1e-8 to 10
     4 | high = 0.1
       `----

      error: space.learning_rate.low must be above 0 on a log scale, found 0.0
       ,-[sweep.toml:3:7]
     2 | [space.learning_rate]
     3 | low = 0.0
       :       ^|^
       :        `-- not above 0
     4 | high = 0.1
       `----
      help: begin above 0 (`zero = 0.1` draws exact zeros besides), or write scale = "linear"

    error: sweep.toml has 2 mistakes; nothing was run, nothing was written
    "#);
}

#[test]
fn a_range_without_an_end() {
    assert_snapshot!(refused("name = \"x\"\n[space.learning_rate]\nlow = 1e-5\n"), @r#"
      error: space.learning_rate.high is missing
       ,-[sweep.toml:2:1]
     1 | name = "x"
     2 | [space.learning_rate]
       : ^^^^^^^^^^|^^^^^^^^^^
       :           `-- `high` is missing
     3 | low = 1e-5
       `----
      help: add a line like high = 0.1

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn a_key_that_cannot_be_searched() {
    assert_snapshot!(refused("name = \"x\"\n[space.epochs]\nlow = 1\nhigh = 9\n"), @r#"
      error: epochs cannot be searched: the search says how long its trials train
       ,-[sweep.toml:2:8]
     1 | name = "x"
     2 | [space.epochs]
       :        ^^^|^^
       :           `-- cannot be searched
     3 | low = 1
       `----
      help: write `epochs = …` in [search] or [[stage]]

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn all_mistakes_of_a_file_at_once() {
    assert_snapshot!(refused("name = \"x\"\nseed = -1\n[train]\nbatch_size = 0\n"), @r#"
      error: seed takes a whole number from 0 to 2147483647, found -1
       ,-[sweep.toml:2:8]
     1 | name = "x"
     2 | seed = -1
       :        ^|
       :         `-- expected a whole number from 0 to 2147483647
     3 | [train]
       `----

      error: train.batch_size takes a whole number from 1 to 65536, found 0
       ,-[sweep.toml:4:14]
     3 | [train]
     4 | batch_size = 0
       :              |
       :              `-- expected a whole number from 1 to 65536
       `----

    error: sweep.toml has 2 mistakes; nothing was run, nothing was written
    "#);
}

#[test]
fn a_line_that_is_no_toml() {
    assert_snapshot!(refused("name = \"x\"\nseed 3\n"), @r#"
      error: a key stands without `=` and a value
       ,-[sweep.toml:2:6]
     1 | name = "x"
     2 | seed 3
       :      ^
       :      `-- expected `=`
       `----
      help: write key = value; tables begin with [name]

    error: sweep.toml has a mistake; nothing was run, nothing was written
    "#);
}

#[test]
fn options_that_are_wrong() {
    let options = ["--set", "train.batch_size=no", "--seed", "99999999999"];
    assert_snapshot!(refused_with("name = \"x\"\n", &[], &options), @"
      error: in `--seed 99999999999`: seed takes a whole number from 0 to 2147483647, found 99999999999

      error: in `--set train.batch_size=no`: train.batch_size takes a whole number from 1 to 65536, found no

    error: sweep.toml has 2 mistakes; nothing was run, nothing was written
    ");
}

#[test]
fn an_option_without_a_value() {
    assert_snapshot!(refused_with("name = \"x\"\n", &[], &["--set", "train.batch_size"]), @"
    error: invalid value 'train.batch_size' for '--set <KEY=VALUE>': `--set train.batch_size` has no value: write it as key=value, like train.batch_size=128

    For more information, try '--help'.
    ");
}

#[test]
fn no_workers() {
    assert_snapshot!(refused_with("name = \"x\"\n", &[], &["--workers", "0"]), @"
    error: invalid value '0' for '--workers <N>': 0 is not in 1..=1024

    For more information, try '--help'.
    ");
}

#[test]
fn a_file_that_is_not_there() {
    let said = Sandbox::new().run(&["run", "nowhere.toml"]);
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @"error: there is no file `nowhere.toml`; `finetooth init nowhere.toml` writes one to begin with");
}

#[test]
fn a_file_that_is_no_text() {
    let sandbox = Sandbox::new();
    std::fs::write(
        sandbox.path().join("sweep.toml"),
        b"name = \"x\"\n\xff\xfe\n",
    )
    .unwrap();
    let said = sandbox.run(&["check", "sweep.toml"]);
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @"error: `sweep.toml` is not a definition file: line 2 is not UTF-8 text; save it as UTF-8");
}

#[test]
fn one_endless_line_is_not_shown() {
    let said = refused(&format!(
        "name = \"x\"\nseed = \"{}\"\n",
        "y".repeat(100_000)
    ));
    assert!(said.len() < 1000, "{} bytes", said.len());
}
