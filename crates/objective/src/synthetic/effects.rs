//! What keys do that a quadratic knows nothing of: a little, each for itself.

use std::sync::Arc;

use finetooth_scheduler::space::{Dimension, Domain, Params, Value};

use super::draws::{Purpose, Stream};

/// Largest share of what training gains that a wrong value of one key costs.
const MOST: f64 = 0.04;

/// What the values of a key cost, as a share of what training gains; the best value costs nothing.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    key: Arc<str>,
    cost: Cost,
}

#[derive(Debug, Clone)]
enum Cost {
    /// Strength times the squared distance from the best position.
    Range {
        dimension: Box<Dimension>,
        best: f64,
        strength: f64,
    },
    /// One for each value.
    List(Vec<(Value, f64)>),
}

impl Effect {
    /// That of the key at `index` of a sweep's space.
    pub(super) fn draw(dimension: &Dimension, seed: u32, index: usize) -> Self {
        let mut draws = Stream::new(seed, Purpose::Effect, [index as u32, 0]);
        let values = match &dimension.domain {
            Domain::Choice { values } => Some(values),
            _ => None,
        };
        let cost = match values {
            Some(values) => {
                let best = (draws.uniform(0.0, values.len() as f64) as usize).min(values.len() - 1);
                let costs = values.iter().enumerate().map(|(place, value)| {
                    let cost = draws.uniform(0.1, 1.0) * MOST;
                    (value.clone(), if place == best { 0.0 } else { cost })
                });
                Cost::List(costs.collect())
            }
            None => Cost::Range {
                best: draws.uniform(0.2, 0.8),
                strength: draws.uniform(0.25, 1.0) * MOST,
                dimension: Box::new(dimension.clone()),
            },
        };
        Self {
            key: Arc::clone(&dimension.key),
            cost,
        }
    }

    /// What the value that `params` has costs; nothing where the key is inactive.
    pub(super) fn cost(&self, params: &Params) -> f64 {
        let Some(value) = params.get(&self.key) else {
            return 0.0;
        };
        match &self.cost {
            Cost::Range {
                dimension,
                best,
                strength,
            } => {
                // A zero draw lies at the low end.
                let position = dimension.position(value).unwrap_or(0.0);
                (strength * (position - best) * (position - best)).min(1.0)
            }
            Cost::List(costs) => {
                let known = costs.iter().find(|(known, _)| known == value);
                known.map_or(0.0, |(_, cost)| *cost)
            }
        }
    }
}
