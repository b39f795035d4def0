//! The median of numbers that come one by one.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Takes a number in the logarithm of their count.
#[derive(Debug, Clone, Default)]
pub(super) struct Median {
    /// The smaller half, one more where the count is odd.
    low: BinaryHeap<Number>,
    high: BinaryHeap<Reverse<Number>>,
}

/// A number that is none of NaN.
#[derive(Debug, Clone, Copy)]
struct Number(f64);

impl Median {
    /// Takes `number`, which must not be NaN.
    pub(super) fn insert(&mut self, number: f64) {
        let number = Number(number);
        if self.low.peek().is_none_or(|middle| number <= *middle) {
            self.low.push(number);
        } else {
            self.high.push(Reverse(number));
        }
        if self.low.len() > self.high.len() + 1 {
            self.high.extend(self.low.pop().map(Reverse));
        } else if self.low.len() < self.high.len() {
            self.low
                .extend(self.high.pop().map(|Reverse(number)| number));
        }
    }

    /// The median; of an even count the mean of the middle two, of none 0.
    pub(super) fn get(&self) -> f64 {
        match (self.low.peek(), self.high.peek()) {
            (None, _) => 0.0,
            (Some(low), Some(Reverse(high))) if self.low.len() == self.high.len() => {
                f64::midpoint(low.0, high.0)
            }
            (Some(low), _) => low.0,
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_sorting() {
        let mut median = Median::default();
        let mut sorted: Vec<f64> = Vec::new();
        assert_eq!(median.get(), 0.0);
        for number in 1..=200_u32 {
            let gain = f64::from(number.wrapping_mul(2_654_435_761) >> 20) - 2000.0;
            median.insert(gain);
            sorted.push(gain);
            sorted.sort_by(f64::total_cmp);
            let middle = sorted.len() / 2;
            let expected = match sorted.len() % 2 {
                1 => sorted[middle],
                _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
            };
            assert_eq!(median.get(), expected);
        }
    }
}
