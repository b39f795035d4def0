//! Programs that fail, hang, flood, or leave processes behind.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::{check_end, end_of, survivors, trial_of, wait_for, wait_for_none};

#[test]
fn each_way_to_fail_is_told_apart() {
    let said = check_end(
        "echo val_accuracy=0.5\necho some last words >&2\nexit 3",
        "",
        "",
        "failed: exit: the program ended with exit code 3",
    );
    assert!(said.err.contains("some last words"), "{}", said.err);
    check_end(
        "echo accuracy=0.5",
        "",
        "",
        "failed: no metric: the program ended well and gave no val_accuracy",
    );
    check_end(
        "",
        "",
        "",
        "failed: no metric: the program ended well and gave no val_accuracy",
    );
    check_end(
        "sleep 60",
        "",
        "trial_seconds = 1",
        "failed: time: the program ran longer than trial_seconds = 1",
    );
    check_end(
        "echo val_accuracy=0.5\nhead -c 400000000 /dev/zero | tail > /dev/null",
        "retries = 0",
        "memory_mb = 100",
        "failed: memory: the program used more than memory_mb = 100",
    );
    let sandbox = trial_of("", "directory = \"nowhere\"", "");
    assert_eq!(
        end_of(&sandbox).0,
        "failed: start: its working directory is not there"
    );
    for (program, expected) in [
        (
            "./no-such-program",
            "failed: start: there is no such program",
        ),
        (
            "./program.sh",
            "failed: start: the program may not be executed",
        ),
    ] {
        let sandbox = trial_of("", "", "");
        let text = sandbox
            .read("one.toml")
            .replace("[\"sh\", \"program.sh\"", &format!("[\"{program}\""));
        sandbox.write("one.toml", &text);
        assert_eq!(end_of(&sandbox).0, expected);
    }
}

#[test]
fn ends_that_say_nothing_of_the_program_are_tried_again() {
    let script =
        "echo x >> tries\necho val_accuracy=0.5\n[ $(wc -l < tries) -lt 3 ] && kill -9 $$\nexit 0";
    let sandbox = trial_of(script, "retries = 2", "");
    let (end, said) = end_of(&sandbox);
    assert_eq!(end, "completed: ", "{}", said.err);
    assert_eq!(sandbox.read("tries").lines().count(), 3);
    let sandbox = trial_of(script, "retries = 1", "");
    assert_eq!(
        end_of(&sandbox).0,
        "failed: signal: the program was ended by SIGKILL"
    );
    let sandbox = trial_of("echo x >> tries\nexit 1", "retries = 5", "");
    assert_eq!(
        end_of(&sandbox).0,
        "failed: exit: the program ended with exit code 1"
    );
    assert_eq!(
        sandbox.read("tries").lines().count(),
        1,
        "its own verdict stands"
    );
}

#[test]
fn nothing_that_a_program_leaves_behind_lives_on() {
    // Beside the test's own look at what is left: a child in the background, one in a session of its own that holds the
    // output open, one that does not mind SIGTERM, one that stops itself, its own process group killed, output closed.
    let well = "completed: ";
    check_end("sleep 100 &\necho val_accuracy=0.5", "", "", well);
    check_end(
        "setsid sh -c 'sleep 100 & sleep 100' &\necho val_accuracy=0.5",
        "",
        "",
        well,
    );
    check_end(
        "(setsid sh -c 'trap \"\" TERM; sleep 100; sleep 100' &) &\necho val_accuracy=0.5",
        "",
        "",
        well,
    );
    check_end(
        "exec >&- 2>&-\nsleep 0.2",
        "",
        "",
        "failed: no metric: the program ended well and gave no val_accuracy",
    );
    let late = "failed: time: the program ran longer than trial_seconds = 1";
    check_end(
        "trap '' TERM\nwhile :; do sleep 0.1; done",
        "",
        "trial_seconds = 1",
        late,
    );
    check_end("kill -STOP $$", "", "trial_seconds = 1", late);
    check_end(
        "for i in 1 2 3 4 5 6 7 8 9; do (setsid sh -c 'while :; do sleep 0.01; done' &) ; done\nsleep 60",
        "",
        "trial_seconds = 1",
        late,
    );
    check_end(
        "echo val_accuracy=0.5\nkill -9 0",
        "retries = 0",
        "",
        "failed: signal: the program was ended by SIGKILL",
    );
}

#[test]
fn nothing_lives_on_when_finetooth_is_killed() {
    let script = "echo epoch=1 val_accuracy=0.5\nsetsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' &\n\
                  touch running\ntrap '' TERM\nwhile :; do sleep 0.1; done";
    let sandbox = trial_of(script, "", "");
    let mut running = sandbox
        .program(&["run", "one.toml", "--quiet"])
        .spawn()
        .unwrap();
    wait_for(&sandbox, "running");
    assert!(survivors(&sandbox).len() >= 2);
    running.kill().unwrap();
    running.wait().unwrap();
    wait_for_none(&sandbox, Duration::from_secs(2));
}

#[test]
fn endless_output_takes_no_memory_and_little_of_the_disk() {
    for script in [
        "yes 'loss=1 and so on' | head -c 200000000",
        "head -c 200000000 /dev/zero",
    ] {
        let sandbox = trial_of(&format!("{script}\necho\necho val_accuracy=0.5"), "", "");
        let mut running = sandbox
            .program(&["run", "one.toml", "--quiet"])
            .spawn()
            .unwrap();
        let mut peak = 0;
        let status = loop {
            let status =
                fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
            if let Some(status) = running.try_wait().unwrap() {
                break status;
            }
            sleep(Duration::from_millis(5));
        };
        assert!(status.success());
        assert!((1_000..100_000).contains(&peak), "{peak} KiB");
        let kept = fs::metadata(sandbox.path().join("results/one/trials/1/stdout"))
            .unwrap()
            .len();
        assert!(kept < 3 << 20, "{kept} bytes kept");
        let trials = sandbox.read("results/one/trials.csv");
        assert!(trials.contains(",completed,"), "{trials}");
    }
}

#[test]
fn a_program_whose_loss_is_lost_is_ended_and_none_that_only_repeats_itself() {
    check_end(
        "echo epoch=1 train_loss=nan val_accuracy=0.1\nsleep 100",
        "",
        "",
        "diverged: diverged: the loss was no finite number in epoch 1",
    );
    let sandbox = trial_of(
        "for e in 1 1 3 2 9; do echo epoch=$e val_accuracy=0.$e; done",
        "",
        "",
    );
    let (end, said) = end_of(&sandbox);
    assert_eq!(end, "completed: ", "{}", said.err);
    let epochs = sandbox.read("results/one/epochs.csv");
    let rows: Vec<&str> = epochs.lines().skip(1).collect();
    assert_eq!(
        rows,
        ["1,only,1,,,,0.1", "1,only,3,,,,0.3"],
        "each epoch once, none beyond the last"
    );
}
