//! The bytes of a checkpoint: named sections of numbers or text, under one checksum.
//!
//! Reading lends what it finds: memory follows the bytes that are there, never what they claim.

use std::io::{self, Write};
use std::marker::PhantomData;

use bytemuck::Pod;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::error::Unusable;

/// First bytes of a checkpoint. The first is no text; the last is lost where newlines are changed.
const MAGIC: [u8; 8] = *b"\x89FTCKPT\n";

/// Raised whenever sections change their meaning or their form.
const VERSION: u32 = 1;

const CHECKSUM_LEN: usize = 8;

/// What a section can hold.
pub(crate) trait Element: Pod {
    /// Its type in the file.
    const CODE: u8;
    /// Its type in messages.
    const NAME: &'static str;
}

macro_rules! element {
    ($type:ty, $code:literal, $name:literal) => {
        impl Element for $type {
            const CODE: u8 = $code;
            const NAME: &'static str = $name;
        }
    };
}

element!(u8, 0, "bytes");
element!(u64, 1, "u64");
element!(f32, 2, "f32");
element!(f64, 3, "f64");

/// Writes a checkpoint section by section.
pub(crate) struct Writer<W> {
    out: W,
    hash: Xxh3,
}

impl<W: Write> Writer<W> {
    /// Begins a checkpoint.
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut writer = Self {
            out,
            hash: Xxh3::new(),
        };
        writer.put(&MAGIC)?;
        writer.put(&VERSION.to_le_bytes())?;
        Ok(writer)
    }

    /// A section; no two have the same name.
    ///
    /// # Panics
    /// If the name is longer than 255 bytes.
    pub(crate) fn section<E: Element>(&mut self, name: &str, values: &[E]) -> io::Result<()> {
        let name_len = u8::try_from(name.len()).expect("names of sections are short");
        self.put(&[name_len])?;
        self.put(name.as_bytes())?;
        self.put(&[E::CODE])?;
        self.put(&(values.len() as u64).to_le_bytes())?;
        let bytes = bytemuck::cast_slice(values);
        if cfg!(target_endian = "little") {
            return self.put(bytes);
        }
        let mut swapped = bytes.to_vec();
        swap_bytes::<E>(&mut swapped);
        self.put(&swapped)
    }

    /// Ends the checkpoint with its checksum.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let checksum = self.hash.digest();
        self.out.write_all(&checksum.to_le_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

/// The sections of a checkpoint that were not taken yet.
#[derive(Debug)]
pub(crate) struct Sections<'a>(Vec<Section<'a>>);

#[derive(Debug)]
struct Section<'a> {
    name: &'a str,
    code: u8,
    n_elements: u64,
    bytes: &'a [u8],
}

impl<'a> Sections<'a> {
    /// Finds the sections of a whole checkpoint, its checksum being right.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Unusable> {
        let body = check_header(bytes)?;
        let Some((covered, checksum)) = bytes.split_last_chunk::<CHECKSUM_LEN>() else {
            return Err(Unusable::Damaged);
        };
        if xxh3_64(covered) != u64::from_le_bytes(*checksum) {
            return Err(Unusable::Damaged);
        }
        let mut rest = body
            .get(..body.len().wrapping_sub(CHECKSUM_LEN))
            .ok_or(Unusable::Damaged)?;
        let mut sections = Vec::new();
        while !rest.is_empty() {
            sections.push(Section::split_off(&mut rest).ok_or(Unusable::Damaged)?);
        }
        Ok(Self(sections))
    }

    /// Takes the section of that name, however long it is.
    pub(crate) fn take<E: Element>(&mut self, name: &str) -> Result<Values<'a, E>, Unusable> {
        let wrong = |problem: String| Unusable::Section {
            section: name.to_owned(),
            problem,
        };
        let place = self.0.iter().position(|section| section.name == name);
        let section = self
            .0
            .remove(place.ok_or_else(|| wrong("is missing".to_owned()))?);
        if section.code != E::CODE {
            let problem = format!("has elements of type {}, not {}", section.code, E::NAME);
            return Err(wrong(problem));
        }
        Ok(Values {
            bytes: section.bytes,
            element: PhantomData,
        })
    }

    /// Takes the section of that name, which has `len` elements.
    pub(crate) fn take_exactly<E: Element>(
        &mut self,
        name: &str,
        len: usize,
    ) -> Result<Values<'a, E>, Unusable> {
        let values = self.take::<E>(name)?;
        if values.len() == len {
            return Ok(values);
        }
        Err(Unusable::Section {
            section: name.to_owned(),
            problem: format!("holds {} {}, not {len}", values.len(), E::NAME),
        })
    }

    /// All sections were taken.
    pub(crate) fn finish(self) -> Result<(), Unusable> {
        self.0.first().map_or(Ok(()), |section| {
            Err(Unusable::Section {
                section: section.name.to_owned(),
                problem: format!(
                    "with {} elements has no place in this training",
                    section.n_elements
                ),
            })
        })
    }
}

/// What follows magic number and version.
pub(super) fn check_header(bytes: &[u8]) -> Result<&[u8], Unusable> {
    let after_magic = bytes.strip_prefix(&MAGIC).ok_or(Unusable::Foreign)?;
    let (version, body) = after_magic
        .split_first_chunk::<4>()
        .ok_or(Unusable::Damaged)?;
    match u32::from_le_bytes(*version) {
        VERSION => Ok(body),
        found => Err(Unusable::OtherVersion {
            found,
            accepted: VERSION,
        }),
    }
}

