//! Sweeps of Weights & Biases as ours: each is written, told about, and accepted by `check`'s own reader.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// What `init --from` writes and says; the file is run through the reader of definitions.
#[track_caller]
fn converted(yaml: &str) -> (String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("wandb.yaml", yaml);
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    // Nothing but the program is missing: `simulate` reads the whole definition and runs none.
    let read = sandbox.run(&["simulate", "ours.toml", "--json"]);
    assert_eq!(read.code, 0, "{}\n{}", sandbox.read("ours.toml"), read.err);
    (sandbox.read("ours.toml"), said.err)
}

#[track_caller]
fn refused(yaml: &str, expected: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("wandb.yaml", yaml);
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains(expected), "{}", said.err);
    assert_eq!(sandbox.names("."), ["wandb.yaml"]);
}

const BAYES: &str = "\
program: train.py
project: Night Run
method: bayes
metric:
  name: val/accuracy
  goal: maximize
  target: 0.99
run_cap: 40
parameters:
  learning_rate:
    distribution: log_uniform_values
    min: 1e-5
    max: 0.1
  batch_size:
    values: [32, 64, 128]
  dropout:
    min: 0.0
    max: 0.5
  optimizer:
    value: adam
  epochs:
    value: 27
  seed:
    values: [1, 2, 3]
early_terminate:
  type: hyperband
  min_iter: 3
";

