//! The embedded data set: 1797 handwritten digits of 8 × 8 pixels.
//!
//! Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
//! Repository, 1998, doi 10.24432/C50P49 (its test file); licence CC BY 4.0. See `data/README.md`.

use std::io::Read;

use flate2::read::GzDecoder;

use super::Shape;
use super::raw::Raw;

/// A line per image: 64 pixels 0..16 row by row, then the digit.
static COMPRESSED: &[u8] = include_bytes!("../../data/digits.csv.gz");

const SHAPE: Shape = Shape {
    height: 8,
    width: 8,
    channels: 1,
};

/// All 1797 digits.
pub(super) fn read() -> Raw {
    let mut text = String::new();
    GzDecoder::new(COMPRESSED)
        .read_to_string(&mut text)
        .expect("the embedded file is gzip of plain text");
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines() {
        pixels.extend(line.split(',').map(|cell| {
            cell.parse::<u8>()
                .expect("the embedded file holds small integers")
        }));
        labels.extend(pixels.pop());
    }
    Raw::from_bytes(SHAPE, pixels, &labels)
}

#[cfg(test)]
mod tests {
    use super::super::raw::Cells;
    use super::*;

    #[test]
    fn there_are_1797_digits_with_ink_up_to_16() {
        let raw = read();
        let Cells::Pixels(pixels) = &raw.cells else {
            panic!("digits are pixels")
        };
        assert_eq!(pixels.len(), 1797 * 64);
        assert_eq!(pixels.iter().max(), Some(&16));
        // sklearn.datasets.load_digits(): np.bincount(y), X[0, :8] and X.sum()
        let mut counts = [0; 10];
        for &label in raw.targets.labels().unwrap() {
            counts[label as usize] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(pixels[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(pixels.iter().map(|&p| u64::from(p)).sum::<u64>(), 561_718);
    }
}
