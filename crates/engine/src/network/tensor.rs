//! A piece of the parameter buffer.

use std::ops::Range;

/// The weights or the biases of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// `layer.weights` or `layer.biases`.
    pub(crate) name: String,
    /// Where it lies in the buffers.
    pub(crate) range: Range<usize>,
    /// Whether penalties act on it; biases carry none.
    pub(crate) is_weight: bool,
    /// Inputs of one output.
    pub(crate) fan_in: usize,
    /// Whether a rectifier follows.
    pub(crate) relu_follows: bool,
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
            name: name.into(),
            range,
            is_weight: true,
            fan_in,
            relu_follows,
        }
    }

    /// Biases.
    pub(crate) fn bias(name: impl Into<String>, range: Range<usize>) -> Self {
        Self {
            name: name.into(),
            range,
            is_weight: false,
            fan_in: 0,
            relu_follows: false,
        }
    }
}
