//! Sweep configurations of Weights & Biases as definitions of ours: `tests/wandb/` has some of every kind, each beside what it becomes.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::sandbox::{Said, Sandbox};

/// Every configuration of `tests/wandb/`.
fn configurations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wandb");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "toml"));
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    files
}

/// `init --from` of a text.
fn init(yaml: &str) -> (Sandbox, Said) {
    let sandbox = Sandbox::new();
    sandbox.write("wandb.yaml", yaml);
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml"]);
    (sandbox, said)
}

#[test]
fn each_configuration_becomes_the_valid_definition_beside_it() {
    for file in configurations() {
        let sandbox = Sandbox::new();
        let from = file.file_name().unwrap().to_str().unwrap();
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let to = format!("{stem}.toml");
        sandbox.write(from, &fs::read_to_string(&file).unwrap());
        let said = sandbox.run(&["init", &to, "--from", from]);
        assert_eq!(said.code, 0, "{from}: {}", said.err);
        let expected = fs::read_to_string(file.with_extension("toml")).unwrap();
        assert_eq!(sandbox.read(&to), expected, "{from}");
        // A simulation reads the whole definition and runs no program.
        let said = sandbox.run(&["simulate", &to, "--json"]);
        assert_eq!(said.code, 0, "{from}: {}", said.err);
    }
}

