//! Users' own programs as trials.

mod unruly;

use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::sandbox::{Said, Sandbox};

/// The nearer the values to 0.01 and 0.5, the better; goes on from the epoch it kept, and counts the epochs it trains.
pub(crate) const VALLEY: &str = r#"
for word in "$@"; do
  case $word in
    --rate=*) rate=${word#*=} ;;
    --dropout=*) dropout=${word#*=} ;;
  esac
done
epoch=0
state="$FINETOOTH_CHECKPOINT_DIR/epoch"
[ -n "$FINETOOTH_RESUME" ] && epoch=$(cat "$state")
while [ "$epoch" -lt "$FINETOOTH_EPOCHS" ]; do
  epoch=$((epoch + 1))
  echo x >> "$COUNT"
  awk -v rate="$rate" -v p="$dropout" -v e="$epoch" 'BEGIN {
    d = log(rate / 0.01) / log(10); a = 0.95 - 0.1 * d * d - 0.4 * (p - 0.5) * (p - 0.5)
    printf "epoch %d: train_loss=%.6g val_accuracy=%.6g\n", e, 1 / (e + 1), a * e / (e + 1) }'
done
echo "$epoch" > "$state"
"#;

pub(crate) const VALLEY_SWEEP: &str = r#"
name = "valley"
[command]
argv = ["sh", "program.sh", "{args}"]
env = { COUNT = "count" }
[space]
learning_rate = { low = 1e-5, high = 1e-3, scale = "log", as = "rate" }
dropout = { low = 0.0, high = 0.9, limits = [0, 0.95] }
[search]
epochs = 9
budget = 7
"#;

const RESULTS: [&str; 4] = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];

pub(crate) fn results(sandbox: &Sandbox, directory: &str) -> Vec<String> {
    let read = |name: &&str| sandbox.read(&format!("{directory}/{name}"));
    RESULTS.iter().map(read).collect()
}

fn valley() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program.sh", VALLEY);
    sandbox.write("valley.toml", VALLEY_SWEEP);
    sandbox
}

/// One trial of three epochs of `script`, with lines added to its tables.
fn trial_of(script: &str, command: &str, limits: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program.sh", script);
    sandbox.write(
        "one.toml",
        &format!(
            "name = \"one\"\n[widen]\nmax_rounds = 0\n[command]\nargv = [\"sh\", \"program.sh\", \"{{args}}\"]\n\
             grace_seconds = 0.3\n{command}\n[space]\nrate = {{ low = 1.0, high = 2.0 }}\n[[stage]]\nname = \"only\"\n\
             trials = 1\nepochs = 3\n[limits]\nworkers = 1\n{limits}\n"
        ),
    );
    sandbox
}

/// Runs the one trial; how it ended and why, by trials.csv, and what was said.
fn end_of(sandbox: &Sandbox) -> (String, Said) {
    let began = Instant::now();
    let said = sandbox.run(&["run", "one.toml", "--quiet"]);
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "it hung: {}",
        said.err
    );
    assert_eq!(
        survivors(sandbox),
        Vec::<String>::new(),
        "processes are left"
    );
    let trials = sandbox.read("results/one/trials.csv");
    let row = trials
        .lines()
        .nth(1)
        .unwrap_or_else(|| panic!("{trials}{}", said.err));
    let cells: Vec<&str> = row.split(',').collect();
    let end = format!("{}: {}", cells[3], cells[cells.len() - 1]);
    (end, said)
}

