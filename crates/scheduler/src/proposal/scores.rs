//! Ranks as normal scores.

use crate::stage::Place;

/// What a normal sample of as many numbers would be expected to be about, rank by rank: Φ⁻¹((r + ½)/n) with the mean
/// rank of ties. `None` where all places are the same.
///
/// - `places`: from best to worst. Returns a score each, larger is better.
pub(super) fn normal(places: impl Iterator<Item = Place>) -> Option<Vec<f64>> {
    let places: Vec<Place> = places.collect();
    let n = places.len();
    if n < 2 || places.first() == places.last() {
        return None;
    }
    let mut scores = Vec::with_capacity(n);
    for tied in places.chunk_by(|one, other| one == other) {
        // Ranks from the worst, 0, up.
        let last = n - scores.len() - 1;
        let mean = last as f64 - (tied.len() as f64 - 1.0) / 2.0;
        let score = inverse_normal((mean + 0.5) / n as f64);
        scores.extend(std::iter::repeat_n(score, tied.len()));
    }
    Some(scores)
}

/// The x with Φ(x) = `p`, for `p` in (0, 1), by bisection.
fn inverse_normal(p: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if distribution(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The normal distribution function by its series ½ + φ(x)·(x + x³/3 + x⁵/15 + …).
///
/// Source: Marsaglia (2004), "Evaluating the Normal Distribution", Journal of Statistical Software 11(4).
fn distribution(x: f64) -> f64 {
    let mut sum = x;
    let mut term = x;
    let mut odd = 1.0;
    loop {
        odd += 2.0;
        term *= x * x / odd;
        if sum + term == sum {
            break;
        }
        sum += term;
    }
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    0.5 + sum * density
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(places: &[f64], expected: &[f64]) {
        let scores = normal(places.iter().map(|score| Place::Scored(*score))).unwrap();
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1e-6, "{scores:?}");
        }
    }

    #[test]
    fn ranks_become_normal_quantiles_and_ties_share_theirs() {
        // Φ⁻¹ of 5/6, 1/2, 1/6, and of 7/8, 1/2 (twice), 1/8
        check(&[3.0, 2.0, 1.0], &[0.967_421_6, 0.0, -0.967_421_6]);
        check(
            &[3.0, 2.0, 2.0, 1.0],
            &[1.150_349_4, 0.0, 0.0, -1.150_349_4],
        );
    }

    #[test]
    fn what_diverged_is_below_and_all_the_same_tells_nothing() {
        let places = [
            Place::Scored(-1e9),
            Place::Diverged(3, 0.0),
            Place::Diverged(1, 0.0),
        ];
        let scores = normal(places.into_iter()).unwrap();
        assert!(scores[0] > scores[1] && scores[1] > scores[2], "{scores:?}");
        assert_eq!(normal([Place::Diverged(1, 0.0); 5].into_iter()), None);
        assert_eq!(normal([Place::Scored(0.5)].into_iter()), None);
    }

    #[test]
    fn the_quantile_of_0_975_is_1_96() {
        assert!((inverse_normal(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
    }
}
