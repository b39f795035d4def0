//! One rung on its way through the cluster: found or submitted, followed, submitted again where it was lost.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::SlurmOptions;
use super::job::{JobDirectory, Result, Spec};
use super::queue::{Commands, HELD, QueueError, SCRIPT, Snapshot};
use crate::executor::Message;
use crate::objective::Task;
use crate::trial::{Ended, Outcome, Report};

/// How often a job's files are looked at, at first and later.
const LOOK_EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];
/// So many looks at the queue in a row must not find the job running before it counts as lost: its result may be on its way.
const ABSENT: u32 = 3;
/// Submissions of one rung that may get lost.
const MOST_LOST: u32 = 3;
/// Tries to submit a job.
const MOST_TRIES: u32 = 3;
/// How long a cancelled job may take to leave.
const LEAVES_WITHIN: Duration = Duration::from_secs(90);
/// States of jobs that are over.
pub(super) const OVER: [&str; 11] = [
    HELD,
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "TIMEOUT",
    "OUT_OF_MEMORY",
    "BOOT_FAIL",
    "DEADLINE",
    "NODE_FAIL",
    "PREEMPTED",
    "REVOKED",
];

/// Follows one rung.
pub(super) struct Follow {
    pub(super) options: Arc<SlurmOptions>,
    pub(super) commands: Commands,
    pub(super) sender: mpsc::UnboundedSender<Message>,
    pub(super) snapshots: watch::Receiver<Snapshot>,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) worker: usize,
}

/// What became of a submission.
enum Came {
    Result(Result),
    Lost,
    Stopped,
}

impl Follow {
    /// Follows `task` to its end.
    pub(super) async fn run(mut self, task: Task) {
        let mut told = Told {
            sender: self.sender.clone(),
            task: task.clone(),
            last: None,
        };
        let (ended, seconds) = self.see_through(&task, &mut told).await;
        let _ = self.sender.send(Message::Ended {
            trial: task.trial.id,
            attempt: task.attempt,
            worker: self.worker,
            ended,
            seconds,
        });
    }

    async fn see_through(&mut self, task: &Task, told: &mut Told) -> (Ended, f64) {
        let directory = JobDirectory::of(&self.options.directory, task);
        let mut job = left_behind(&directory, task);
        for n_lost in 0..=MOST_LOST {
            let name = match job.take() {
                Some(name) => name,
                None => match self.submit(&directory, task).await {
                    Ok(Some(name)) => name,
                    Ok(None) => return (told.interrupted(), 0.0),
                    Err(error) => {
                        tracing::warn!("trial {} could not be submitted: {error}", task.trial.id);
                        return (failed("submit: the job could not be submitted"), 0.0);
                    }
                },
            };
            match self.wait(&directory, &name, told).await {
                Came::Result(result) => {
                    result
                        .reports
                        .into_iter()
                        .for_each(|report| told.tell(report));
                    if !matches!(result.ended, Ended::Interrupted { .. }) || *self.stopping.borrow()
                    {
                        return (result.ended, result.seconds);
                    }
                }
                Came::Stopped => return (told.interrupted(), 0.0),
                Came::Lost => {
                    // It may only wait to be released; two must not run.
                    if let Err(error) = self.commands.cancel(&name).await {
                        tracing::warn!(
                            "{error}: job {name} may still run; its result would not count"
                        );
                    }
                }
            }
            if n_lost < MOST_LOST {
                tracing::warn!(
                    "the job of trial {} left no result and is submitted again",
                    task.trial.id
                );
            }
        }
        (failed("lost: its jobs ended without a result"), 0.0)
    }

    /// Submits the rung under a new name; `None` where everything is to stop.
    async fn submit(
        &mut self,
        directory: &JobDirectory,
        task: &Task,
    ) -> std::result::Result<Option<String>, SubmitError> {
        let name = unique_name(&self.options.name, task);
        directory.begin(&Spec {
            job: name.clone(),
            directory: self.options.directory.clone(),
            task: task.clone(),
        })?;
        let path = directory.path();
        fs::write(
            path.join("program"),
            self.options.program.as_encoded_bytes(),
        )?;
        fs::write(path.join("instruction-set"), &self.options.instruction_set)?;
        let shown = path.to_str().ok_or(SubmitError::Path)?;
        let mut last = None;
        for n_tries in 0..MOST_TRIES {
            if *self.stopping.borrow() {
                return Ok(None);
            }
            let seen = self.snapshots.borrow().number;
            match self
                .commands
                .submit(&self.options, &name, shown, SCRIPT)
                .await
            {
                Ok(()) => return Ok(Some(name)),
                Err(error) => last = Some(error),
            }
            // It may have been taken all the same.
            self.next_look(seen).await;
            if self.snapshots.borrow().jobs.contains_key(&name) {
                return Ok(Some(name));
            }
            sleep(Duration::from_secs(u64::from(n_tries))).await;
        }
        Err(SubmitError::Queue(last.expect("it was tried")))
    }

    /// Waits until the queue was looked at again, or for a while where it does not answer.
    async fn next_look(&mut self, seen: u64) {
        self.commands.look_soon();
        let newer = self
            .snapshots
            .wait_for(|snapshot| snapshot.number > seen + 1);
        let _ = timeout(Duration::from_secs(15), newer).await;
    }

