//! The header of an array: type, order and shape, written as a Python dictionary.
//!
//! Source: NumPy's documentation, "numpy.lib.format", versions 1.0 to 3.0.

use super::dtype::Dtype;

/// First bytes of every array.
pub(super) const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// Dimensions an array may have. Source: NumPy's NPY_MAXDIMS.
const MAX_DIMENSIONS: usize = 64;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Type of the elements.
    pub(super) dtype: Dtype,
    /// Whether the first dimension varies fastest, not the last.
    pub(super) fortran_order: bool,
    /// Sizes of the dimensions; of a single number none.
    pub(super) shape: Vec<u64>,
}

/// Why a header's text is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// It is no dictionary of these three keys.
    Syntax(String),
    /// A type that is no plain number, as the header has it.
    Type(String),
}

impl Header {
    /// Reads the text of a header, `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, and spaces.
    pub(super) fn parse(text: &str) -> Result<Self, HeaderError> {
        let mut cursor = Cursor(text);
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        cursor.expect("{")?;
        while !cursor.skip("}") {
            let key = cursor.text()?;
            cursor.expect(":")?;
            match key {
                "descr" => descr = Some(cursor.descr()?),
                "fortran_order" => fortran_order = Some(cursor.boolean()?),
                "shape" => shape = Some(cursor.shape()?),
                _ => return Err(HeaderError::Syntax(format!("key '{key}' is unknown"))),
            }
            if !cursor.skip(",") {
                cursor.expect("}")?;
                break;
            }
        }
        if !cursor.0.trim().is_empty() {
            return Err(cursor.unexpected("the end"));
        }
        let missing = |key: &str| HeaderError::Syntax(format!("it lacks '{key}'"));
        let descr = descr.ok_or_else(|| missing("descr"))?;
        Ok(Self {
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
            dtype: Dtype::named(&descr).ok_or(HeaderError::Type(descr))?,
        })
    }

    /// Number of elements; `None` beyond 2⁶⁴.
    pub(super) fn n_values(&self) -> Option<u64> {
        // A dimension of 0 makes the product 0, whatever comes before it.
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .try_fold(1_u64, |product, size| product.checked_mul(*size))
    }
}

/// What is left of the text.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start();
        match rest.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), HeaderError> {
        if self.skip(token) {
            Ok(())
        } else {
            Err(self.unexpected(token))
        }
    }

    fn unexpected(&self, wanted: &str) -> HeaderError {
        const SHOWN: usize = 20;
        let found: String = self.0.trim_start().chars().take(SHOWN).collect();
        HeaderError::Syntax(format!("{found:?} where {wanted} should be"))
    }

    /// A text in single or double quotes, without escapes.
    fn text(&mut self) -> Result<&'a str, HeaderError> {
        for quote in ["'", "\""] {
            if self.skip(quote) {
                let (text, rest) = self
                    .0
                    .split_once(quote)
                    .ok_or_else(|| self.unexpected("a closing quote"))?;
                self.0 = rest;
                return Ok(text);
            }
        }
        Err(self.unexpected("a text"))
    }

    /// The name of a type; of a record, its fields as they are written.
    fn descr(&mut self) -> Result<String, HeaderError> {
        if self.0.trim_start().starts_with(['[', '(']) {
            const SHOWN: usize = 60;
            let fields = self.0.trim().chars().take(SHOWN).collect();
            return Err(HeaderError::Type(fields));
        }
        self.text().map(str::to_owned)
    }

    fn boolean(&mut self) -> Result<bool, HeaderError> {
        if self.skip("True") {
            Ok(true)
        } else if self.skip("False") {
            Ok(false)
        } else {
            Err(self.unexpected("True or False"))
        }
    }

    /// `()`, `(3,)` or `(3, 4)`; Python 2 wrote `3L`.
    fn shape(&mut self) -> Result<Vec<u64>, HeaderError> {
        let mut shape = Vec::new();
        self.expect("(")?;
        while !self.skip(")") {
            let rest = self.0.trim_start();
            let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let size = rest[..n_digits]
                .parse()
                .map_err(|_| self.unexpected("a size below 2^64"))?;
            if shape.len() == MAX_DIMENSIONS {
                return Err(HeaderError::Syntax(format!(
                    "more than {MAX_DIMENSIONS} dimensions"
                )));
            }
            shape.push(size);
            self.0 = &rest[n_digits..];
            self.skip("L");
            if !self.skip(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expects this type, order and shape.
    #[track_caller]
    fn check(text: &str, dtype: &str, fortran_order: bool, shape: &[u64]) {
        let header = Header {
            dtype: Dtype::named(dtype).unwrap(),
            fortran_order,
            shape: shape.to_vec(),
        };
        assert_eq!(Header::parse(text), Ok(header));
    }

    #[test]
    fn headers_as_numpy_writes_and_wrote_them_are_read() {
        check(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n",
            "<f4",
            false,
            &[3, 4],
        );
        check(
            "{'descr':'|u1','fortran_order':True,'shape':(3,)}",
            "|u1",
            true,
            &[3],
        );
        check(
            "{\"shape\": (2L, 3L), \"fortran_order\": False, \"descr\": \">i8\"}",
            ">i8",
            false,
            &[2, 3],
        );
        check(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
            "<f8",
            false,
            &[],
        );
    }

    #[test]
    fn a_header_that_is_cut_off_or_changed_is_refused() {
        let whole = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        for end in 0..whole.len() {
            assert!(Header::parse(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        for text in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, -4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 3, }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,), }",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } 1",
            "{'descr': '<f4', 'fortran_order': False, }",
        ] {
            assert!(
                matches!(Header::parse(text), Err(HeaderError::Syntax(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn records_and_objects_are_told_as_types() {
        let of = |descr: &str| {
            Header::parse(&format!(
                "{{'descr': {descr}, 'fortran_order': False, 'shape': (3,), }}"
            ))
        };
        assert_eq!(of("'|O'"), Err(HeaderError::Type("|O".to_owned())));
        assert!(matches!(of("[('a', '<f4')]"), Err(HeaderError::Type(_))));
    }

    #[test]
    fn the_number_of_elements_does_not_overflow() {
        let n_values = |shape: &[u64]| {
            let header = Header {
                dtype: Dtype::named("|u1").unwrap(),
                fortran_order: false,
                shape: shape.to_vec(),
            };
            header.n_values()
        };
        assert_eq!(n_values(&[]), Some(1));
        assert_eq!(n_values(&[3, 4]), Some(12));
        assert_eq!(n_values(&[1 << 40, 1 << 40]), None);
        assert_eq!(n_values(&[1 << 40, 1 << 40, 0]), Some(0));
    }
}
