//! A piece of a network's buffers.

use std::ops::Range;

/// The weights of one layer, or its biases, or another kind of its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// For instance `linear_1.weights`.
    pub(crate) name: String,
    /// Where it lies in the buffers.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) role: Role,
    /// Inputs of one output; 0 where that has no meaning.
    pub(crate) fan_in: usize,
    /// Whether a rectifier follows.
    pub(crate) relu_follows: bool,
}

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Weights; penalties and weight decay act on these alone.
    Weight,
    /// Biases, 0 at first.
    Bias,
    /// Scales of a normalisation, 1 at first.
    NormScale,
    /// Shifts of a normalisation, 0 at first.
    NormShift,
    /// Running means of a normalisation, 0 at first; not trained.
    RunningMean,
    /// Running variances of a normalisation, 1 at first; not trained.
    RunningVariance,
}

impl Tensor {
    /// Weights.
    pub(crate) fn weight(
        name: impl Into<String>,
        range: Range<usize>,
        fan_in: usize,
        relu_follows: bool,
    ) -> Self {
        Self {
            fan_in,
            relu_follows,
            ..Self::of(Role::Weight, name, range)
        }
    }

    /// Biases.
    pub(crate) fn bias(name: impl Into<String>, range: Range<usize>) -> Self {
        Self::of(Role::Bias, name, range)
    }

    /// Anything but weights.
    pub(crate) fn of(role: Role, name: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            name: name.into(),
            range,
            role,
            fan_in: 0,
            relu_follows: false,
        }
    }

    /// Whether penalties, weight decay and the update ratio look at it.
    pub(crate) fn is_weight(&self) -> bool {
        self.role == Role::Weight
    }

    /// Whether all its numbers are 1 at first; those of others that are not weights are 0.
    pub(crate) fn starts_at_one(&self) -> bool {
        matches!(self.role, Role::NormScale | Role::RunningVariance)
    }
}
