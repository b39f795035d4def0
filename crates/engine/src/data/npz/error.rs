//! Why arrays could not be read.

use std::path::PathBuf;

use thiserror::Error;

/// What every message ends with that asks for other arrays.
const SAVED_BY: &str = "arrays as np.savez and np.save write them";

/// Why the arrays of an `.npz` or `.npy` file are no data set. Messages read after "failed to …".
#[derive(Debug, Error)]
pub enum ArrayError {
    /// Neither an archive nor an array.
    #[error("read {}: it begins with {found:02x?}; accepted: an .npz or .npy file, {SAVED_BY}", path.display())]
    NotArrays {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// An archive that cannot be opened, or an entry of it that cannot be unpacked.
    #[error(
        "unpack {place}: it is damaged, cut off or not written by NumPy ({reason}); get or save the file again"
    )]
    Damaged {
        /// The file, or the array and its file.
        place: String,
        /// What the decoder said.
        reason: String,
    },
    /// No array of that name.
    #[error("find the {what} in {}: there is no array {wanted}{hint}; {key} = \"NAME\" names one; accepted: {accepted}", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
        /// Features or labels.
        what: &'static str,
        /// The key that names the array.
        key: &'static str,
        /// The names looked for.
        wanted: String,
        /// The nearest name, as the end of a clause; may be empty.
        hint: String,
        /// Names in the file.
        accepted: String,
    },
    /// Several arrays, and none with the name of features.
    #[error(
        "find features in {}: its arrays are {found}; accepted: one named \"x\" or \"x_test\", or a single array",
        path.display()
    )]
    NoFeatures {
        /// The file.
        path: PathBuf,
        /// Names in the file.
        found: String,
    },
    /// A single array without a file of labels.
    #[error(
        "find the labels of {}: an .npy file holds one array; accepted: label_path = \"LABELS.npy\" besides, \
         or an .npz file of both",
        path.display()
    )]
    NoLabels {
        /// The file.
        path: PathBuf,
    },
    /// A name of an array in a file that holds only one.
    #[error(
        "find \"{found}\" in {}: an .npy file holds one array and no names; leave {key} out, or give an .npz file",
        path.display()
    )]
    NoNames {
        /// The file.
        path: PathBuf,
        /// The key that names the array.
        key: &'static str,
        /// The name given.
        found: String,
    },
    /// A file of labels beside an archive.
    #[error(
        "take the labels from {}: {} is an archive, whose labels are an array of its own; \
         leave label_path out; label = \"NAME\" names another array",
        labels.display(), path.display()
    )]
    LabelsTwice {
        /// The archive.
        path: PathBuf,
        /// The file of labels.
        labels: PathBuf,
    },
    /// An archive where a single array is wanted.
    #[error("take the labels from {}: it is an archive; accepted: an .npy file, one array", path.display())]
    LabelsInArchive {
        /// The file.
        path: PathBuf,
    },
    /// A single array as test set.
    #[error(
        "read {}: an .npy file holds features without labels; \
         accepted: an .npz file of both, np.savez(\"test.npz\", x=x_test, y=y_test)",
        path.display()
    )]
    TestWithoutLabels {
        /// The file.
        path: PathBuf,
    },
    /// Objects of Python.
    #[error(
        "read {array}: it holds Python objects (dtype {found}), which take pickle to read, and pickle runs code; \
         save an array of numbers, such as x.astype(\"float32\")"
    )]
    Pickled {
        /// The array.
        array: String,
        /// Its type as the header has it.
        found: String,
    },
    /// Text, dates, complex numbers, records and what else NumPy has.
    #[error(
        "read {array}: its dtype is {found}; accepted: bool, int8 to int64, uint8 to uint64, float16 to float64{remedy}"
    )]
    WrongType {
        /// The array.
        array: String,
        /// Its type as the header has it.
        found: String,
        /// What to do, as the end of a clause; may be empty.
        remedy: &'static str,
    },
    /// Too short for its header.
    #[error("read {array}: it ends within its header; accepted: {SAVED_BY}")]
    NoHeader {
        /// The array.
        array: String,
    },
    /// Something else than a header of NumPy's.
    #[error("read {array}: its header is not NumPy's: {reason}; accepted: {SAVED_BY}")]
    WrongHeader {
        /// The array.
        array: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another number of dimensions.
    #[error("read {array}: its shape is {found:?}; accepted: {accepted}")]
    WrongDimensions {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
        /// What fits.
        accepted: &'static str,
    },
    /// No samples, or samples of nothing.
    #[error("read {array}: its shape is {found:?}, so that there are no samples in it")]
    NoSamples {
        /// The array.
        array: String,
        /// Its shape.
        found: Vec<u64>,
    },
    /// Less than the header announces.
    #[error(
        "read {array}: its shape {shape:?} needs {expected} bytes, and there are at most {found}; \
         it is cut off or its header is wrong"
    )]
    Truncated {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<u64>,
        /// Bytes that takes.
        expected: u128,
        /// Bytes there are, or can be at most where they are compressed.
        found: u64,
    },
    /// More than the header announces.
    #[error(
        "read {array}: it holds more than the {expected} bytes of its shape {shape:?}; its header is wrong"
    )]
    TooLong {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<u64>,
        /// Bytes that takes.
        expected: u64,
    },
    /// Features and labels that do not belong together.
    #[error(
        "join features and labels: {features} has {n_features} samples, {labels} has {n_labels}"
    )]
    CountsDiffer {
        /// The array of features.
        features: String,
        /// Samples in it.
        n_features: u64,
        /// The array of labels.
        labels: String,
        /// Labels in it.
        n_labels: u64,
    },
    /// NaN or an infinite number, or one beyond f32.
    #[error(
        "read {array}: {found} in sample {sample} (counted from 0) is not a finite number (of 32 bits); \
         leave such samples out, or fill in, such as np.nan_to_num does"
    )]
    NotFinite {
        /// The array.
        array: String,
        /// The sample, from 0.
        sample: u64,
        /// The number.
        found: String,
    },
    /// Real numbers where classes are wanted.
    #[error(
        "take the classes from {array}: its dtype is {found}; accepted: integers, such as y.astype(\"int64\"); \
         a number is predicted with loss = \"mse\" or \"huber\" in [train]"
    )]
    RealLabels {
        /// The array.
        array: String,
        /// Its type.
        found: String,
    },
    /// Labels with too many values to be classes.
    #[error(
        "take the classes from {array}: it has more than {accepted} different values; \
         a number is predicted with loss = \"mse\" or \"huber\" in [train]"
    )]
    TooManyClasses {
        /// The array.
        array: String,
        /// The limit.
        accepted: usize,
    },
}

impl ArrayError {
    /// The key of `[data]` whose value has to change, or whose file has to.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Absent { key, .. } | Self::NoNames { key, .. } => key,
            Self::LabelsTwice { .. } | Self::LabelsInArchive { .. } => "label_path",
            Self::TestWithoutLabels { .. } => "test_path",
            _ => "path",
        }
    }
}
