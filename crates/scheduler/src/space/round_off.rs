//! Range ends a person can read: four significant digits.

/// `value` rounded to four significant digits, the nearest such number.
///
/// The end of a narrowed or widened range carries no more information than that, and 0.001 reads better in
/// stages.csv than 0.0009999999999999998.
pub(super) fn four_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.3e}")
        .parse()
        .expect("a formatted number parses")
}

#[cfg(test)]
mod tests {
    use super::four_digits;

    #[test]
    fn keeps_four_significant_digits() {
        assert_eq!(four_digits(0.000_999_999_999_999_8), 0.001);
        assert_eq!(four_digits(-1234.56), -1235.0);
        assert_eq!(four_digits(0.0), 0.0);
        assert_eq!(four_digits(0.85), 0.85);
    }
}
