//! The `[data]` table.

use std::path::PathBuf;

use super::augment::Augment;
use super::choice::choice;

/// The `[data]` section, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// Where the samples come from.
    pub source: Source,
    /// File or directory of the source; absolute. `None` for the embedded digits.
    pub path: Option<PathBuf>,
    /// A test set of its own, where the data bring one; absolute. `test` is then not drawn from
    /// `path`.
    pub test_path: Option<PathBuf>,
    /// Size of the validation set.
    pub validation: Share,
    /// Size of the test set.
    pub test: Share,
    /// Keep at most this many training samples (a stratified, seeded choice), after the split.
    pub train_limit: Option<usize>,
    /// Height and width that images of a folder are brought to.
    pub resize: Option<[usize; 2]>,
    /// Shape given by hand: [channels, height, width].
    pub shape: Option<[usize; 3]>,
    /// How features are transformed; fitted on the training part.
    pub preprocess: Preprocess,
    /// How training images are varied, after that.
    pub augment: Augment,
    /// How a CSV file is read.
    pub csv: CsvOptions,
    /// Which of NumPy's arrays are read.
    pub npz: NpzOptions,
}

/// Format of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The embedded handwritten digits.
    Digits,
    /// MNIST's IDX format.
    Idx,
    /// The CIFAR-10 binary format.
    Cifar10,
    /// Comma-separated values.
    Csv,
    /// NumPy's arrays.
    Npz,
    /// A folder of images.
    Images,
}

choice!(Source { Digits = "digits", Idx = "idx", Cifar10 = "cifar10", Csv = "csv", Npz = "npz", Images = "images" });

/// A part of the data: a fraction below 1, or a count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// Fraction of all samples, 0 ≤ f < 1.
    Fraction(f64),
    /// Number of samples.
    Count(usize),
}

/// Feature transformation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preprocess {
    /// Values as they are in the file.
    None,
    /// All values from 0 to 1.
    Scale,
    /// Images: less the mean image.
    CenterImage,
    /// Images: less the mean of each channel.
    CenterChannel,
    /// Images: one mean and standard deviation per channel.
    StandardizeChannel,
    /// One mean and standard deviation per feature.
    Standardize,
    /// Coordinates along the principal axes.
    Pca,
    /// The same, each with variance 1.
    PcaWhiten,
}

impl Preprocess {
    /// Whether the values of an image are pixels afterwards.
    pub fn keeps_images(self) -> bool {
        !matches!(self, Self::Pca | Self::PcaWhiten)
    }
}

choice!(Preprocess {
    None = "none",
    Scale = "scale",
    CenterImage = "center_image",
    CenterChannel = "center_channel",
    StandardizeChannel = "standardize_channel",
    Standardize = "standardize",
    Pca = "pca",
    PcaWhiten = "pca_whiten",
});

/// How a CSV file is read.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// The label column.
    pub label: CsvLabel,
    /// Whether the label is a class or a number, of arrays too; no key of its own, it follows from `loss`.
    pub label_kind: LabelKind,
    /// Whether the first line names the columns; `None`: decided from the file.
    pub header: Option<bool>,
    /// Field delimiter; `None`: decided from the first lines among , ; tab |.
    pub delimiter: Option<u8>,
    /// Cells that mean "missing".
    pub missing: Vec<String>,
}

/// What a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// One of some classes.
    Class,
    /// A number.
    Number,
}

/// Which CSV column holds the label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsvLabel {
    /// By the header's name.
    Name(String),
    /// By position from 0; negative counts from the end.
    Position(i64),
}

/// Which of NumPy's arrays are features and labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NpzOptions {
    /// Name of the features in an archive; `None`: one of the usual names.
    pub features: Option<String>,
    /// Name of the labels in an archive; `None`: the one that belongs to the features' usual name.
    pub label: Option<String>,
    /// The labels of a single array of features; absolute.
    pub label_path: Option<PathBuf>,
}

impl NpzOptions {
    /// Whether all is to be found by itself.
    pub fn are_default(&self) -> bool {
        *self == Self::default()
    }
}
