//! Linear and logarithmic axes; the one place that takes logarithms of values.

use serde::{Deserialize, Serialize};

/// The axis on which equal distances mean equal changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal differences.
    Linear,
    /// Equal ratios; values above 0 only.
    Log,
}

impl Scale {
    /// The coordinate of `value` on this axis: the value itself, or its natural logarithm.
    ///
    /// From the libm crate, not the platform's library, so that the last bit does not depend on the system.
    pub(super) fn coordinate(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => libm::log(value),
        }
    }

    /// The value at `coordinate`, inverse of [`Scale::coordinate`].
    pub(super) fn value(self, coordinate: f64) -> f64 {
        match self {
            Self::Linear => coordinate,
            Self::Log => libm::exp(coordinate),
        }
    }

    /// Position of `value` between `low` (0) and `high` (1); the middle where the two are one.
    pub(super) fn position(self, low: f64, high: f64, value: f64) -> f64 {
        let (start, end) = (self.coordinate(low), self.coordinate(high));
        if end > start {
            (self.coordinate(value) - start) / (end - start)
        } else {
            0.5
        }
    }

    /// The value at `position` between `low` (0) and `high` (1); positions outside extrapolate.
    pub(super) fn at(self, low: f64, high: f64, position: f64) -> f64 {
        let (start, end) = (self.coordinate(low), self.coordinate(high));
        self.value(start + position * (end - start))
    }

    /// The name used in files and columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }
}
