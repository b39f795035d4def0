//! Every combination of evenly spaced values.

use super::{Address, Sampler};
use crate::space::{Dimension, Params, Space, Value};

/// A full grid: every value of a list, and as many evenly spaced values of each range, both ends included, as fit
/// into the trials asked for. A key with a zero share has 0 as its first value. Combinations that differ only in
/// inactive keys are one point.
#[derive(Debug, Clone, Copy)]
pub struct Grid;

impl Sampler for Grid {
    fn n_points(&self, space: &Space, trials: u32) -> u32 {
        let size = size(space, per_range(space, trials));
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// The last key varies fastest; those that conditions tie together vary together, after the others.
    fn sample(&self, space: &Space, _: Address, index: u32, n: u32) -> Params {
        let per_range = per_range(space, n);
        let (free, tied) = split(space);
        let together = combinations(&tied, per_range).unwrap_or_default();
        let mut rest = index as usize;
        let mut drawn = Params::default();
        if !together.is_empty() {
            drawn = together[rest % together.len()].clone();
            rest /= together.len();
        }
        for dimension in free.0.iter().rev() {
            let n = n_values(dimension, per_range);
            drawn.push(dimension.key.clone(), value(dimension, rest % n, n));
            rest /= n;
        }
        let in_order = space.0.iter().filter_map(|dimension| {
            let value = drawn.get(&dimension.key)?;
            Some((dimension.key.clone(), value.clone()))
        });
        in_order.collect()
    }
}

/// The largest number of values a range may have so that the grid has at most `trials` points; at least 2.
fn per_range(space: &Space, trials: u32) -> usize {
    let mut fits = 2;
    let mut fitting = size(space, fits);
    loop {
        let next = size(space, fits + 1);
        if next > u64::from(trials) || next <= fitting {
            return fits;
        }
        fits += 1;
        fitting = next;
    }
}

/// Number of points where a range has `per_range` values.
fn size(space: &Space, per_range: usize) -> u64 {
    let (free, tied) = split(space);
    let together = match combinations(&tied, per_range) {
        Some(points) => points.len() as u64,
        None => product(&tied, per_range),
    };
    product(&free, per_range).saturating_mul(together)
}

fn product(space: &Space, per_range: usize) -> u64 {
    let counts = space.0.iter();
    counts
        .map(|dimension| n_values(dimension, per_range) as u64)
        .fold(1, u64::saturating_mul)
}

/// The keys that vary freely, and those that have conditions or are named in one.
fn split(space: &Space) -> (Space, Space) {
    let is_named = |key: &str| {
        let mut conditions = space.0.iter().flat_map(|dimension| &dimension.when);
        conditions.any(|condition| &*condition.key == key)
    };
    let is_tied = |dimension: &&Dimension| !dimension.when.is_empty() || is_named(&dimension.key);
    let (tied, free) = space.0.iter().partition::<Vec<_>, _>(is_tied);
    let space = |dimensions: Vec<&Dimension>| Space(dimensions.into_iter().cloned().collect());
    (space(free), space(tied))
}

/// Combinations looked through for those that differ.
const MOST_COMBINATIONS: u64 = 1 << 20;

/// The different combinations of keys with conditions; `None` where they are too many to look through.
fn combinations(tied: &Space, per_range: usize) -> Option<Vec<Params>> {
    let all = product(tied, per_range);
    if all > MOST_COMBINATIONS {
        return None;
    }
    let mut points = Vec::new();
    for index in 0..all as usize {
        let mut rest = index;
        let mut indices = Vec::new();
        for dimension in tied.0.iter().rev() {
            let n = n_values(dimension, per_range);
            indices.push((dimension, rest % n, n));
            rest /= n;
        }
        let whole: Params = indices
            .iter()
            .rev()
            .map(|&(dimension, index, n)| (dimension.key.clone(), value(dimension, index, n)))
            .collect();
        let point = tied.prune(&whole);
        // Of those that differ only in inactive keys the one with their first values stands for all.
        let is_first = |(dimension, index, _): &(&Dimension, usize, usize)| {
            *index == 0 || point.get(&dimension.key).is_some()
        };
        if indices.iter().all(is_first) {
            points.push(point);
        }
    }
    Some(points)
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
    use crate::space::{Condition, Domain, Scale};

    fn dimension(key: &str, domain: Domain, zero: f64) -> Dimension {
        Dimension {
            key: key.into(),
            domain,
            limits: (0.0, 100.0),
            zero,
            order: 1,
            when: Vec::new(),
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

    fn words<const N: usize>(of: [&str; N]) -> Vec<Value> {
        of.map(|word| Value::Text(word.to_owned())).to_vec()
    }

    fn conditional(key: &str, on: &str, values: Vec<Value>) -> Dimension {
        let domain = Domain::Float {
            low: 0.0,
            high: 1.0,
            scale: Scale::Linear,
        };
        let key_on = on.into();
        Dimension {
            when: vec![Condition {
                key: key_on,
                values,
            }],
            ..dimension(key, domain, 0.0)
        }
    }

    #[test]
    fn holds_what_differs_only_in_inactive_keys_once() {
        let rule = Domain::Choice {
            values: words(["sgd", "adam"]),
        };
        let filters = Domain::Choice {
            values: [8, 16].map(Value::Integer).to_vec(),
        };
        check(
            vec![
                conditional("b", "o", words(["adam"])),
                dimension("f", filters, 0.0),
                dimension("o", rule.clone(), 0.0),
            ],
            9,
            &[
                "f = 8, o = sgd",
                "b = 0.0, f = 8, o = adam",
                "b = 0.5, f = 8, o = adam",
                "b = 1.0, f = 8, o = adam",
                "f = 16, o = sgd",
                "b = 0.0, f = 16, o = adam",
                "b = 0.5, f = 16, o = adam",
                "b = 1.0, f = 16, o = adam",
            ],
        );
        // a condition on a key of another box is left to the whole one
        check(
            vec![conditional("b", "o", words(["adam"]))],
            2,
            &["b = 0.0", "b = 1.0"],
        );
        // c is only there with b = 1.0, which 2 and more values of b hold
        check(
            vec![
                conditional("c", "b", vec![Value::Float(1.0)]),
                conditional("b", "o", words(["adam"])),
                dimension("o", rule, 0.0),
            ],
            4,
            &[
                "o = sgd",
                "b = 0.0, o = adam",
                "c = 0.0, b = 1.0, o = adam",
                "c = 1.0, b = 1.0, o = adam",
            ],
        );
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
