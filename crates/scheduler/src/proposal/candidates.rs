//! Points to choose from.

use rand_chacha::ChaCha8Rng;

use super::Row;
use crate::seed::{normal, uniform};
use crate::space::{Dimension, Domain, Params, Space};

/// Uniform points.
const UNIFORM: usize = 256;
/// Best points around which others are drawn.
const CENTRES: usize = 12;
/// How far from them, as a share of the range; each is drawn twice.
const SPREADS: [f64; 6] = [0.5, 0.5, 0.15, 0.15, 0.05, 0.05];

/// Different points of `space`: uniform ones first, then some around the best of `rows`.
pub(super) fn draw(space: &Space, rows: &[Row<'_>], numbers: &mut ChaCha8Rng) -> Vec<Params> {
    let mut points: Vec<Params> = Vec::new();
    for _ in 0..UNIFORM {
        let u: Vec<f64> = space.0.iter().map(|_| uniform(numbers)).collect();
        points.push(space.at(&u));
    }
    let mut centres: Vec<&Params> = Vec::new();
    for row in rows {
        if centres.len() == CENTRES {
            break;
        }
        if !centres.contains(&row.params) {
            centres.push(row.params);
        }
    }
    for centre in centres {
        for spread in SPREADS {
            points.push(near(space, centre, spread, numbers));
        }
    }
    let mut different: Vec<Params> = Vec::new();
    for point in points {
        if !different.contains(&point) {
            different.push(point);
        }
    }
    different
}

/// A point of `space` around `centre`: normally distributed with this standard deviation, held inside. A list's value
/// and an exact zero are drawn anew with as much probability.
fn near(space: &Space, centre: &Params, spread: f64, numbers: &mut ChaCha8Rng) -> Params {
    let values = space.0.iter().map(|dimension| {
        // The same numbers are drawn whatever the point is like.
        let (anew, u, step) = (uniform(numbers), uniform(numbers), normal(numbers));
        let value = around(dimension, centre, spread, (anew, u, step));
        (dimension.key.clone(), value)
    });
    space.prune(&values.collect())
}

fn around(
    dimension: &Dimension,
    centre: &Params,
    spread: f64,
    (anew, u, step): (f64, f64, f64),
) -> crate::space::Value {
    let Some(value) = centre.get(&dimension.key) else {
        return dimension.at(u);
    };
    if let Domain::Choice { values } = &dimension.domain {
        return if anew < spread || !values.contains(value) {
            dimension.at(u)
        } else {
            value.clone()
        };
    }
    match dimension.position(value) {
        Some(position) => {
            let position = (position + spread * step).clamp(0.0, 1.0);
            dimension.domain.at(position)
        }
        None if anew < spread => dimension.at(u),
        None => value.clone(),
    }
}
