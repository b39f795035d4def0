//! Progress in a log: few lines, each telling something new.

use std::time::{Duration, Instant};

use finetooth_scheduler::event::Event;
use finetooth_scheduler::search::Search;

use super::sentences;
use super::standing::Standing;
use crate::figures::counted;

/// Lines that the ends of trials get in a whole sweep, about; a new best gets one in any case.
const LINES: usize = 60;

/// Silence after which a line says that all is well.
const SILENCE: Duration = Duration::from_mins(5);

/// Chooses what is worth a line.
#[derive(Debug)]
pub(super) struct Lines {
    last_line: Instant,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self {
            last_line: Instant::now(),
        }
    }

    /// The line that `event` is worth, if it is. Failures have lines of their own.
    pub(super) fn observe(
        &mut self,
        event: &Event,
        search: &Search,
        standing: &Standing,
    ) -> Option<String> {
        let Event::TrialEnded { trial, .. } = event else {
            return None;
        };
        let is_best = standing.view.best.is_some_and(|(id, _)| id == *trial);
        let every = standing.view.n_planned.div_ceil(LINES).max(1);
        let record = &search.state().trials()[trial.index()];
        let is_due = record.rungs.len() == 1 && standing.view.n_ended.is_multiple_of(every);
        if !is_best && !is_due {
            return None;
        }
        self.last_line = Instant::now();
        let best = if is_best { ", the best so far" } else { "" };
        let width = standing.view.n_planned.to_string().len();
        Some(format!(
            "[{:>width$}/{}] {}{best}",
            standing.view.n_ended,
            standing.view.n_planned,
            sentences::ended(record, search)
        ))
    }

    /// The line that a long silence is worth.
    pub(super) fn tick(&mut self, search: &Search, standing: &Standing) -> Option<String> {
        if self.last_line.elapsed() < SILENCE {
            return None;
        }
        self.last_line = Instant::now();
        let mut parts = vec![
            format!(
                "[{}/{}] {} running",
                standing.view.n_ended,
                standing.view.n_planned,
                counted(standing.view.n_running(), "trial")
            ),
            format!(
                "{} of {} epochs",
                standing.view.epochs_done(),
                standing.view.epochs_planned
            ),
            standing.left(),
        ];
        parts.extend(standing.view.best.map(|best| sentences::best(best, search)));
        parts.retain(|part| !part.is_empty());
        Some(parts.join(", "))
    }
}
