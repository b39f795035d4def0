//! The record: every change of a sweep is one of these events.
//!
//! [`crate::state::State::apply`] folds them; CSVs, terminal and reports are folds over the same. They are
//! written to the journal before anyone acts on them. A change here raises [`FORMAT_VERSION`] and adds a fixture.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::space::{Params, Scale, Space, Value};
use crate::trial::{Outcome, Report, Trial, TrialId};

/// Version of the journal's format.
pub const FORMAT_VERSION: u32 = 2;

/// The oldest version that is still read.
pub const OLDEST_VERSION: u32 = 1;

/// An event with its place in the record and the time it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Place in the record, from 0.
    pub seq: u64,
    /// When it was recorded; decides nothing.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The sweep began; always the first event.
    SweepStarted(Box<SweepStarted>),
    /// An invocation of `finetooth run` took up the sweep, the first one included.
    RunStarted {
        /// Name of the machine.
        host: String,
        /// Trials at once.
        workers: usize,
    },
    /// The definition was replaced by one with further stages; written by version 1 alone.
    SweepExtended {
        /// The new definition, every default written out (TOML).
        definition: String,
    },
    /// The definition was replaced by another one, which is planned from the start; what is on record is used where
    /// it asks for the same.
    SweepReplanned {
        /// The new definition, every default written out (TOML).
        definition: String,
    },
    /// The set-up was checked, before anything was planned.
    GateChecked(Box<Gate>),
    /// A round was planned; its trials are drawn from this alone.
    RoundPlanned(Box<RoundPlan>),
    /// A trial was handed to a worker.
    TrialStarted {
        /// The trial.
        trial: Trial,
        /// Attempts counted from 1 over all its rungs.
        attempt: u32,
        /// Epochs it was trained in earlier rungs: its reports up to there stand, those beyond are dropped.
        #[serde(default)]
        from: u32,
        /// Index of the worker.
        worker: usize,
    },
    /// A rung of a trial came to what an earlier plan's trial had come to.
    TrialReused {
        /// The trial.
        trial: Trial,
        /// The trial of the earlier plan, which has the same values and seed.
        source: TrialId,
        /// How many of its reports count.
        n_reports: usize,
        /// How it ended.
        outcome: Outcome,
    },
    /// Failures were struck from the record, to be tried again.
    FailuresRetried {
        /// The trials whose latest rung had failed.
        trials: Vec<TrialId>,
    },
    /// A trial finished an epoch.
    EpochReported {
        /// The trial.
        trial: TrialId,
        /// Which attempt.
        attempt: u32,
        /// What it measured.
        report: Report,
    },
    /// A trial has its outcome.
    TrialEnded {
        /// The trial.
        trial: TrialId,
        /// Which attempt.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
        /// Seconds of this attempt on its worker.
        seconds: f64,
    },
    /// A trial stopped before its outcome; it will be begun again.
    TrialInterrupted {
        /// The trial.
        trial: TrialId,
        /// Which attempt.
        attempt: u32,
        /// Epochs it had completed.
        epoch: u32,
    },
    /// A round's results were looked at and the ranges moved or kept.
    RoundRefined(Box<Refinement>),
    /// The sweep is over.
    SweepFinished {
        /// Why.
        verdict: Verdict,
        /// The best trial, where one has a finite metric.
        winner: Option<TrialId>,
    },
}

/// What the sweep is; enough for every reader of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepStarted {
    /// The program's version.
    pub finetooth: String,
    /// The definition, every default written out (TOML).
    pub definition: String,
    /// What the objective told of itself.
    pub objective: ObjectiveSummary,
}

/// What an objective tells of itself before the first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveSummary {
    /// Names of the numbers in each report, in order.
    pub columns: Vec<String>,
    /// Samples the validation metrics are measured on; 0: unknown.
    pub validation_samples: usize,
    /// Checksum of the data, in hexadecimal.
    pub data_fingerprint: String,
    /// Instruction set of the kernels: other sets give other last bits.
    pub instruction_set: String,
    /// Lines for people: data and model in words.
    pub description: Vec<String>,
}

