//! Trials as jobs of a cluster: a real Slurm where FINETOOTH_SLURM is set, and false commands for what it cannot be made to do.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs::{VALLEY, VALLEY_SWEEP, results};
use crate::sandbox::{Said, Sandbox};

/// A private cluster, for as long as the tests run.
struct Cluster(TempDir);

impl Cluster {
    /// The one of this run; `None` where FINETOOTH_SLURM is not set.
    fn get() -> Option<&'static Self> {
        static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(|| {
            env::var_os("FINETOOTH_SLURM").filter(|value| !value.is_empty())?;
            let directory = tempfile::tempdir().unwrap();
            let port = 17000 + std::process::id() % 20000;
            let up = script("up")
                .arg(directory.path())
                .arg(port.to_string())
                .output()
                .unwrap();
            assert!(
                up.status.success(),
                "{}",
                String::from_utf8_lossy(&up.stderr)
            );
            // Statics are not dropped: this stops it when the tests are over.
            let stops = format!(
                "while kill -0 {} 2>/dev/null; do sleep 1; done; exec \"$0\" \"$1\"",
                std::process::id()
            );
            Command::new("setsid")
                .args(["sh", "-c", &stops])
                .arg(script_path("down"))
                .arg(directory.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map(drop)
                .unwrap();
            Some(Self(directory))
        });
        cluster.as_ref()
    }

    fn configuration(&self) -> String {
        self.0
            .path()
            .join("slurm.conf")
            .to_str()
            .unwrap()
            .to_owned()
    }

    fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Said {
        let mut program = sandbox.program(arguments);
        program.env("SLURM_CONF", self.configuration());
        sandbox.said(&program.output().unwrap())
    }

    fn queue(&self) -> String {
        let output = Command::new("squeue")
            .args(["-h", "-o", "%j %T"])
            .env("SLURM_CONF", self.configuration())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn script_path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/slurm")
        .join(name)
}

fn script(name: &str) -> Command {
    Command::new(script_path(name))
}

/// The search over a program, small enough for a queue.
fn valley() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program.sh", VALLEY);
    let sweep = VALLEY_SWEEP.replace("budget = 7", "budget = 6\nn0 = 8");
    sandbox.write(
        "valley.toml",
        &format!("{sweep}[executor]\nkind = \"slurm\"\n"),
    );
    sandbox
}

/// Two trials of `script`.
fn two(name: &str, script: &str, executor: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("program.sh", script);
    sandbox.write(
        "two.toml",
        &format!(
            "name = \"{name}\"\n[widen]\nmax_rounds = 0\n[command]\nargv = [\"sh\", \"program.sh\"]\ngrace_seconds = 2\n\
             [space]\nrate = {{ low = 1.0, high = 2.0 }}\n[[stage]]\nname = \"only\"\ntrials = 2\nepochs = 3\n\
             [executor]\nkind = \"slurm\"\n{executor}\n"
        ),
    );
    sandbox
}

