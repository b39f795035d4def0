//! Points as numbers among which distances mean something.

use crate::space::{Dimension, Domain, Params, Space};

/// How the points of a space become numbers: a range is a position and, where it draws exact zeros, whether it is one;
/// a list has a number for each value. All numbers of a key share a length scale.
#[derive(Debug)]
pub(super) struct Features<'a> {
    keys: Vec<Key<'a>>,
}

#[derive(Debug)]
struct Key<'a> {
    dimension: &'a Dimension,
    n: usize,
}

impl<'a> Features<'a> {
    pub(super) fn of(space: &'a Space) -> Self {
        let key = |dimension: &'a Dimension| Key {
            dimension,
            n: match &dimension.domain {
                Domain::Choice { values } => values.len(),
                _ if dimension.zero > 0.0 => 2,
                _ => 1,
            },
        };
        Self {
            keys: space.0.iter().map(key).collect(),
        }
    }

    /// How many numbers each key has, in order.
    pub(super) fn widths(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|key| key.n)
    }

    /// The numbers of a point. An exact zero has no place on a log axis, so that it lies beside the middle of it, a
    /// range's length away; so does a key that the point does not have, without being told apart: nothing is known of
    /// it.
    pub(super) fn of_point(&self, params: &Params) -> Vec<f64> {
        let mut numbers = Vec::new();
        for Key { dimension, n } in &self.keys {
            let value = params.get(&dimension.key);
            if let Domain::Choice { values } = &dimension.domain {
                // Two values are as far from each other as the ends of a range.
                let height = std::f64::consts::FRAC_1_SQRT_2;
                numbers.extend(values.iter().map(
                    |known| {
                        if Some(known) == value { height } else { 0.0 }
                    },
                ));
                continue;
            }
            let position = value.and_then(|value| dimension.position(value));
            numbers.push(position.map_or(0.5, |position| position.clamp(0.0, 1.0)));
            if *n == 2 {
                let is_zero = value.is_some_and(|value| dimension.is_zero_draw(value));
                numbers.push(f64::from(u8::from(is_zero)));
            }
        }
        numbers
    }
}
