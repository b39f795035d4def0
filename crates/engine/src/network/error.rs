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
    /// The filter is larger than the padded image.
    #[error(
        "{layer}: filters of {} × {} on an input of {}; there they can be at most {} × {}",
        filter[0], filter[1], dims(*input), at_most[0], at_most[1]
    )]
    FilterDoesNotFit {
        /// Place and text of the layer.
        layer: String,
        /// Rows and columns of the filter.
        filter: [usize; 2],
        /// Shape of its input.
        input: Shape,
        /// Rows and columns that would fit.
        at_most: [usize; 2],
    },
    /// Some windows would see nothing but padding.
    #[error(
        "{layer}: a padding of {padding} with filters of {} × {}; it must be smaller than the filters",
        filter[0], filter[1]
    )]
    PaddingTooLarge {
        /// Place and text of the layer.
        layer: String,
        /// Rows and columns of padding on each side.
        padding: usize,
        /// Rows and columns of the filter.
        filter: [usize; 2],
    },
    /// Nothing would be left after pooling.
    #[error(
        "{layer}: windows of {0} × {1} on an input of {2}, of which nothing is left; \
         images need at least {0} × {1} pixels, tables a model such as \"mlp\"",
        window[0], window[1], dims(*input)
    )]
    NothingToPool {
        /// Name of the layer, or its place and text.
        layer: String,
        /// Rows and columns of a window.
        window: [usize; 2],
        /// Shape of its input.
        input: Shape,
    },
    /// A normalisation over one number gives 0, whatever the number.
    #[error(
        "{layer}: normalises single numbers, as its input is {}{}, of which nothing is left; {}",
        dims(*input),
        batch_size.map(|n| format!(" in batches of {n}")).unwrap_or_default(),
        if batch_size.is_some() { "make the batch larger" } else { "leave the layer out" }
    )]
    NothingToNormalise {
        /// Name of the layer, or its place and text.
        layer: String,
        /// Shape of its input.
        input: Shape,
        /// Samples of a step, where it normalises over these.
        batch_size: Option<usize>,
    },
    /// The last layer does not give one score for each class.
    #[error(
        "the last layer gives {n_scores} scores, the data have {n_classes} classes; \
         end the list with \"linear {n_classes}\""
    )]
    WrongScores {
        /// Outputs of the last layer.
        n_scores: usize,
        /// Classes of the data.
        n_classes: usize,
    },
    /// The list does not end with a linear layer.
    #[error("the last layer gives no scores; end the list with \"linear {n_classes}\"")]
    NoScores {
        /// Classes of the data.
        n_classes: usize,
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
