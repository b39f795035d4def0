//! Each value by itself: x′ = (x − origin) · factor.

use super::{Fitted, to_finite};

/// One origin and factor for every value that shares a group; values at equal distances do: all of them, every
/// channel-th, or every sample-th.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Affine {
    groups: Vec<Group>,
}

/// x′ = (x − origin) · factor.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group {
    origin: f64,
    /// 0 where all values of the training part are equal.
    factor: f64,
}

/// What the training values of a group are like.
#[derive(Debug, Clone, Copy)]
struct Statistics {
    low: f32,
    high: f32,
    mean: f64,
    /// σ, σ² = Σ(x − μ)²/n.
    deviation: f64,
}

impl Affine {
    /// Brings the smallest of all training values to 0 and the largest to 1.
    pub(super) fn scale(train: &[f32]) -> Self {
        Self::fit(1, train, |of| Group {
            origin: f64::from(of.low),
            factor: 1.0 / (f64::from(of.high) - f64::from(of.low)),
        })
    }

    /// Subtracts the mean.
    pub(super) fn center(n_groups: usize, train: &[f32]) -> Self {
        Self::fit(n_groups, train, |of| Group {
            origin: of.mean,
            factor: 1.0,
        })
    }

    /// Subtracts the mean and divides by the standard deviation.
    pub(super) fn standardize(n_groups: usize, train: &[f32]) -> Self {
        Self::fit(n_groups, train, |of| Group {
            origin: of.mean,
            factor: 1.0 / of.deviation,
        })
    }

    fn fit(n_groups: usize, train: &[f32], group: impl Fn(Statistics) -> Group) -> Self {
        let fitted = |of: Statistics| {
            // Compared as they are: the mean of equal values need not equal them.
            if of.low < of.high {
                group(of)
            } else {
                Group {
                    origin: 0.0,
                    factor: 0.0,
                }
            }
        };
        Self {
            groups: statistics(n_groups, train)
                .into_iter()
                .map(fitted)
                .collect(),
        }
    }

    /// Its numbers.
    pub(super) fn fitted(&self) -> Fitted {
        Fitted::Affine {
            origins: self.groups.iter().map(|group| group.origin).collect(),
            factors: self.groups.iter().map(|group| group.factor).collect(),
        }
    }

    /// With those numbers; none where they are not for samples of so many features.
    pub(super) fn from_fitted(origins: &[f64], factors: &[f64], n_features: usize) -> Option<Self> {
        let fits = !origins.is_empty()
            && origins.len() == factors.len()
            && n_features.is_multiple_of(origins.len());
        let groups = origins.iter().zip(factors);
        fits.then(|| Self {
            groups: groups
                .map(|(&origin, &factor)| Group { origin, factor })
                .collect(),
        })
    }

    pub(super) fn apply(&self, features: &[f32]) -> Vec<f32> {
        let mut scaled = Vec::with_capacity(features.len());
        for row in features.chunks_exact(self.groups.len()) {
            scaled.extend(row.iter().zip(&self.groups).map(|(&x, group)| {
                if group.factor == 0.0 {
                    0.0
                } else {
                    to_finite((f64::from(x) - group.origin) * group.factor)
                }
            }));
        }
        scaled
    }
}

/// The values of group g are at g, g + n_groups, g + 2·n_groups, …
fn statistics(n_groups: usize, features: &[f32]) -> Vec<Statistics> {
    let n = (features.len() / n_groups) as f64;
    let mut of_groups = vec![
        Statistics {
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            mean: 0.0,
            deviation: 0.0,
        };
        n_groups
    ];
    for row in features.chunks_exact(n_groups) {
        for (&x, of) in row.iter().zip(&mut of_groups) {
            of.mean += f64::from(x);
            of.low = of.low.min(x);
            of.high = of.high.max(x);
        }
    }
    for of in &mut of_groups {
        of.mean /= n;
    }
    for row in features.chunks_exact(n_groups) {
        for (&x, of) in row.iter().zip(&mut of_groups) {
            let distance = f64::from(x) - of.mean;
            of.deviation += distance * distance;
        }
    }
    for of in &mut of_groups {
        of.deviation = (of.deviation / n).sqrt();
    }
    of_groups
}
