//! The layers of `kind = "layers"`: one text each, read and written.

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

/// First words of all layers, in the order in which they are documented.
const WORDS: [&str; 17] = [
    "conv",
    "linear",
    "max_pool",
    "avg_pool",
    "global_avg_pool",
    "batch_norm",
    "layer_norm",
    "dropout",
    "flatten",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "softplus",
];

const CONV: &str = "\"conv FILTERS SIZE\", for example \"conv 32 3x3\", and then \"stride 2\", \"pad same\", \"pad valid\" or \"pad 1\"";
const LINEAR: &str = "\"linear OUTPUTS\", for example \"linear 128\"";
const MAX_POOL: &str = "\"max_pool SIZE\", for example \"max_pool 2\", and then \"stride 2\"";
const AVG_POOL: &str = "\"avg_pool SIZE\", for example \"avg_pool 2\", and then \"stride 2\"";
const DROPOUT: &str = "\"dropout RATE\", for example \"dropout 0.5\"";
const ALONE: &str = "the word alone";

/// Largest filter, window and stride.
const MAX_SIZE: usize = 64;

impl LayerError {
    /// What is accepted instead.
    pub fn help(&self) -> String {
        let known = || format!("one of {}", WORDS.join(", "));
        match self {
            Self::Empty => known(),
            Self::Unknown { word } => match super::read::nearest_of(word, WORDS.into_iter()) {
                Some(near) => format!("did you mean \"{near}\"? {}", known()),
                None => known(),
            },
            Self::Value { accepted, .. } => accepted.clone(),
            Self::Missing { usage, .. }
            | Self::Excess { usage, .. }
            | Self::Twice { usage, .. } => (*usage).to_owned(),
        }
    }
}

impl LayerSpec {
    /// Reads one layer.
    ///
    /// # Errors
    /// See [`LayerError`].
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::config::{LayerSpec, Padding};
    ///
    /// let conv = LayerSpec::parse("conv 32 5x3 stride 2 pad 1").unwrap();
    /// let expected = LayerSpec::Conv {
    ///     n_filters: 32,
    ///     filter: [5, 3],
    ///     stride: [2, 2],
    ///     padding: Padding::By(1),
    /// };
    /// assert_eq!(conv, expected);
    /// ```
    pub fn parse(text: &str) -> Result<Self, LayerError> {
        let mut words = text.split_whitespace();
        let kind = words.next().ok_or(LayerError::Empty)?;
        let mut words = Words {
            words,
            usage: usage_of(kind),
        };
        let layer = match kind {
            "conv" => words.conv()?,
            "linear" => Self::Linear {
                outputs: words.whole("the number of outputs", 65536)?,
            },
            "max_pool" => {
                let (window, stride) = words.windows()?;
                Self::MaxPool { window, stride }
            }
            "avg_pool" => {
                let (window, stride) = words.windows()?;
                Self::AvgPool { window, stride }
            }
            "global_avg_pool" => Self::GlobalAvgPool,
            "batch_norm" => Self::BatchNorm,
            "layer_norm" => Self::LayerNorm,
            "dropout" => Self::Dropout {
                rate: words.rate()?,
            },
            "flatten" => Self::Flatten,
            word => {
                Self::Activation(Activation::named(word).ok_or_else(|| LayerError::Unknown {
                    word: shortened(word),
                })?)
            }
        };
        words.end()?;
        Ok(layer)
    }
}

fn usage_of(kind: &str) -> &'static str {
    match kind {
        "conv" => CONV,
        "linear" => LINEAR,
        "max_pool" => MAX_POOL,
        "avg_pool" => AVG_POOL,
        "dropout" => DROPOUT,
        _ => ALONE,
    }
}

/// A word as a message shows it; long ones are cut.
fn shortened(word: &str) -> String {
    const LONGEST: usize = 30;
    match word.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &word[..at]),
        None => word.to_owned(),
    }
}

/// The words of a layer after its first.
struct Words<'a> {
    words: std::str::SplitWhitespace<'a>,
    usage: &'static str,
}

