//! A data file opened for reading, compressed with gzip or not.
//!
//! Knows no format. Memory follows what the file holds, never what a header claims.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::DataError;

/// Values (samples × features) that a data set may hold: 4 GiB as f32.
pub(super) const MAX_VALUES: u64 = 1 << 30;

/// Bytes that a file without a size in its header may hold.
const MAX_BYTES: u64 = 2 << 30;

/// First bytes of a gzip file. Source: RFC 1952, section 2.3.1.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Deflate cannot expand further than this. Source: zlib's technical notes, "Maximum compression factor".
pub(super) const MAX_EXPANSION: u64 = 1032;

/// No real table compresses as well as this; what does is made to fill the memory.
const SUSPICIOUS_EXPANSION: u64 = 400;

/// Below this many bytes any expansion is harmless.
const HARMLESS_BYTES: u64 = 64 << 20;

/// A data file being read.
pub(super) struct Input {
    path: PathBuf,
    stored_bytes: u64,
    compressed: bool,
    reader: Box<dyn Read>,
}

impl Input {
    /// Opens `path`; compressed or not is seen from the first two bytes, not from the name.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let unreadable = |reason: io::Error| DataError::Unreadable {
            path: path.to_path_buf(),
            reason,
        };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(DataError::NotAFile {
                path: path.to_path_buf(),
            });
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref()
            .take(GZIP_MAGIC.len() as u64)
            .read_to_end(&mut start)
            .map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let compressed = start == GZIP_MAGIC;
        let file = BufReader::with_capacity(1 << 16, file);
        Ok(Self {
            path: path.to_path_buf(),
            stored_bytes: metadata.len(),
            compressed,
            reader: if compressed {
                Box::new(MultiGzDecoder::new(file))
            } else {
                Box::new(file)
            },
        })
    }

    /// The first N bytes; `accepted` says which format they should begin.
    pub(super) fn header<const N: usize>(
        &mut self,
        accepted: &'static str,
    ) -> Result<[u8; N], DataError> {
        let mut bytes = Vec::with_capacity(N);
        self.read_up_to(N as u64, &mut bytes)?;
        if bytes.is_empty() {
            return Err(self.empty(accepted));
        }
        bytes.try_into().map_err(|_| DataError::NoHeader {
            path: self.path.clone(),
            accepted,
        })
    }

    /// The `n` bytes left in the file, no fewer and no more; `content` names them for a message.
    pub(super) fn rest(&mut self, n: u64, content: &str) -> Result<Vec<u8>, DataError> {
        let at_most = self.at_most();
        if n > at_most {
            return Err(self.truncated(content, n, at_most));
        }
        // A plain file's length was just checked; a compressed one must prove its content first.
        let mut bytes = Vec::with_capacity(if self.compressed { 0 } else { n as usize });
        self.read_up_to(n, &mut bytes)?;
        if (bytes.len() as u64) < n {
            return Err(self.truncated(content, n, bytes.len() as u64));
        }
        let mut beyond = Vec::new();
        self.read_up_to(1, &mut beyond)?;
        if !beyond.is_empty() {
            return Err(DataError::TooLong {
                path: self.path.clone(),
                content: content.to_owned(),
                expected: n,
            });
        }
        Ok(bytes)
    }

    /// Everything in a file whose format announces no size; `accepted` says what it should be.
    pub(super) fn all(&mut self, accepted: &'static str) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len() as u64;
            self.read_up_to(1 << 20, &mut bytes)?;
            let length = bytes.len() as u64;
            if length == before {
                break;
            }
            if length > MAX_BYTES {
                return Err(DataError::TooLarge {
                    path: self.path.clone(),
                    found: format!("more than {MAX_BYTES} bytes"),
                    accepted: format!("{MAX_BYTES} bytes"),
                });
            }
            if self.compressed
                && length > HARMLESS_BYTES
                && length > self.stored_bytes.saturating_mul(SUSPICIOUS_EXPANSION)
            {
                return Err(DataError::Expands {
                    path: self.path.clone(),
                    times: SUSPICIOUS_EXPANSION,
                });
            }
        }
        if bytes.is_empty() {
            return Err(self.empty(accepted));
        }
        Ok(bytes)
    }

    /// Bytes that the file holds, or can hold at most where it is compressed.
    pub(super) fn at_most(&self) -> u64 {
        if self.compressed {
            self.stored_bytes.saturating_mul(MAX_EXPANSION)
        } else {
            self.stored_bytes
        }
    }

    /// Whether the file is compressed, so that its content may be damaged or never come.
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    fn read_up_to(&mut self, n: u64, bytes: &mut Vec<u8>) -> Result<(), DataError> {
        match (&mut self.reader).take(n).read_to_end(bytes) {
            Ok(_) => Ok(()),
            Err(reason) if self.compressed && is_about_content(&reason) => {
                Err(DataError::DamagedGzip {
                    path: self.path.clone(),
                    reason,
                })
            }
            Err(reason) => Err(DataError::Unreadable {
                path: self.path.clone(),
                reason,
            }),
        }
    }

    fn truncated(&self, content: &str, expected: u64, found: u64) -> DataError {
        DataError::Truncated {
            path: self.path.clone(),
            content: content.to_owned(),
            expected,
            found,
        }
    }

    fn empty(&self, accepted: &'static str) -> DataError {
        DataError::Empty {
            path: self.path.clone(),
            accepted,
        }
    }
}

