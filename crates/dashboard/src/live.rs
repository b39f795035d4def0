//! A sweep followed through its record, as it grows.

use std::fmt;
use std::fs;
use std::path::Path;

use finetooth_scheduler::event::{Event, Record, Verdict};
use finetooth_scheduler::journal::{Follower, JournalError, News, is_in_use};
use finetooth_scheduler::stage::Leaderboard;
use finetooth_scheduler::state::State;
use finetooth_scheduler::sweep::Sweep;
use jiff::Timestamp;

use crate::page::{Page, Standing, Update, importance_of};
use crate::view::Source;

/// Reads a definition out of a record: the text, and the columns of the reports. Which keys there are, is known
/// elsewhere.
pub type ReadDefinition = dyn Fn(&str, &[String]) -> Result<Sweep, String> + Send + Sync;

/// A sweep, as far as its record was read.
pub struct Live {
    follower: Follower,
    folded: Option<Folded>,
    /// What is wrong with the record, where something is; what was read before is shown nevertheless.
    problem: Option<String>,
    /// Whether the record contradicts itself, so that nothing can be read any further.
    is_stuck: bool,
    /// Trials with an outcome when the importance of the keys was asked last.
    weighed: usize,
}

struct Folded {
    sweep: Sweep,
    leaderboard: Leaderboard,
    state: State,
    page: Page,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("path", &self.follower.path())
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Of the journal at `path`, of which nothing is read yet.
    pub fn new(path: &Path) -> Self {
        Self {
            follower: Follower::new(path),
            folded: None,
            problem: None,
            is_stuck: false,
            weighed: 0,
        }
    }

    /// Reads a portion of what follows. Returns whether there was anything new.
    pub fn read(&mut self, definition: &ReadDefinition) -> bool {
        if self.is_stuck {
            return false;
        }
        let before = self.problem.take();
        let n_before = self.cursor();
        match self.follower.read() {
            Ok(News::Records(records)) => {
                if let Err(problem) = self.fold(records, definition) {
                    self.problem = Some(problem);
                    self.is_stuck = true;
                }
            }
            Ok(News::Replaced) => *self = Self::new(self.follower.path()),
            Err(JournalError::Missing { .. }) if self.folded.is_none() => {
                self.problem = Some("no sweep has begun here yet".to_owned());
            }
            Err(error) => self.problem = Some(told(&error)),
        }
        self.cursor() != n_before || self.problem != before
    }

    /// Reads all there is.
    pub fn read_all(&mut self, definition: &ReadDefinition) {
        while self.read(definition) && self.problem.is_none() {}
    }

    /// Looks at how much the keys matter, where that may have changed much since it was looked at. Returns whether it was.
    pub fn weigh(&mut self) -> bool {
        let Some(folded) = &mut self.folded else {
            return false;
        };
        let n_ended = folded.page.n_ended();
        let is_over = folded.state.finished().is_some();
        if n_ended * 4 < self.weighed * 5 + 4 && !(is_over && n_ended > self.weighed) {
            return false;
        }
        self.weighed = n_ended;
        let found = importance_of(folded.source());
        let is_found = found.is_some();
        if let Some(found) = found {
            folded.page.take_importance(found);
        }
        is_found
    }

    /// Events read so far.
    pub fn cursor(&self) -> u64 {
        self.folded
            .as_ref()
            .map_or(0, |folded| folded.page.cursor())
    }

    /// Tells this record from another that takes its place; none before the sweep has begun.
    pub fn identity(&self) -> Option<i64> {
        self.folded
            .as_ref()?
            .page
            .began()
            .map(Timestamp::as_millisecond)
    }

    /// What is wrong with the record, where something is.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// What changed since `cursor`; none before the sweep has begun.
    pub fn since(&self, cursor: u64) -> Option<Update<'_>> {
        let folded = self.folded.as_ref()?;
        Some(folded.page.since(cursor, self.standing(), folded.source()))
    }

    /// What beside the record tells of the uses of the test set (test.json), if anything does that can be read.
    pub fn tested(&self) -> Option<serde_json::Value> {
        let path = self.follower.path().with_file_name("test.json");
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Where the sweep stands: by its record, and by whether a run holds it.
    pub fn standing(&self) -> Standing {
        let finished = self
            .folded
            .as_ref()
            .and_then(|folded| folded.state.finished());
        match finished {
            None if is_in_use(self.follower.path()) => Standing::Running,
            None => Standing::Interrupted,
            Some((Verdict::Completed, _)) => Standing::Finished,
            Some((Verdict::TargetReached { last, .. }, _)) => {
                Standing::Ended(format!("trial {last} reached the target"))
            }
            Some((Verdict::TooManyFailures { reason, .. }, _)) => {
                Standing::Ended(format!("too many trials failed: {reason}"))
            }
            Some((Verdict::SanityFailed { reason }, _)) => {
                Standing::Ended(format!("a sanity check failed: {reason}"))
            }
        }
    }

    fn fold(&mut self, records: Vec<Record>, definition: &ReadDefinition) -> Result<(), String> {
        for record in records {
            if self.folded.is_none() {
                self.folded = Some(Folded::begin(&record, definition)?);
            }
            let folded = self.folded.as_mut().expect("made just before");
            folded.take(record, definition)?;
        }
        Ok(())
    }
}

impl Folded {
    fn begin(record: &Record, definition: &ReadDefinition) -> Result<Self, String> {
        let Event::SweepStarted(started) = &record.event else {
            return Err("the record does not begin with a sweep".to_owned());
        };
        let columns = &started.objective.columns;
        let sweep = definition(&started.definition, columns)?;
        let leaderboard = Leaderboard::new(sweep.metric(), columns);
        Ok(Self {
            leaderboard: leaderboard.ok_or("the metric is none of the columns")?,
            sweep,
            state: State::default(),
            page: Page::default(),
        })
    }

    fn take(&mut self, record: Record, definition: &ReadDefinition) -> Result<(), String> {
        let (event, at) = (record.event.clone(), record.at);
        self.state
            .apply(record)
            .map_err(|error| error.to_string())?;
        if let Event::SweepReplanned { definition: text }
        | Event::SweepExtended { definition: text } = &event
        {
            let columns = self
                .state
                .started()
                .map(|started| started.objective.columns.clone());
            self.sweep = definition(text, &columns.unwrap_or_default())?;
        }
        let source = Source {
            sweep: &self.sweep,
            leaderboard: &self.leaderboard,
            state: &self.state,
        };
        self.page.take(&event, at, source);
        Ok(())
    }

    fn source(&self) -> Source<'_> {
        Source {
            sweep: &self.sweep,
            leaderboard: &self.leaderboard,
            state: &self.state,
        }
    }
}

/// An error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
