//! A curve in a line of text.

/// Heights, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `values` in at most `width` characters, each the mean of its share of them, from the lowest to the highest; a gap where
/// there is no finite number. Empty where there is none at all.
pub(crate) fn sparkline(values: &[f64], width: usize) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low > high || width == 0 {
        return String::new();
    }
    let n = values.len().min(width);
    let cell = |index: usize| {
        let share = &values[index * values.len() / n..(index + 1) * values.len() / n];
        let finite = share.iter().filter(|value| value.is_finite());
        let (count, sum) = finite.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
        if count == 0 {
            return ' ';
        }
        let height = if high > low {
            (sum / f64::from(count) - low) / (high - low)
        } else {
            0.5
        };
        BARS[(height * (BARS.len() - 1) as f64).round() as usize]
    };
    (0..n).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[track_caller]
    fn check(values: &[f64], width: usize, expected: &str) {
        assert_eq!(sparkline(values, width), expected);
    }

    #[test]
    fn curves_reach_from_the_lowest_to_the_highest_bar() {
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 20, "▁▂▃▄▅▆▇█");
        check(&[2.3, 0.4, 0.1], 20, "█▂▁");
        check(&[1.0, 1.0, 3.0, 3.0], 2, "▁█");
    }

    #[test]
    fn what_is_no_number_leaves_a_gap() {
        check(&[0.0, f64::NAN, 1.0], 20, "▁ █");
        check(&[f64::NAN, f64::INFINITY], 20, "");
        check(&[], 20, "");
        check(&[0.5, 0.5], 20, "▅▅");
        check(&[0.5], 0, "");
        check(&[1e300, -1e300], 20, "█▁");
    }
}
