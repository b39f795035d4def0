//! Data sets: one file per format, a seeded split (stratified where labels are classes), preprocessing fitted on the training part only.
//!
//! A reader turns a file into raw samples; `load` splits them in three and fills missing cells;
//! `Dataset::preprocessed` transforms the features. Nothing here knows a network.

mod augment;
mod cifar10;
mod columns;
mod csv;
mod digits;
mod error;
mod fingerprint;
mod idx;
mod images;
mod input;
mod load;
mod npz;
mod preprocess;
mod raw;
mod split;
mod summary;
mod targets;
mod unlabelled;

pub use augment::AugmentError;
pub(crate) use augment::Augmenter;
pub use columns::Columns;
pub(crate) use columns::Content;
pub use error::DataError;
pub use images::ImageError;
pub use load::load;
pub use npz::ArrayError;
pub(crate) use preprocess::Fitted;
pub use preprocess::{PreprocessError, Preprocessing};
pub use targets::{TargetScale, Targets, Task};
pub use unlabelled::{Unlabelled, UnlabelledError, read_unlabelled, read_unlabelled_text};

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

/// Samples with what is to be predicted of them; one of the three parts of a split, or a whole file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Features (N, height, width, channels) row-major, NHWC; finite.
    pub features: Vec<f32>,
    /// What is to be predicted (N).
    pub targets: Targets,
}

impl Samples {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

/// A data set split in three, raw (`load`) or preprocessed (`Dataset::preprocessed`).
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Shape of one sample.
    pub shape: Shape,
    /// The columns of the table that samples are rows of, if they are.
    pub columns: Option<Columns>,
    /// What is to be predicted.
    pub task: Task,
    /// What the network learns from.
    pub train: Samples,
    /// What choices are made by.
    pub validation: Samples,
    /// What is looked at once; may be empty.
    pub test: Samples,
    /// What the features went through since they were read; new samples have to go through it too.
    pub preprocessing: Preprocessing,
    /// What the reader found and decided, one sentence each, for people.
    pub notes: Vec<String>,
}
