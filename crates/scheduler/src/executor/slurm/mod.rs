//! Trials as jobs of a Slurm cluster: one job a rung, in a directory that the cluster shares.
//!
//! The job runs `finetooth worker`, which leaves its reports and, once, its result in the job's directory. Results decide; the
//! queue only explains their absence. Jobs are known by unique names, as their numbers are given out twice after a crash
//! of the controller. A job's directory belongs to the rung, not to the invocation that submitted it: whoever goes on with the
//! sweep finds the job running, or its result, and submits nothing.

mod follow;
pub mod job;
mod queue;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use self::follow::Follow;
use self::queue::{Commands, Snapshot};
use super::{Executor, Message};
use crate::objective::{Objective, Task};
use crate::sweep::SlurmSettings;
use crate::trial::TrialId;

pub use queue::QueueError;

/// What jobs are submitted with.
#[derive(Debug, Clone)]
pub struct SlurmOptions {
    /// `[executor]`.
    pub settings: SlurmSettings,
    /// Cores of a job.
    pub cores: u32,
    /// The run's directory, from the root; shared by the cluster.
    pub directory: PathBuf,
    /// The sweep's name, a part of jobs' names.
    pub name: String,
    /// The program that the nodes run as `PROGRAM worker DIR`.
    pub program: OsString,
    /// Instruction set that the nodes are to use, where that matters.
    pub instruction_set: String,
}

/// Trials as jobs of a cluster.
pub struct Slurm<O> {
    objective: Arc<O>,
    options: Arc<SlurmOptions>,
    commands: Commands,
    sender: mpsc::UnboundedSender<Message>,
    receiver: mpsc::UnboundedReceiver<Message>,
    snapshots: watch::Receiver<Snapshot>,
    stopping: watch::Sender<bool>,
}

impl<O: Objective + 'static> Slurm<O> {
    /// Jobs by `options`; must be made within a runtime, in which it looks at the queue from time to time.
    pub fn new(objective: Arc<O>, options: SlurmOptions) -> Self {
        let commands = Commands::new(&options.settings);
        let (sender, receiver) = mpsc::unbounded_channel();
        let (watcher, snapshots) = watch::channel(Snapshot::default());
        tokio::spawn(queue::watch_queue(commands.clone(), watcher));
        let (stopping, _) = watch::channel(false);
        Self {
            objective,
            options: Arc::new(options),
            commands,
            sender,
            receiver,
            snapshots,
            stopping,
        }
    }
}

/// Whether the cluster answers, asked once.
///
/// # Errors
/// [`QueueError`] where it does not.
pub async fn answers(settings: &SlurmSettings) -> Result<(), QueueError> {
    Commands::new(settings).jobs().await.map(drop)
}

/// Whether a job of the cluster sees the directory of `options`, which must be there, by a job that leaves a file in it; `None`
/// where the job does not start within `patience`.
///
/// # Errors
/// [`QueueError`] where it cannot be submitted.
pub async fn shares(
    options: &SlurmOptions,
    patience: Duration,
) -> Result<Option<bool>, QueueError> {
    let commands = Commands::new(&options.settings);
    let name = follow::unique(&format!("{}-check", options.name));
    let directory = options.directory.to_string_lossy();
    let script = "#!/bin/sh\n: > ./seen\n";
    commands.submit(options, &name, &directory, script).await?;
    let last = Instant::now() + patience;
    let mut n_over = 0;
    while Instant::now() < last {
        if options.directory.join("seen").exists() {
            return Ok(Some(true));
        }
        let jobs = commands.jobs().await.unwrap_or_default();
        let is_over = |state: &String| follow::OVER.contains(&state.as_str());
        n_over += u32::from(jobs.get(&name).is_none_or(is_over));
        // Its file may be on its way.
        if n_over > 5 {
            return Ok(Some(false));
        }
        sleep(Duration::from_secs(1)).await;
    }
    commands.cancel(&name).await?;
    Ok(None)
}

impl<O: Objective + 'static> Executor for Slurm<O> {
    fn workers(&self) -> usize {
        self.options.settings.max_pending
    }

    fn start(&mut self, task: Task, worker: usize) {
        let follow = Follow {
            options: Arc::clone(&self.options),
            commands: self.commands.clone(),
            sender: self.sender.clone(),
            snapshots: self.snapshots.clone(),
            stopping: self.stopping.subscribe(),
            worker,
        };
        tokio::spawn(follow.run(task));
    }

    fn forget(&mut self, trial: TrialId) {
        self.objective.forget(trial);
    }

    fn interrupt(&mut self) {
        self.stopping.send_replace(true);
    }

    async fn next(&mut self) -> Message {
        self.receiver
            .recv()
            .await
            .expect("the executor itself holds a sender")
    }

    fn try_next(&mut self) -> Option<Message> {
        self.receiver.try_recv().ok()
    }
}