#[test]
fn a_bayesian_sweep() {
    let (written, said) = converted(BAYES);
    assert_snapshot!(written, @r#"
    # From wandb.yaml, a sweep of Weights & Biases. The program is run as it was there, and its numbers are read from what it prints:
    # beside wandb.log, after each epoch, it has to print a line such as  epoch=3 val/accuracy=0.91  (docs/programs.md of finetooth tells all).
    # finetooth check runs it once and shows what was read.
    #
    # Means something else here:
    #   line 21: `epochs` is how far a trial is trained, 27 at most: trials begin with few epochs, and the best go on
    #   line 23: `seed` is another one in each trial, and follows from the sweep's own
    #   line 3: bayes: new points come from a Gaussian process too, in generations
    #   line 25: early_terminate: the search itself trains many trials briefly and goes on with the best
    #
    # Left out:
    #   line 2: `project` is about W&B's service

    name = "night-run"
    metric = { name = "val/accuracy", goal = "maximize", target = 0.99 }

    [command]
    argv = ["python3", "train.py", "{args}", "--epochs={epochs}", "--seed={seed}", "--optimizer=adam"]

    [space.learning_rate]
    low = 1e-5
    high = 0.1
    scale = "log"

    [space.batch_size]
    values = [32, 64, 128]

    [space.dropout]
    low = 0.0
    high = 0.5

    [search]
    proposals = "gp"
    epochs = 27
    budget = 40
    "#);
    assert_snapshot!(said, @"
    means something else here, line 21: `epochs` is how far a trial is trained, 27 at most: trials begin with few epochs, and the best go on
    means something else here, line 23: `seed` is another one in each trial, and follows from the sweep's own
    means something else here, line 3: bayes: new points come from a Gaussian process too, in generations
    means something else here, line 25: early_terminate: the search itself trains many trials briefly and goes on with the best
    left out, line 2: `project` is about W&B's service
    the program has to print its metric after each epoch, beside wandb.log: the file tells how
    wrote ours.toml; next: finetooth check ours.toml, then finetooth run ours.toml
    ");
}

const RANDOM: &str = "\
name: Every distribution
program: train.py
method: random
metric: {name: loss}
command:
  - ${env}
  - ${interpreter}
  - -u
  - ${program}
  - \"--note={braces}\"
  - ${args_no_hyphens}
  - --all=${args_json}
parameters:
  a: {distribution: uniform, min: 0, max: 1}
  b: {distribution: int_uniform, min: 1, max: 9}
  c: {distribution: q_uniform, min: 8, max: 64, q: 8}
  d: {distribution: log_uniform, min: -9.2103403, max: -2.3025851}
  e: {distribution: q_log_uniform_values, min: 16, max: 512, q: 16}
  f: {distribution: inv_log_uniform_values, min: 0.9, max: 0.999}
  g: {distribution: normal, mu: 0.5, sigma: 0.1}
  h: {distribution: log_normal, mu: -4, sigma: 1}
  i: {distribution: categorical_w_probabilities, values: [relu, gelu, null], probabilities: [0.5, 0.3, 0.2]}
  j: {values: [true, false]}
  k: {values: [1e-3, 1e-4]}
  l: {distribution: beta, a: 2, b: 2}
  m: {min: 5, max: 5}
  stage: {values: [1, 2]}
  \"net/width\": {values: [1, 2]}
  optimizer:
    parameters:
      momentum: {min: 0.8, max: 0.99}
";

#[test]
fn a_random_sweep_with_every_distribution_and_a_command() {
    let (written, said) = converted(RANDOM);
    assert_snapshot!(written, @r#"
    # From wandb.yaml, a sweep of Weights & Biases. The program is run as it was there, and its numbers are read from what it prints:
    # beside wandb.log, after each epoch, it has to print a line such as  epoch=3 loss=0.91  (docs/programs.md of finetooth tells all).
    # finetooth check runs it once and shows what was read.
    #
    # Means something else here:
    #   line 17: `d`: min and max of log_uniform are exponents of e: from 0.0001 to 0.1
    #   line 18: `e`: its steps of 16 are left out, as the scale is logarithmic
    #   line 19: `f`: inv_log_uniform_values is drawn evenly; nothing here is dense at its upper end
    #   line 20: `g`: normal is drawn evenly from two deviations below its mean to two above; ranges move on where the best lies at an end
    #   line 21: `h`: log_normal is drawn evenly on a logarithmic scale from two deviations below its mean to two above; ranges move on where the best lies at an end
    #   line 22: `i`: null is the text None; all values are equally likely, whatever its probabilities
    #   line 24: `k`: `1e-3` is a text in YAML and a number here; `1e-4` is a text in YAML and a number here
    #   line 25: `l`: beta is drawn evenly from 0 to 1
    #   line 27: `stage` is the name of a column of the results, so that the key is `my_stage`; the program is given `stage`
    #   line 29: the parameters within `optimizer` are passed as --optimizer.KEY=VALUE, where W&B passes one dictionary
    #   line 3: random without run_cap goes on for ever at W&B; 32 trials here

    name = "every-distribution"
    metric = { name = "loss", goal = "minimize" }

    [command]
    argv = ["python3", "-u", "train.py", "--note={{braces}}", "{args}", "m=5", "--all={params_json}"]
    style = "key=value"

    [space.a]
    low = 0.0
    high = 1.0

    [space.b]
    low = 1
    high = 9

    [space.c]
    low = 8
    high = 64
    step = 8

    [space.d]
    low = 0.0001
    high = 0.1
    scale = "log"

    [space.e]
    low = 16
    high = 512
    scale = "log"

    [space.f]
    low = 0.9
    high = 0.999

    [space.g]
    low = 0.3
    high = 0.7

    [space.h]
    low = 0.002479
    high = 0.1353
    scale = "log"

    [space.i]
    values = ["relu", "gelu", "None"]

    [space.j]
    values = [true, false]

    [space.k]
    values = [0.001, 0.0001]

    [space.l]
    low = 0.0
    high = 1.0

    [space.my_stage]
    values = [1, 2]
    as = "stage"

    [space."net/width"]
    values = [1, 2]

    [space."optimizer.momentum"]
    low = 0.8
    high = 0.99

    [[stage]]
    name = "random"
    sampler = "random"
    trials = 32
    epochs = 1  # a report of the program is an epoch; where it reports after each, write how many, and have it train as far as FINETOOTH_EPOCHS says

    [widen]               # without this table, ranges move where the best lies at an end
    max_rounds = 0
    "#);
    assert_snapshot!(said, @"
    means something else here, line 17: `d`: min and max of log_uniform are exponents of e: from 0.0001 to 0.1
    means something else here, line 18: `e`: its steps of 16 are left out, as the scale is logarithmic
    means something else here, line 19: `f`: inv_log_uniform_values is drawn evenly; nothing here is dense at its upper end
    means something else here, line 20: `g`: normal is drawn evenly from two deviations below its mean to two above; ranges move on where the best lies at an end
    means something else here, line 21: `h`: log_normal is drawn evenly on a logarithmic scale from two deviations below its mean to two above; ranges move on where the best lies at an end
    means something else here, line 22: `i`: null is the text None; all values are equally likely, whatever its probabilities
    means something else here, line 24: `k`: `1e-3` is a text in YAML and a number here; `1e-4` is a text in YAML and a number here
    means something else here, line 25: `l`: beta is drawn evenly from 0 to 1
    means something else here, line 27: `stage` is the name of a column of the results, so that the key is `my_stage`; the program is given `stage`
    means something else here, line 29: the parameters within `optimizer` are passed as --optimizer.KEY=VALUE, where W&B passes one dictionary
    means something else here, line 3: random without run_cap goes on for ever at W&B; 32 trials here
    the program has to print its metric after each epoch, beside wandb.log: the file tells how
    wrote ours.toml; next: finetooth check ours.toml, then finetooth run ours.toml
    ");
}

#[test]
fn a_grid() {
    let (written, said) = converted(
        "program: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  a: {values: [1, 2, 3]}\n  b: {values: [x, y]}\n\
         early_terminate: {type: hyperband, min_iter: 2}\n",
    );
    assert_snapshot!(written, @r#"
    # From wandb.yaml, a sweep of Weights & Biases. The program is run as it was there, and its numbers are read from what it prints:
    # beside wandb.log, after each epoch, it has to print a line such as  epoch=3 loss=0.91  (docs/programs.md of finetooth tells all).
    # finetooth check runs it once and shows what was read.
    #
    # Means something else here:
    #   line 7: early_terminate: a trial is stopped whose best so far is worse than the median of the others' at the same epoch

    name = "ours"
    metric = { name = "loss", goal = "minimize" }

    [command]
    argv = ["python3", "train.py", "{args}"]

    [space.a]
    values = [1, 2, 3]

    [space.b]
    values = ["x", "y"]

    [[stage]]
    name = "grid"
    sampler = "grid"
    trials = 6
    epochs = 1  # a report of the program is an epoch; where it reports after each, write how many, and have it train as far as FINETOOTH_EPOCHS says

    [widen]
    max_rounds = 0

    [prune]
    rule = "median"
    min_epochs = 2
    "#);
    assert_snapshot!(said, @"
    means something else here, line 7: early_terminate: a trial is stopped whose best so far is worse than the median of the others' at the same epoch
    the program has to print its metric after each epoch, beside wandb.log: the file tells how
    wrote ours.toml; next: finetooth check ours.toml, then finetooth run ours.toml
    ");
}

#[test]
fn json_is_yaml() {
    let (written, _) = converted(
        "{\"program\": \"t.py\", \"method\": \"random\", \"run_cap\": 5, \"metric\": {\"name\": \"loss\"}, \"parameters\": {\"lr\": {\"min\": 0.1, \"max\": 0.2}}}",
    );
    assert!(written.contains("trials = 5") && written.contains("low = 0.1\nhigh = 0.2"));
}

#[test]
fn a_program_is_run_as_w_and_b_runs_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "wandb.yaml",
        "program: train.sh\nmethod: random\nrun_cap: 4\nmetric: {name: loss}\ncommand: [sh, '${program}', '${args}']\n\
         parameters:\n  lr: {min: 0.1, max: 0.2}\n  epochs: {value: 3}\n  kind: {value: fast}\n",
    );
    sandbox.write(
        "train.sh",
        "for argument in \"$@\"; do case $argument in --epochs=*) n=${argument#*=};; --lr=*) lr=${argument#*=};; --kind=fast) kind=1;; esac; done\n\
         test $kind = 1 || exit 3\nfor epoch in $(seq $n); do echo \"epoch=$epoch loss=$lr\"; done\n",
    );
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = sandbox.run(&["run", "ours.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let trials = sandbox.read("results/ours/trials.csv");
    assert_eq!(trials.lines().count(), 5, "{trials}");
    assert_eq!(sandbox.read("results/ours/epochs.csv").lines().count(), 13);
}

#[test]
fn what_is_no_sweep_is_refused_with_its_line() {
    let shared = "program: t.py\nmethod: random\nmetric: {name: loss}\nparameters:\n";
    let with = |parameter: &str| format!("{shared}  a: {parameter}\n");
    refused("", "`wandb.yaml`, line 1: the file is empty");
    refused("- 1\n", "a sweep is a table with program");
    refused("program: [\n", "it is not YAML");
    refused("program: t.py\n", "there are no `parameters`");
    refused(&with("{value: 1}"), "all `parameters` have one value");
    refused(&with("7"), "line 5: `a` is not a table with value");
    refused(&with("{}"), "`a` has no value, values, or min and max");
    refused(&with("{min: 1}"), "`a` has no max");
    refused(
        &with("{min: 2.0, max: 1.0}"),
        "`a` has min = 2 above max = 1",
    );
    refused(
        &with("{min: .nan, max: 1.0}"),
        "min of `a` is not a finite number",
    );
    refused(
        &with("{distribution: log_uniform_values, min: 0, max: 1}"),
        "on a logarithmic scale it is above 0",
    );
    refused(
        &with("{distribution: logUniform, min: 1, max: 2}"),
        "did you mean log_uniform?",
    );
    refused(
        &with("{distribution: normal, mu: 0, sigma: -1}"),
        "sigma = -1",
    );
    refused(&with("{values: []}"), "`a` has no values");
    refused(
        &with("{values: [[1], [2]]}"),
        "a value that is a list or a table",
    );
    refused(&with("{values: [1, .inf]}"), "which no argument passes");
    refused(
        &with("{min: 0, max: 1}").replace("program: t.py\n", ""),
        "neither `program` nor `command`",
    );
    refused(
        &with("{min: 0, max: 1}").replace("random", "hyperband"),
        "the method `hyperband` is not known",
    );
    refused(
        &(with("{min: 0, max: 1}") + "run_cap: none\n"),
        "line 6: `run_cap` is not a whole number",
    );
    refused(
        &(with("{min: 0, max: 1}") + "command: ['${program}', '${unknown']\n")
            .replace("program: t.py\n", ""),
        "there is no `program`",
    );
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path().join("wandb.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    assert!(said.err.contains("is not UTF-8"), "{}", said.err);
    sandbox.write("wandb.yaml", &"#".repeat(2 << 20));
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    assert!(said.err.contains("longer than 1 MiB"), "{}", said.err);
    let said = sandbox.run(&["init", "ours.toml", "--from", "missing.yaml"]);
    assert!(said.err.contains("could not be read"), "{}", said.err);
    let said = sandbox.run(&[
        "init",
        "ours.toml",
        "--from",
        "wandb.yaml",
        "--template",
        "csv",
    ]);
    assert!(said.err.contains("cannot be used with"), "{}", said.err);
}
