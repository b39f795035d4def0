//! A trial: what is trained once, what it reports, how it ends.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::number;
use crate::space::Params;

/// Number of a trial: from 1, in planning order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrialId(NonZeroU32);

impl TrialId {
    /// The id of the trial at `index`, counted from 0 in planning order.
    pub fn from_index(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("a sweep has fewer than 2^32 trials"))
    }

    /// Place in planning order, from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The number, from 1.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The id with this number, where it is one (0 is none).
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One training with one set of hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// Index of the stage it belongs to, from 0.
    pub stage: usize,
    /// Round of that stage: 0 on the stage's own ranges, n after the n-th widening in it.
    pub round: usize,
    /// Seed of all its random streams, 31 bits.
    pub seed: u32,
    /// Epochs it is to reach, counted from its beginning; more when it is continued.
    pub epochs: u32,
    /// Its hyperparameters, every searched key of the sweep that is active.
    pub params: Params,
    /// The trial whose values it repeats with another seed, where it confirms one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TrialId>,
}

/// What a trial measured at the end of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Epochs completed; 0 is the untrained network.
    pub epoch: u32,
    /// One number for each of the sweep's report columns; NaN where there is none.
    #[serde(with = "values")]
    pub values: Vec<f64>,
}

/// How a trial ended. Being useless is an outcome, not an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// Trained to its last epoch.
    Completed,
    /// The loss left the finite numbers during `epoch`, or rose far above the untrained network's.
    Diverged {
        /// The epoch, from 1, in which that was found.
        epoch: u32,
        /// A sentence.
        reason: String,
    },
    /// A stop rule ended it after `epoch`: its score there stands, and it is never continued.
    Pruned {
        /// The epoch, from 1, whose report decided.
        epoch: u32,
        /// A sentence.
        reason: String,
    },
    /// The objective failed; says nothing about the hyperparameters.
    Failed {
        /// Class and sentence.
        reason: String,
    },
}

impl Outcome {
    /// The word of the CSV's `state` column.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Diverged { .. } => "diverged",
            Self::Pruned { .. } => "pruned",
            Self::Failed { .. } => "failed",
        }
    }

    /// Why, where there is something to say.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Completed => None,
            Self::Diverged { reason, .. }
            | Self::Pruned { reason, .. }
            | Self::Failed { reason } => Some(reason),
        }
    }
}

/// What a trial is to do after a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Train the next epoch.
    Continue,
    /// Stop here for good: the trial's stop rule has given it its outcome, whatever the objective makes of it.
    Stop,
    /// Stop here: the run is being interrupted; the trial will be begun again.
    Interrupt,
}

/// What an objective's run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ended {
    /// It has an outcome.
    Outcome(Outcome),
    /// It stopped because it was told to.
    Interrupted {
        /// Epochs completed by then.
        epoch: u32,
    },
}

mod values {
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::number;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Number(#[serde(with = "number::json")] f64);

    pub(super) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            list.serialize_element(&Number(*value))?;
        }
        list.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Number>::deserialize(deserializer)?;
        Ok(numbers.into_iter().map(|number| number.0).collect())
    }
}
