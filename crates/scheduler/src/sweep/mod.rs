//! What a sweep is: the definition file, read once into a value that cannot be wrong.

mod after;
mod bytes;
mod conditions;
mod difference;
mod executor;
mod file;
mod generations;
mod key;
mod limits;
mod mistake;
mod nearest;
mod overrides;
mod own;
mod procedure;
mod prune;
mod range;
mod reader;
mod sanity;
mod searchable;
mod settings;
mod space;
mod spans;
mod stages;
mod step;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use after::After;
pub use difference::{changes, extends};
pub use executor::{ExecutorKind, SlurmSettings};
pub use file::Purpose;
pub use generations::{Generations, Proposals};
pub use key::{Choice, KeyKind, KeySpec};
pub use mistake::{Mistake, Mistakes};
pub use overrides::{Override, OverrideError};
pub use procedure::Procedure;
pub use prune::{Prune, PruneRule};
pub use sanity::{OnFailure, ProbeUse, Sanity};
pub use searchable::FIXED_COLUMNS;
pub use spans::Spans;

use serde::{Deserialize, Serialize};

use crate::space::{Space, Value};
pub(crate) use own::OwnKeys;

/// A valid sweep definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    pub(crate) name: String,
    pub(crate) seed: u32,
    pub(crate) metric: Metric,
    pub(crate) settings: toml::Table,
    pub(crate) space: Space,
    pub(crate) own: OwnKeys,
    pub(crate) procedure: Procedure,
    pub(crate) widen: Widen,
    pub(crate) prune: Prune,
    pub(crate) sanity: Sanity,
    pub(crate) limits: Limits,
    pub(crate) executor: ExecutorKind,
    pub(crate) after: Option<After>,
}

/// What the sweep optimises.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Name of a reported column.
    pub name: String,
    /// Which direction is better.
    pub goal: Goal,
    /// The value at which the sweep has what it looks for, and ends.
    pub target: Option<f64>,
}

/// Which direction of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Larger is better.
    Maximize,
    /// Smaller is better.
    Minimize,
}

/// A `[[stage]]`: so many new trials of so many epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its name, the CSVs' `stage` column; unique in the sweep.
    pub name: String,
    /// Number of trials of its first round.
    pub trials: u32,
    /// Epochs of each.
    pub epochs: u32,
    /// How points are drawn.
    pub sampler: SamplerKind,
    /// Searched keys, in the order of the space; the others stay at the best so far.
    pub keys: Vec<String>,
}

/// How a stage's points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamplerKind {
    /// Scrambled Sobol points.
    Sobol,
    /// Independent uniform points.
    Random,
    /// Every combination of evenly spaced values.
    Grid,
}

/// The edge rule's settings, `[widen]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Widen {
    /// Most widening rounds in the whole sweep; 0: never.
    pub max_rounds: u32,
    /// How near an end, as a share of the range, the median of the best must lie.
    pub tau: f64,
    /// How far an end is moved, as a share of the stage's own first width.
    pub step: f64,
}

/// `[limits]`: what may differ between two invocations of the same sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Trials at once; `None`: one for each core.
    pub workers: Option<usize>,
    /// Failures in a row, by trial id, that end the sweep.
    pub max_failures: u32,
    /// Seconds after which an invocation ends in good order, to be resumed; at least 1.
    pub sweep_seconds: Option<u64>,
    /// Seconds after which a trial is ended as failed; counted anew each time it is continued.
    pub trial_seconds: Option<u64>,
    /// Resident memory of a command and all it starts, in MiB, beyond which it is ended as failed.
    pub memory_mb: Option<u64>,
    /// Numbers of the GPUs that commands share.
    pub gpus: Vec<u32>,
    /// Bytes of checkpoints kept of trials that may be continued.
    pub keep_bytes: u64,
}

impl Sweep {
    /// Name of the sweep, and of its directory below results/.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seed of everything drawn, 31 bits.
    pub fn seed(&self) -> u32 {
        self.seed
    }

    /// What is optimised.
    pub fn metric(&self) -> &Metric {
        &self.metric
    }

    /// The objective's tables (`[data]`, `[model]` and `[train]`, or `[command]`), every default filled in, paths
    /// absolute.
    pub fn settings(&self) -> &toml::Table {
        &self.settings
    }

    /// The configuration's own value of `key`, which a stage that does not search it starts from.
    pub fn base(&self, key: &str) -> Option<Value> {
        if let Some(default) = self.own.default_of(key) {
            return Some(default.clone());
        }
        let tables = self.settings.values().filter_map(toml::Value::as_table);
        tables
            .filter_map(|table| table.get(key))
            .find_map(Value::from_toml)
    }

    /// Whether its trials are runs of a user's program, `[command]`.
    pub fn runs_program(&self) -> bool {
        self.settings.contains_key(file::COMMAND)
    }

    /// The name by which the user's program is given `key`: its own, or the one of `as`.
    pub fn passed_as<'a>(&'a self, key: &'a str) -> &'a str {
        self.own.passed_as(key)
    }

    /// The searched keys with their ranges.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// How it goes about its search.
    pub fn procedure(&self) -> &Procedure {
        &self.procedure
    }

    /// The stages, at least one; none of a search in generations.
    pub fn stages(&self) -> &[Stage] {
        self.procedure.stages()
    }

    /// Names of the stages, or of the phases of a search in generations.
    pub fn stage_names(&self) -> Vec<String> {
        self.procedure.stage_names()
    }

    /// Name of the stage, or of the phase of a search in generations, at `index` from 0; empty beyond the last.
    pub fn stage_name(&self, index: usize) -> &str {
        self.procedure.stage_name(index)
    }

    /// The edge rule's settings.
    pub fn widen(&self) -> Widen {
        self.widen
    }

    /// When a trial is stopped early.
    pub fn prune(&self) -> Prune {
        self.prune
    }

    /// The checks of the set-up before the search.
    pub fn sanity(&self) -> Sanity {
        self.sanity
    }

    /// Where trials run.
    pub fn executor(&self) -> &ExecutorKind {
        &self.executor
    }

    /// What becomes of the winner, if anything; may differ between invocations.
    pub fn after(&self) -> Option<After> {
        self.after
    }

    /// What may differ between invocations.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Goal {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maximize => "maximize",
            Self::Minimize => "minimize",
        }
    }

    /// `value` as a score: larger is better.
    pub fn score(self, value: f64) -> f64 {
        match self {
            Self::Maximize => value,
            Self::Minimize => -value,
        }
    }
}

impl SamplerKind {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sobol => "sobol",
            Self::Random => "random",
            Self::Grid => "grid",
        }
    }
}