/// Command lines of processes that were started for a trial in the sandbox and still run.
fn survivors(sandbox: &Sandbox) -> Vec<String> {
    let mark = format!(
        "FINETOOTH_PARAMS={}",
        sandbox.path().canonicalize().unwrap().display()
    );
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let is_marked = environment
            .split(|byte| *byte == 0)
            .any(|variable| variable.starts_with(mark.as_bytes()));
        if is_marked && !stat.contains(") Z ") {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}

#[track_caller]
fn check_end(script: &str, command: &str, limits: &str, expected: &str) -> Said {
    let sandbox = trial_of(script, command, limits);
    let (end, said) = end_of(&sandbox);
    assert_eq!(end, expected, "{}", said.err);
    said
}

#[test]
fn a_search_over_a_program_finds_its_way_and_goes_on_from_rung_to_rung() {
    let sandbox = valley();
    let said = sandbox.run(&["run", "valley.toml", "--workers", "2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let [trials, epochs, stages, best] = results(&sandbox, "results/valley").try_into().unwrap();
    assert!(stages.contains("widened_high"), "{stages}");
    assert!(best.contains("\"--rate="), "{best}");
    let n_epochs = epochs.lines().count() - 1;
    let n_trained = sandbox.read("count").lines().count();
    assert_eq!(n_trained, n_epochs, "no epoch was trained twice");
    assert!(trials.starts_with(
        "trial,stage,round,state,learning_rate,dropout,val_accuracy,best_epoch,epochs,train_loss,"
    ));
    let first = trials.lines().nth(1).unwrap();
    assert!(
        first.contains(",,"),
        "what the program does not give stays empty: {first}"
    );
}

#[test]
fn any_number_of_workers_and_any_interruption_leave_the_same_bytes() {
    let sandbox = valley();
    let said = sandbox.run(&["run", "valley.toml", "--workers", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let expected = results(&sandbox, "results/valley");
    let said = sandbox.run(&["run", "valley.toml", "--workers", "8", "--out", "eight"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        results(&sandbox, "eight") == expected,
        "eight workers differ"
    );
    let mut n_killed = 0;
    for wait in [20, 45, 70, 110, 60, 90, 150, 200] {
        let mut running = sandbox
            .program(&[
                "run",
                "valley.toml",
                "--workers",
                "3",
                "--out",
                "killed",
                "--quiet",
            ])
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(wait));
        n_killed += usize::from(running.try_wait().unwrap().is_none());
        running.kill().unwrap();
        running.wait().unwrap();
        wait_for_none(&sandbox, Duration::from_secs(2));
    }
    assert!(n_killed >= 2, "it was over before it could be killed");
    let said = sandbox.run(&["run", "valley.toml", "--out", "killed"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        results(&sandbox, "killed") == expected,
        "killed and gone on with, it differs"
    );
}

#[track_caller]
fn wait_for_none(sandbox: &Sandbox, most: Duration) {
    let last = Instant::now() + most;
    while !survivors(sandbox).is_empty() {
        assert!(Instant::now() < last, "{:?} live on", survivors(sandbox));
        sleep(Duration::from_millis(20));
    }
}

/// Waits until `file` is there.
#[track_caller]
fn wait_for(sandbox: &Sandbox, file: &str) {
    let last = Instant::now() + Duration::from_secs(10);
    while !sandbox.path().join(file).exists() {
        assert!(Instant::now() < last, "{file} did not come");
        sleep(Duration::from_millis(10));
    }
}

fn interrupt(running: &Child) {
    let done = std::process::Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn ctrl_c_ends_the_program_and_it_is_gone_on_with() {
    let script = "trap 'touch asked; exit 0' TERM\nfor e in 1 2 3; do echo epoch=$e val_accuracy=0.$e\n\
                  [ $e = 2 ] && [ ! -e go ] && { touch waiting; while :; do sleep 0.05; done; }\ndone\nexit 0\n";
    let sandbox = trial_of(script, "", "");
    let running = sandbox.program(&["run", "one.toml"]).spawn().unwrap();
    wait_for(&sandbox, "waiting");
    interrupt(&running);
    let said = sandbox.said(&running.wait_with_output().unwrap());
    assert_eq!(said.code, 130);
    assert!(
        sandbox.path().join("asked").exists(),
        "it was asked by SIGTERM"
    );
    assert_eq!(survivors(&sandbox), Vec::<String>::new());
    sandbox.write("go", "");
    let (end, said) = end_of(&sandbox);
    assert_eq!(
        (end.as_str(), said.code),
        ("completed: ", 0),
        "{}",
        said.err
    );
    let epochs = sandbox.read("results/one/epochs.csv");
    assert_eq!(epochs.lines().count(), 4, "{epochs}");
}

#[test]
fn a_program_may_write_its_numbers_and_its_reason_into_files() {
    let script = "echo '{\"epoch\": 1, \"val_accuracy\": 0.25, \"f1\": 3}' >> \"$FINETOOTH_METRICS\"\n\
                  echo '{\"epoch\": 2, \"val_accuracy\": 0.75, \"f1\": NaN}' >> \"$FINETOOTH_METRICS\"\n\
                  grep -q rate \"$FINETOOTH_PARAMS\" && [ $FINETOOTH_TRIAL = 1 ] && [ $OMP_NUM_THREADS = 3 ]";
    let sandbox = trial_of(script, "metrics = [\"f1\"]\nthreads = 3", "");
    let (end, said) = end_of(&sandbox);
    assert_eq!(end, "completed: ", "{}", said.err);
    let epochs = sandbox.read("results/one/epochs.csv");
    assert_snapshot!(epochs, @"
    trial,stage,epoch,train_loss,train_accuracy,val_loss,val_accuracy,f1
    1,only,1,,,,0.25,3.0
    1,only,2,,,,0.75,NaN
    ");
    let said = check_end(
        "echo no data in /some/where > \"$FINETOOTH_ERROR\"\nexit 1",
        "",
        "",
        "failed: exit: the program ended with exit code 1",
    );
    assert!(
        said.err.contains("it says: no data in /some/where"),
        "{}",
        said.err
    );
}

#[test]
fn check_runs_it_once_and_tells_what_it_read() {
    let script = "echo Loading 12 files\necho \"epoch=1 val_accuracy=0.5 lr=0.1\"\necho 'epoch=2 val_accuracy=0.6 lr=0.1'\n\
                  echo 'epoch=3 val_accuracy=3.2e-05 lr=0.1'";
    let sandbox = trial_of(script, "", "");
    let said = sandbox.run(&["check", "one.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_snapshot!(said.out, @r#"
    one.toml is right: the sweep one, seed 0

    stages
      stage  trials  epochs  total epochs  sampler  keys
      only        1       3             3  sobol    rate
      together 1 trials of 3 epochs; no range is widened; the best (highest) of val_accuracy wins

    ranges
      key   range  never below  never above
      rate  1 … 2            0

    first trials of only
      trial   rate
          1  1.164

    dry run
      ran      sh program.sh --rate=1.164411808319016
      ended    well
      reports  3, of epochs 1 to 3

      name          times    last  kept          first line
      epoch             3       3  as the epoch  epoch=1 val_accuracy=0.5 lr=0.1
      lr                3     0.1  no            epoch=1 val_accuracy=0.5 lr=0.1
      val_accuracy      3  3.2e-5  the metric    epoch=1 val_accuracy=0.5 lr=0.1
      to keep others, write [command] metrics = ["NAME"]
    "#);
    assert!(
        !sandbox.path().join("results").exists(),
        "nothing is left behind"
    );
    let sandbox = trial_of(
        "for e in 0 1 2; do echo epoch=$e val_accuracy=0.5; done",
        "",
        "",
    );
    let said = sandbox.run(&["check", "one.toml"]);
    assert!(said.out.contains("it counts epochs from 0"), "{}", said.out);
    let sandbox = trial_of("exit 7", "", "");
    let said = sandbox.run(&["check", "one.toml"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err
            .contains("the dry run failed: exit: the program ended with exit code 7"),
        "{}",
        said.err
    );
}

#[track_caller]
fn mistakes(text: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("wrong.toml", text);
    let said = sandbox.run(&["run", "wrong.toml"]);
    assert_eq!(said.code, 2, "{}", said.out);
    said.err
}

#[test]
fn mistakes_in_the_definition_are_told_before_anything_runs() {
    assert_snapshot!(mistakes("name = \"x\"\n[command]\nstyle = \"--key\"\n[space]\nrate = { low = 1.0, high = 2.0 }\n[train]\nepochs = 3\n"), @r#"
      error: command.style takes "--key=value", "--key value" or "key=value", found "--key"
       ,-[wrong.toml:3:9]
     2 | [command]
     3 | style = "--key"
       :         ^^^|^^^
       :            `-- expected "--key=value", "--key value" or "key=value"
     4 | [space]
       `----
      help: did you mean "--key=value"?

      error: there is no key or table `train`
       ,-[wrong.toml:6:2]
     5 | rate = { low = 1.0, high = 2.0 }
     6 | [train]
       :  ^^|^^
       :    `-- unknown
     7 | epochs = 3
       `----
      help: a program brings its own data and network: remove [train], or remove [command] for built-in training

    error: wrong.toml has 2 mistakes; nothing was run, nothing was written
    "#);
    assert_snapshot!(mistakes("name = \"x\"\n[command]\n[space]\nrate = { low = 1.0, high = 2.0 }\n"), @r#"
      error: command.argv names no program
       ,-[wrong.toml:2:1]
     1 | name = "x"
     2 | [command]
       : ^^^^|^^^^
       :     `-- here
     3 | [space]
       `----
      help: write argv = ["python", "train.py", "{args}"]

    error: wrong.toml has a mistake; nothing was run, nothing was written
    "#);
    assert_snapshot!(mistakes("name = \"x\"\n[command]\nargv = [\"a\", \"{rates}\"]\ngpus = 1\n[space]\nrate = { low = 1.0, high = 2.0 }\n"), @r#"
      error: command.argv: `{rates}` is none of the placeholders
       ,-[wrong.toml:3:14]
     2 | [command]
     3 | argv = ["a", "{rates}"]
       :              ^^^^|^^^^
       :                  `-- here
     4 | gpus = 1
       `----
      help: there are {args}, {epochs}, {seed}, {trial}, {params_json}, {rate}

      error: a trial wants 1 GPUs, and [limits] gpus lists 0
       ,-[wrong.toml:4:8]
     3 | argv = ["a", "{rates}"]
     4 | gpus = 1
       :        |
       :        `-- here
     5 | [space]
       `----
      help: list the machine's: [limits] gpus = [0, 1]

    error: wrong.toml has 2 mistakes; nothing was run, nothing was written
    "#);
    assert_snapshot!(mistakes("name = \"x\"\n[command]\nargv = [\"a\"]\n[space]\nseed = { low = 1, high = 2 }\nr = { low = 1.0, high = 2.0, order = 2 }\n"), @r#"
      error: seed cannot be searched: each trial gets one of its own, drawn from the sweep's
       ,-[wrong.toml:5:1]
     4 | [space]
     5 | seed = { low = 1, high = 2 }
       : ^^|^
       :   `-- cannot be searched
     6 | r = { low = 1.0, high = 2.0, order = 2 }
       `----
      help: remove [space.seed]; a program's own seed is searched as [space.my_seed] with as = "seed"

      error: space.r.default is missing
       ,-[wrong.toml:6:5]
     5 | seed = { low = 1, high = 2 }
     6 | r = { low = 1.0, high = 2.0, order = 2 }
       :     ^^^^^^^^^^^^^^^^^^|^^^^^^^^^^^^^^^^^
       :                       `-- `default` is missing
       `----
      help: add a line like default = the value that trials have until then

    error: wrong.toml has 2 mistakes; nothing was run, nothing was written
    "#);
    assert_snapshot!(mistakes("name = \"x\"\n[space]\nl2 = { low = 0.1, high = 0.2, default = 3 }\n[limits]\ngpus = [0]\n"), @"
      error: space.l2.default is for keys of your own program
       ,-[wrong.toml:3:41]
     2 | [space]
     3 | l2 = { low = 0.1, high = 0.2, default = 3 }
       :                                         |
       :                                         `-- not for this key
     4 | [limits]
       `----
      help: set `l2 = …` in [train]

      error: limits.gpus is for programs, started by [command]
       ,-[wrong.toml:5:8]
     4 | [limits]
     5 | gpus = [0]
       :        ^|^
       :         `-- not for built-in training
       `----
      help: remove it

    error: wrong.toml has 2 mistakes; nothing was run, nothing was written
    ");
}

#[test]
fn keys_that_toml_has_to_quote_are_recorded_and_read_again() {
    let sandbox = Sandbox::new();
    let text = "name = \"odd\"\n[command]\nargv = [\"sh\", \"-c\", \"echo val_accuracy=0.5\"]\n\
                [space.\"net/\\\"depth\\\"\"]\nlow = 1\nhigh = 9\n[space.\"größe.1\"]\nvalues = [1, 2]\n\
                when = { \"net/\\\"depth\\\"\" = [1, 2, 3, 4, 5] }\n\
                [[stage]]\nname = \"only\"\ntrials = 4\nepochs = 1\n[widen]\nmax_rounds = 0\n";
    sandbox.write("odd.toml", text);
    let said = sandbox.run(&["run", "odd.toml", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        sandbox
            .read("results/odd/trials.csv")
            .contains("state,\"net/\"\"depth\"\"\",größe.1,")
    );
    let said = sandbox.run(&["status", "odd"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = sandbox.run(&["run", "odd.toml"]);
    assert!(
        said.code == 0 && said.err.contains("finished"),
        "{}",
        said.err
    );
}
