//! What is to be predicted: classes, or a number.

/// What is to be predicted of a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Its class.
    Classification {
        /// Class names, in label order.
        classes: Vec<String>,
    },
    /// A number.
    Regression {
        /// The number's unit.
        scale: TargetScale,
    },
}

impl Task {
    /// Outputs that a network for it has: one for each class, or one.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Classification { classes } => classes.len(),
            Self::Regression { .. } => 1,
        }
    }

    /// Class names, in label order, where it is a class.
    pub fn classes(&self) -> Option<&[String]> {
        match self {
            Self::Classification { classes } => Some(classes),
            Self::Regression { .. } => None,
        }
    }

    /// The number's unit, where it is a number.
    pub fn scale(&self) -> Option<TargetScale> {
        match self {
            Self::Classification { .. } => None,
            Self::Regression { scale } => Some(*scale),
        }
    }
}

/// Mean and standard deviation of a number over the training part: the label is mean + deviation ·
/// target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetScale {
    /// μ, in the label's unit.
    pub mean: f64,
    /// σ, in the label's unit, σ² = Σ(y − μ)²/N; 1 where all of the training part are equal.
    pub deviation: f64,
}

impl TargetScale {
    /// Fitted on labels (N), N at least 1; sums in `f64`, in the order of the labels.
    pub(super) fn fit(labels: &[f32]) -> Self {
        let n = labels.len() as f64;
        let mean = labels.iter().map(|y| f64::from(*y)).sum::<f64>() / n;
        let squares: f64 = labels
            .iter()
            .map(|y| (f64::from(*y) - mean) * (f64::from(*y) - mean))
            .sum();
        let deviation = if labels.iter().all(|y| *y == labels[0]) {
            1.0
        } else {
            (squares / n).sqrt()
        };
        Self { mean, deviation }
    }

    /// (y − μ) / σ; one far beyond the training part stays finite.
    pub(super) fn standardized(self, label: f32) -> f32 {
        let target = (f64::from(label) - self.mean) / self.deviation;
        target.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    }
}

/// What is to be predicted of each of N samples.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Labels (N), each in 0..C.
    Labels(Vec<u32>),
    /// Numbers (N), finite: (label − μ) / σ, where [`TargetScale`] has μ and σ.
    Values(Vec<f32>),
}

impl Default for Targets {
    /// Labels of no sample.
    fn default() -> Self {
        Self::Labels(Vec::new())
    }
}

impl Targets {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        match self {
            Self::Labels(labels) => labels.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels, where they are classes.
    pub fn labels(&self) -> Option<&[u32]> {
        match self {
            Self::Labels(labels) => Some(labels),
            Self::Values(_) => None,
        }
    }

    /// The numbers, where they are numbers.
    pub fn values(&self) -> Option<&[f32]> {
        match self {
            Self::Labels(_) => None,
            Self::Values(values) => Some(values),
        }
    }

    /// Σ (y − ȳ)² of numbers y with the mean ȳ, exactly 0 where all are equal; 0 of labels.
    pub(crate) fn squared_spread(&self) -> f64 {
        let values = self.values().unwrap_or_default();
        // The mean of equal values need not equal them.
        if values.iter().all(|y| *y == values[0]) {
            return 0.0;
        }
        let sum: f64 = values.iter().map(|y| f64::from(*y)).sum();
        let mean = sum / values.len() as f64;
        let squares = values
            .iter()
            .map(|y| (f64::from(*y) - mean) * (f64::from(*y) - mean));
        squares.sum()
    }

    /// Targets of the same kind for up to `capacity` samples, of none yet.
    pub(crate) fn buffer(&self, capacity: usize) -> Self {
        match self {
            Self::Labels(_) => Self::Labels(Vec::with_capacity(capacity)),
            Self::Values(_) => Self::Values(Vec::with_capacity(capacity)),
        }
    }

    /// Takes those of other samples instead, in this order; allocates nothing within the capacity.
    ///
    /// # Panics
    /// If `all` is of the other kind, or has fewer samples.
    pub(crate) fn take(&mut self, all: &Self, samples: impl Iterator<Item = usize>) {
        match (self, all) {
            (Self::Labels(labels), Self::Labels(all)) => {
                labels.clear();
                labels.extend(samples.map(|sample| all[sample]));
            }
            (Self::Values(values), Self::Values(all)) => {
                values.clear();
                values.extend(samples.map(|sample| all[sample]));
            }
            _ => panic!("labels and numbers do not mix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_mean_0_and_deviation_1_over_what_they_are_fitted_on() {
        // Mean 30, squares 400 each.
        let scale = TargetScale::fit(&[10.0, 50.0, 50.0, 10.0]);
        assert_eq!((scale.mean, scale.deviation), (30.0, 20.0));
        assert_eq!(
            [10.0, 30.0, 90.0].map(|y| scale.standardized(y)),
            [-1.0, 0.0, 3.0]
        );
    }

    #[test]
    fn equal_labels_keep_their_unit() {
        let scale = TargetScale::fit(&[0.1; 3]);
        assert_eq!(scale.deviation, 1.0);
        assert!((scale.standardized(2.1) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn the_spread_is_that_around_the_mean() {
        // Mean 2: 1 + 1 + 4 + 4.
        let values = Targets::Values(vec![1.0, 3.0, 0.0, 4.0]);
        assert!((values.squared_spread() - 10.0).abs() < 1e-12);
        assert_eq!(Targets::Values(vec![0.1; 3]).squared_spread(), 0.0);
        assert_eq!(Targets::Values(Vec::new()).squared_spread(), 0.0);
    }

    #[test]
    fn a_label_far_outside_stays_finite() {
        assert!(
            TargetScale::fit(&[0.0, 1e-40])
                .standardized(3e38)
                .is_finite()
        );
    }
}
