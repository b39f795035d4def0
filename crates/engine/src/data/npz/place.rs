//! Where an array is: a file of its own, or an entry of an archive.

use std::fmt;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::error::ArrayError;
use super::header::{Header, MAGIC};
use super::stream::Stream;
use crate::data::DataError;
use crate::data::input::{Input, MAX_EXPANSION};

/// What NumPy appends to an array's name.
const SUFFIX: &str = ".npy";

/// First bytes of an archive, with entries and without. Source: PKWARE's APPNOTE.TXT, sections 4.3.7 and 4.3.16.
const ARCHIVE_MAGIC: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];

const ACCEPTED: &str = "an .npz or .npy file";

/// What a file holds, seen from its first bytes, not from its name.
#[derive(Debug)]
pub(super) enum Content {
    /// Arrays of these names.
    Archive(Vec<String>),
    /// One array without a name.
    Single,
}

impl Content {
    /// Looks at a file, plain, or compressed with gzip where it is a single array.
    pub(super) fn of(path: &Path) -> Result<Self, DataError> {
        let mut input = Input::open(path)?;
        let start: [u8; 4] = match input.header(ACCEPTED) {
            Err(DataError::NoHeader { path, .. }) => {
                let found = fs::read(&path).unwrap_or_default();
                return Err(ArrayError::NotArrays { path, found }.into());
            }
            other => other?,
        };
        if start == MAGIC[..4] {
            return Ok(Self::Single);
        }
        if !ARCHIVE_MAGIC.contains(&start) || input.is_compressed() {
            return Err(ArrayError::NotArrays {
                path: path.to_path_buf(),
                found: start.to_vec(),
            }
            .into());
        }
        let archive = open_archive(path)?;
        let names: Result<Vec<_>, ZipError> = archive
            .file_names()
            .map(|name| name.map(std::borrow::Cow::into_owned))
            .collect();
        let names = names.map_err(|reason| damaged(path.display().to_string(), &reason))?;
        Ok(Self::Archive(
            names
                .iter()
                .filter_map(|name| name.strip_suffix(SUFFIX))
                .map(str::to_owned)
                .collect(),
        ))
    }
}

/// Where an array is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    path: PathBuf,
    /// Its name in an archive; none in a file of its own.
    array: Option<String>,
}

impl Place {
    /// A file that holds one array.
    pub(super) fn file(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            array: None,
        }
    }

    /// An array of an archive.
    pub(super) fn entry(path: &Path, array: &str) -> Self {
        Self {
            path: path.to_path_buf(),
            array: Some(array.to_owned()),
        }
    }

    /// The file that holds it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a file of its own.
    pub(super) fn is_file(&self) -> bool {
        self.array.is_none()
    }

    /// The array without its file: its name, or that of the file.
    pub(super) fn name(&self) -> String {
        match &self.array {
            Some(array) => format!("\"{array}\""),
            None => format!(
                "{}",
                Path::new(self.path.file_name().unwrap_or_default()).display()
            ),
        }
    }

    /// The array's header.
    pub(super) fn header(&self) -> Result<Header, DataError> {
        self.read(|_, header| Ok(header))
    }

    /// Opens the array, reads its header and then what `read` does.
    pub(super) fn read<R>(
        &self,
        read: impl FnOnce(&mut Stream<'_>, Header) -> Result<R, DataError>,
    ) -> Result<R, DataError> {
        let Some(array) = &self.array else {
            let mut input = Input::open(&self.path)?;
            let (at_most, packed) = (input.at_most(), input.is_compressed());
            let mut stream = Stream::new(self, &mut input, at_most, packed);
            let header = stream.header()?;
            return read(&mut stream, header);
        };
        let mut archive = open_archive(&self.path)?;
        let mut entry = archive
            .by_name(&format!("{array}{SUFFIX}"))
            .map_err(|reason| damaged(self.to_string(), &reason))?;
        // The archive says both sizes; neither can be more than the file lets be.
        let stored = entry.compressed_size().min(file_size(&self.path)?);
        let at_most = entry.size().min(stored.saturating_mul(MAX_EXPANSION));
        let mut stream = Stream::new(self, &mut entry, at_most, true);
        let header = stream.header()?;
        read(&mut stream, header)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.array {
            Some(array) => write!(f, "\"{array}\" of {}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

fn open_archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, DataError> {
    let file = File::open(path).map_err(|reason| DataError::Unreadable {
        path: path.to_path_buf(),
        reason,
    })?;
    ZipArchive::new(BufReader::new(file))
        .map_err(|reason| damaged(path.display().to_string(), &reason))
}

fn file_size(path: &Path) -> Result<u64, DataError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(reason) => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            reason,
        }),
    }
}

fn damaged(place: String, reason: &ZipError) -> DataError {
    let reason = reason.to_string();
    ArrayError::Damaged { place, reason }.into()
}
