//! How good predictions are, measured on labels that were not learned from.

use crate::data::Targets;
use crate::solver::Predictions;

/// What predictions of classes are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// Samples N.
    pub n_samples: usize,
    /// Share of the samples whose class has the (first) largest probability.
    pub accuracy: f64,
    /// 95 % interval of the accuracy on further samples of the kind (Wilson's).
    pub interval: (f64, f64),
    /// −(1/N) Σᵢ log pᵢ\[yᵢ\], in nats.
    pub loss: f64,
    /// (C, C): how many samples of each class (rows) were taken for each (columns).
    pub confusion: Vec<Vec<usize>>,
}

/// How well one class is told from the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfClass {
    /// Samples of it.
    pub support: usize,
    /// Share of it among what was taken for it; NaN where nothing was.
    pub precision: f64,
    /// Share of it that was taken for it; NaN where there is none.
    pub recall: f64,
}

impl Classified {
    /// Measures `predictions` (N, C) by `labels` (N), each in 0..C.
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::evaluation::Classified;
    /// use finetooth_engine::solver::Predictions;
    ///
    /// let values = vec![0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.3, 0.7];
    /// let found = Classified::of(&Predictions { values, n_outputs: 2 }, &[0, 1, 1, 1]);
    /// assert_eq!((found.accuracy, &found.confusion), (0.75, &vec![vec![1, 0], vec![1, 2]]));
    /// assert_eq!((found.classes()[1].precision, found.classes()[1].recall), (1.0, 2.0 / 3.0));
    /// ```
    pub fn of(predictions: &Predictions, labels: &[u32]) -> Self {
        let n_classes = predictions.n_outputs;
        let mut confusion = vec![vec![0; n_classes]; n_classes];
        let mut loss = 0.0;
        for (row, label) in predictions.rows().zip(labels) {
            confusion[*label as usize][largest(row)] += 1;
            // A probability that rounds to 0 is told as the smallest there is, not as an infinite loss.
            loss -= libm::log(row[*label as usize].max(f64::MIN_POSITIVE));
        }
        let n = labels.len();
        let n_right: usize = (0..n_classes).map(|class| confusion[class][class]).sum();
        Self {
            n_samples: n,
            accuracy: n_right as f64 / n as f64,
            interval: wilson(n_right, n),
            loss: loss / n as f64,
            confusion,
        }
    }

    /// Each class, in label order.
    pub fn classes(&self) -> Vec<OfClass> {
        let share = |part: usize, of: usize| part as f64 / of as f64;
        (0..self.confusion.len())
            .map(|class| {
                let right = self.confusion[class][class];
                let support = self.confusion[class].iter().sum();
                let taken = self.confusion.iter().map(|row| row[class]).sum();
                OfClass {
                    support,
                    precision: share(right, taken),
                    recall: share(right, support),
                }
            })
            .collect()
    }
}

/// What predictions of a number are worth, in the label's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Samples N.
    pub n_samples: usize,
    /// √(Σᵢ eᵢ²/N), eᵢ = prediction − label.
    pub rmse: f64,
    /// Σᵢ |eᵢ|/N.
    pub mae: f64,
    /// 1 − Σᵢ eᵢ²/Σᵢ (yᵢ − ȳ)²; NaN where all labels are equal.
    pub r2: f64,
}

impl Measured {
    /// Measures `predictions` (N, 1) by `labels` (N), both in the label's unit.
    pub fn of(predictions: &Predictions, labels: &[f64]) -> Self {
        let n = labels.len() as f64;
        let errors = || predictions.values.iter().zip(labels).map(|(p, y)| p - y);
        let squares: f64 = errors().map(|error| error * error).sum();
        let mean = labels.iter().sum::<f64>() / n;
        let is_varied = labels.iter().any(|label| *label != labels[0]);
        let spread: f64 = labels.iter().map(|y| (y - mean) * (y - mean)).sum();
        Self {
            n_samples: labels.len(),
            rmse: (squares / n).sqrt(),
            mae: errors().map(f64::abs).sum::<f64>() / n,
            r2: if is_varied {
                1.0 - squares / spread
            } else {
                f64::NAN
            },
        }
    }
}

/// The labels that `targets` stand for, in their unit, where they are numbers.
pub fn numbers(targets: &Targets, scale: crate::data::TargetScale) -> Option<Vec<f64>> {
    let values = targets.values()?.iter();
    Some(
        values
            .map(|value| scale.mean + scale.deviation * f64::from(*value))
            .collect(),
    )
}

/// The first of the largest.
fn largest(row: &[f64]) -> usize {
    let better = |best: usize, index: usize| if row[index] > row[best] { index } else { best };
    (1..row.len()).fold(0, better)
}

/// Wilson's interval of a share, at 95 %: it stays within \[0, 1\] and holds for shares near 1.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
fn wilson(n_right: usize, n: usize) -> (f64, f64) {
    // the 97.5 % quantile of the normal distribution
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (n as f64, n_right as f64 / n as f64);
    let middle = p + Z * Z / (2.0 * n);
    let width = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let low = if n_right == 0 {
        0.0
    } else {
        (middle - width) / scale
    };
    let high = if p == 1.0 {
        1.0
    } else {
        (middle + width) / scale
    };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::{Classified, Measured, wilson};
    use crate::solver::Predictions;

    #[test]
    fn the_interval_is_wilsons() {
        // scipy.stats.binomtest(354, 360).proportion_ci(method="wilson")
        let (low, high) = wilson(354, 360);
        assert!((low - 0.964_120_841_2).abs() < 1e-9, "{low}");
        assert!((high - 0.992_339_703_8).abs() < 1e-9, "{high}");
        assert_eq!(wilson(10, 10).1, 1.0);
        assert_eq!(wilson(0, 10).0, 0.0);
    }

    #[test]
    fn equal_probabilities_count_for_the_first_class_and_none_is_infinitely_wrong() {
        let predictions = Predictions {
            values: vec![0.5, 0.5, 1.0, 0.0],
            n_outputs: 2,
        };
        let found = Classified::of(&predictions, &[0, 1]);
        assert_eq!(found.accuracy, 0.5);
        assert!(found.loss.is_finite());
        assert!(
            found.classes()[1].precision.is_nan(),
            "nothing was taken for it"
        );
    }

    #[test]
    fn errors_are_in_the_labels_unit() {
        let predictions = Predictions {
            values: vec![1.0, 2.0, 6.0],
            n_outputs: 1,
        };
        // errors 0, 0 and 3; the labels lie 1, 0 and 1 from their mean
        let found = Measured::of(&predictions, &[1.0, 2.0, 3.0]);
        assert_eq!((found.rmse, found.mae), (3.0_f64.sqrt(), 1.0));
        assert_eq!(found.r2, 1.0 - 9.0 / 2.0);
        assert!(Measured::of(&predictions, &[2.0, 2.0, 2.0]).r2.is_nan());
    }
}
