//! Trials run one after the other on the caller's own thread.

use std::collections::VecDeque;

use super::{Executor, Message, attend};
use crate::interrupt::Interrupt;
use crate::objective::{Context, Objective, Task};
use crate::trial::{Decision, Ended, TrialId};

/// One worker, no threads: a task runs whole when its messages are asked for, and takes no time on record.
#[derive(Debug)]
pub struct Inline<O> {
    objective: O,
    waiting: VecDeque<(Task, usize)>,
    messages: VecDeque<Message>,
    interrupt: Interrupt,
}

impl<O: Objective> Inline<O> {
    /// Runs `objective`.
    pub fn new(objective: O) -> Self {
        Self {
            objective,
            waiting: VecDeque::new(),
            messages: VecDeque::new(),
            interrupt: Interrupt::default(),
        }
    }

    fn run(&mut self, task: &Task, worker: usize) {
        let (trial, attempt) = (task.trial.id, task.attempt);
        let (messages, interrupted) = (&mut self.messages, self.interrupt.is_raised());
        let deliver = |report| {
            messages.push_back(Message::Reported {
                trial,
                attempt,
                report,
            });
            if interrupted {
                Decision::Interrupt
            } else {
                Decision::Continue
            }
        };
        let ended = if interrupted {
            Ended::Interrupted { epoch: 0 }
        } else {
            attend(
                &self.objective,
                task,
                Context {
                    worker,
                    interrupt: self.interrupt.clone(),
                },
                deliver,
            )
        };
        messages.push_back(Message::Ended {
            trial,
            attempt,
            worker,
            ended,
            seconds: 0.0,
        });
    }
}

impl<O: Objective> Executor for Inline<O> {
    fn workers(&self) -> usize {
        1
    }

    fn start(&mut self, task: Task, worker: usize) {
        self.waiting.push_back((task, worker));
    }

    fn forget(&mut self, trial: TrialId) {
        self.objective.forget(trial);
    }

    fn interrupt(&mut self) {
        self.interrupt.raise();
    }

    async fn next(&mut self) -> Message {
        loop {
            if let Some(message) = self.try_next() {
                return message;
            }
            match self.waiting.pop_front() {
                Some((task, worker)) => self.run(&task, worker),
                None => std::future::pending().await,
            }
        }
    }

    fn try_next(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }
}
