//! Gradient descent on a random noisy quadratic: the expected risk of every epoch, in closed form.

use super::draws::{Purpose, Stream};

/// Modes of the quadratic.
const N_MODES: usize = 24;
/// A mode this far from its minimum, in units of its start, has diverged.
const FAR: f64 = 100.0;
/// A risk this many times the untrained one's counts as divergence.
const WORST_RISK: f64 = 1e3;
/// Points of the first look for the optimum, and of each of the closer ones.
const N_WIDE: usize = 3000;
const N_CLOSE: usize = 300;

/// A quadratic loss with eigenvalues λᵢ ∝ i^−α, noisy gradients and noisy labels.
///
/// What makes it worth searching: it diverges above 2/λ₁; small learning rates leave its slow modes untrained; the
/// noise of its gradients leaves a floor that decay of the rate removes; noisy labels are fitted unless
/// regularization, or an early end, prevents it. An untrained one has the risk 1.
#[derive(Debug, Clone)]
pub(super) struct Quadratic {
    modes: [Mode; N_MODES],
    label_noise: f64,
    gradient_noise: f64,
    steps: u32,
}

/// A direction in which the quadratic falls.
#[derive(Debug, Clone, Copy)]
struct Mode {
    eigenvalue: f64,
    /// Squared distance of the start from the minimum.
    weight: f64,
}

/// What gradient descent is run with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Settings {
    /// Learning rate of the first epoch.
    pub(super) learning_rate: f64,
    /// Its factor from epoch to epoch.
    pub(super) decay: f64,
    /// Added to every eigenvalue.
    pub(super) regularization: f64,
}

/// What an epoch measures without noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Risk {
    /// On training data, where noisy labels are fitted.
    pub(super) training: f64,
    /// On all others.
    pub(super) validation: f64,
}

/// A descent as far as it went.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Descent {
    /// After each epoch; ends before the one in which it diverged.
    pub(super) risks: Vec<Risk>,
    /// Whether it diverged in the epoch after those.
    pub(super) diverged: bool,
}

impl Quadratic {
    /// One of infinitely many.
    pub(super) fn draw(seed: u32) -> Self {
        let mut draws = Stream::new(seed, Purpose::Quadratic, [0; 2]);
        let largest = power_of_ten(draws.uniform(-0.5, 1.5));
        let (alpha, beta) = (draws.uniform(1.0, 2.0), draws.uniform(0.2, 0.9));
        let mut modes = std::array::from_fn(|index| {
            let rank = (index + 1) as f64;
            let eigenvalue = largest * libm::pow(rank, -alpha);
            let scatter = libm::exp(0.3 * draws.normal());
            Mode {
                eigenvalue,
                weight: libm::pow(rank, -beta) / eigenvalue * scatter,
            }
        });
        let total: f64 = modes
            .iter()
            .map(|mode: &Mode| mode.eigenvalue * mode.weight)
            .sum();
        for mode in &mut modes {
            mode.weight /= total;
        }
        Self {
            modes,
            label_noise: power_of_ten(draws.uniform(-2.4, -1.3)),
            gradient_noise: power_of_ten(draws.uniform(-4.0, -2.2)) / largest * 2.0,
            steps: draws.uniform(20.0, 150.0) as u32,
        }
    }

    /// `epochs` of gradient descent.
    pub(super) fn descend(&self, settings: Settings, epochs: u32) -> Descent {
        let mut risks = Vec::new();
        // Of each mode: what is left of the way to its minimum, and the variance that noise adds.
        let mut left = [1.0_f64; N_MODES];
        let mut variance = [0.0_f64; N_MODES];
        let mut rate = settings.learning_rate;
        for _ in 0..epochs {
            let mut risk = Risk {
                training: 0.0,
                validation: 0.0,
            };
            for (index, mode) in self.modes.iter().enumerate() {
                let curvature = mode.eigenvalue + settings.regularization;
                let factor = 1.0 - rate * curvature;
                let shrunk = whole_power(factor.abs(), self.steps);
                left[index] *= shrunk;
                // Not yet far after a whole epoch, it was not within it either.
                if factor.abs() > 1.0 && (left[index].is_nan() || left[index] >= FAR) {
                    return Descent {
                        risks,
                        diverged: true,
                    };
                }
                let (square, squares) = (factor * factor, shrunk * shrunk);
                let sum = if (1.0 - square).abs() > 1e-9 {
                    (1.0 - squares) / (1.0 - square)
                } else {
                    f64::from(self.steps)
                };
                let step_noise = rate * rate * self.gradient_noise * mode.eigenvalue;
                variance[index] = variance[index] * squares + step_noise * sum;
                let kept = mode.eigenvalue / curvature;
                let fitted = kept * (1.0 - left[index]);
                let bias = mode.weight * (1.0 - fitted) * (1.0 - fitted);
                let overfit = fitted * fitted * self.label_noise / mode.eigenvalue;
                risk.validation += mode.eigenvalue * (bias + overfit + variance[index]);
                risk.training += mode.eigenvalue * (bias + variance[index]);
            }
            if risk.validation.is_nan() || risk.validation >= WORST_RISK {
                return Descent {
                    risks,
                    diverged: true,
                };
            }
            risks.push(risk);
            rate *= settings.decay;
        }
        Descent {
            risks,
            diverged: false,
        }
    }