impl Words<'_> {
    fn conv(&mut self) -> Result<LayerSpec, LayerError> {
        let n_filters = self.whole("the number of filters", 4096)?;
        let filter = self.pair("the filter's size")?;
        let (mut stride, mut padding) = (None, None);
        while let Some(option) = self.words.next() {
            match option {
                "stride" if stride.is_none() => stride = Some(self.pair("the stride")?),
                "pad" if padding.is_none() => padding = Some(self.padding()?),
                "stride" => return Err(self.twice("stride")),
                "pad" => return Err(self.twice("pad")),
                other => return Err(self.excess(other)),
            }
        }
        Ok(LayerSpec::Conv {
            n_filters,
            filter,
            stride: stride.unwrap_or([1, 1]),
            padding: padding.unwrap_or(Padding::Same),
        })
    }

    /// Window and stride of a pooling; without a stride the windows lie side by side.
    fn windows(&mut self) -> Result<([usize; 2], [usize; 2]), LayerError> {
        let window = self.pair("the window's size")?;
        let mut stride = None;
        while let Some(option) = self.words.next() {
            match option {
                "stride" if stride.is_none() => stride = Some(self.pair("the stride")?),
                "stride" => return Err(self.twice("stride")),
                other => return Err(self.excess(other)),
            }
        }
        Ok((window, stride.unwrap_or(window)))
    }

    fn whole(&mut self, what: &'static str, most: usize) -> Result<usize, LayerError> {
        let word = self.word(what)?;
        whole_within(word, 1, most).ok_or_else(|| LayerError::Value {
            what,
            found: shortened(word),
            accepted: format!("a whole number from 1 to {most}"),
        })
    }

    /// `3` or `3x5`.
    fn pair(&mut self, what: &'static str) -> Result<[usize; 2], LayerError> {
        let word = self.word(what)?;
        let (rows, columns) = word.split_once(['x', '×']).unwrap_or((word, word));
        let size = |text| whole_within(text, 1, MAX_SIZE);
        let pair = size(rows).zip(size(columns));
        let (rows, columns) = pair.ok_or_else(|| LayerError::Value {
            what,
            found: shortened(word),
            accepted: format!(
                "a whole number from 1 to {MAX_SIZE}, or rows and columns such as 3x5"
            ),
        })?;
        Ok([rows, columns])
    }

    fn padding(&mut self) -> Result<Padding, LayerError> {
        let what = "the padding";
        match self.word(what)? {
            "same" => Ok(Padding::Same),
            "valid" => Ok(Padding::Valid),
            word => whole_within(word, 0, MAX_SIZE - 1)
                .map(Padding::By)
                .ok_or_else(|| LayerError::Value {
                    what,
                    found: shortened(word),
                    accepted: format!("same, valid or a whole number from 0 to {}", MAX_SIZE - 1),
                }),
        }
    }

    fn rate(&mut self) -> Result<f64, LayerError> {
        let what = "the rate";
        let word = self.word(what)?;
        let rate = word.parse().ok();
        rate.filter(|rate| (0.0..=0.999).contains(rate))
            .ok_or_else(|| LayerError::Value {
                what,
                found: shortened(word),
                accepted: "a number from 0.0 to 0.999".to_owned(),
            })
    }

    fn end(mut self) -> Result<(), LayerError> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(self.excess(word)),
        }
    }

    fn word(&mut self, what: &'static str) -> Result<&str, LayerError> {
        self.words.next().ok_or(LayerError::Missing {
            what,
            usage: self.usage,
        })
    }

    fn excess(&self, word: &str) -> LayerError {
        LayerError::Excess {
            found: shortened(word),
            usage: self.usage,
        }
    }

    fn twice(&self, option: &'static str) -> LayerError {
        LayerError::Twice {
            option,
            usage: self.usage,
        }
    }
}

