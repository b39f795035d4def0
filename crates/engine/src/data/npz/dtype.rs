//! Types of an array's elements, and their bytes as numbers.

use std::fmt;

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// False or true.
    Bool,
    /// Two's complement.
    Signed,
    /// Non-negative.
    Unsigned,
    /// IEEE 754.
    Real,
}

/// Type of an array's elements: an integer of 1 to 8 bytes, or a real number of 2 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    element: Element,
    size: usize,
    big_endian: bool,
}

impl Dtype {
    /// The type that NumPy writes so in a header, such as `<f4` or `|u1`; `None` for types that are no plain numbers.
    pub(super) fn named(text: &str) -> Option<Self> {
        let (order, rest) = match text.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), ..] => (*order, &text[1..]),
            _ => (b'|', text),
        };
        let (element, size) = match rest {
            "b1" | "?" => (Element::Bool, 1),
            "i1" => (Element::Signed, 1),
            "i2" => (Element::Signed, 2),
            "i4" => (Element::Signed, 4),
            "i8" => (Element::Signed, 8),
            "u1" => (Element::Unsigned, 1),
            "u2" => (Element::Unsigned, 2),
            "u4" => (Element::Unsigned, 4),
            "u8" => (Element::Unsigned, 8),
            "f2" => (Element::Real, 2),
            "f4" => (Element::Real, 4),
            "f8" => (Element::Real, 8),
            _ => return None,
        };
        // More than one byte without an order could be read either way.
        if size > 1 && order == b'|' {
            return None;
        }
        let big_endian = order == b'>' || (order == b'=' && cfg!(target_endian = "big"));
        Some(Self {
            element,
            size,
            big_endian,
        })
    }

    /// Bytes of an element: 1, 2, 4 or 8.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Whether elements are whole numbers or truth values.
    pub(super) fn is_whole(self) -> bool {
        self.element != Element::Real
    }

    /// Whether an element is a byte from 0 to 255 as it stands.
    pub(super) fn is_byte(self) -> bool {
        self.element == Element::Unsigned && self.size == 1
    }

    /// Whether elements are truth values.
    pub(super) fn is_bool(self) -> bool {
        self.element == Element::Bool
    }

    /// An element's bytes as a whole number; of real numbers, their bits.
    ///
    /// # Panics
    /// If there are more than 8 bytes.
    pub(super) fn whole(self, bytes: &[u8]) -> i128 {
        let bits = self.bits(bytes);
        match self.element {
            Element::Bool => i128::from(bits != 0),
            Element::Unsigned | Element::Real => i128::from(bits),
            Element::Signed => {
                let unused = 64 - 8 * self.size as u32;
                i128::from(((bits << unused) as i64) >> unused)
            }
        }
    }

    /// An element's bytes as the nearest number of 32 bits; infinite beyond them.
    pub(super) fn number(self, bytes: &[u8]) -> f32 {
        match (self.element, self.size) {
            (Element::Real, 2) => half(self.bits(bytes) as u16),
            (Element::Real, 4) => f32::from_bits(self.bits(bytes) as u32),
            (Element::Real, _) => f64::from_bits(self.bits(bytes)) as f32,
            _ => self.whole(bytes) as f32,
        }
    }

    fn bits(self, bytes: &[u8]) -> u64 {
        let mut eight = [0; 8];
        let eight_used = &mut eight[..bytes.len()];
        eight_used.copy_from_slice(bytes);
        if self.big_endian {
            eight_used.reverse();
        }
        u64::from_le_bytes(eight)
    }
}

impl fmt::Display for Dtype {
    /// NumPy's name, `uint8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = 8 * self.size;
        match self.element {
            Element::Bool => f.write_str("bool"),
            Element::Signed => write!(f, "int{bits}"),
            Element::Unsigned => write!(f, "uint{bits}"),
            Element::Real => write!(f, "float{bits}"),
        }
    }
}

/// A number of 16 bits: (−1)^s · 2^(e − 25) · (1024 + m), exactly. Source: IEEE 754-2008, binary16.
fn half(bits: u16) -> f32 {
    let (exponent, mantissa) = ((bits >> 10) & 31, bits & 1023);
    let magnitude = match (exponent, mantissa) {
        (0, _) => f32::from(mantissa) / 16_777_216.0,
        (31, 0) => f32::INFINITY,
        (31, _) => f32::NAN,
        // The 13 further bits of a mantissa of 23, and a bias of 127 for one of 15.
        _ => f32::from_bits(((u32::from(exponent) + 112) << 23) | (u32::from(mantissa) << 13)),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expects these bytes of this type to be this number.
    #[track_caller]
    fn check(name: &str, bytes: &[u8], expected: f32) {
        assert_eq!(Dtype::named(name).unwrap().number(bytes), expected);
    }

    #[test]
    fn every_type_is_read_in_both_byte_orders() {
        check("|b1", &[1], 1.0);
        check("|u1", &[255], 255.0);
        check("|i1", &[255], -1.0);
        check("<i2", &[0xfe, 0xff], -2.0);
        check(">i2", &[0xff, 0xfe], -2.0);
        check("<u2", &[0xfe, 0xff], 65534.0);
        check(">i4", &[0, 0, 1, 0], 256.0);
        check("<u4", &[0, 0, 0, 0x80], 2_147_483_648.0);
        check("<i8", &[255; 8], -1.0);
        check(
            ">u8",
            &[0x80, 0, 0, 0, 0, 0, 0, 0],
            9_223_372_036_854_775_808.0,
        );
        check("<f4", &1.5_f32.to_le_bytes(), 1.5);
        check(">f4", &1.5_f32.to_be_bytes(), 1.5);
        check("<f8", &(-0.1_f64).to_le_bytes(), -0.1);
        check(">f8", &1e300_f64.to_be_bytes(), f32::INFINITY);
    }

    /// From the table of binary16's examples; 0x3555 is the nearest to 1/3.
    #[test]
    fn numbers_of_16_bits_are_exact() {
        for (bits, expected) in [
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
            (0xc000, -2.0),
        ] {
            assert_eq!(half(bits), expected, "{bits:04x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000).is_sign_negative());
    }

    #[test]
    fn what_is_no_plain_number_has_no_type() {
        for name in [
            "|O", "<U3", "|S3", "<M8[ns]", "<c8", "<f16", "|V8", "", "i4", "|i4", "é",
        ] {
            assert_eq!(Dtype::named(name), None, "{name}");
        }
    }
}