    /// The settings with the least validation risk after `epochs`, decay in \[`least_decay`, 1\]: the best of many, of
    /// which the last lie close together. Logarithms of learning rate and regularization count.
    pub(super) fn optimum(&self, epochs: u32, least_decay: f64, seed: u32) -> Settings {
        let mut draws = Stream::new(seed, Purpose::Optimum, [0; 2]);
        let largest = self.modes[0].eigenvalue;
        let cliff = libm::log10(2.0 / largest);
        let mut best = ([cliff - 1.0, 0.95, cliff - 2.0], f64::INFINITY);
        let mut consider = |point: [f64; 3]| {
            let risk = self.last_risk(settings(point), epochs);
            if risk < best.1 {
                best = (point, risk);
            }
            best.0
        };
        for _ in 0..N_WIDE {
            consider([
                draws.uniform(cliff - 4.0, cliff + 0.3),
                draws.uniform(least_decay.max(0.6), 1.0),
                draws.uniform(-8.0, 0.0) + libm::log10(largest),
            ]);
        }
        for spread in [0.3, 0.1, 0.03] {
            let mut centre = consider([f64::NAN; 3]);
            for _ in 0..N_CLOSE {
                let near = [
                    centre[0] + spread * draws.normal(),
                    (centre[1] + 0.15 * spread * draws.normal()).clamp(least_decay, 1.0),
                    centre[2] + spread * draws.normal(),
                ];
                centre = consider(near);
            }
        }
        settings(best.0)
    }

    /// The validation risk after `epochs`; infinite where the descent diverges.
    pub(super) fn last_risk(&self, settings: Settings, epochs: u32) -> f64 {
        let descent = self.descend(settings, epochs);
        match descent.risks.last() {
            Some(risk) if !descent.diverged => risk.validation,
            _ => f64::INFINITY,
        }
    }
}

/// From logarithm of the learning rate, decay, logarithm of the regularization.
fn settings([learning_rate, decay, regularization]: [f64; 3]) -> Settings {
    Settings {
        learning_rate: power_of_ten(learning_rate),
        decay,
        regularization: power_of_ten(regularization),
    }
}

pub(super) fn power_of_ten(exponent: f64) -> f64 {
    libm::exp(exponent * std::f64::consts::LN_10)
}

/// `base` to a whole power, in an order of multiplications that is the same everywhere.
fn whole_power(mut base: f64, mut exponent: u32) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cliff(quadratic: &Quadratic) -> f64 {
        2.0 / quadratic.modes[0].eigenvalue
    }

    fn plain(learning_rate: f64) -> Settings {
        Settings {
            learning_rate,
            decay: 1.0,
            regularization: 0.0,
        }
    }

    #[test]
    fn it_diverges_above_the_cliff_and_not_below() {
        for seed in 0..20 {
            let quadratic = Quadratic::draw(seed);
            let at = |share: f64| quadratic.descend(plain(share * cliff(&quadratic)), 27);
            assert!(at(1.05).diverged, "seed {seed}");
            assert!(!at(0.5).diverged, "seed {seed}");
            assert_eq!(at(0.5).risks.len(), 27);
        }
    }

    #[test]
    fn without_a_step_the_risk_stays_that_of_the_start() {
        let descent = Quadratic::draw(3).descend(plain(0.0), 2);
        for risk in descent.risks {
            // Σ λᵢ wᵢ is 1, as the weights are scaled to that.
            assert!((risk.validation - 1.0).abs() < 1e-12 && (risk.training - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_closed_form_is_what_the_steps_come_to() {
        // One step at a time: what is left of the way is multiplied by q = 1 − ηλ, and the step's noise η²cλ is
        // shrunk by q² in each later one.
        let quadratic = Quadratic::draw(1);
        let rate = 0.3 * cliff(&quadratic);
        let mut risk = 0.0;
        for mode in quadratic.modes {
            let (mut left, mut variance) = (1.0, 0.0);
            let q = 1.0 - rate * mode.eigenvalue;
            for _ in 0..3 * quadratic.steps {
                left *= q;
                variance =
                    variance * q * q + rate * rate * quadratic.gradient_noise * mode.eigenvalue;
            }
            risk += mode.eigenvalue * (mode.weight * left * left + variance);
        }
        let descent = quadratic.descend(plain(rate), 3);
        assert!((descent.risks[2].training - risk).abs() < 1e-12 * risk);
    }

    #[test]
    fn the_optimum_is_better_than_its_surroundings() {
        for seed in 0..5 {
            let quadratic = Quadratic::draw(seed);
            let best = quadratic.optimum(27, 0.3, seed);
            let risk = |settings| quadratic.last_risk(settings, 27);
            assert!(best.decay <= 1.0 && risk(best) < 0.5, "seed {seed}");
            for factor in [0.1, 0.3, 3.0, 10.0] {
                let moved = Settings {
                    learning_rate: best.learning_rate * factor,
                    ..best
                };
                assert!(risk(moved) > risk(best), "seed {seed}, {factor}");
            }
        }
    }

    #[test]
    fn whole_powers_are_products() {
        assert_eq!(whole_power(3.0, 5), 243.0);
        assert_eq!(whole_power(0.5, 0), 1.0);
        assert!(whole_power(-2.0, 3) < 0.0);
    }
}
