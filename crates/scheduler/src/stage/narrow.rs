//! Where the best lie, and how much of a range to keep.

use super::evidence::ENOUGH;

/// The positions to keep: the hull of the `n_best` best, a margin, never less than `floor` of the range.
///
/// The margin hull/(k−1) on each side makes the hull of k uniform points unbiased: a key that does not matter yet
/// keeps nearly its whole range. Without it the best learning rate is lost in half of the runs. Never below
/// `floor`, centred on the hull; clipped to the range at last.
///
/// - `best`: positions of the k ≥ 2 best trials, in \[0, 1\].
/// - returns the positions (from, to) of the new ends.
pub(super) fn keep(best: &[f64], floor: f64) -> (f64, f64) {
    let low = best.iter().copied().fold(f64::INFINITY, f64::min);
    let high = best.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let margin = (high - low) / (best.len() as f64 - 1.0);
    let (mut from, mut to) = (low - margin, high + margin);
    if to - from < floor {
        let centre = f64::midpoint(low, high);
        (from, to) = (centre - floor / 2.0, centre + floor / 2.0);
    }
    (from.max(0.0), to.min(1.0))
}

/// How many of `n` trials span the hull: max(5, ⌈f·n⌉), f = max(0.1, 0.3·32/(32+n)), at most 256 and at most all.
pub(super) fn n_hull(n: usize) -> usize {
    let share = (0.3 * 32.0 / (32.0 + n as f64)).max(0.1);
    ((share * n as f64).ceil() as usize).clamp(5, ENOUGH).min(n)
}

#[cfg(test)]
mod tests {
    use super::{keep, n_hull};

    #[track_caller]
    fn check(best: &[f64], floor: f64, expected: (f64, f64)) {
        let (from, to) = keep(best, floor);
        assert!(
            (from - expected.0).abs() < 1e-12 && (to - expected.1).abs() < 1e-12,
            "{from} {to}"
        );
    }

    #[test]
    fn keeps_the_hull_and_a_margin() {
        // hull 0.2…0.6, margin 0.4/4 = 0.1
        check(&[0.2, 0.3, 0.4, 0.5, 0.6], 0.1, (0.1, 0.7));
    }

    #[test]
    fn never_keeps_less_than_the_floor() {
        check(&[0.5, 0.5, 0.5], 0.5, (0.25, 0.75));
        check(&[0.9, 0.9, 0.9], 0.5, (0.65, 1.0));
    }

    #[test]
    fn stays_inside_the_range() {
        check(&[0.0, 1.0], 0.5, (0.0, 1.0));
    }

    #[test]
    fn counts_the_best_by_the_size_of_the_stage() {
        // 0.3·32/64 = 0.15 of 32 is 4.8; 0.3·32/72 of 40 is 5.33; a tenth of 1000
        assert_eq!([3, 8, 32, 40, 1000].map(n_hull), [3, 5, 5, 6, 100]);
    }
}
