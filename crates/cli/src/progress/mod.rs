//! What a running sweep shows on standard error: bars on a terminal, lines in a log, warnings only when quiet.

mod bars;
mod lines;
mod sentences;
mod standing;
mod traced;

use finetooth_scheduler::event::{Event, Record};
use finetooth_scheduler::observer::Observer;
use finetooth_scheduler::search::Search;
use finetooth_scheduler::trial::Outcome;

use crate::screen::Screen;
use bars::Bars;
use lines::Lines;
use standing::Standing;

/// Watches a sweep and tells of it.
pub(crate) struct Progress {
    screen: Screen,
    standing: Standing,
    view: View,
}

enum View {
    Bars(Bars),
    Lines(Lines),
    Quiet,
}

impl Progress {
    /// For `search` as it stands before this run, on `screen`; `quiet` tells of nothing but failures.
    pub(crate) fn new(screen: &Screen, search: &Search, workers: usize, quiet: bool) -> Self {
        let view = if quiet {
            View::Quiet
        } else if screen.is_terminal() {
            View::Bars(Bars::new(screen.bars(), search, workers))
        } else {
            View::Lines(Lines::new())
        };
        Self {
            screen: screen.clone(),
            standing: Standing::new(search),
            view,
        }
    }

    /// Tells of what ranges a round is drawn from, and of what became of them after it.
    fn tell_of_round(&self, event: &Event, search: &Search) {
        match event {
            Event::RoundPlanned(plan) => {
                self.screen.line(&sentences::planned(plan, search.sweep()));
            }
            Event::RoundRefined(refinement) => {
                for sentence in sentences::moved(refinement, search.sweep()) {
                    self.screen.line(&sentence);
                }
            }
            _ => {}
        }
    }
}

impl Observer for Progress {
    fn observe(&mut self, record: &Record, search: &Search) {
        traced::event(&record.event, search);
        self.standing.take(&record.event, search);
        if let Event::TrialEnded {
            trial,
            outcome: Outcome::Failed { reason },
            ..
        } = &record.event
        {
            self.screen
                .line(&format!("warning: trial {trial} failed: {reason}"));
        }
        match &mut self.view {
            View::Bars(bars) => {
                bars.observe(&record.event, search, &self.standing);
                self.tell_of_round(&record.event, search);
            }
            View::Lines(lines) => {
                if let Some(line) = lines.observe(&record.event, search, &self.standing) {
                    self.screen.line(&line);
                }
                self.tell_of_round(&record.event, search);
            }
            View::Quiet => {}
        }
    }

    fn tick(&mut self, search: &Search) {
        match &mut self.view {
            View::Bars(bars) => bars.tick(search, &self.standing),
            View::Lines(lines) => {
                if let Some(line) = lines.tick(search, &self.standing) {
                    self.screen.line(&line);
                }
            }
            View::Quiet => {}
        }
    }
}
