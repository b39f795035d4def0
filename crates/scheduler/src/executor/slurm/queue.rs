//! Slurm's commands: submit, look, cancel. Their delimited text is read, as their JSON leaves things out.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::SlurmOptions;
use crate::sweep::SlurmSettings;

/// A command that has not answered by then is taken to hang, as `squeue` does while the controller starts.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How often the queue is looked at, where something changed and where nothing did.
const LOOK_EVERY: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];

/// The script of every job: what differs stands in files beside it.
pub(super) const SCRIPT: &str = "#!/bin/sh\nFINETOOTH_SIMD=$(cat ./instruction-set)\nexport FINETOOTH_SIMD\nexec \"$(cat ./program)\" worker .\n";

/// What the queue held when it was last looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    /// How often it was looked at.
    pub(super) number: u64,
    /// The state of each job, by its name.
    pub(super) jobs: Arc<HashMap<String, String>>,
}

/// The cluster does not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is no such command.
    #[error("`{command}` could not be started: {source}; is this a machine that can submit jobs?")]
    NoCommand {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It takes too long.
    #[error("`{command}` did not answer within 10 seconds")]
    Hangs {
        /// The command.
        command: String,
    },
    /// It says no.
    #[error("`{command}` failed: {said}")]
    Refused {
        /// The command.
        command: String,
        /// Its first line on standard error.
        said: String,
    },
}

/// Slurm's commands, behind their prefix.
#[derive(Debug, Clone)]
pub(super) struct Commands {
    prefix: Arc<Vec<String>>,
    nudge: Arc<Notify>,
}

impl Commands {
    pub(super) fn new(settings: &SlurmSettings) -> Self {
        Self {
            prefix: Arc::new(settings.prefix.clone()),
            nudge: Arc::default(),
        }
    }

    /// Has the queue looked at soon, as something may have changed.
    pub(super) fn look_soon(&self) {
        self.nudge.notify_one();
    }

    /// The state of each of the user's jobs that the queue still knows, by name.
    pub(super) async fn jobs(&self) -> Result<HashMap<String, String>, QueueError> {
        let arguments = ["-h", "-t", "all", "--me", "-o", "%j|%T|%r"].map(str::to_owned);
        let said = self.run("squeue", &arguments, "").await?;
        Ok(parse(&said))
    }

    /// Submits the job `name`, which runs `script` in `directory`.
    pub(super) async fn submit(
        &self,
        options: &SlurmOptions,
        name: &str,
        directory: &str,
        script: &str,
    ) -> Result<(), QueueError> {
        let arguments = submission(options, name, directory);
        self.run("sbatch", &arguments, script).await.map(drop)
    }

    /// Ends the job `name`: SIGTERM first.
    pub(super) async fn cancel(&self, name: &str) -> Result<(), QueueError> {
        let arguments = [format!("--name={name}")];
        self.run("scancel", &arguments, "").await.map(drop)
    }

    async fn run(
        &self,
        command: &str,
        arguments: &[String],
        input: &str,
    ) -> Result<String, QueueError> {
        let named = || command.to_owned();
        let mut words: Vec<String> = self.prefix.to_vec();
        words.push(named());
        // What stands behind a prefix is taken apart by a shell on the other side.
        let is_local = self.prefix.is_empty();
        let quote = |word: &String| if is_local { word.clone() } else { quoted(word) };
        words.extend(arguments.iter().map(quote));
        let mut started = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal of the terminal is not for it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| QueueError::NoCommand {
                command: words[0].clone(),
                source,
            })?;
        if let Some(mut pipe) = started.stdin.take() {
            // One that does not read it says why.
            let _ = pipe.write_all(input.as_bytes()).await;
        }
        let output = match timeout(ANSWERS_WITHIN, started.wait_with_output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(source)) => {
                return Err(QueueError::NoCommand {
                    command: named(),
                    source,
                });
            }
            Err(_) => return Err(QueueError::Hangs { command: named() }),
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(QueueError::Refused {
            command: named(),
            said: said.lines().next().unwrap_or("it says nothing").to_owned(),
        })
    }
}

/// The state of a job whose launch failed, as when the controller has lost track of a node: it waits until somebody
/// releases it by hand.
pub(super) const HELD: &str = "HELD";

/// Lines `name|state|reason`; what is no such line is left out.
fn parse(text: &str) -> HashMap<String, String> {
    let pair = |line: &str| {
        let (line, reason) = line.rsplit_once('|')?;
        let (name, state) = line.rsplit_once('|')?;
        if state == "PENDING" && reason.contains("requeued held") {
            return Some((name.trim().to_owned(), HELD.to_owned()));
        }
        let is_state = !state.is_empty()
            && state
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_state.then(|| (name.trim().to_owned(), state.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

fn submission(options: &SlurmOptions, name: &str, directory: &str) -> Vec<String> {
    let settings = &options.settings;
    let mut arguments: Vec<String> = vec![
        "--parsable".to_owned(),
        format!("--job-name={name}"),
        format!("--chdir={directory}"),
        format!("--output={directory}/stdout"),
        format!("--error={directory}/stderr"),
        "--open-mode=append".to_owned(),
        "--requeue".to_owned(),
        "--signal=B:USR1@60".to_owned(),
        format!("--cpus-per-task={}", options.cores),
    ];
    for (option, value) in [
        ("partition", &settings.partition),
        ("time", &settings.time),
        ("mem", &settings.memory),
        ("gpus", &settings.gpus),
        ("qos", &settings.qos),
        ("account", &settings.account),
    ] {
        arguments.extend(value.as_ref().map(|value| format!("--{option}={value}")));
    }
    arguments.extend(settings.extra.iter().cloned());
    arguments
}

/// `word` as a shell takes it for one.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Looks at the queue for as long as somebody wants to know, and tells what it holds. A queue that does not answer is unknown:
/// nothing is told then.
pub(super) async fn watch_queue(commands: Commands, watcher: watch::Sender<Snapshot>) {
    let [soon, late] = LOOK_EVERY;
    let mut pause = soon;
    let mut was_told = false;
    while !watcher.is_closed() {
        match commands.jobs().await {
            Ok(jobs) => {
                was_told = false;
                let before = watcher.borrow().clone();
                let changed = *before.jobs != jobs;
                pause = if changed {
                    soon
                } else {
                    (pause * 3 / 2).min(late)
                };
                watcher.send_replace(Snapshot {
                    number: before.number + 1,
                    jobs: Arc::new(jobs),
                });
            }
            Err(error) => {
                if !was_told {
                    tracing::warn!("{error}; jobs go on, and are looked for again");
                    was_told = true;
                }
                pause = (pause * 3 / 2).min(late);
            }
        }
        // At most so often, whoever asks.
        sleep(soon).await;
        tokio::select! {
            () = sleep(pause.saturating_sub(soon)) => {}
            () = commands.nudge.notified() => pause = soon,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_garbled_line_of_the_queue_is_left_out() {
        let jobs = parse(
            "a-1|RUNNING|None\nx|y|PENDING|(Priority)\n???\n|\nb|slurm_load_jobs error|\nc|COMPLETED|\nd|PENDING|launch failed requeued held\n",
        );
        let mut names: Vec<_> = jobs
            .iter()
            .map(|(name, state)| format!("{name} {state}"))
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["a-1 RUNNING", "c COMPLETED", "d HELD", "x|y PENDING"]
        );
    }

    #[test]
    fn words_for_another_shell_stay_words() {
        assert_eq!(quoted("a b'c"), "'a b'\\''c'");
    }
}
