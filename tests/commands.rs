//! The commands from outside: what they do to files, what they say, how they exit.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::sandbox::{SMALL, Said, Sandbox, table};

/// Runs the program and takes what it printed for JSON.
#[track_caller]
pub(crate) fn json(sandbox: &Sandbox, arguments: &[&str]) -> Json {
    let said = sandbox.run(arguments);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[track_caller]
pub(crate) fn check_code(said: &Said, code: i32) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
}

#[test]
fn check_shows_what_would_run_and_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let said = sandbox.run(&["check", "small.toml"]);
    check_code(&said, 0);
    assert_eq!((said.err.as_str(), sandbox.names(".").len()), ("", 1));
    assert_snapshot!(said.out, @r#"
    small.toml is right: the sweep small, seed 0

    data and model
      1077 training, 360 validation and 360 test samples of 8 × 8 pixels, one channel
      10 classes; in training, "8" is the rarest with 104 samples, "5" the commonest with 110
      linear_1               → 8                     520 parameters         1024 flop  relu
      linear_2               → 10                     90 parameters          160 flop
      in all                                         610 parameters         1184 flop a sample
      trained on the CPU, one thread a trial; GPUs are for programs of your own: finetooth init FILE --template command

    sanity checks
      check           result  measured
      data            passed  1077 training and 360 validation samples, 0 of these in both
      initial loss    passed  2.387, where guessing costs 2.303
      regularization  passed  raises the loss by 12.6650
      gradients       passed  48 weights, relative error below 1e-6
      overfit         passed  100 % right of 100 samples after 1 learning rate
      learning rate   passed  best 3.2e-2

    stages
      stage   trials  epochs  total epochs  sampler  keys
      coarse       4       1             4  sobol    learning_rate, lr_decay, l2
      fine         2       2             4  sobol    learning_rate, lr_decay, l2
      together 6 trials of 8 epochs; 4 widening rounds at most add to that; the best (highest) of val_accuracy wins

    ranges
      key            range                      never below  never above
      learning_rate  1e-5 … 0.1 log                    1e-8           10
      lr_decay       0.8 … 1                           1e-6            1
      l2             1e-6 … 0.1 log, 10 % zero                   1000000

    first trials of coarse
      trial  learning_rate  lr_decay         l2
          1      0.0009845    0.8632   1.098e-5
          2         0.1768     0.962    0.01132
          3        0.03763    0.8313          0
          4       0.001845     0.947  0.0003707
    "#);
}

#[test]
fn a_run_leaves_its_files_and_a_second_one_finds_nothing_to_do() {
    let sandbox = Sandbox::with_small_run();
    let files = "best.toml epochs.csv journal.jsonl stages.csv sweep.toml timings.csv trials.csv";
    assert_eq!(sandbox.names("results/small").join(" "), files);
    assert_eq!(sandbox.read("results/small/trials.csv").lines().count(), 7);
    let record = sandbox.read("results/small/journal.jsonl");
    let said = sandbox.run(&["run", "small.toml", "--workers", "1"]);
    check_code(&said, 0);
    assert_snapshot!(said.err, @"results/small is finished, nothing is left to run; --fresh begins anew, --extend goes on where the definition asks for more");
    assert!(
        said.out.starts_with("small is finished: 6 trials\n"),
        "{}",
        said.out
    );
    assert_eq!(sandbox.read("results/small/journal.jsonl"), record);
}

#[test]
fn tables_a_killed_program_did_not_write_are_written_by_the_next() {
    let sandbox = Sandbox::with_small_run();
    let tables = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"]
        .map(|name| format!("results/small/{name}"));
    let before = tables.each_ref().map(|name| sandbox.read(name));
    for name in &tables {
        fs::remove_file(sandbox.path().join(name)).unwrap();
    }
    check_code(&sandbox.run(&["run", "small.toml"]), 0);
    assert_eq!(tables.each_ref().map(|name| sandbox.read(name)), before);
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let said = sandbox.run(&["run", "small.toml", "--quiet"]);
    check_code(&said, 0);
    assert_eq!(said.out + &said.err, "");
}

