//! Why data could not be loaded.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::images::ImageError;
use super::npz::ArrayError;

/// Why [`load`](super::load()) failed. Messages read after "failed to …"; [`DataError::key`] names the key to change.
#[derive(Debug, Error)]
pub enum DataError {
    /// A source other than the embedded digits, without a path.
    #[error(
        "find the data: source = \"{source_name}\" needs a path; accepted: {accepted}, relative to the sweep file"
    )]
    NoPath {
        /// The source's name in the file.
        source_name: &'static str,
        /// What the path may lead to.
        accepted: &'static str,
    },
    /// `test_path` with the embedded digits.
    #[error(
        "find a test set: the embedded digits have no test_path; test = 0.2 draws one from them"
    )]
    NoTestPath,
    /// A shape given for a format that has its own.
    #[error(
        "take the data's shape: shape = {found:?} (channels, height, width) does not fit {}; accepted: {accepted}",
        path.display()
    )]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// Channels, height, width as given.
        found: [usize; 3],
        /// What fits.
        accepted: String,
    },
    /// Something about the test set's own file.
    #[error("take the test set from its own file: {0}")]
    TestSet(Box<DataError>),
    /// Something about the labels' own file.
    #[error("take the labels from their own file: {0}")]
    Labels(Box<DataError>),
    /// Something about a folder of images.
    #[error(transparent)]
    Image(Box<ImageError>),
    /// Something about NumPy's arrays.
    #[error(transparent)]
    Array(Box<ArrayError>),

    /// The operating system refused.
    #[error("read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A directory, a device or a pipe.
    #[error("read {}: it is not a file; accepted: a regular file, plain or gzip", path.display())]
    NotAFile {
        /// What is no file.
        path: PathBuf,
    },
    /// A directory without the file looked for.
    #[error("read {}: there is no {wanted}", directory.display())]
    NotInDirectory {
        /// Where it was looked for.
        directory: PathBuf,
        /// What was looked for.
        wanted: String,
    },
    /// Nothing in the file.
    #[error("read {}: the file is empty; accepted: {accepted}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        accepted: &'static str,
    },
    /// Compressed data that cannot be unpacked.
    #[error(
        "unpack {}: the gzip data are damaged or cut off ({reason}); get the file again",
        path.display()
    )]
    DamagedGzip {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: io::Error,
    },
    /// Compressed data that would fill the memory.
    #[error(
        "unpack {}: it expands to more than {times} times its size, which no real table does; \
         unpack it yourself if it is one",
        path.display()
    )]
    Expands {
        /// The file.
        path: PathBuf,
        /// The factor at which reading stopped.
        times: u64,
    },
    /// Less than the header announces.
    #[error(
        "read {}: {content} needs {expected} bytes, the file has at most {found}; it is cut off or its header is wrong",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What the header announces.
        content: String,
        /// Bytes that takes.
        expected: u64,
        /// Bytes there are, or can be at most in a compressed file.
        found: u64,
    },
    /// More than the header announces.
    #[error(
        "read {}: the file holds more than the {expected} bytes of {content}; its header is wrong",
        path.display()
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// What the header announces.
        content: String,
        /// Bytes that takes.
        expected: u64,
    },
    /// More than this version holds in memory.
    #[error("read {}: it holds {found}; accepted: at most {accepted}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What the file holds.
        found: String,
        /// The limit.
        accepted: String,
    },
    /// Too short for the format's header.
    #[error("read {}: it ends within its header; accepted: {accepted}", path.display())]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// The format expected.
        accepted: &'static str,
    },
    /// A header and nothing after it, or no row with a label.
    #[error("read {}: there are no samples in it", path.display())]
    NoSamples {
        /// The file.
        path: PathBuf,
    },

    /// Not an IDX file of bytes.
    #[error("read {}: it begins with {found:02x?}; accepted: {accepted}", path.display())]
    WrongMagic {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: [u8; 4],
        /// The format expected.
        accepted: &'static str,
    },
    /// Images where labels should be, or the reverse.
    #[error(
        "read {content} from {}: the array has {found} dimensions; accepted: {accepted} ({content})",
        path.display()
    )]
    WrongDimensions {
        /// The file.
        path: PathBuf,
        /// Images or labels.
        content: &'static str,
        /// Dimensions in the header.
        found: u8,
        /// Dimensions expected.
        accepted: u8,
    },
    /// A file of images whose labels' name cannot be told.
    #[error(
        "find the labels of {}: its name should hold \"images\", so that the labels' name is the same with \"labels\"; \
         accepted too: the directory of both",
        path.display()
    )]
    NotImagesName {
        /// The file of images.
        path: PathBuf,
    },
    /// Images and labels that do not belong together.
    #[error(
        "join images and labels: {} has {n_images} images, {} has {n_labels} labels",
        images.display(), labels.display()
    )]
    CountsDiffer {
        /// The file of images.
        images: PathBuf,
        /// Images in it.
        n_images: u64,
        /// The file of labels.
        labels: PathBuf,
        /// Labels in it.
        n_labels: u64,
    },
    /// Not a whole number of records.
    #[error(
        "read {}: its {found} bytes are not whole records of {record} bytes; \
         accepted: CIFAR-10's binary version (not the Python one)",
        path.display()
    )]
    NotWholeRecords {
        /// The file.
        path: PathBuf,
        /// Bytes in it.
        found: u64,
        /// Bytes of a record.
        record: u64,
    },
    /// A label outside CIFAR-10's ten.
    #[error("read {}: record {record_idx} has label {found}; accepted: 0 to 9", path.display())]
    WrongLabel {
        /// The file.
        path: PathBuf,
        /// The record, from 0.
        record_idx: u64,
        /// Its label.
        found: u8,
    },

    /// No delimiter cuts the lines into columns.
    #[error(
        "read {}: no comma, semicolon, tab or | cuts its lines into columns; name the delimiter",
        path.display()
    )]
    NoDelimiter {
        /// The file.
        path: PathBuf,
    },
    /// A delimiter that does not occur.
    #[error(
        "read {}: delimiter {delimiter:?} cuts its first line into one column; \
         accepted: at least a label and one feature",
        path.display()
    )]
    OneColumn {
        /// The file.
        path: PathBuf,
        /// The delimiter used.
        delimiter: char,
    },
    /// Text in another encoding.
    #[error("read {}: line {line} is not UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A line with too few or too many cells.
    #[error(
        "read {}: line {line} has {found} cells; accepted: {accepted}, as in line {first_line}",
        path.display()
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Cells in it.
        found: usize,
        /// The line that sets the number.
        first_line: u64,
        /// Cells in that.
        accepted: usize,
    },
    /// NaN or an infinite number, or one beyond f32.
    #[error(
        "read {}: {found:?} in line {line}, {column}, is not a finite number (of 32 bits); \
         add it to `missing` if it means a missing value",
        path.display()
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        found: String,
    },
    /// Text in a test set's column that is numbers in the training file.
    #[error(
        "read {}: {found:?} in line {line}, {column}, is not a number, as this column is in the training file",
        path.display()
    )]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        found: String,
    },
    /// Free text or identifiers in a column.
    #[error(
        "read {}: {column} is not numbers ({found:?} in line {line}) and has more than {accepted} different values; \
         remove the column, or add to `missing` what means a missing value",
        path.display()
    )]
    TooManyCategories {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Line of the first cell that is no number.
        line: u64,
        /// That cell.
        found: String,
        /// The limit.
        accepted: usize,
    },
    /// A test set with other columns.
    #[error("read {}: {found} columns; accepted: {accepted}, as in the training file", path.display())]
    ColumnsDiffer {
        /// The file.
        path: PathBuf,
        /// Columns in it.
        found: usize,
        /// Columns in the training file.
        accepted: usize,
    },
    /// A test set whose columns are named otherwise.
    #[error(
        "read {}: its first line is {found}; accepted: {accepted}, as in the training file",
        path.display()
    )]
    HeaderDiffers {
        /// The file.
        path: PathBuf,
        /// Names in it.
        found: String,
        /// Names in the training file.
        accepted: String,
    },

    /// No column of that name.
    #[error(
        "find the label in {}: there is no column \"{found}\"{hint}; accepted: {accepted}, or a position from 0",
        path.display()
    )]
    LabelAbsent {
        /// The file.
        path: PathBuf,
        /// The name given.
        found: String,
        /// The nearest name, as the end of a clause; may be empty.
        hint: String,
        /// Names in the file.
        accepted: String,
    },
    /// Two columns of that name.
    #[error(
        "find the label in {}: columns {first} and {second} (counted from 0) are both named \"{found}\"; \
         give the position",
        path.display()
    )]
    LabelTwice {
        /// The file.
        path: PathBuf,
        /// The name.
        found: String,
        /// The first column of that name, from 0.
        first: usize,
        /// The second.
        second: usize,
    },
    /// A name without a header.
    #[error(
        "find the label \"{found}\" in {}: header = false leaves the columns without names; \
         give the label's position, -1 for the last",
        path.display()
    )]
    LabelNeedsHeader {
        /// The file.
        path: PathBuf,
        /// The name given.
        found: String,
    },
    /// A position outside the row.
    #[error(
        "find the label in {}: no column {found}; accepted: 0 to {}, or -1 (the last) to -{width}",
        path.display(), width - 1
    )]
    LabelPosition {
        /// The file.
        path: PathBuf,
        /// The position given.
        found: i64,
        /// Columns of the file.
        width: usize,
    },
    /// A label with too many values to be a class.
    #[error(
        "take the classes from {}: the label column has more than {accepted} different values; \
         a number is predicted with loss = \"mse\" or \"huber\" in [train]",
        path.display()
    )]
    TooManyClasses {
        /// The file.
        path: PathBuf,
        /// The limit.
        accepted: usize,
    },
    /// A class where a number is to be predicted.
    #[error(
        "read {}: the label {found:?} in line {line}, {column}, is not a number, which loss = \"mse\" and \"huber\" \
         predict; accepted: a column of numbers, or loss = \"softmax\" or \"hinge\"",
        path.display()
    )]
    LabelNotANumber {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        found: String,
    },
    /// No two different numbers.
    #[error(
        "take the labels: all {n_samples} samples have the number {label}; accepted: at least two different ones"
    )]
    OneNumber {
        /// Samples in the file.
        n_samples: usize,
        /// Their label.
        label: f32,
    },
    /// A class that the training file does not know.
    #[error("read {}: class \"{found}\"{place} is unknown; accepted: {accepted}", path.display())]
    UnknownClass {
        /// The file.
        path: PathBuf,
        /// Where in the file, as the end of a clause; may be empty.
        place: String,
        /// The class.
        found: String,
        /// Classes of the training file.
        accepted: String,
    },
    /// Nothing to tell apart.
    #[error(
        "take the classes: all {n_samples} samples are of one class, \"{class}\"; accepted: at least two classes"
    )]
    OneClass {
        /// Samples in the file.
        n_samples: usize,
        /// Their class.
        class: String,
    },

    /// Not a fraction.
    #[error(
        "split the samples: {key} = {found}; accepted: a fraction from 0 to below 1, or a count"
    )]
    WrongShare {
        /// `validation` or `test`.
        key: &'static str,
        /// The fraction.
        found: f64,
    },
    /// A part too small to hold every class.
    #[error(
        "split {n_samples} samples: {key} = {share} leaves {found} for the {part} part; \
         accepted: at least {n_classes}{}",
        if *n_classes > 1 { ", one for each class" } else { "" }
    )]
    PartTooSmall {
        /// The key that sets the part's size.
        key: &'static str,
        /// Its value.
        share: String,
        /// The part.
        part: &'static str,
        /// Samples to be split.
        n_samples: usize,
        /// Samples left for the part.
        found: usize,
        /// Number of classes, or 1.
        n_classes: usize,
    },
    /// A class too small to be in every part.
    #[error(
        "split the samples: class \"{class}\" has {found}; accepted: at least {accepted}, one for each of {parts}{}",
        if class.parse::<f64>().is_ok() {
            "; if the label is a number to be predicted, loss = \"mse\" or \"huber\""
        } else {
            ""
        }
    )]
    ClassTooSmall {
        /// The class.
        class: String,
        /// Samples of it.
        found: usize,
        /// Samples needed.
        accepted: usize,
        /// The parts.
        parts: &'static str,
    },
}

