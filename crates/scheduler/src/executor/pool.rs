//! Worker threads of this process, one trial each.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::{Executor, Message, attend};
use crate::interrupt::Interrupt;
use crate::objective::{Context, Objective, Task};
use crate::trial::{Decision, TrialId};

/// A pool of threads. Threads still training when it is dropped are left to the end of the process.
#[derive(Debug)]
pub struct Pool<O> {
    objective: Arc<O>,
    threads: rayon::ThreadPool,
    workers: usize,
    interrupt: Interrupt,
    sender: mpsc::UnboundedSender<Message>,
    receiver: mpsc::UnboundedReceiver<Message>,
}

/// The threads could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {workers} worker threads; ask for fewer with --workers")]
pub struct PoolError {
    workers: usize,
    source: rayon::ThreadPoolBuildError,
}

impl<O: Objective + 'static> Pool<O> {
    /// A pool of `workers` threads that run `objective`.
    ///
    /// # Errors
    /// [`PoolError`] where the system gives no more threads.
    pub fn new(objective: Arc<O>, workers: usize) -> Result<Self, PoolError> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|index| format!("worker {index}"))
            .build()
            .map_err(|source| PoolError { workers, source })?;
        let (sender, receiver) = mpsc::unbounded_channel();
        Ok(Self {
            objective,
            threads,
            workers,
            interrupt: Interrupt::default(),
            sender,
            receiver,
        })
    }
}

impl<O: Objective + 'static> Executor for Pool<O> {
    fn workers(&self) -> usize {
        self.workers
    }

    fn start(&mut self, task: Task, worker: usize) {
        let objective = Arc::clone(&self.objective);
        let interrupt = self.interrupt.clone();
        let sender = self.sender.clone();
        self.threads.spawn(move || {
            let (trial, attempt) = (task.trial.id, task.attempt);
            #[expect(
                clippy::disallowed_methods,
                reason = "the seconds of timings.csv begin here"
            )]
            let started = Instant::now();
            let context = Context {
                worker,
                interrupt: interrupt.clone(),
            };
            // Nobody listens any more only when the run has ended; then there is nothing left to tell.
            let deliver = |report| {
                let delivered = sender.send(Message::Reported {
                    trial,
                    attempt,
                    report,
                });
                if delivered.is_err() || interrupt.is_raised() {
                    Decision::Interrupt
                } else {
                    Decision::Continue
                }
            };
            let ended = attend(&*objective, &task, context, deliver);
            let seconds = started.elapsed().as_secs_f64();
            let _ = sender.send(Message::Ended {
                trial,
                attempt,
                worker,
                ended,
                seconds,
            });
        });
    }

    fn forget(&mut self, trial: TrialId) {
        self.objective.forget(trial);
    }

    fn interrupt(&mut self) {
        self.interrupt.raise();
    }

    async fn next(&mut self) -> Message {
        self.receiver
            .recv()
            .await
            .expect("the pool itself holds a sender")
    }

    fn try_next(&mut self) -> Option<Message> {
        self.receiver.try_recv().ok()
    }
}
