//! What the sanity checks and the probe found before anything was searched.

use serde::{Deserialize, Serialize};

use crate::number;

/// The checks of a sweep's set-up, in order, and where the probe saw learning rates do well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// One for each check.
    pub checks: Vec<Check>,
    /// None where it could not tell.
    pub probe: Option<Probe>,
}

/// A check and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, a word or two.
    pub name: String,
    /// What it came to.
    pub verdict: CheckVerdict,
    /// The figures, for a table.
    pub measured: String,
    /// What is wrong and what can be done about it; empty where nothing is.
    pub sentence: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// As it should be.
    Passed,
    /// Strange, but it may be meant.
    Warning,
    /// Nothing should be searched with this.
    Failed,
    /// It does not apply.
    Skipped,
}

impl CheckVerdict {
    /// The word of tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Short trainings at learning rates far apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Lowest learning rate worth searching.
    pub low: f64,
    /// Highest learning rate worth searching.
    pub high: f64,
    /// The rate of the lowest loss.
    pub best: f64,
    /// Every rate tried.
    pub rates: Vec<ProbedRate>,
}

/// The loss that a short training at a learning rate came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbedRate {
    /// The rate.
    pub learning_rate: f64,
    /// The loss; infinite or NaN where it diverged.
    #[serde(with = "number::json")]
    pub loss: f64,
}

impl Gate {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        let failed = |check: &&Check| check.verdict == CheckVerdict::Failed;
        self.checks.iter().filter(failed)
    }
}
