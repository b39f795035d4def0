//! Data sets: one file per format, a seeded stratified split, preprocessing fitted on the training part only.
//!
//! A reader turns a file into raw samples; `load` splits them in three and fills missing cells;
//! `Dataset::preprocessed` scales the features. Nothing here knows a network.

mod cifar10;
mod csv;
mod digits;
mod error;
mod fingerprint;
mod idx;
mod input;
mod load;
mod preprocess;
mod raw;
mod split;
mod summary;

pub use error::DataError;
pub use load::load;

/// Height, width and channels of one sample; a table of D features is 1 × 1 × D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Channels of an image, or features of a table row.
    pub channels: usize,
}

impl Shape {
    /// Number of values in one sample.
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether a sample holds no value at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Samples with their labels; one of the three parts of a split, or a whole file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Features (N, height, width, channels) row-major, NHWC; finite.
    pub features: Vec<f32>,
    /// Labels (N), each in 0..C.
    pub labels: Vec<u32>,
}

impl Samples {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A data set split in three, raw (`load`) or preprocessed (`Dataset::preprocessed`).
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Shape of one sample.
    pub shape: Shape,
    /// Class names, in label order.
    pub classes: Vec<String>,
    /// What the network learns from.
    pub train: Samples,
    /// What choices are made by.
    pub validation: Samples,
    /// What is looked at once; may be empty.
    pub test: Samples,
    /// What the reader found and decided, one sentence each, for people.
    pub notes: Vec<String>,
}