    /// Waits for the job's result, telling its reports on the way.
    async fn wait(&mut self, directory: &JobDirectory, name: &str, told: &mut Told) -> Came {
        let [soon, late] = LOOK_EVERY;
        let mut pause = soon;
        let mut seen = self.snapshots.borrow().number + 1;
        let mut n_absent = 0;
        let mut cancelled: Option<Instant> = None;
        self.commands.look_soon();
        loop {
            // The result first: what is reported after it was read comes with the next look.
            let result = directory.result(name);
            let before = told.last;
            directory
                .reported()
                .into_iter()
                .for_each(|report| told.tell(report));
            if let Some(result) = result {
                return Came::Result(result);
            }
            let snapshot = self.snapshots.borrow().clone();
            if snapshot.number > seen {
                seen = snapshot.number;
                let is_there = snapshot
                    .jobs
                    .get(name)
                    .is_some_and(|state| !OVER.contains(&state.as_str()));
                n_absent = if is_there { 0 } else { n_absent + 1 };
                if n_absent > 0 {
                    self.commands.look_soon();
                }
            }
            match cancelled {
                Some(since) if n_absent > 1 || since.elapsed() > LEAVES_WITHIN => {
                    return Came::Stopped;
                }
                None if n_absent >= ABSENT => return Came::Lost,
                _ => {}
            }
            pause = if told.last == before {
                (pause * 5 / 4).min(late)
            } else {
                soon
            };
            if cancelled.is_none() {
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stopped(&mut self.stopping) => {
                        if let Err(error) = self.commands.cancel(name).await {
                            tracing::warn!("{error}: a job goes on, and is found again when the sweep is gone on with");
                            return Came::Stopped;
                        }
                        cancelled = Some(Instant::now());
                        pause = soon;
                        self.commands.look_soon();
                    }
                }
            } else {
                sleep(soon).await;
            }
        }
    }
}

/// Resolves when everything is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        // Nobody can ask for it any more.
        std::future::pending::<()>().await;
    }
}

/// The job that was asked the same before, unless it was interrupted or failed: that is tried again.
fn left_behind(directory: &JobDirectory, task: &Task) -> Option<String> {
    let spec = directory.spec()?;
    let asked = Task {
        attempt: task.attempt,
        ..spec.task
    };
    let is_void = directory.result(&spec.job).is_some_and(|result| {
        matches!(
            result.ended,
            Ended::Interrupted { .. } | Ended::Outcome(Outcome::Failed { .. })
        )
    });
    (asked == *task && !is_void).then_some(spec.job)
}

fn failed(reason: &str) -> Ended {
    Ended::Outcome(Outcome::Failed {
        reason: reason.to_owned(),
    })
}

/// A name that no other job has.
fn unique_name(sweep: &str, task: &Task) -> String {
    unique(&format!("{sweep}-{}-{}", task.trial.id, task.trial.epochs))
}

/// `name`, and something that no other name ends with.
pub(super) fn unique(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "only to be another name each time"
    )]
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("{name}-{:x}-{:x}", since.as_nanos(), std::process::id())
}

/// Why a job could not be submitted.
#[derive(Debug, thiserror::Error)]
enum SubmitError {
    #[error("its directory could not be written: {0}")]
    Directory(#[from] io::Error),
    #[error("the path of the run's directory is not UTF-8")]
    Path,
    #[error(transparent)]
    Queue(QueueError),
}

/// Passes each epoch's report on once.
struct Told {
    sender: mpsc::UnboundedSender<Message>,
    task: Task,
    last: Option<u32>,
}

impl Told {
    fn tell(&mut self, report: Report) {
        let is_old = self.task.from > 0 && report.epoch <= self.task.from;
        if is_old || self.last.is_some_and(|last| report.epoch <= last) {
            return;
        }
        self.last = Some(report.epoch);
        let _ = self.sender.send(Message::Reported {
            trial: self.task.trial.id,
            attempt: self.task.attempt,
            report,
        });
    }

    fn interrupted(&self) -> Ended {
        Ended::Interrupted {
            epoch: self.last.unwrap_or(self.task.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Params;
    use crate::stop::Watch;
    use crate::trial::{Trial, TrialId};

    fn task(attempt: u32) -> Task {
        Task {
            trial: Trial {
                id: TrialId::from_index(0),
                stage: 0,
                round: 0,
                seed: 1,
                epochs: 3,
                params: Params::default(),
                parent: None,
            },
            attempt,
            from: 1,
            keep: true,
            watch: Watch::default(),
        }
    }

    #[track_caller]
    fn check(ended: Option<Ended>, asked: &Task, expected: Option<&str>) {
        let run = tempfile::tempdir().expect("a directory");
        let directory = JobDirectory::of(run.path(), &task(1));
        let spec = Spec {
            job: "a-job".to_owned(),
            directory: run.path().to_owned(),
            task: task(1),
        };
        directory.begin(&spec).expect("it can be written");
        if let Some(ended) = ended {
            let result = Result {
                job: spec.job,
                reports: Vec::new(),
                ended,
                seconds: 1.0,
            };
            directory.finish(&result, 0).expect("it can be written");
        }
        assert_eq!(left_behind(&directory, asked).as_deref(), expected);
    }

    #[test]
    fn a_job_is_taken_up_unless_it_was_interrupted_or_failed() {
        let again = task(2);
        check(None, &again, Some("a-job"));
        check(
            Some(Ended::Outcome(Outcome::Completed)),
            &again,
            Some("a-job"),
        );
        check(Some(Ended::Interrupted { epoch: 2 }), &again, None);
        check(Some(failed("exit: 3")), &again, None);
        let other = Task { from: 0, ..task(2) };
        check(None, &other, None);
    }
}