impl<'a> Section<'a> {
    /// The section that `rest` begins with, which then follows it; `None` where it does not fit.
    fn split_off(rest: &mut &'a [u8]) -> Option<Self> {
        let (name_len, after) = rest.split_first()?;
        let (name, after) = after.split_at_checked(usize::from(*name_len))?;
        let (code, after) = after.split_first()?;
        let (n_elements, after) = after.split_first_chunk::<8>()?;
        let n_elements = u64::from_le_bytes(*n_elements);
        let element_len: u64 = match *code {
            u8::CODE => 1,
            f32::CODE => 4,
            u64::CODE | f64::CODE => 8,
            _ => return None,
        };
        let len = usize::try_from(n_elements.checked_mul(element_len)?).ok()?;
        let (bytes, after) = after.split_at_checked(len)?;
        *rest = after;
        Some(Self {
            name: str::from_utf8(name).ok()?,
            code: *code,
            n_elements,
            bytes,
        })
    }
}

/// The elements of a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a, E> {
    bytes: &'a [u8],
    element: PhantomData<E>,
}

impl<E: Element> Values<'_, E> {
    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / size_of::<E>()
    }

    /// Overwrites `to`, which is as long.
    pub(crate) fn copy_to(&self, to: &mut [E]) {
        let to: &mut [u8] = bytemuck::cast_slice_mut(to);
        to.copy_from_slice(self.bytes);
        if cfg!(target_endian = "big") {
            swap_bytes::<E>(to);
        }
    }

    /// The elements.
    pub(crate) fn to_vec(self) -> Vec<E> {
        let mut values = vec![E::zeroed(); self.len()];
        self.copy_to(&mut values);
        values
    }
}

/// Turns the bytes of each element around.
fn swap_bytes<E: Element>(bytes: &mut [u8]) {
    for element in bytes.chunks_exact_mut(size_of::<E>()) {
        element.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sections: impl FnOnce(&mut Writer<&mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes).unwrap();
        sections(&mut writer);
        writer.finish().unwrap();
        bytes
    }

    fn example() -> Vec<u8> {
        written(|writer| {
            writer.section("weights", &[1.0_f32, f32::NAN]).unwrap();
            writer.section("n", &[7_u64]).unwrap();
        })
    }

    /// Puts the right checksum under bytes that were changed by hand.
    fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len() - CHECKSUM_LEN);
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    #[track_caller]
    fn refused(bytes: &[u8], expected: &str) {
        let error = Sections::parse(bytes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn the_bytes_are_those_of_the_documented_format() {
        let bytes = written(|writer| writer.section("ab", &[258_u64]).unwrap());
        let expected = [
            &b"\x89FTCKPT\n\x01\0\0\0\x02ab\x01\x01\0\0\0\0\0\0\0\x02\x01\0\0\0\0\0\0"[..],
            &xxh3_64(&bytes[..bytes.len() - 8]).to_le_bytes(),
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn sections_are_taken_by_name_with_all_their_bits() {
        let bytes = example();
        let mut sections = Sections::parse(&bytes).unwrap();
        assert_eq!(sections.take::<u64>("n").unwrap().to_vec(), [7]);
        let weights = sections.take_exactly::<f32>("weights", 2).unwrap().to_vec();
        assert_eq!(
            weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>(),
            [1.0_f32.to_bits(), f32::NAN.to_bits()]
        );
        sections.finish().unwrap();
    }

    #[test]
    fn what_is_missing_left_over_or_of_another_form_is_told() {
        let bytes = example();
        let mut sections = Sections::parse(&bytes).unwrap();
        let refused = |error: Unusable, expected: &str| assert_eq!(error.to_string(), expected);
        refused(
            sections.take::<u64>("m").unwrap_err(),
            "its section `m` is missing; begin the training anew",
        );
        refused(
            sections.take_exactly::<f32>("weights", 3).unwrap_err(),
            "its section `weights` holds 2 f32, not 3; begin the training anew",
        );
        refused(
            sections.take::<f64>("n").unwrap_err(),
            "its section `n` has elements of type 1, not f64; begin the training anew",
        );
        let sections = Sections::parse(&bytes).unwrap();
        refused(
            sections.finish().unwrap_err(),
            "its section `weights` with 2 elements has no place in this training; begin the training anew",
        );
    }

    #[test]
    fn other_files_and_other_versions_are_told_apart_from_damage() {
        refused(b"", "it is no checkpoint");
        refused(b"learning_rate,loss\n", "it is no checkpoint");
        let mut newer = example();
        newer[8] = 2;
        refused(
            &newer,
            "it has version 2 of the format, this program reads version 1",
        );
    }

    #[test]
    fn a_length_beyond_the_file_is_an_error_and_no_allocation() {
        for claimed in [3_u64, 1 << 60, u64::MAX] {
            let mut bytes = example();
            let place = bytes
                .windows(7)
                .position(|name| name == b"weights")
                .unwrap()
                + 8;
            bytes[place..place + 8].copy_from_slice(&claimed.to_le_bytes());
            refused(&signed(bytes), "it is damaged");
        }
    }

    #[test]
    fn no_change_of_signed_bytes_makes_reading_panic() {
        let bytes = example();
        for place in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                // May be another checkpoint, but never a panic.
                let _ = Sections::parse(&signed(changed)).map(Sections::finish);
            }
        }
    }
}
