//! The layers of `kind = "layers"`: one text each, read and written.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

use super::model::Activation;

/// One layer as a configuration describes it, its input left open. Pairs are (rows, columns).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LayerSpec {
    /// `conv 32 3x3 stride 2 pad 1`: convolution.
    Conv {
        /// Output channels.
        n_filters: usize,
        /// Size of a filter.
        filter: [usize; 2],
        /// Steps of the filter.
        stride: [usize; 2],
        /// Zeros around the image.
        padding: Padding,
    },
    /// `linear 128`: affine; takes its input flat.
    Linear {
        /// Outputs.
        outputs: usize,
    },
    /// `relu` and the others: element by element.
    Activation(Activation),
    /// `max_pool 3 stride 2`: the largest of each window.
    MaxPool {
        /// Size of a window.
        window: [usize; 2],
        /// Steps of the window.
        stride: [usize; 2],
    },
    /// `avg_pool 2`: the mean of each window.
    AvgPool {
        /// Size of a window.
        window: [usize; 2],
        /// Steps of the window.
        stride: [usize; 2],
    },
    /// `global_avg_pool`: the mean of each channel.
    GlobalAvgPool,
    /// `batch_norm`: each channel normalised over the batch.
    BatchNorm,
    /// `layer_norm`: each sample normalised over its features.
    LayerNorm,
    /// `dropout 0.5`: features set to 0 at random in training.
    Dropout {
        /// Share that is dropped, below 1.
        rate: f64,
    },
    /// `flatten`: the image as a row of features.
    Flatten,
}

/// Zeros around an image before it is convolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// (k − 1) / 2 before and k / 2 after, rounded down: with stride 1 the output is as large as the
    /// input, with stride s every s-th row and column of that.
    Same,
    /// None.
    Valid,
    /// So many rows and columns on every side.
    By(usize),
}

/// Why a text is no layer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayerError {
    /// It holds nothing.
    #[error("is empty")]
    Empty,
    /// Its first word names no layer.
    #[error("no layer is called \"{word}\"")]
    Unknown {
        /// The word found.
        word: String,
    },
    /// Something that the layer needs is missing.
    #[error("{what} is missing")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// What the layer takes.
        usage: &'static str,
    },
    /// A value is not what is accepted in its place.
    #[error("{what} cannot be \"{found}\"")]
    Value {
        /// What the value is for.
        what: &'static str,
        /// The value found.
        found: String,
        /// What is accepted.
        accepted: String,
    },
    /// A word too many.
    #[error("\"{found}\" has no meaning there")]
    Excess {
        /// The word found.
        found: String,
        /// What the layer takes.
        usage: &'static str,
    },
    /// An option stands twice.
    #[error("{option} is given twice")]
    Twice {
        /// The option.
        option: &'static str,
        /// What the layer takes.
        usage: &'static str,
    },
}

impl fmt::Display for LayerSpec {
    /// The text that reads back to the same layer; what is the default is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Conv {
                n_filters,
                filter: [rows, columns],
                stride,
                padding,
            } => {
                write!(f, "conv {n_filters} {rows}x{columns}")?;
                if stride != [1, 1] {
                    write!(f, " stride {}", Pair(stride))?;
                }
                match padding {
                    Padding::Same => Ok(()),
                    Padding::Valid => write!(f, " pad valid"),
                    Padding::By(n) => write!(f, " pad {n}"),
                }
            }
            Self::Linear { outputs } => write!(f, "linear {outputs}"),
            Self::Activation(activation) => f.write_str(activation.name()),
            Self::MaxPool { window, stride } => write_windows(f, "max_pool", window, stride),
            Self::AvgPool { window, stride } => write_windows(f, "avg_pool", window, stride),
            Self::GlobalAvgPool => f.write_str("global_avg_pool"),
            Self::BatchNorm => f.write_str("batch_norm"),
            Self::LayerNorm => f.write_str("layer_norm"),
            Self::Dropout { rate } => write!(f, "dropout {rate}"),
            Self::Flatten => f.write_str("flatten"),
        }
    }
}

fn write_windows(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    window: [usize; 2],
    stride: [usize; 2],
) -> fmt::Result {
    write!(f, "{name} {}", Pair(window))?;
    if stride == window {
        Ok(())
    } else {
        write!(f, " stride {}", Pair(stride))
    }
}

/// `3` or `3x5`.
struct Pair([usize; 2]);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([rows, columns]) = self;
        if rows == columns {
            write!(f, "{rows}")
        } else {
            write!(f, "{rows}x{columns}")
        }
    }
}