fn whole_within(text: &str, least: usize, most: usize) -> Option<usize> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_digits)?;
    (least..=most).contains(&number).then_some(number)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::*;

    #[track_caller]
    fn reads(text: &str, written: &str) {
        let layer = LayerSpec::parse(text).unwrap();
        assert_eq!(layer.to_string(), written);
        assert_eq!(LayerSpec::parse(written), Ok(layer));
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = LayerSpec::parse(text).unwrap_err();
        assert_eq!(format!("{error} ({})", error.help()), expected);
    }

    #[test]
    fn every_layer_reads_back_to_itself() {
        reads("conv 32 3x3", "conv 32 3x3");
        reads(" conv  32\t3 ", "conv 32 3x3");
        reads(
            "conv 8 5x1 pad valid stride 2",
            "conv 8 5x1 stride 2 pad valid",
        );
        reads("conv 8 5×1 stride 1x2 pad 0", "conv 8 5x1 stride 1x2 pad 0");
        reads("conv 8 3 stride 1 pad same", "conv 8 3x3");
        reads("linear 10", "linear 10");
        reads("max_pool 2", "max_pool 2");
        reads("max_pool 3 stride 2", "max_pool 3 stride 2");
        reads("avg_pool 2x3 stride 2x3", "avg_pool 2x3");
        reads("dropout 0.50", "dropout 0.5");
        reads("dropout 0", "dropout 0");
        for word in &WORDS[4..] {
            if *word != "dropout" {
                reads(word, word);
            }
        }
    }

    #[test]
    fn every_activation_is_a_layer() {
        assert!(Activation::NAMES.iter().all(|name| WORDS.contains(name)));
    }

    #[test]
    fn an_unknown_layer_is_told_with_the_nearest() {
        let known = WORDS.join(", ");
        refused(
            "convv 32 3x3",
            &format!("no layer is called \"convv\" (did you mean \"conv\"? one of {known})"),
        );
        refused("", &format!("is empty (one of {known})"));
        refused("42", &format!("no layer is called \"42\" (one of {known})"));
    }

    #[test]
    fn a_wrong_value_is_told_with_what_is_accepted() {
        refused(
            "conv",
            &format!("the number of filters is missing ({CONV})"),
        );
        refused("conv 32", &format!("the filter's size is missing ({CONV})"));
        refused(
            "conv 0 3x3",
            "the number of filters cannot be \"0\" (a whole number from 1 to 4096)",
        );
        refused(
            "conv 8 3x",
            "the filter's size cannot be \"3x\" (a whole number from 1 to 64, or rows and columns such as 3x5)",
        );
        refused(
            "conv 8 3 pad -1",
            "the padding cannot be \"-1\" (same, valid or a whole number from 0 to 63)",
        );
        refused("conv 8 3 pad", &format!("the padding is missing ({CONV})"));
        refused(
            "linear +5",
            "the number of outputs cannot be \"+5\" (a whole number from 1 to 65536)",
        );
        refused(
            "dropout nan",
            "the rate cannot be \"nan\" (a number from 0.0 to 0.999)",
        );
        refused(
            "dropout 1",
            "the rate cannot be \"1\" (a number from 0.0 to 0.999)",
        );
        refused(
            "linear 99999999999999999999999999999999999999",
            "the number of outputs cannot be \"999999999999999999999999999999…\" (a whole number from 1 to 65536)",
        );
    }

    #[test]
    fn words_too_many_and_options_twice_are_told() {
        refused("relu 3", "\"3\" has no meaning there (the word alone)");
        refused(
            "linear 3 4",
            &format!("\"4\" has no meaning there ({LINEAR})"),
        );
        refused(
            "max_pool 2 pad 1",
            &format!("\"pad\" has no meaning there ({MAX_POOL})"),
        );
        refused(
            "conv 8 3 stride 2 stride 2",
            &format!("stride is given twice ({CONV})"),
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_text_is_a_layer_or_a_clear_error(text in "(conv|linear|max_pool|avg_pool|dropout|relu|flatten|\\PC{0,8})( [0-9x×.e+-]{0,6}| stride| pad| same| \\PC{0,4}){0,6}") {
            match LayerSpec::parse(&text) {
                Ok(layer) => assert_eq!(LayerSpec::parse(&layer.to_string()), Ok(layer)),
                Err(error) => assert!(!error.help().is_empty() && error.to_string().len() < 200),
            }
        }
    }
}