#[test]
fn jobs_leave_the_bytes_that_this_machine_leaves_also_after_a_kill() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let sandbox = valley();
    let said = sandbox.run(&[
        "run",
        "valley.toml",
        "--executor",
        "local",
        "--out",
        "local",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let expected = results(&sandbox, "local");
    for workers in ["1", "8"] {
        let said = cluster.run(
            &sandbox,
            &["run", "valley.toml", "--workers", workers, "--out", workers],
        );
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(
            results(&sandbox, workers) == expected,
            "{workers} jobs at once differ"
        );
    }
    for wait in [1500, 2500] {
        let mut running = sandbox
            .program(&["run", "valley.toml", "--out", "killed", "--quiet"])
            .env("SLURM_CONF", cluster.configuration())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(wait));
        assert!(
            running.try_wait().unwrap().is_none(),
            "it was over before it could be killed"
        );
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let said = cluster.run(&sandbox, &["run", "valley.toml", "--out", "killed"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        results(&sandbox, "killed") == expected,
        "killed and gone on with, it differs"
    );
}

#[test]
fn built_in_training_runs_as_jobs_too() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("small.toml", crate::sandbox::SMALL);
    let said = sandbox.run(&["run", "small.toml", "--out", "local"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = cluster.run(
        &sandbox,
        &["run", "small.toml", "--executor", "slurm", "--out", "jobs"],
    );
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(results(&sandbox, "jobs") == results(&sandbox, "local"));
}

#[test]
fn jobs_have_gpus_fail_as_programs_do_and_are_submitted_again_when_cancelled() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let script = "echo $CUDA_VISIBLE_DEVICES >> gpus\n[ -e once ] || { touch once; sleep 60; }\n\
                  [ $FINETOOTH_TRIAL = 2 ] && exit 3\necho val_accuracy=0.5";
    let sandbox = two("gpus", script, "gpus = 1\nmax_pending = 1");
    let running = sandbox
        .program(&["run", "two.toml"])
        .env("SLURM_CONF", cluster.configuration())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&sandbox, "once");
    // Somebody else cancels it.
    let name = cluster
        .queue()
        .lines()
        .find(|line| line.starts_with("gpus-"))
        .unwrap()
        .to_owned();
    let name = name.split(' ').next().unwrap().to_owned();
    let cancelled = Command::new("scancel")
        .args(["--name", &name])
        .env("SLURM_CONF", cluster.configuration())
        .status()
        .unwrap();
    assert!(cancelled.success());
    let said = sandbox.said(&running.wait_with_output().unwrap());
    let trials = sandbox.read("results/gpus/trials.csv");
    assert!(
        trials.contains("1,only,0,completed,"),
        "{trials}{}",
        said.err
    );
    assert!(
        trials.contains("exit: the program ended with exit code 3"),
        "{trials}"
    );
    let gpus = sandbox.read("gpus");
    let is_one = |line: &str| line == "0" || line == "1";
    assert!(gpus.lines().all(is_one), "{gpus}");
}

#[test]
fn a_trial_that_is_stopped_early_ends_its_job() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let sandbox = two(
        "stopped",
        "echo epoch=1 train_loss=nan val_accuracy=0.1\nsleep 100",
        "",
    );
    let began = Instant::now();
    let said = cluster.run(&sandbox, &["run", "two.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(began.elapsed() < Duration::from_mins(1));
    let trials = sandbox.read("results/stopped/trials.csv");
    assert_eq!(trials.matches(",diverged,").count(), 2, "{trials}");
    assert!(!cluster.queue().contains("stopped-"), "{}", cluster.queue());
}

#[track_caller]
fn wait_for(sandbox: &Sandbox, file: &str) {
    let last = Instant::now() + Duration::from_secs(30);
    while !sandbox.path().join(file).exists() {
        assert!(Instant::now() < last, "{file} did not come");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn ctrl_c_cancels_the_jobs_and_they_are_begun_again() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let script = "trap 'touch asked' TERM\ntouch running\necho val_accuracy=0.5\n[ -e go ] || { sleep 60 & wait; }";
    let sandbox = two("ctrl-c", script, "");
    let running = sandbox
        .program(&["run", "two.toml"])
        .env("SLURM_CONF", cluster.configuration())
        .spawn()
        .unwrap();
    wait_for(&sandbox, "running");
    let done = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
    let said = sandbox.said(&running.wait_with_output().unwrap());
    assert_eq!(said.code, 130);
    assert!(sandbox.path().join("asked").exists());
    assert!(!cluster.queue().contains("ctrl-c-"), "{}", cluster.queue());
    sandbox.write("go", "");
    let said = cluster.run(&sandbox, &["run", "two.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

/// A cluster of false commands, which runs jobs at once, each in the background.
struct False(Sandbox);

const SBATCH: &str = r#"#!/bin/sh
echo x >> "$FALSE/submitted"
n=$(wc -l < "$FALSE/submitted")
for word in "$@"; do
  case $word in
    --chdir=*) directory=${word#*=} ;;
    --job-name=*) name=${word#*=} ;;
  esac
done
cat > "$directory/script"
BEHAVIOUR
echo "$name|RUNNING|None" >> "$FALSE/queue"
(cd "$directory" && setsid sh ./script > stdout 2> stderr < /dev/null; sed -i "s/^$name|RUNNING|None/$name|COMPLETED|None/" "$FALSE/queue") > /dev/null 2>&1 &
echo 1
"#;

impl False {
    fn new(sbatch: &str, squeue: &str) -> Self {
        let sandbox = two("false", "echo val_accuracy=0.5", "max_pending = 1");
        fs::create_dir(sandbox.path().join("bin")).unwrap();
        sandbox.write("queue", "");
        for (name, text) in [
            ("sbatch", SBATCH.replace("BEHAVIOUR", sbatch)),
            (
                "squeue",
                format!("#!/bin/sh\n{squeue}\ncat \"$FALSE/queue\"\n"),
            ),
            ("scancel", "#!/bin/sh\n".to_owned()),
        ] {
            let path = sandbox.path().join("bin").join(name);
            fs::write(&path, text).unwrap();
            let mut permissions = fs::metadata(&path).unwrap().permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
            fs::set_permissions(&path, permissions).unwrap();
        }
        Self(sandbox)
    }

    fn run(&self) -> Said {
        self.program(&["run", "two.toml", "--quiet"])
    }

    fn program(&self, arguments: &[&str]) -> Said {
        let bin = self.0.path().join("bin");
        let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
        let mut program = self.0.program(arguments);
        program.env("PATH", path).env("FALSE", self.0.path());
        self.0.said(&program.output().unwrap())
    }

    fn n_submitted(&self) -> usize {
        self.0.read("submitted").lines().count()
    }
}

#[track_caller]
fn check_false(sbatch: &str, squeue: &str, n_submitted: usize) -> Said {
    let cluster = False::new(sbatch, squeue);
    let said = cluster.run();
    assert_eq!(said.code, 0, "{}", said.err);
    let trials = cluster.0.read("results/false/trials.csv");
    assert_eq!(
        trials.matches(",completed,").count(),
        2,
        "{trials}{}",
        said.err
    );
    assert_eq!(cluster.n_submitted(), n_submitted, "{}", said.err);
    said
}

#[test]
fn a_job_that_vanishes_is_submitted_again() {
    let said = check_false("[ $n = 1 ] && { echo 7; exit 0; }", "", 3);
    let held = "[ $n = 1 ] && { echo \"$name|PENDING|launch failed requeued held\" >> \"$FALSE/queue\"; exit 0; }";
    check_false(held, "", 3);
    assert!(
        said.err.contains("left no result and is submitted again"),
        "{}",
        said.err
    );
}

#[test]
fn a_submission_that_fails_is_tried_again_and_one_that_was_taken_is_not() {
    check_false(
        "[ $n = 1 ] && { echo 'sbatch: error: Socket timed out' >&2; exit 1; }",
        "",
        3,
    );
    // It says that it failed, and runs the job.
    let taken = "[ $n = 1 ] && { echo \"$name|RUNNING|None\" >> \"$FALSE/queue\"; (cd \"$directory\" && setsid sh ./script > stdout 2> stderr < /dev/null) > /dev/null 2>&1 & exit 1; }";
    check_false(taken, "", 2);
}

#[test]
fn a_queue_that_does_not_answer_or_not_sensibly_is_unknown_and_results_count() {
    let said = check_false(
        "",
        "[ -e \"$FALSE/asked\" ] && { echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1; }\n\
         touch \"$FALSE/asked\"",
        2,
    );
    assert!(said.err.contains("squeue"), "{}", said.err);
    check_false("", "echo '%%% no | such ||| line'; echo '|'", 2);
}

#[test]
fn a_cluster_that_is_not_there_is_told() {
    let cluster = False::new("echo 'sbatch: error: invalid partition' >&2; exit 1", "");
    let said = cluster.run();
    assert!(said.err.contains("invalid partition"), "{}", said.err);
    let trials = cluster.0.read("results/false/trials.csv");
    assert!(
        trials.contains("submit: the job could not be submitted"),
        "{trials}"
    );
}

#[test]
fn check_asks_the_cluster() {
    let cluster = False::new(
        "",
        "echo 'slurm_load_jobs error: Unable to contact' >&2; exit 1",
    );
    let said = cluster.program(&["check", "two.toml"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(
        said.err
            .contains("does not answer: `squeue` failed: slurm_load_jobs error"),
        "{}",
        said.err
    );
    let cluster = False::new("", "");
    let said = cluster.program(&["check", "two.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out
            .contains("answers, and its nodes see [dir]/results"),
        "{}",
        said.out
    );
    assert!(
        !cluster.0.path().join("results").exists(),
        "nothing is left"
    );
    // Jobs that run where that directory is another one.
    let cluster = False::new(
        "mkdir -p \"$FALSE/node\"; cp \"$directory/script\" \"$FALSE/node\"; directory=\"$FALSE/node\"",
        "",
    );
    let said = cluster.program(&["check", "two.toml"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(
        said.err.contains("its nodes must share that directory"),
        "{}",
        said.err
    );
}

/// Half a minute of jobs, in a private cluster that may be damaged.
const SLOW: &str = r#"
epoch=0
[ -n "$FINETOOTH_RESUME" ] && epoch=$(cat "$FINETOOTH_CHECKPOINT_DIR/epoch")
while [ $epoch -lt $FINETOOTH_EPOCHS ]; do
  epoch=$((epoch + 1))
  sleep 1
  echo epoch=$epoch val_accuracy=0.$FINETOOTH_SEED
done
echo $epoch > "$FINETOOTH_CHECKPOINT_DIR/epoch"
"#;

/// Runs slow jobs here and on the cluster, to which `damage` happens meanwhile, and compares.
#[track_caller]
fn check_damaged(cluster: &Cluster, name: &str, damage: &str) {
    let sandbox = two(name, SLOW, "max_pending = 8");
    let text = sandbox
        .read("two.toml")
        .replace("trials = 2", "trials = 12");
    sandbox.write("two.toml", &text);
    let local = [
        "run",
        "two.toml",
        "--executor",
        "local",
        "--workers",
        "12",
        "--out",
        "local",
    ];
    let said = sandbox.run(&local);
    assert_eq!(said.code, 0, "{}", said.err);
    let running = sandbox
        .program(&["run", "two.toml", "--out", "jobs", "--quiet"])
        .env("SLURM_CONF", cluster.configuration())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let damaged = Command::new("bash")
        .args(["-c", damage])
        .env("SLURM_CONF", cluster.configuration())
        .env("DIR", cluster.0.path())
        .status()
        .unwrap();
    assert!(damaged.success());
    let said = sandbox.said(&running.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        results(&sandbox, "jobs") == results(&sandbox, "local"),
        "{}",
        said.err
    );
}

#[test]
#[ignore = "takes minutes: FINETOOTH_SLURM=1 cargo test --test workspace -- --ignored --test-threads 1"]
fn a_controller_that_is_killed_changes_nothing() {
    let cluster = Cluster::get().expect("FINETOOTH_SLURM is set");
    for seconds in [1, 3, 6] {
        let damage = format!(
            "sleep {seconds}; kill -9 $(cat \"$DIR/run/slurmctld.pid\"); sleep 6; slurmctld\n\
             for _ in 1 2 3 4 5; do sleep 5; for n in n1 n2; do scontrol update nodename=$n state=resume; done; done 2> /dev/null\n\
             true"
        );
        check_damaged(cluster, &format!("controller-{seconds}"), &damage);
    }
}

#[test]
#[ignore = "takes minutes: FINETOOTH_SLURM=1 cargo test --test workspace -- --ignored --test-threads 1"]
fn a_node_that_is_killed_changes_nothing() {
    let cluster = Cluster::get().expect("FINETOOTH_SLURM is set");
    let damage = "sleep 3; kill -9 $(cat \"$DIR/run/slurmd-n1.pid\")\n\
                  for process in $(pgrep -f 'slurmstepd|worker'); do\n\
                    tr '\\0' '\\n' < /proc/$process/environ 2> /dev/null | grep -q SLURMD_NODENAME=n1 && kill -9 $process\n\
                  done\nsleep 40; slurmd -N n1";
    check_damaged(cluster, "node", damage);
}
