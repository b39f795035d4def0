//! What the tables know of the sweep: names, and where in a report each number stands.

use std::sync::Arc;

use super::cell::Kind;
use crate::stage::Leaderboard;
use crate::sweep::Sweep;

/// What the tables know of the sweep.
#[derive(Debug, Clone)]
pub struct Layout {
    stages: Vec<String>,
    /// Searched keys, in the order of the space.
    pub(super) keys: Vec<SearchedKey>,
    /// Name of the metric, with its place in a report.
    pub(super) metric: (String, Option<usize>),
    /// Finds a trial's best epoch; none where the objective does not report the metric.
    pub(super) leaderboard: Option<Leaderboard>,
    /// Names of the numbers in a report.
    pub(super) columns: Vec<String>,
}

/// A searched key.
#[derive(Debug, Clone)]
pub(super) struct SearchedKey {
    pub(super) name: Arc<str>,
    /// Of the values that it is searched among.
    pub(super) kind: Kind,
}

impl Layout {
    /// Of the tables of `sweep`, whose objective reports `columns`.
    ///
    /// A sweep that is extended needs a new one.
    pub fn new(sweep: &Sweep, columns: &[String]) -> Self {
        let metric = sweep.metric();
        let keys = sweep.space().0.iter().map(|dimension| SearchedKey {
            name: Arc::clone(&dimension.key),
            kind: Kind::of_domain(&dimension.domain),
        });
        Self {
            stages: sweep.stage_names(),
            keys: keys.collect(),
            metric: (
                metric.name.clone(),
                columns.iter().position(|column| *column == metric.name),
            ),
            leaderboard: Leaderboard::new(metric, columns),
            columns: columns.to_vec(),
        }
    }

    /// Name of the stage at `index`; empty for one the sweep does not have.
    pub(super) fn stage(&self, index: usize) -> &str {
        self.stages.get(index).map_or("", String::as_str)
    }
}
