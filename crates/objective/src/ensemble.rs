//! Several networks that predict together: which of them, and how much each counts.

use finetooth_engine::solver::Predictions;

/// An ensemble of candidates, by how often each was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ensemble {
    /// The candidates' weights, whole numbers; their mean is what is predicted.
    pub weights: Vec<u32>,
}

impl Ensemble {
    /// The first candidate alone.
    pub fn of_one(n_candidates: usize) -> Self {
        let mut weights = vec![0; n_candidates];
        weights[0] = 1;
        Self { weights }
    }

    /// Greedy selection with replacement: the candidate that makes the mean best is taken, again and again, one time for each
    /// candidate; of the ensembles on the way the best is kept. A candidate that is taken twice counts twice.
    ///
    /// - `candidates`: predictions of each for the same validation samples.
    /// - `quality`: of predictions, larger is better; of equal ones the earlier candidate and the smaller ensemble are taken.
    ///
    /// Source: R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of Models", ICML 2004.
    pub fn select(candidates: &[Predictions], quality: &dyn Fn(&Predictions) -> Vec<f64>) -> Self {
        let mut weights = vec![0_u32; candidates.len()];
        let mut best: Option<(Vec<f64>, Vec<u32>)> = None;
        for _ in 0..candidates.len() {
            let step = (0..candidates.len()).map(|candidate| {
                let mut tried = weights.clone();
                tried[candidate] += 1;
                let mean = Self {
                    weights: tried.clone(),
                }
                .mean(candidates);
                (quality(&mean), tried)
            });
            let taken = step.reduce(|best, tried| {
                if is_better(&tried.0, &best.0) {
                    tried
                } else {
                    best
                }
            });
            let Some((reached, taken)) = taken else { break };
            weights.clone_from(&taken);
            if best
                .as_ref()
                .is_none_or(|(known, _)| is_better(&reached, known))
            {
                best = Some((reached, taken));
            }
        }
        let weights = best.map_or(weights, |(_, weights)| weights);
        Self { weights }
    }

    /// What the members say on average.
    ///
    /// # Panics
    /// If there are no candidates, or their predictions are of different samples.
    pub fn mean(&self, candidates: &[Predictions]) -> Predictions {
        let total: u32 = self.weights.iter().sum();
        let mut values = vec![0.0; candidates[0].values.len()];
        for (weight, candidate) in self.weights.iter().zip(candidates) {
            if *weight == 0 {
                continue;
            }
            assert_eq!(candidate.values.len(), values.len(), "of the same samples");
            let share = f64::from(*weight) / f64::from(total);
            for (value, said) in values.iter_mut().zip(&candidate.values) {
                *value += share * said;
            }
        }
        Predictions {
            values,
            n_outputs: candidates[0].n_outputs,
        }
    }
}

/// By the first figure in which they differ; a figure that is no number is worse than any.
fn is_better(one: &[f64], other: &[f64]) -> bool {
    for (one, other) in one.iter().zip(other) {
        match (one.is_nan(), other.is_nan()) {
            (true, _) => return false,
            (false, true) => return true,
            _ if one != other => return one > other,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: &[f64]) -> Predictions {
        Predictions {
            values: values.to_vec(),
            n_outputs: 2,
        }
    }

    /// How many of three samples of the classes 0, 1, 0 are right, then how sure the mean is of them.
    fn quality(predictions: &Predictions) -> Vec<f64> {
        let labels = [0, 1, 0];
        let of_label = predictions
            .rows()
            .zip(labels)
            .map(|(row, label)| row[label]);
        let right = of_label.clone().filter(|share| *share > 0.5).count();
        vec![right as f64, of_label.sum()]
    }

    #[test]
    fn members_that_err_differently_are_taken_together() {
        let first = said(&[0.9, 0.1, 0.1, 0.9, 0.4, 0.6]);
        let second = said(&[0.4, 0.6, 0.4, 0.6, 0.9, 0.1]);
        let useless = said(&[0.1, 0.9, 0.9, 0.1, 0.1, 0.9]);
        let candidates = [first, second, useless];
        let found = Ensemble::select(&candidates, &quality);
        // all three are right with 1 : 1 too, but surer with 2 : 1: 2.05 and 2.1 of 3
        assert_eq!(found.weights, [2, 1, 0]);
        assert_eq!(quality(&found.mean(&candidates))[0], 3.0);
    }

    #[test]
    fn a_candidate_that_is_best_alone_stays_alone() {
        let perfect = said(&[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let worse = said(&[0.6, 0.4, 0.4, 0.6, 0.4, 0.6]);
        let found = Ensemble::select(&[worse, perfect], &quality);
        assert_eq!(found.weights, [0, 1]);
        assert_eq!(Ensemble::of_one(2).weights, [1, 0]);
    }

    #[test]
    fn a_candidate_without_numbers_is_never_taken() {
        let broken = said(&[f64::NAN; 6]);
        let fine = said(&[0.6, 0.4, 0.4, 0.6, 0.4, 0.6]);
        assert_eq!(Ensemble::select(&[broken, fine], &quality).weights, [0, 1]);
    }
}
