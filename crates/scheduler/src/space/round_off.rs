//! Numbers a person can read: range ends of four significant digits, lattice values without the dust of addition.

/// `value` rounded to four significant digits, or to as many more as keep it within a hundredth of `width`.
///
/// The end of a narrowed or widened range carries no more information than that, and 0.001 reads better in
/// stages.csv than 0.0009999999999999998. A range from 0.9999 to 0.99995 needs more digits, or it would be one value.
///
/// - `width`: length of the range that `value` belongs to.
pub(super) fn four_digits(value: f64, width: f64) -> f64 {
    let is_near = |candidate: &f64| (candidate - value).abs() <= width.abs() / 100.0;
    (4..17)
        .map(|digits| rounded(value, digits))
        .find(is_near)
        .unwrap_or(value)
}

/// `value` rounded to twelve significant digits: what sums of decimal fractions leave behind the digits that were
/// meant lies beyond.
pub(super) fn twelve_digits(value: f64) -> f64 {
    rounded(value, 12)
}

fn rounded(value: f64, digits: usize) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.*e}", digits - 1)
        .parse()
        .expect("a formatted number parses")
}

#[cfg(test)]
mod tests {
    use super::{four_digits, twelve_digits};

    #[test]
    fn keeps_four_significant_digits() {
        assert_eq!(four_digits(0.000_999_999_999_999_8, 0.1), 0.001);
        assert_eq!(four_digits(-1234.56, 1000.0), -1235.0);
        assert_eq!(four_digits(0.0, 1.0), 0.0);
        assert_eq!(four_digits(0.85, 1.0), 0.85);
    }

    #[test]
    fn keeps_more_digits_in_a_narrow_range() {
        // a hundredth of the width is 5e-7
        assert_eq!(four_digits(0.999_912_345_6, 5e-5), 0.999_912);
        assert_eq!(four_digits(1.0 / 3.0, 0.0), 1.0 / 3.0);
    }

    #[test]
    fn sums_of_decimal_fractions_lose_their_dust() {
        assert_ne!(0.7 + 0.1, 0.8);
        assert_eq!(twelve_digits(0.7 + 0.1), 0.8);
        assert_eq!(twelve_digits(1.0 / 3.0), 0.333_333_333_333);
    }
}
