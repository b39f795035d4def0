//! One image: PNG or JPEG, told by its content.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::error::ImageError;
use super::jpeg;
use crate::data::Shape;

/// Bytes that the pixels of one image may take before they are brought to their size.
const MAX_BYTES: u64 = 128 << 20;

/// First bytes of a JPEG file.
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

/// What an image says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Height and width as it is to be seen.
    pub(super) size: [usize; 2],
    pub(super) is_colour: bool,
    pub(super) has_alpha: bool,
}

/// How images are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Height and width.
    pub(super) size: [usize; 2],
    pub(super) is_colour: bool,
}

impl Wanted {
    pub(super) fn shape(self) -> Shape {
        Shape {
            height: self.size[0],
            width: self.size[1],
            channels: if self.is_colour { 3 } else { 1 },
        }
    }
}

/// Whether a file begins as an image: the first four bytes tell.
pub(super) fn begins_as_one(start: &[u8]) -> bool {
    start.starts_with(b"\x89PNG") || start.starts_with(&JPEG)
}

/// Whether a file is one that can be decoded.
pub(super) fn is_one(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(4).read_to_end(&mut start));
    read.is_ok() && begins_as_one(&start)
}

/// Reads what an image says of itself; its pixels are not looked at.
pub(super) fn header(file: &Path) -> Result<Header, ImageError> {
    let mut decoder = decoder(file)?;
    let (width, height) = decoder.dimensions();
    let mut size = [height as usize, width as usize];
    if turns(decoder.orientation().unwrap_or(Orientation::NoTransforms)) {
        size.reverse();
    }
    let colour = decoder.color_type();
    Ok(Header {
        size,
        is_colour: colour.has_color(),
        has_alpha: colour.has_alpha(),
    })
}

/// Height · width · channels bytes, pixel by pixel; turned as its EXIF data say, 16 bits brought to 8.
///
/// Another size is reached by a triangle filter as wide as the scale asks for, which is what Pillow calls bilinear.
pub(super) fn pixels(file: &Path, wanted: Wanted) -> Result<Vec<u8>, ImageError> {
    let mut decoder = decoder(file)?;
    let bytes = decoder.total_bytes();
    if bytes > MAX_BYTES {
        return Err(ImageError::TooLarge {
            path: file.to_path_buf(),
            bytes,
            limit: MAX_BYTES,
        });
    }
    check_end(file)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|reason| damaged(file, &reason))?;
    image.apply_orientation(orientation);
    let [height, width] = wanted.size.map(|size| size as u32);
    let image = if wanted.is_colour {
        DynamicImage::ImageRgb8(image.into_rgb8())
    } else {
        DynamicImage::ImageLuma8(image.into_luma8())
    };
    if (image.height(), image.width()) == (height, width) {
        return Ok(image.into_bytes());
    }
    Ok(image
        .resize_exact(width, height, FilterType::Triangle)
        .into_bytes())
}

fn decoder(file: &Path) -> Result<impl ImageDecoder, ImageError> {
    let opened = File::open(file).map_err(|reason| ImageError::Unreadable {
        path: file.to_path_buf(),
        reason,
    })?;
    let reader = ImageReader::new(BufReader::new(opened))
        .with_guessed_format()
        .map_err(|reason| ImageError::Unreadable {
            path: file.to_path_buf(),
            reason,
        })?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(ImageError::Damaged {
            path: file.to_path_buf(),
            reason: "it begins neither as PNG nor as JPEG".to_owned(),
        });
    }
    reader
        .into_decoder()
        .map_err(|reason| damaged(file, &reason))
}

/// Refuses a JPEG file that was cut off, which the decoder would fill with grey.
fn check_end(file: &Path) -> Result<(), ImageError> {
    let bytes = fs::read(file).map_err(|reason| ImageError::Unreadable {
        path: file.to_path_buf(),
        reason,
    })?;
    if !bytes.starts_with(&JPEG) || jpeg::is_whole(&bytes) {
        return Ok(());
    }
    Err(ImageError::Damaged {
        path: file.to_path_buf(),
        reason: "its end is missing".to_owned(),
    })
}

/// Whether height and width change places.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn damaged(file: &Path, reason: &image::ImageError) -> ImageError {
    ImageError::Damaged {
        path: file.to_path_buf(),
        reason: reason.to_string(),
    }
}
