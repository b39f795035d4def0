//! The bytes of one array, read in order and never past what there can be.

use std::io::{self, ErrorKind, Read};

use super::error::ArrayError;
use super::header::{Header, HeaderError, MAGIC};
use super::place::Place;
use crate::data::DataError;
use crate::data::input::MAX_VALUES;

/// Bytes that a header may have; NumPy's own limit is 10,000.
const MAX_HEADER: usize = 1 << 16;

/// Bytes read at once: whole elements of every size.
const CHUNK: usize = 1 << 16;

/// An array being read.
pub(super) struct Stream<'a> {
    place: &'a Place,
    reader: &'a mut dyn Read,
    /// Bytes that can still come.
    at_most: u64,
    /// Whether the bytes are packed: they may be damaged, and prove to be there only as they come.
    packed: bool,
}

impl<'a> Stream<'a> {
    /// Starts at the array's first byte; no more than `at_most` can come.
    pub(super) fn new(
        place: &'a Place,
        reader: &'a mut dyn Read,
        at_most: u64,
        packed: bool,
    ) -> Self {
        Self {
            place,
            reader,
            at_most,
            packed,
        }
    }

    /// The header, which comes first.
    pub(super) fn header(&mut self) -> Result<Header, DataError> {
        let mut start = [0; 8];
        self.header_bytes(&mut start)?;
        if start[..6] != MAGIC {
            let reason = format!("it begins with {:02x?}", &start[..6]);
            return Err(self.wrong_header(reason));
        }
        let length = match start[6] {
            1 => {
                let mut length = [0; 2];
                self.header_bytes(&mut length)?;
                usize::from(u16::from_le_bytes(length))
            }
            2 | 3 => {
                let mut length = [0; 4];
                self.header_bytes(&mut length)?;
                u32::from_le_bytes(length) as usize
            }
            version => return Err(self.wrong_header(format!("version {version} of the format"))),
        };
        if length > MAX_HEADER {
            let reason = format!("it has {length} bytes, which no array of numbers needs");
            return Err(self.wrong_header(reason));
        }
        let mut text = vec![0; length];
        self.header_bytes(&mut text)?;
        let text =
            String::from_utf8(text).map_err(|_| self.wrong_header("it is no text".to_owned()))?;
        Header::parse(&text).map_err(|error| match error {
            HeaderError::Syntax(reason) => self.wrong_header(reason),
            HeaderError::Type(found) => self.wrong_type(found),
        })
    }

    /// The elements that `header` announces, in the order of the file, no fewer and no more; `decode` gets the
    /// position and the bytes of each.
    pub(super) fn values<T>(
        &mut self,
        header: &Header,
        mut decode: impl FnMut(u64, &[u8]) -> Result<T, DataError>,
    ) -> Result<Vec<T>, DataError> {
        let size = header.dtype.size();
        let n_values = self.bounded(header)?;
        let capacity = if self.packed { 0 } else { n_values as usize };
        let mut values = Vec::with_capacity(capacity);
        let mut chunk = vec![0; CHUNK];
        while (values.len() as u64) < n_values {
            let left = (n_values - values.len() as u64) * size as u64;
            let wanted = left.min(CHUNK as u64) as usize;
            let n_read = self.read(&mut chunk[..wanted])?;
            if n_read < wanted {
                let found = (values.len() * size + n_read) as u64;
                return Err(self.truncated(header, u128::from(n_values) * size as u128, found));
            }
            for bytes in chunk[..wanted].chunks_exact(size) {
                values.push(decode(values.len() as u64, bytes)?);
            }
        }
        // Reading on to the end is also what compares an archive's checksum.
        if self.read(&mut [0])? > 0 {
            return Err(ArrayError::TooLong {
                array: self.place.to_string(),
                shape: header.shape.clone(),
                expected: n_values * size as u64,
            }
            .into());
        }
        Ok(values)
    }

    /// The number of elements, if so many can come and memory can hold them.
    pub(super) fn bounded(&self, header: &Header) -> Result<u64, DataError> {
        let size = header.dtype.size() as u128;
        let n_values = header.n_values();
        let expected = n_values.map_or(u128::MAX, |n| u128::from(n) * size);
        match n_values {
            Some(n) if expected <= u128::from(self.at_most) && n <= MAX_VALUES => Ok(n),
            Some(n) if expected <= u128::from(self.at_most) => Err(DataError::TooLarge {
                path: self.place.path().to_path_buf(),
                found: format!("an array of {n} values"),
                accepted: format!("{MAX_VALUES} values"),
            }),
            _ => Err(self.truncated(header, expected, self.at_most)),
        }
    }

    fn header_bytes(&mut self, bytes: &mut [u8]) -> Result<(), DataError> {
        if self.read(bytes)? < bytes.len() {
            let array = self.place.to_string();
            return Err(ArrayError::NoHeader { array }.into());
        }
        Ok(())
    }

    /// Fills `bytes`, or as much as there is; tells how much.
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, DataError> {
        let mut n_read = 0;
        while n_read < bytes.len() {
            match self.reader.read(&mut bytes[n_read..]) {
                Ok(0) => break,
                Ok(n) => n_read += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.at_most = self.at_most.saturating_sub(n_read as u64);
        Ok(n_read)
    }

    fn failed(&self, reason: io::Error) -> DataError {
        // What the system says has a code, what a decoder says has none.
        if self.packed && reason.raw_os_error().is_none() {
            return ArrayError::Damaged {
                place: self.place.to_string(),
                reason: reason.to_string(),
            }
            .into();
        }
        DataError::Unreadable {
            path: self.place.path().to_path_buf(),
            reason,
        }
    }

    fn truncated(&self, header: &Header, expected: u128, found: u64) -> DataError {
        ArrayError::Truncated {
            array: self.place.to_string(),
            shape: header.shape.clone(),
            expected,
            found,
        }
        .into()
    }

    fn wrong_header(&self, reason: String) -> DataError {
        let array = self.place.to_string();
        ArrayError::WrongHeader { array, reason }.into()
    }

    fn wrong_type(&self, found: String) -> DataError {
        let array = self.place.to_string();
        let kind = found.trim_start_matches(['<', '>', '|', '=']);
        let remedy = match kind.as_bytes().first() {
            Some(b'O') => return ArrayError::Pickled { array, found }.into(),
            Some(b'U' | b'S') => {
                "; names, y = np.unique(y, return_inverse=True) makes whole numbers of names"
            }
            Some(b'M' | b'm') => "; x.astype(\"int64\") makes numbers of dates",
            Some(b'c') => "; np.stack([x.real, x.imag], axis=-1) makes two numbers of each",
            Some(b'f') => "; x.astype(\"float32\") makes numbers of 32 bits",
            _ => "",
        };
        ArrayError::WrongType {
            array,
            found,
            remedy,
        }
        .into()
    }
}
