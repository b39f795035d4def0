//! A trial as results may tell of it.

use jiff::Timestamp;

use super::TrialRecord;
use crate::trial::{Outcome, Report, Trial};

/// A trial with the reports and the outcome of some of its rungs: what later ones add is not in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settled<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// Its reports, by epoch.
    pub reports: &'a [Report],
    /// When each of them was recorded; decides nothing.
    pub reported_at: &'a [Timestamp],
    /// How it ended; none where it has not.
    pub outcome: Option<&'a Outcome>,
}

impl Settled<'_> {
    /// Epochs completed.
    pub fn epochs(&self) -> u32 {
        self.reports.last().map_or(0, |report| report.epoch)
    }

    /// Value of column `column` in the report of `epoch`.
    pub fn value(&self, column: usize, epoch: u32) -> Option<f64> {
        // Reports begin with epoch 0 or 1 and mostly lack none.
        let guess = (epoch as usize).min(self.reports.len());
        let near = self.reports[guess.saturating_sub(1)..].iter();
        let report = near
            .chain(self.reports)
            .find(|report| report.epoch == epoch)?;
        report.values.get(column).copied()
    }
}

/// With all that it reported and the latest of its outcomes.
impl<'a> From<&'a TrialRecord> for Settled<'a> {
    fn from(record: &'a TrialRecord) -> Self {
        Self {
            trial: &record.trial,
            reports: &record.reports,
            reported_at: &record.reported_at,
            outcome: record.outcome(),
        }
    }
}
