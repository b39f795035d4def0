//! Trials on a virtual clock: any number of workers, stragglers and lost workers, in no time.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::{Executor, Message, attend};
use crate::objective::{Context, Objective, Task};
use crate::trial::{Decision, Ended, Report, TrialId};

/// What the simulation makes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fate {
    /// Virtual seconds of each epoch; must be finite and not negative.
    pub seconds_per_epoch: f64,
    /// The worker is lost after this many reports; the trial must be begun again.
    pub lost_after: Option<usize>,
}

/// Runs tasks at once and delivers what they told at virtual times. Which message comes first depends on the
/// fates alone, so a simulation repeats exactly.
pub struct Simulated<O, F> {
    objective: O,
    fate: F,
    workers: usize,
    now: f64,
    n_queued: u64,
    queue: BinaryHeap<Reverse<Due>>,
    busy_seconds: f64,
}

/// A message and when it falls due; equal times in the order of queueing.
struct Due {
    at: f64,
    order: u64,
    message: Message,
}

impl<O: Objective, F: Fn(&Task) -> Fate> Simulated<O, F> {
    /// Runs `objective` on `workers` virtual workers; `fate` says how long each attempt takes and whether its
    /// worker is lost.
    pub fn new(objective: O, workers: usize, fate: F) -> Self {
        Self {
            objective,
            fate,
            workers,
            now: 0.0,
            n_queued: 0,
            queue: BinaryHeap::new(),
            busy_seconds: 0.0,
        }
    }

    /// The virtual clock, in seconds since the start.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// Share of the workers' time so far that was spent on trials.
    pub fn utilisation(&self) -> f64 {
        self.busy_seconds / (self.now * self.workers as f64)
    }

    fn queue(&mut self, at: f64, message: Message) {
        self.queue.push(Reverse(Due {
            at,
            order: self.n_queued,
            message,
        }));
        self.n_queued += 1;
    }
}

impl<O: Objective, F: Fn(&Task) -> Fate> Executor for Simulated<O, F> {
    fn workers(&self) -> usize {
        self.workers
    }

    fn start(&mut self, task: Task, worker: usize) {
        let fate = (self.fate)(&task);
        let mut reports: Vec<Report> = Vec::new();
        let deliver = |report| {
            reports.push(report);
            match fate.lost_after {
                Some(n) if reports.len() > n => Decision::Interrupt,
                _ => Decision::Continue,
            }
        };
        let context = Context {
            worker,
            ..Context::default()
        };
        let mut ended = attend(&self.objective, &task, context, deliver);
        if let Some(n) = fate.lost_after.filter(|n| reports.len() > *n) {
            reports.truncate(n);
            ended = Ended::Interrupted {
                epoch: reports.last().map_or(0, |report| report.epoch),
            };
        }
        let (trial, attempt) = (task.trial.id, task.attempt);
        let seconds = fate.seconds_per_epoch * reports.len() as f64;
        for (index, report) in reports.into_iter().enumerate() {
            let at = self.now + fate.seconds_per_epoch * (index + 1) as f64;
            self.queue(
                at,
                Message::Reported {
                    trial,
                    attempt,
                    report,
                },
            );
        }
        let message = Message::Ended {
            trial,
            attempt,
            worker,
            ended,
            seconds,
        };
        self.queue(self.now + seconds, message);
        self.busy_seconds += seconds;
    }

    fn forget(&mut self, trial: TrialId) {
        self.objective.forget(trial);
    }

    /// Every running trial stops at once; what it had not told by now is lost.
    fn interrupt(&mut self) {
        let now = self.now;
        for Reverse(mut due) in std::mem::take(&mut self.queue) {
            match &mut due.message {
                Message::Reported { .. } => {}
                Message::Ended { ended, .. } => {
                    *ended = Ended::Interrupted { epoch: 0 };
                    self.queue.push(Reverse(Due { at: now, ..due }));
                }
            }
        }
    }

    async fn next(&mut self) -> Message {
        match self.queue.pop() {
            Some(Reverse(due)) => {
                self.now = due.at;
                due.message
            }
            None => std::future::pending().await,
        }
    }

    /// Only what falls due at this very moment: the clock moves in [`Executor::next`] alone.
    fn try_next(&mut self) -> Option<Message> {
        let is_due = self
            .queue
            .peek()
            .is_some_and(|Reverse(due)| due.at <= self.now);
        if is_due {
            self.queue.pop().map(|Reverse(due)| due.message)
        } else {
            None
        }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at
            .total_cmp(&other.at)
            .then(self.order.cmp(&other.order))
    }
}