#[test]
fn another_definition_is_refused_with_what_changed() {
    let sandbox = Sandbox::with_small_run();
    let record = sandbox.read("results/small/journal.jsonl");
    let said = sandbox.run(&[
        "run",
        "small.toml",
        "--set",
        "train.batch_size=32",
        "--seed",
        "7",
    ]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"
    error: `results/small` holds a sweep of another definition; these changed:
      seed: 0 → 7
      train.batch_size: 64 → 32
    to begin anew, run with --fresh: it moves the old directory aside; to keep both, name another directory with --out; if the trials are the same and there are to be more or others of them, run with --extend
    ");
    assert_eq!(sandbox.read("results/small/journal.jsonl"), record);
}

#[test]
fn fresh_moves_the_old_run_aside() {
    let sandbox = Sandbox::with_small_run();
    let record = sandbox.read("results/small/journal.jsonl");
    for _ in 0..2 {
        check_code(
            &sandbox.run(&["run", "small.toml", "--fresh", "--seed", "7"]),
            0,
        );
    }
    assert_eq!(
        sandbox.names("results").join(" "),
        "small small.old-1 small.old-2"
    );
    assert_eq!(sandbox.read("results/small.old-1/journal.jsonl"), record);
    assert!(
        sandbox
            .read("results/small/sweep.toml")
            .contains("seed = 7")
    );
}

#[test]
fn extend_plans_anew_and_keeps_results() {
    let sandbox = Sandbox::with_small_run();
    let before = sandbox.read("results/small/trials.csv");
    sandbox.write(
        "small.toml",
        &format!("{SMALL}[[stage]]\nname = \"last\"\ntrials = 3\nepochs = 1\n"),
    );
    let said = sandbox.run(&["run", "small.toml"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"
    error: `results/small` holds a sweep of another definition; these changed:
      stage.last added
    to begin anew, run with --fresh: it moves the old directory aside; to keep both, name another directory with --out; if the trials are the same and there are to be more or others of them, run with --extend
    ");
    let said = sandbox.run(&["run", "small.toml", "--extend", "--seed", "7"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"
    error: --extend plans anew and keeps the results in `results/small`, so that data, model, training, metric and seed must stay; these changed:
      seed: 0 → 7
      stage.last added
    to begin anew, run with --fresh: it moves the old directory aside; or name another directory with --out
    ");
    check_code(&sandbox.run(&["run", "small.toml", "--extend"]), 0);
    let after = sandbox.read("results/small/trials.csv");
    assert!(
        after.starts_with(&before),
        "earlier trials stay as they are"
    );
    assert_eq!(after.lines().count(), 10);
    assert!(
        sandbox
            .read("results/small/sweep.toml")
            .contains("\"last\"")
    );
    // What was extended is the definition from now on.
    check_code(&sandbox.run(&["run", "small.toml"]), 0);
    sandbox.write("small.toml", SMALL);
    check_code(&sandbox.run(&["run", "small.toml"]), 2);
}

#[test]
fn a_larger_budget_ends_as_if_it_had_been_asked_for_at_first() {
    let sandbox = Sandbox::new();
    let sweep = |budget: u32| {
        format!(
            "name = \"small\"\n[model]\nkind = \"mlp\"\nhidden = 8\n[search]\nepochs = 9\nbudget = {budget}\n"
        )
    };
    sandbox.write("small.toml", &sweep(24));
    check_code(
        &sandbox.run(&["run", "small.toml", "--quiet", "--out", "whole"]),
        0,
    );
    sandbox.write("small.toml", &sweep(14));
    check_code(&sandbox.run(&["run", "small.toml"]), 0);
    sandbox.write("small.toml", &sweep(24));
    let said = sandbox.run(&["run", "small.toml", "--extend"]);
    check_code(&said, 0);
    for name in ["trials.csv", "epochs.csv", "stages.csv", "best.toml"] {
        let [whole, extended] = ["whole", "results/small"]
            .map(|directory| sandbox.read(&format!("{directory}/{name}")));
        assert!(whole == extended, "{name} differs");
    }
    let journal = sandbox.read("results/small/journal.jsonl");
    assert!(journal.matches("trial_reused").count() > 50);
    check_code(&sandbox.run(&["status", "results/small"]), 0);
    check_code(&sandbox.run(&["best", "results/small"]), 0);
}

#[test]
fn changed_data_are_another_definition() {
    let sandbox = Sandbox::new();
    let rows = table(["red", "white"]);
    let definition = SMALL.replace(
        "[model]",
        "[data]\nsource = \"csv\"\npath = \"t.csv\"\nlabel = \"class\"\npreprocess = \"standardize\"\n[model]",
    );
    sandbox.write("small.toml", &definition);
    sandbox.write("t.csv", &rows);
    check_code(&sandbox.run(&["run", "small.toml"]), 0);
    sandbox.write("t.csv", &(rows + "50,3,red\n"));
    let said = sandbox.run(&["run", "small.toml"]);
    check_code(&said, 2);
    assert!(
        said.err.contains("`[dir]/t.csv` changed") && said.err.contains("--fresh"),
        "{}",
        said.err
    );
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let sandbox = Sandbox::with_small_run();
    let journal = File::options()
        .append(true)
        .open(sandbox.path().join("results/small/journal.jsonl"))
        .unwrap();
    journal.try_lock().unwrap();
    for option in [
        &["run", "small.toml"][..],
        &["run", "small.toml", "--fresh"][..],
    ] {
        let said = sandbox.run(option);
        check_code(&said, 4);
        assert!(said.err.contains("in use by another run"), "{}", said.err);
    }
    assert_eq!(sandbox.names("results"), ["small"]);
}

#[test]
fn a_directory_of_other_things_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", SMALL);
    let said = sandbox.run(&["run", "small.toml", "--out", "."]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"error: `.` holds other files and no record of a sweep: name another directory with --out, or move it aside with --fresh");
    assert_eq!(sandbox.names("."), ["small.toml"]);
}

#[test]
fn a_torn_end_of_the_record_is_told_and_mended() {
    let sandbox = Sandbox::with_small_run();
    let path = sandbox.path().join("results/small/journal.jsonl");
    let trials = sandbox.read("results/small/trials.csv");
    let record = fs::read(&path).unwrap();
    fs::write(&path, &record[..record.len() - 5]).unwrap();
    let said = sandbox.run(&["run", "small.toml"]);
    check_code(&said, 0);
    assert!(
        said.err
            .starts_with("note: the record ended in the middle of line"),
        "{}",
        said.err
    );
    assert_eq!(sandbox.read("results/small/trials.csv"), trials);
}

#[test]
fn a_damaged_record_is_refused_with_its_line() {
    let sandbox = Sandbox::with_small_run();
    let path = sandbox.path().join("results/small/journal.jsonl");
    let mut lines: Vec<String> = sandbox
        .read("results/small/journal.jsonl")
        .lines()
        .map(str::to_owned)
        .collect();
    lines[4] = lines[4].replace(':', "");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    for command in [
        &["run", "small.toml"][..],
        &["status", "small"],
        &["best", "small"],
        &["show", "small", "1"],
    ] {
        let said = sandbox.run(command);
        check_code(&said, 2);
        assert!(said.err.contains("damaged on line 5"), "{}", said.err);
    }
}

#[test]
fn status_best_and_show_tell_of_a_sweep() {
    let sandbox = Sandbox::with_small_run();
    let status = json(&sandbox, &["status", "--json"]);
    assert_eq!(
        (&status["status"], &status["trials_ended"]),
        (&Json::from("completed"), &Json::from(6))
    );
    let best = json(&sandbox, &["best", "results/small", "--top", "3", "--json"]);
    assert_eq!(best["trials"].as_array().unwrap().len(), 3);
    assert_eq!(best["trials"][0], status["best"]);
    let winner = best["trials"][0]["trial"].to_string();
    let shown = json(&sandbox, &["show", "small", &winner, "--json"]);
    assert_eq!(shown["metric"], best["trials"][0]["metric"]);
    let epochs = shown["epochs_planned"].as_u64().unwrap() as usize;
    assert_eq!(
        shown["history"].as_array().unwrap().len(),
        epochs + 1,
        "epoch 0 is the untrained network"
    );

    let said = sandbox.run(&["status"]);
    assert!(said.out.starts_with("small: finished\n"), "{}", said.out);
    let said = sandbox.run(&["best"]);
    let told = "no range has moved so far; stages.csv says why\n";
    assert!(said.out.ends_with(told), "{}", said.out);
    assert!(said.out.contains("  curve\n"), "{}", said.out);
    let said = sandbox.run(&["show", "small", "6"]);
    assert!(
        said.out
            .starts_with("trial 6 of small: completed, stage fine, round 0"),
        "{}",
        said.out
    );
    assert!(said.out.contains("\n  val_accuracy    "), "{}", said.out);
    assert!(said.out.contains(['▁', '█']), "{}", said.out);
}

#[test]
fn a_run_is_watched_from_beside_until_it_is_finished() {
    let sandbox = Sandbox::with_small_run();
    let journal = sandbox.read("results/small/journal.jsonl");
    let said = sandbox.run(&["status", "--watch"]);
    check_code(&said, 0);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert!(
        said.out
            .starts_with("small: finished; 6 ended, 6 planned so far; best val_accuracy ")
    );

    // the last event comes while somebody watches
    let (before, last) = journal.trim_end().rsplit_once('\n').unwrap();
    fs::create_dir(sandbox.path().join("results/late")).unwrap();
    sandbox.write("results/late/journal.jsonl", &format!("{before}\n"));
    let mut watching = sandbox.program(&["status", "late", "--watch"]);
    let mut watching = watching.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("small: interrupted"), "{first}");
    sandbox.write("results/late/journal.jsonl", &format!("{before}\n{last}\n"));
    let second = lines.next().unwrap().unwrap();
    assert!(second.starts_with("small: finished; "), "{second}");
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_not_there_is_said() {
    let sandbox = Sandbox::with_small_run();
    let said = sandbox.run(&["show", "small", "7"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"error: there is no trial 7 in `results/small`; those begun so far are 1 to 6");
    let said = sandbox.run(&["status", "elsewhere"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"error: there is no record at `elsewhere/journal.jsonl`: no sweep has run there");
    let said = Sandbox::new().run(&["best"]);
    check_code(&said, 2);
    assert_snapshot!(said.err, @"error: there is no sweep in results/: name the directory of one, or begin one with `finetooth run FILE`");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::with_small_run();
    for command in [
        &["best", "small"][..],
        &["status", "small"],
        &["check", "small.toml"],
        &["--help"],
    ] {
        let mut child = sandbox
            .program(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        check_code(&sandbox.said(&output), 0);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn an_interrupted_run_says_so_and_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "small.toml",
        &SMALL.replace("trials = 4\nepochs = 1", "trials = 100\nepochs = 50"),
    );
    let mut child = sandbox
        .program(&["run", "small.toml"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with('[') {
        line.clear();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "it ended before a trial did"
        );
    }
    let killed = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(
        rest.contains("to go on: finetooth run small.toml\n"),
        "{rest}"
    );

    let status = json(&sandbox, &["status", "--json"]);
    assert_eq!(status["status"], "interrupted");
    let ended = status["trials_ended"].as_u64().unwrap();
    assert!((1..100).contains(&ended), "{ended}");
    let again = sandbox.run(&[
        "run",
        "small.toml",
        "--set",
        "limits.max_failures=9",
        "--quiet",
    ]);
    check_code(&again, 0);
    let trials = sandbox.read("results/small/trials.csv");
    assert!(trials.lines().count() >= 103, "{trials}");
}

#[test]
fn results_that_cannot_be_written_have_a_code_of_their_own() {
    let sandbox = Sandbox::with_small_run();
    // A directory stands where the table is to be.
    fs::remove_file(sandbox.path().join("results/small/trials.csv")).unwrap();
    fs::create_dir(sandbox.path().join("results/small/trials.csv")).unwrap();
    let mut inside = File::create(sandbox.path().join("results/small/trials.csv/kept")).unwrap();
    inside.write_all(b"kept").unwrap();
    let said = sandbox.run(&["run", "small.toml"]);
    check_code(&said, 5);
    assert!(
        said.err.contains("trials.csv` could not be written"),
        "{}",
        said.err
    );
}
