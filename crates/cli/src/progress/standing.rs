//! How far a sweep is, and how long it will take.

use std::time::{Duration, Instant};

use finetooth_dashboard::{Source, View};
use finetooth_scheduler::event::Event;
use finetooth_scheduler::search::Search;

use crate::figures::duration;

/// What is shown of a sweep, and the pace it goes at.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Counts, and the best so far.
    pub(crate) view: View,
    /// Epochs trained while this was watching, and since when.
    epochs_seen: u64,
    since: Instant,
}

impl Standing {
    /// Of `search` as it stands.
    pub(crate) fn new(search: &Search) -> Self {
        Self {
            view: View::new(source(search)),
            epochs_seen: 0,
            since: Instant::now(),
        }
    }

    /// Takes an event that `search` includes already.
    pub(crate) fn take(&mut self, event: &Event, search: &Search) {
        if matches!(event, Event::EpochReported { report, .. } if report.epoch > 0) {
            self.epochs_seen += 1;
        }
        self.view.take(event, source(search));
    }

    /// `about 1 m 20 s left` by the epochs per second so far; empty before there are any.
    pub(crate) fn left(&self) -> String {
        let left = self
            .view
            .epochs_planned
            .saturating_sub(self.view.epochs_done());
        if self.epochs_seen < 3 || left == 0 {
            return String::new();
        }
        let seconds_per_epoch = self.since.elapsed().as_secs_f64() / self.epochs_seen as f64;
        let time = Duration::try_from_secs_f64(left as f64 * seconds_per_epoch);
        time.map_or(String::new(), |time| {
            format!("about {} left", duration(time))
        })
    }
}

fn source(search: &Search) -> Source<'_> {
    Source {
        sweep: search.sweep(),
        leaderboard: search.leaderboard(),
        state: search.state(),
    }
}
