//! Every combination of evenly spaced values.

use super::{Address, Sampler};
use crate::space::{Dimension, Params, Space, Value};

/// A full grid: every value of a list, and as many evenly spaced values of each range, both ends included, as fit
/// into the trials asked for. A key with a zero share has 0 as its first value.
#[derive(Debug, Clone, Copy)]
pub struct Grid;

impl Sampler for Grid {
    fn n_points(&self, space: &Space, trials: u32) -> u32 {
        let per_range = per_range(space, trials);
        space
            .0
            .iter()
            .map(|dimension| n_values(dimension, per_range) as u32)
            .product()
    }

    /// The last key varies fastest.
    fn sample(&self, space: &Space, _: Address, index: u32, n: u32) -> Params {
        let per_range = per_range(space, n);
        let mut rest = index as usize;
        let mut values: Vec<Value> = space
            .0
            .iter()
            .rev()
            .map(|dimension| {
                let n = n_values(dimension, per_range);
                let value = value(dimension, rest % n, n);
                rest /= n;
                value
            })
            .collect();
        values.reverse();
        space
            .0
            .iter()
            .map(|dimension| dimension.key.clone())
            .zip(values)
            .collect()
    }
}

/// The largest number of values a range may have so that the grid has at most `trials` points; at least 2.
fn per_range(space: &Space, trials: u32) -> usize {
    let size = |per_range: usize| {
        let counts = space
            .0
            .iter()
            .map(|dimension| n_values(dimension, per_range) as u64);
        counts.fold(1u64, u64::saturating_mul)
    };
    let mut fits = 2;
    while size(fits + 1) <= u64::from(trials) && size(fits + 1) > size(fits) {
        fits += 1;
    }
    fits
}

fn n_values(dimension: &Dimension, per_range: usize) -> usize {
    let zero = usize::from(dimension.zero > 0.0);
    match (dimension.domain.range(), dimension.domain.n_values()) {
        (None, Some(n)) => n,
        (_, Some(n)) => per_range.min(n + zero),
        (_, None) => per_range,
    }
}

fn value(dimension: &Dimension, index: usize, n: usize) -> Value {
    let zeros = usize::from(dimension.zero > 0.0);
    if index < zeros {
        return dimension.at(0.0);
    }
    dimension.domain.spaced(index - zeros, n - zeros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Scale};

    fn dimension(key: &str, domain: Domain, zero: f64) -> Dimension {
        Dimension {
            key: key.into(),
            domain,
            limits: (0.0, 100.0),
            zero,
        }
    }

    #[track_caller]
    fn check(dimensions: Vec<Dimension>, trials: u32, expected: &[&str]) {
        let space = Space(dimensions);
        let n = Grid.n_points(&space, trials);
        let address = Address {
            seed: 0,
            stage: 0,
            round: 0,
            block: 0,
        };
        let points: Vec<String> = (0..n)
            .map(|index| Grid.sample(&space, address, index, n).to_string())
            .collect();
        assert_eq!(points, expected);
    }

    #[test]
    fn holds_every_combination_with_both_ends() {
        let rate = dimension(
            "r",
            Domain::Float {
                low: 0.01,
                high: 1.0,
                scale: Scale::Log,
            },
            0.0,
        );
        let filters = dimension(
            "f",
            Domain::Integer {
                low: 8,
                high: 9,
                step: 1,
                scale: Scale::Linear,
            },
            0.0,
        );
        check(
            vec![rate, filters],
            7,
            &[
                "r = 0.01, f = 8",
                "r = 0.01, f = 9",
                "r = 0.1, f = 8",
                "r = 0.1, f = 9",
                "r = 1.0, f = 8",
                "r = 1.0, f = 9",
            ],
        );
    }

    #[test]
    fn takes_zero_as_a_value_of_a_key_with_a_zero_share() {
        let l2 = dimension(
            "l2",
            Domain::Float {
                low: 0.5,
                high: 1.0,
                scale: Scale::Linear,
            },
            0.1,
        );
        check(vec![l2], 3, &["l2 = 0.0", "l2 = 0.5", "l2 = 1.0"]);
    }

    #[test]
    fn takes_every_value_of_a_list() {
        let values = ["adam", "sgd"]
            .map(|word| Value::Text(word.to_owned()))
            .to_vec();
        check(
            vec![dimension("o", Domain::Choice { values }, 0.0)],
            100,
            &["o = adam", "o = sgd"],
        );
    }
}
