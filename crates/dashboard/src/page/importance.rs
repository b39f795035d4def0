//! How much each key matters to the metric.

use std::num::NonZeroUsize;

use fanova::{FanovaOptions, RandomForestOptions};
use finetooth_scheduler::space::{Dimension, Domain, Scale, Value};
use finetooth_scheduler::state::TrialRecord;
use serde::Serialize;

use crate::view::Source;

/// Trials that are looked at: more tell little more and cost in proportion.
const MOST_TRIALS: usize = 400;

/// Fewer trials with a metric say nothing.
const FEWEST_TRIALS: usize = 12;

const TREES: usize = 48;

/// The share of each key alone in the variance of the metric's ranks: functional analysis of variance on a random forest.
///
/// Ranks, because losses that explode would be all the variance there is. The epochs trained are a factor of their own, so
/// that what longer training brings is not put down to a key. What the shares lack to 1 are interactions and noise.
///
/// Source: Hutter, Hoos, Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance", ICML 2014.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// Trials it rests on.
    pub trials: usize,
    /// The keys, in the order of the sweep, then `epochs`.
    pub keys: Vec<KeyImportance>,
}

/// How much one key matters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyImportance {
    /// The key; `epochs` for the epochs trained.
    pub key: String,
    /// Its share, in \[0, 1\].
    pub share: f64,
    /// Standard deviation of the share over the trees.
    pub deviation: f64,
}

/// Of the trials so far that have a metric; none where they are too few, all alike, or no key is searched.
///
/// The same trials give the same numbers, on any number of threads.
pub(crate) fn importance_of(source: Source<'_>) -> Option<Importance> {
    let dimensions = &source.sweep.space().0;
    let scored: Vec<(&TrialRecord, f64)> = source
        .state
        .trials()
        .iter()
        .filter(|record| record.outcome().is_some())
        .filter_map(|record| Some((record, source.leaderboard.best(record)?.value)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    let step = scored.len().div_ceil(MOST_TRIALS).max(1);
    let looked_at: Vec<(&TrialRecord, f64)> = scored.into_iter().step_by(step).collect();
    if looked_at.len() < FEWEST_TRIALS || dimensions.is_empty() {
        return None;
    }
    let ranks = ranks(looked_at.iter().map(|(_, value)| *value));
    let trials = || looked_at.iter().map(|(record, _)| &record.trial);
    let mut factors: Vec<(String, Vec<f64>)> = dimensions
        .iter()
        .map(|dimension| {
            let values = trials().map(|trial| trial.params.get(&dimension.key));
            (dimension.key.to_string(), places(dimension, values))
        })
        .collect();
    let epochs = looked_at.iter().map(|(record, _)| record.epochs());
    let epochs = epochs.map(|epochs| f64::from(epochs).ln_1p()).collect();
    factors.push(("epochs".to_owned(), epochs));
    let is_alike = |values: &[f64]| values.iter().all(|value| *value == values[0]);
    if is_alike(&ranks) {
        return None;
    }
    // What is the same in all trials explains nothing, and the forest takes it for a space without extent.
    let columns: Vec<&[f64]> = factors
        .iter()
        .map(|(_, values)| values.as_slice())
        .filter(|values| !is_alike(values))
        .collect();
    if columns.is_empty() {
        return None;
    }

    let forest = RandomForestOptions::new()
        .seed(0)
        .trees(NonZeroUsize::new(TREES).expect("a constant above 0"));
    let mut fitted = FanovaOptions::new()
        .random_forest(forest)
        .fit(columns, &ranks)
        .ok()?;
    let mut place = 0;
    let keys = factors.into_iter().map(|(key, values)| {
        let mut importance = KeyImportance {
            key,
            share: 0.0,
            deviation: 0.0,
        };
        if !is_alike(&values) {
            let found = fitted.quantify_importance(&[place]);
            place += 1;
            if found.mean.is_finite() && found.stddev.is_finite() {
                (importance.share, importance.deviation) = (found.mean, found.stddev);
            }
        }
        importance
    });
    Some(Importance {
        trials: ranks.len(),
        keys: keys.collect(),
    })
}

/// Where the values of a key lie, as the forest takes them: in \[0, 1\] on the key's axis. The variance is that over the
/// whole of it, so zeros drawn apart lie just below, and trials without the key below those.
fn places<'a>(dimension: &Dimension, values: impl Iterator<Item = Option<&'a Value>>) -> Vec<f64> {
    let is_log = matches!(dimension.domain.range(), Some((_, _, Scale::Log)));
    let places: Vec<Option<f64>> = values
        .map(|value| match &dimension.domain {
            Domain::Choice { values } => {
                let index = values.iter().position(|one| Some(one) == value)?;
                Some(index as f64)
            }
            _ if is_log => Some(value?.as_f64()?.ln()),
            _ => value?.as_f64(),
        })
        .collect();
    let finite = || places.iter().flatten().filter(|place| place.is_finite());
    let low = finite().copied().fold(f64::INFINITY, f64::min);
    let high = finite().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = if high > low { high - low } else { 1.0 };
    let place = |place: &Option<f64>| match place {
        Some(place) if place.is_finite() => (place - low) / width,
        Some(_) => -0.1,
        None => -0.2,
    };
    places.iter().map(place).collect()
}

/// The rank of each value, from 0; equals share the mean of theirs.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for equals in order.chunk_by(|one, other| values[*one] == values[*other]) {
        let mean = begin as f64 + (equals.len() - 1) as f64 / 2.0;
        for index in equals {
            ranks[*index] = mean;
        }
        begin += equals.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use finetooth_scheduler::space::{Dimension, Domain, Scale, Value};

    use super::{places, ranks};

    #[test]
    fn zeros_and_missing_values_lie_beside_the_axis() {
        let dimension = Dimension {
            key: Arc::from("l2"),
            domain: Domain::Float {
                low: 1e-6,
                high: 1e-2,
                scale: Scale::Log,
            },
            limits: (0.0, 1.0),
            zero: 0.1,
            order: 1,
            when: Vec::new(),
        };
        let values = [1e-6, 1e-4, 1e-2, 0.0].map(Value::Float);
        let values = values.iter().map(Some).chain([None]);
        let found = places(&dimension, values);
        let expected = [0.0, 0.5, 1.0, -0.1, -0.2];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
    }

    #[test]
    fn equal_values_share_a_rank() {
        let values = [0.5, 0.9, 0.5, f64::MIN];
        assert_eq!(ranks(values.into_iter()), [1.5, 3.0, 1.5, 0.0]);
    }
}
