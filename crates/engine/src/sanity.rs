//! Sanity checks: is the set-up sound, before hours are spent on it?
//!
//! Each check is a function of configuration, data and seed. Its result has the numbers, a
//! [`Verdict`] that follows from them alone, and is displayed as one sentence, with a remedy where it
//! did not pass. Nothing here knows a search or decides what a failed check leads to.
//!
//! Source: CS231n notes, "Neural Networks Part 3": gradient checks, sanity checks, babysitting the
//! learning process.

mod data;
mod gradients;
mod initial_loss;
mod layers;
mod overfit;
mod probe;
mod regularization;
mod sample;

use std::fmt;

pub use data::{DataFindings, data};
pub use gradients::{Gradients, gradients};
pub use initial_loss::{InitialLoss, initial_loss};
pub use layers::{DeadUnits, LayerStatistics, Layers, Spread, UpdateRatio, layers};
pub use overfit::{Attempt, Overfit, Overfitted};
pub use probe::{Probe, ProbedRate, probe};
pub use regularization::{Regularization, regularization};

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is wrong.
    Passed,
    /// Unusual; may be meant.
    Warned,
    /// Something is wrong.
    Failed,
}

impl Verdict {
    /// `passed`, `warned` or `failed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