/// A round: from which boxes how many trials are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundPlan {
    /// Index of the stage, from 0.
    pub stage: usize,
    /// Round of the stage, from 0.
    pub round: usize,
    /// Id of its first trial; the others follow.
    pub first: TrialId,
    /// The ranges of all searched keys of this stage, widening included.
    pub space: Space,
    /// Values of the keys this stage does not search.
    pub fixed: Params,
    /// Earlier trials that go on from where they are; they come before the new ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub continued: Vec<Continuation>,
    /// Where its new trials lie: the whole space, the narrowed ranges, or the slabs that widening added.
    pub blocks: Vec<Block>,
    /// Below which score a trial of this round is stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
}

/// An earlier trial that is trained further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// The trial.
    pub trial: TrialId,
    /// Epochs it is to reach.
    pub epochs: u32,
}

/// The least score with which a trial may go on after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The best metric so far must reach this.
    pub metric: f64,
    /// Trials whose median it is.
    pub trials: u32,
}

/// A part of a round: a box and the number of trials in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The box.
    pub space: Space,
    /// Trials drawn from it.
    pub trials: u32,
    /// Epochs of each; the stage's own where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Where they stand in the sequence that runs through the whole stage; a sequence of their own where this is
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// The points themselves, where they are not drawn evenly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Params>,
    /// The trials that these repeat with another seed, one a point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<TrialId>,
}

/// What was concluded from a round, one move a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refinement {
    /// Index of the stage.
    pub stage: usize,
    /// Round of the stage.
    pub round: usize,
    /// Whether the stage runs another round on the widened ranges.
    pub widened: bool,
    /// The moves, in the order of the space.
    pub moves: Vec<Move>,
    /// The ranges of the stage's keys from here on.
    pub next: Space,
}

/// What happened to a key's range after a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The key.
    pub key: String,
    /// Lowest value of the round's range; none for a list.
    pub low: Option<Value>,
    /// Highest value of the round's range; none for a list.
    pub high: Option<Value>,
    /// Axis of the range; none for a list.
    pub scale: Option<Scale>,
    /// The key's value in the best trial so far.
    pub best: Option<Value>,
    /// What was done.
    pub kind: MoveKind,
    /// Lowest value from here on; none for a list, or where nothing follows.
    pub next_low: Option<Value>,
    /// Highest value from here on.
    pub next_high: Option<Value>,
    /// One sentence a person understands.
    pub reason: String,
}

/// Kinds of moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// The range stays.
    Kept,
    /// The range shrank around the best.
    Narrowed,
    /// The low end moved outward.
    WidenedLow,
    /// The high end moved outward.
    WidenedHigh,
    /// The best lie at the low end, which is the key's own limit.
    PinnedLow,
    /// The best lie at the high end, which is the key's own limit.
    PinnedHigh,
    /// Most of the best are exact zeros.
    PinnedZero,
}

impl MoveKind {
    /// Whether an end moved outward.
    pub fn is_widening(self) -> bool {
        matches!(self, Self::WidenedLow | Self::WidenedHigh)
    }

    /// The word of stages.csv.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Narrowed => "narrowed",
            Self::WidenedLow => "widened_low",
            Self::WidenedHigh => "widened_high",
            Self::PinnedLow => "pinned_low",
            Self::PinnedHigh => "pinned_high",
            Self::PinnedZero => "pinned_zero",
        }
    }
}

/// Why a sweep is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Every stage was run.
    Completed,
    /// Too many trials failed.
    TooManyFailures {
        /// The trial at which the count was reached; what was planned after it is not in the results.
        last: TrialId,
        /// Which of its rungs, from 0.
        #[serde(default)]
        rung: usize,
        /// A sentence.
        reason: String,
    },
    /// A sanity check failed, and nothing was searched.
    SanityFailed {
        /// A sentence.
        reason: String,
    },
    /// A trial's metric reached the target.
    TargetReached {
        /// The first in the order of planning that did; what was planned after it is not in the results.
        last: TrialId,
        /// Which of its rungs, from 0.
        rung: usize,
    },
}
