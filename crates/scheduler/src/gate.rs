//! What was found of a set-up before its search: each sanity check, and the learning rates worth searching.
//!
//! Plain values, the same bytes for the same definition, seed and data. They are recorded and read again; what they
//! say is found elsewhere, where networks are known.

use serde::{Deserialize, Serialize};

use crate::number;

/// All checks of a set-up, and what the probe found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
    /// Learning rates worth searching; `None` where no rate lowered the loss.
    pub probe: Option<Probe>,
}

/// One sanity check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was looked at, in a word or two: `initial loss`.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was measured, in a few words; empty where nothing was.
    pub measured: String,
    /// What that says, with a remedy where it did not pass, or why it was left out.
    pub sentence: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is wrong.
    Passed,
    /// Unusual; may be meant.
    Warning,
    /// Something is wrong.
    Failed,
    /// It says nothing of this set-up.
    Skipped,
}

/// A few steps at each of many learning rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Lowest learning rate worth searching.
    pub low: f64,
    /// Highest learning rate worth searching.
    pub high: f64,
    /// The rate of the lowest loss.
    pub best: f64,
    /// What each rate led to, rising.
    pub rates: Vec<ProbedRate>,
}

/// A few steps at one learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbedRate {
    /// The learning rate.
    pub learning_rate: f64,
    /// The loss after the steps; infinite where they diverged.
    #[serde(with = "number::json")]
    pub loss: f64,
}

impl Gate {
    /// The checks that came to `verdict`.
    pub fn of(&self, verdict: Verdict) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(move |check| check.verdict == verdict)
    }

    /// Whether a check failed.
    pub fn has_failed(&self) -> bool {
        self.of(Verdict::Failed).next().is_some()
    }
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let check = |name: &str, verdict| Check {
            name: name.to_owned(),
            verdict,
            measured: "0.1".to_owned(),
            sentence: "it is so".to_owned(),
        };
        let rate = |learning_rate, loss| ProbedRate {
            learning_rate,
            loss,
        };
        Gate {
            checks: vec![
                check("data", Verdict::Passed),
                check("overfit", Verdict::Failed),
            ],
            probe: Some(Probe {
                low: 1e-5,
                high: 1e-2,
                best: 1e-3,
                rates: vec![rate(1e-3, 0.5), rate(10.0, f64::INFINITY)],
            }),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = serde_json::to_string(&gate()).unwrap();
        assert_eq!(
            text,
            r#"{"checks":[{"name":"data","verdict":"passed","measured":"0.1","sentence":"it is so"},{"name":"overfit","verdict":"failed","measured":"0.1","sentence":"it is so"}],"probe":{"low":0.00001,"high":0.01,"best":0.001,"rates":[{"learning_rate":0.001,"loss":0.5},{"learning_rate":10.0,"loss":"Inf"}]}}"#
        );
        assert_eq!(serde_json::from_str::<Gate>(&text).unwrap(), gate());
    }

    #[test]
    fn one_failed_check_fails_all() {
        let mut gate = gate();
        assert!(gate.has_failed());
        gate.checks[1].verdict = Verdict::Warning;
        assert!(!gate.has_failed());
        assert_eq!(gate.of(Verdict::Warning).count(), 1);
    }
}