impl Read for Input {
    /// Content, unpacked; errors are the decoder's or the system's own.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.reader.read(bytes)
    }
}

/// Whether the decoder complained, not the operating system.
fn is_about_content(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData
    )
}

/// `directory/name` or `directory/name.gz`, whichever is there; the plain file if both are.
pub(super) fn plain_or_gz(directory: &Path, name: &str) -> Option<PathBuf> {
    [directory.join(name), directory.join(format!("{name}.gz"))]
        .into_iter()
        .find(|path| path.is_file())
}

/// Refuses a data set of more than [`MAX_VALUES`] values before anything is allocated for it.
pub(super) fn check_values(path: &Path, n_samples: u64, n_features: u64) -> Result<(), DataError> {
    match n_samples.checked_mul(n_features) {
        Some(values) if values <= MAX_VALUES => Ok(()),
        _ => Err(DataError::TooLarge {
            path: path.to_path_buf(),
            found: format!("{n_samples} samples of {n_features} values"),
            accepted: format!("{MAX_VALUES} values in all"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads `rest` of a file with these bytes and returns the message, or the content's length.
    #[track_caller]
    fn check_rest(stored: &[u8], n: u64, expected: &str) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, stored).unwrap();
        let found = match Input::open(&path).and_then(|mut input| input.rest(n, "things")) {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn exact_content_is_read_plain_or_compressed() {
        check_rest(b"abcdef", 6, "6 bytes");
        check_rest(&gzipped(b"abcdef"), 6, "6 bytes");
    }

    #[test]
    fn a_file_shorter_or_longer_than_announced_is_refused() {
        check_rest(b"abc", 6, "needs 6 bytes, the file has at most 3");
        check_rest(&gzipped(b"abc"), 6, "needs 6 bytes, the file has at most 3");
        check_rest(b"abcdef", 3, "holds more");
        check_rest(&gzipped(b"abcdef"), 3, "holds more");
    }

    #[test]
    fn an_absurd_size_is_refused_before_allocating() {
        check_rest(b"abc", 1 << 60, "at most 3");
        check_rest(&gzipped(b"abc"), 1 << 60, "at most");
        check_rest(b"abc", u64::MAX, "at most 3");
    }

    #[test]
    fn a_cut_gzip_file_is_named_damaged() {
        let whole = gzipped(&[7; 5000]);
        check_rest(&whole[..whole.len() - 9], 5000, "damaged");
        check_rest(&whole[..whole.len() - 1], 5000, "damaged");
        check_rest(&whole[..12], 5000, "damaged");
    }

    #[test]
    fn a_wrong_checksum_is_named_damaged() {
        let mut whole = gzipped(&[7; 5000]);
        let crc = whole.len() - 8;
        whole[crc] ^= 1;
        check_rest(&whole, 5000, "damaged");
    }

    #[test]
    fn a_gzip_bomb_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bomb.csv.gz");
        fs::write(&path, gzipped(&vec![0; 80 << 20])).unwrap();
        let error = Input::open(&path).unwrap().all("text").unwrap_err();
        assert!(error.to_string().contains("400 times"), "{error}");
    }

    #[test]
    fn a_directory_is_not_a_data_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = Input::open(directory.path()).err().unwrap();
        assert!(error.to_string().contains("not a file"), "{error}");
    }
}
