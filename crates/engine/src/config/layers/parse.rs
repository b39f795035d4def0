//! Reads one layer, word by word.

use super::{LayerError, LayerSpec, Padding};
use crate::config::model::Activation;
use crate::config::read::nearest_of;

/// First words of all layers, in the order in which they are documented.
pub(super) const WORDS: [&str; 17] = [
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

pub(super) const CONV: &str = "\"conv FILTERS SIZE\", for example \"conv 32 3x3\", and then \"stride 2\", \"pad same\", \"pad valid\" or \"pad 1\"";
pub(super) const LINEAR: &str = "\"linear OUTPUTS\", for example \"linear 128\"";
pub(super) const MAX_POOL: &str =
    "\"max_pool SIZE\", for example \"max_pool 2\", and then \"stride 2\"";
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
            Self::Unknown { word } => match nearest_of(word, WORDS.into_iter()) {
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