#[test]
fn every_part_of_a_configuration_is_told_with_its_line() {
    let file = configurations();
    let file = file
        .iter()
        .find(|file| file.ends_with("bayes.yaml"))
        .unwrap();
    let (_, said) = init(&fs::read_to_string(file).unwrap());
    assert_snapshot!(said.err, @r#"
    carried over:
      line 2    program: train.py
      line 3    name: results go to results/night-run
      line 6    description: a comment
      line 8    metric: val/accuracy, maximize
      line 12   run_cap: 40
      line 18   batch_size: a list of 3
      line 20   dropout: from 0.0 to 0.5
      line 23   hidden: from 16 to 256
      line 26   optimizer: the same in every trial, in argv
      line 28   amp: the same in every trial, in argv
    means something else now:
      line 7    method: bayes is [search] with proposals = "gp": points from a Gaussian process too, in generations that begin brief, with run_cap as its budget in full trainings
      line 14   learning_rate: min: 1e-5 is a text in YAML, which wants 1.0e-5, and a number here
      line 30   epochs: how far a trial is trained, 27 at most; W&B passes it as it is, here trials may begin with few epochs, and be continued
      line 32   seed: another one in each trial, which follows from the sweep's own
      line 34   early_terminate: the search itself trains all trials briefly and goes on with the best third, three times; its brackets are those of [search]
    left out:
      line 4    project: of W&B's service, which takes no part here
      line 5    entity: of W&B's service, which takes no part here
    to do: the program has to print its metric and take its values from its arguments; the first lines of the file tell how
    wrote ours.toml; next: finetooth check ours.toml, then finetooth run ours.toml
    "#);
}

/// A program that prints its arguments, one a line, and a metric.
const PRINTS: &str = "for argument in \"$@\"; do echo \"got $argument\"; done\necho loss=0.5\n";

/// What the program of a configuration was given in its first trial.
#[track_caller]
fn given(yaml: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let (sandbox, said) = init(yaml);
    assert_eq!(said.code, 0, "{}", said.err);
    sandbox.write("train.sh", PRINTS);
    let mut run = sandbox.program(&["run", "ours.toml", "--quiet"]);
    run.envs(variables.iter().copied());
    let said = sandbox.said(&run.output().unwrap());
    assert_eq!(said.code, 0, "{}\n{}", sandbox.read("ours.toml"), said.err);
    let out = sandbox.run(&["logs", "results/ours", "1"]).out;
    let got = out.lines().filter_map(|line| line.strip_prefix("got "));
    got.map(str::to_owned).collect()
}

/// A configuration of two trials whose program is run by a shell.
fn shell(command: &str, parameters: &str) -> String {
    format!(
        "program: train.sh\nmethod: random\nrun_cap: 2\nmetric: {{name: loss}}\ncommand: [sh, '${{program}}', {command}]\nparameters:\n{parameters}"
    )
}

/// Expected: `f"--{key}={value}"` in Python, as W&B's agent writes its arguments.
#[test]
fn a_program_is_given_what_w_and_b_gives_it() {
    let parameters = "  flag: {values: [true]}\n  none: {value: null}\n  text: {value: 'a b \"{c}\" $d'}\n  rate: {value: 1e-3}\n\
                      \x20 kind: {values: [x y]}\n  two: {values: [1, 1.0]}\n  layers: {values: [[64, 64], [64, 32]]}\n";
    let given = given(&shell("'-u', '${args}'", parameters), &[]);
    let mut sorted = given.clone();
    sorted.sort();
    let layers = sorted
        .iter()
        .position(|text| text.starts_with("--layers=[64,"))
        .unwrap();
    sorted.remove(layers);
    let two = sorted
        .iter()
        .position(|text| text.starts_with("--two=1"))
        .unwrap();
    sorted.remove(two);
    assert_eq!(
        sorted,
        [
            "--flag=True",
            "--kind=x y",
            "--none=None",
            "--rate=0.001",
            "--text=a b \"{c}\" $d",
            "-u"
        ]
    );
}

#[test]
fn a_program_is_given_one_object_of_json() {
    let parameters = "  rate: {min: 0.1, max: 0.2}\n  kind: {values: ['say \"a\" {x}', b]}\n  mixed: {values: [null, auto]}\n  flag: {values: [true, false]}\n\
                      \x20 epochs: {value: 1}\n  seed: {value: 3}\n  fixed: {value: {deep: [1, null, '{}']}}\n\
                      \x20 optimizer: {parameters: {name: {value: adam}, momentum: {min: 0.8, max: 0.9}}}\n";
    let given = given(&shell("'${args_json}'", parameters), &[]);
    let object: serde_json::Value = serde_json::from_str(&given[0]).unwrap();
    assert!(
        object["rate"]
            .as_f64()
            .is_some_and(|rate| (0.1..0.2).contains(&rate))
    );
    assert!(["say \"a\" {x}", "b"].contains(&object["kind"].as_str().unwrap()));
    assert!(object["mixed"].is_null() || object["mixed"] == "auto");
    assert!(object["flag"].is_boolean() && object["seed"].is_u64());
    assert_eq!(object["epochs"], 1);
    assert_eq!(object["fixed"]["deep"], serde_json::json!([1, null, "{}"]));
    assert_eq!(object["optimizer"]["name"], "adam");
    assert!(object["optimizer"]["momentum"].is_f64());
    assert_eq!(given.len(), 1);
}

#[test]
fn variables_are_put_in_by_a_shell_that_reads_nothing_else() {
    let command = "'--data', '${envvar:DATA}/$(id) `id` \"x\"', '--values=${args_json_file}', '${args}', '--last'";
    let yaml = shell(
        command,
        "  kind: {values: ['$(id)', '`id` \"']}\n  fixed: {value: 7}\n",
    );
    let given = given(&yaml, &[("DATA", "/some where/$x")]);
    assert_eq!(given[..2], ["--data", "/some where/$x/$(id) `id` \"x\""]);
    assert!(given[2].ends_with("/trials/1/params.json"), "{given:?}");
    assert!(
        ["--kind=$(id)", "--kind=`id` \""].contains(&&*given[3]),
        "{given:?}"
    );
    assert_eq!(given[4..], ["--fixed=7", "--last"]);
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let yaml = shell(
        "'${envvar:FINETOOTH_TEST_NOT_SET}', '${args}'",
        "  kind: {values: [a, b]}\n",
    );
    let (sandbox, said) = init(&yaml);
    assert_eq!(said.code, 0, "{}", said.err);
    sandbox.write("train.sh", PRINTS);
    let said = sandbox.run(&["check", "ours.toml"]);
    let all = said.out + &said.err;
    assert!(
        said.code != 0 && all.contains("FINETOOTH_TEST_NOT_SET"),
        "{all}"
    );
}

#[test]
fn a_program_is_trained_for_the_epochs_that_a_parameter_says() {
    let (sandbox, said) = init(&shell(
        "'${args}'",
        "  lr: {min: 0.1, max: 0.2}\n  epochs: {values: [2, 3]}\n",
    ));
    assert_eq!(said.code, 0, "{}", said.err);
    sandbox.write(
        "train.sh",
        "for argument in \"$@\"; do case $argument in --epochs=*) n=${argument#*=};; --lr=*) lr=${argument#*=};; esac; done\n\
         for epoch in $(seq $n); do echo \"epoch=$epoch loss=$lr\"; done\n",
    );
    let said = sandbox.run(&["run", "ours.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(
        sandbox.read("results/ours/trials.csv").lines().count(),
        1 + 2
    );
    assert_eq!(
        sandbox.read("results/ours/epochs.csv").lines().count(),
        1 + 2 * 3
    );
}

#[test]
fn all_mistakes_of_a_configuration_are_drawn_under_their_lines() {
    let (sandbox, said) = init(
        "program: train.py\nmethod: bayesian\nmetric: {name: loss, goal: down}\nparameters:\n  a: {distribution: logUniform, min: 1, max: 2}\n\
         \x20 b: {min: 2.0, max: 1.0}\n  größe: 7\nrun_cap: none\n",
    );
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @r"
      error: the method `bayesian` is not known
       ,-[wandb.yaml:2:9]
     1 | program: train.py
     2 | method: bayesian
       :         ^^^^|^^^
       :             `-- here
     3 | metric: {name: loss, goal: down}
       `----
      help: did you mean bayes?

      error: the goal of the metric is neither minimize nor maximize
       ,-[wandb.yaml:3:28]
     2 | method: bayesian
     3 | metric: {name: loss, goal: down}
       :                            ^^|^
       :                              `-- here
     4 | parameters:
       `----
      help: write goal: minimize, or goal: maximize

      error: `a` has the distribution `logUniform`, which there is none of
       ,-[wandb.yaml:5:21]
     4 | parameters:
     5 |   a: {distribution: logUniform, min: 1, max: 2}
       :                     ^^^^^|^^^^
       :                          `-- not known
     6 |   b: {min: 2.0, max: 1.0}
       `----
      help: did you mean log_uniform?

      error: `b` has min = 2 above max = 1
       ,-[wandb.yaml:6:12]
     5 |   a: {distribution: logUniform, min: 1, max: 2}
     6 |   b: {min: 2.0, max: 1.0}
       :            ^|^
       :             `-- above max
     7 |   größe: 7
       `----
      help: exchange the two

      error: `größe` is not a table with value, values, or min and max
       ,-[wandb.yaml:7:12]
     6 |   b: {min: 2.0, max: 1.0}
     7 |   größe: 7
       :          |
       :          `-- here
     8 | run_cap: none
       `----
      help: write a value that stays the same as {value: …}, a list as {values: […]}

      error: `run_cap` is a whole number from 1 to 1000000
       ,-[wandb.yaml:8:10]
     7 |   größe: 7
     8 | run_cap: none
       :          ^^|^
       :            `-- here
       `----
      help: write how many trials there may be, like run_cap: 40

    error: wandb.yaml has 6 mistakes; nothing was run, nothing was written
    ");
    assert_eq!(sandbox.names("."), ["wandb.yaml"]);
}

#[track_caller]
fn refused(yaml: &str, expected: &str) {
    let (sandbox, said) = init(yaml);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains(expected), "{}", said.err);
    assert!(said.err.contains("help:"), "{}", said.err);
    assert_eq!(sandbox.names("."), ["wandb.yaml"]);
}

#[test]
fn what_is_no_configuration_is_refused_and_nothing_written() {
    let shared = "program: t.py\nmethod: random\nmetric: {name: loss}\nparameters:\n";
    let with = |parameter: &str| format!("{shared}  a: {parameter}\n");
    refused("", "the file is empty");
    refused("- 1\n", "this is no sweep of W&B, which is a table");
    refused("program: [\n", "this is not YAML");
    refused("a:\n\tb: 1\n", "indented by a tab");
    refused(
        "program: t.py\nmethod: random\n",
        "there are no `parameters`",
    );
    refused(
        "program: t.py\nmethod: random\nparameter: {}\n",
        "is this meant?",
    );
    refused(&format!("{shared}  {{}}\n"), "`parameters` is empty");
    refused(
        &with("{value: 1}"),
        "none of the `parameters` has more than one value",
    );
    refused(&with("{}"), "`a` has no value, values, or min and max");
    refused(&with("{min: 1}"), "`a` has no max");
    refused(&with("{value: 1, values: [1, 2]}"), "both value and values");
    refused(
        &with("{min: .nan, max: 1.0}"),
        "min of `a` is not a finite number",
    );
    refused(
        &with("{min: 0.0, max: .inf}"),
        "max of `a` is not a finite number",
    );
    refused(
        &with("{distribution: zipf, min: 1, max: 2}"),
        "W&B has constant,",
    );
    refused(&with("{values: []}"), "`a` has no values");
    refused(&with("{values: 3}"), "the values of `a` are not a list");
    refused(
        &with("{values: [1, .nan]}"),
        "a value that no program is given",
    );
    refused(
        &with("{values: [1, 2], probabilities: [1]}"),
        "`a` has 2 values, and probabilities",
    );
    refused(
        &(with("{min: 0, max: 1}") + "  a: {values: [1, 2]}\n"),
        "`a` is given twice",
    );
    refused(
        &with("{parameters: {b: {values: [1, 2]}}}")
            .replace("  a:", "  a.b: {values: [3, 4]}\n  a:"),
        "two parameters are called `a.b`",
    );
    refused(
        &with("{values: [1, 2]}").replace("  a:", "  \"a b\":"),
        "cannot be the name of an argument",
    );
    refused(
        &with("{values: [1, 2]}").replace("  a:", "  \"a\\e[2J\":"),
        "cannot be the name of an argument",
    );
    refused(
        &with("{min: 0, max: 1}").replace("program: t.py\n", ""),
        "neither `program` nor `command`",
    );
    refused(
        &with("{min: 0, max: 1}").replace("random", "custom"),
        "which is not run here",
    );
    refused(
        &(with("{min: 0, max: 1}") + "command: train.py\n"),
        "`command` is not a list",
    );
    refused(
        &(with("{min: 0, max: 1}") + "early_terminate: {type: hyperband, min_iter: 0}\n"),
        "`min_iter` of early_terminate",
    );
}

#[test]
fn files_that_are_no_text_are_refused_and_no_other_is_overwritten() {
    let sandbox = Sandbox::new();
    let from = |name: &str| sandbox.run(&["init", "ours.toml", "--from", name]);
    fs::write(sandbox.path().join("bytes.yaml"), b"a: 1\nb: \xff\n").unwrap();
    sandbox.write("long.yaml", &"#".repeat(10 << 20));
    assert_snapshot!(from("bytes.yaml").err, @"error: `bytes.yaml`, line 2: this is not UTF-8 text; save the file as UTF-8");
    assert_snapshot!(from("long.yaml").err, @"error: `long.yaml` is longer than 1 MiB, which no sweep configuration of Weights & Biases is; name that one with --from");
    assert_snapshot!(from("missing.yaml").err, @"error: `missing.yaml` could not be read: No such file or directory (os error 2); --from takes a sweep configuration of Weights & Biases");
    assert_eq!(from(".").code, 2);
    sandbox.write(
        "wandb.yaml",
        "program: t.py\nmethod: random\nparameters: {a: {values: [1, 2]}}\n",
    );
    sandbox.write("ours.toml", "mine");
    assert_snapshot!(from("wandb.yaml").err, @"error: `ours.toml` exists and is left as it is; name another file, or replace it with --force");
    assert_eq!(sandbox.read("ours.toml"), "mine");
    let said = sandbox.run(&["init", "ours.toml", "--from", "wandb.yaml", "--force"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(sandbox.read("ours.toml").contains("[space.a]"));
    let both = [
        "init",
        "new.toml",
        "--from",
        "wandb.yaml",
        "--template",
        "csv",
    ];
    let said = sandbox.run(&both);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot be used with"), "{}", said.err);
}
