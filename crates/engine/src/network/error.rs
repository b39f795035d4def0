//! Why a network cannot be built.

use thiserror::Error;

use crate::data::Shape;

/// Why a network cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Samples hold no value.
    #[error("samples of {} hold no value", dims(*shape))]
    EmptySamples {
        /// Shape of the samples.
        shape: Shape,
    },
    /// Some weights of the filter would see nothing but padding.
    #[error(
        "{layer}: filters of {filter_size} × {filter_size} on an input of {}; filter_size can be at most {}; \
         tables need a model such as \"mlp\"",
        dims(*input), 2 * input.height.min(input.width) - 1
    )]
    FilterTooLarge {
        /// Name of the layer.
        layer: String,
        /// Rows and columns of the filter.
        filter_size: usize,
        /// Shape of its input.
        input: Shape,
    },
    /// Nothing would be left after pooling.
    #[error(
        "{layer}: windows of 2 × 2 on an input of {}, of which nothing is left; \
         images need at least 2 × 2 pixels, tables a model such as \"mlp\"",
        dims(*input)
    )]
    NothingToPool {
        /// Name of the layer.
        layer: String,
        /// Shape of its input.
        input: Shape,
    },
    /// The network would need more memory than any trial should.
    #[error(
        "the network needs {} MB with {n_parameters} weights and biases, {layer} alone having {layer_parameters}; \
         at most {} MB are allowed, so make it or the batch smaller",
        bytes / 1_000_000, limit / 1_000_000
    )]
    TooLarge {
        /// Bytes needed.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
        /// Weights and biases in all.
        n_parameters: u64,
        /// Name of the largest layer.
        layer: String,
        /// Its weights and biases.
        layer_parameters: u64,
    },
}

/// A shape as messages and summaries show it: height × width × channels, or the number of features.
pub(super) fn dims(shape: Shape) -> String {
    if shape.height == 1 && shape.width == 1 {
        shape.channels.to_string()
    } else {
        format!("{} × {} × {}", shape.height, shape.width, shape.channels)
    }
}