impl From<ImageError> for DataError {
    fn from(error: ImageError) -> Self {
        Self::Image(Box::new(error))
    }
}

impl From<ArrayError> for DataError {
    fn from(error: ArrayError) -> Self {
        Self::Array(Box::new(error))
    }
}

impl DataError {
    /// The key of `[data]` whose value has to change, or whose file has to.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NoTestPath | Self::TestSet(_) => "test_path",
            Self::Labels(_) => "label_path",
            Self::Array(error) => error.key(),
            Self::Image(error) => error.key(),
            Self::WrongShape { .. } => "shape",
            Self::NoDelimiter { .. } | Self::OneColumn { .. } => "delimiter",
            Self::LabelAbsent { .. }
            | Self::LabelTwice { .. }
            | Self::LabelNeedsHeader { .. }
            | Self::LabelPosition { .. }
            | Self::LabelNotANumber { .. }
            | Self::TooManyClasses { .. } => "label",
            Self::WrongShare { key, .. } | Self::PartTooSmall { key, .. } => key,
            Self::OneClass { .. }
            | Self::OneNumber { .. }
            | Self::ClassTooSmall { .. }
            | Self::NoPath { .. }
            | Self::Unreadable { .. }
            | Self::NotAFile { .. }
            | Self::NotInDirectory { .. }
            | Self::Empty { .. }
            | Self::DamagedGzip { .. }
            | Self::Expands { .. }
            | Self::Truncated { .. }
            | Self::TooLong { .. }
            | Self::TooLarge { .. }
            | Self::NoHeader { .. }
            | Self::NoSamples { .. }
            | Self::WrongMagic { .. }
            | Self::WrongDimensions { .. }
            | Self::NotImagesName { .. }
            | Self::CountsDiffer { .. }
            | Self::NotWholeRecords { .. }
            | Self::WrongLabel { .. }
            | Self::NotUtf8 { .. }
            | Self::Ragged { .. }
            | Self::NotFinite { .. }
            | Self::NotANumber { .. }
            | Self::TooManyCategories { .. }
            | Self::ColumnsDiffer { .. }
            | Self::HeaderDiffers { .. }
            | Self::UnknownClass { .. } => "path",
        }
    }
}
