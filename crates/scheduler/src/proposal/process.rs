//! A Gaussian process over points and epochs.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand_chacha::ChaCha8Rng;

use super::features::Features;
use crate::seed::normal;

/// Rows by which the length scales are found; more of them cost their cube and change little.
const FIT_ROWS: usize = 100;
/// Passes of the coordinate search.
const PASSES: usize = 2;
/// Factor of a step of it, as a logarithm.
const STEP: f64 = 0.4;
/// Added to a diagonal that is not positive definite, times ten until it is.
const JITTER: f64 = 1e-8;

/// Where a result was measured.
#[derive(Debug, Clone)]
pub(super) struct Input {
    /// Numbers of the point.
    pub(super) position: Vec<f64>,
    /// Logarithm of the epochs, as a share of the longest.
    pub(super) log_epochs: f64,
}

/// Logarithms of the process's hyperparameters.
#[derive(Debug, Clone, PartialEq)]
struct Hyperparameters {
    /// Length scale of each key.
    lengths: Vec<f64>,
    /// Length scale of the epochs.
    epochs: f64,
    /// Variance of the noise; that of the signal is 1.
    noise: f64,
}

/// A process that was fitted to results.
#[derive(Debug)]
pub(super) struct Process {
    inputs: Vec<Input>,
    kernel: Kernel,
    factor: Cholesky<f64, Dyn>,
    /// (K + noise)⁻¹ y.
    weights: DVector<f64>,
}

/// Matérn 5/2 with a length scale for each key, times an exponential kernel of the epochs' logarithms.
#[derive(Debug)]
struct Kernel {
    /// 1 over the length scale, for each number of a position.
    inverse_lengths: Vec<f64>,
    inverse_epochs: f64,
}

impl Kernel {
    fn new(parameters: &Hyperparameters, widths: &[usize]) -> Self {
        let lengths = parameters.lengths.iter().zip(widths);
        Self {
            inverse_lengths: lengths
                .flat_map(|(length, width)| std::iter::repeat_n((-length).exp(), *width))
                .collect(),
            inverse_epochs: (-parameters.epochs).exp(),
        }
    }

    fn at(&self, one: &Input, other: &Input) -> f64 {
        let squares = one
            .position
            .iter()
            .zip(&other.position)
            .zip(&self.inverse_lengths)
            .map(|((a, b), inverse)| {
                let distance = (a - b) * inverse;
                distance * distance
            });
        let square: f64 = squares.sum();
        let scaled = (5.0 * square).sqrt();
        let matern = 1.0 + scaled + 5.0 / 3.0 * square;
        let apart = (one.log_epochs - other.log_epochs).abs() * self.inverse_epochs;
        matern * (-scaled - apart).exp()
    }

    /// The kernel between all pairs of `inputs`, with `noise` on the diagonal.
    fn square(&self, inputs: &[Input], noise: f64) -> DMatrix<f64> {
        let n = inputs.len();
        let mut matrix = DMatrix::zeros(n, n);
        for column in 0..n {
            for row in column..n {
                let value = self.at(&inputs[row], &inputs[column]);
                matrix[(row, column)] = value;
                matrix[(column, row)] = value;
            }
            matrix[(column, column)] += noise;
        }
        matrix
    }
}

impl Process {
    /// Fits a process to `scores`, one for each of `inputs`; `None` where no positive definite matrix comes of them.
    pub(super) fn fit(inputs: Vec<Input>, scores: &[f64], features: &Features<'_>) -> Option<Self> {
        let widths: Vec<usize> = features.widths().collect();
        let parameters = hyperparameters(&inputs, scores, &widths);
        let kernel = Kernel::new(&parameters, &widths);
        let factor = factor(&kernel.square(&inputs, parameters.noise.exp()))?;
        let weights = factor.solve(&DVector::from_column_slice(scores));
        Some(Self {
            inputs,
            kernel,
            factor,
            weights,
        })
    }

    /// Mean and covariance of the score at `wanted`.
    pub(super) fn posterior(&self, wanted: &[Input]) -> (DVector<f64>, DMatrix<f64>) {
        let across = DMatrix::from_fn(self.inputs.len(), wanted.len(), |row, column| {
            self.kernel.at(&self.inputs[row], &wanted[column])
        });
        let mean = across.tr_mul(&self.weights);
        let mut solved = across;
        self.factor
            .l_dirty()
            .solve_lower_triangular_mut(&mut solved);
        let covariance = self.kernel.square(wanted, 0.0) - solved.tr_mul(&solved);
        (mean, covariance)
    }

    /// `n` different ones of `wanted`, each the largest of a draw from their joint posterior.
    pub(super) fn choose(
        &self,
        wanted: &[Input],
        n: usize,
        numbers: &mut ChaCha8Rng,
    ) -> Option<Vec<usize>> {
        let (mean, covariance) = self.posterior(wanted);
        let spread = factor(&covariance)?.unpack();
        let mut chosen: Vec<usize> = Vec::with_capacity(n);
        for _ in 0..n {
            let standard = DVector::from_fn(wanted.len(), |_, _| normal(numbers));
            let draw = &mean + &spread * standard;
            let left = (0..wanted.len()).filter(|index| !chosen.contains(index));
            chosen.push(left.max_by(|a, b| draw[*a].total_cmp(&draw[*b]).then(b.cmp(a)))?);
        }
        Some(chosen)
    }
}

/// The Cholesky factor of `matrix`, with as little added to its diagonal as it needs.
fn factor(matrix: &DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let mut jitter = JITTER;
    let mut lifted = matrix.clone();
    while jitter < 1.0 {
        if let Some(factor) = Cholesky::new(lifted) {
            return Some(factor);
        }
        lifted = matrix.clone();
        for index in 0..matrix.nrows() {
            lifted[(index, index)] += jitter;
        }
        jitter *= 10.0;
    }
    None
}

/// Hyperparameters by coordinate search on a grid of factors from fixed beginnings: deterministic, with bounded work.
/// Few rows are enough for it, spread evenly over the ranks.
fn hyperparameters(inputs: &[Input], scores: &[f64], widths: &[usize]) -> Hyperparameters {
    let step = inputs.len().div_ceil(FIT_ROWS).max(1);
    let inputs: Vec<Input> = inputs.iter().step_by(step).cloned().collect();
    let scores = DVector::from_iterator(inputs.len(), scores.iter().step_by(step).copied());
    let mut best = Hyperparameters {
        lengths: vec![0.4_f64.ln(); widths.len()],
        epochs: 1.5_f64.ln(),
        noise: 0.15_f64.ln(),
    };
    let mut least = loss(&best, &inputs, &scores, widths);
    for _ in 0..PASSES {
        let mut has_improved = false;
        for index in 0..widths.len() + 2 {
            for step in [STEP, -STEP] {
                let tried = best.stepped(index, step);
                let loss = loss(&tried, &inputs, &scores, widths);
                if loss < least - 1e-9 {
                    (best, least, has_improved) = (tried, loss, true);
                    break;
                }
            }
        }
        if !has_improved {
            break;
        }
    }
    best
}

impl Hyperparameters {
    /// With the hyperparameter at `index`, noise the last, moved by `step` within its bounds.
    fn stepped(&self, index: usize, step: f64) -> Self {
        let mut moved = self.clone();
        let n = moved.lengths.len();
        let (parameter, least) = match index {
            _ if index < n => (&mut moved.lengths[index], 0.05_f64),
            _ if index == n => (&mut moved.epochs, 0.01),
            _ => (&mut moved.noise, 0.01),
        };
        *parameter = (*parameter + step).clamp(least.ln(), 8.0_f64.ln());
        moved
    }

    /// Minus the logarithm of what is believed of them beforehand, but for a constant.
    fn penalty(&self) -> f64 {
        let deviation = |parameter: f64, usual: f64, spread: f64| {
            let apart = (parameter - usual.ln()) / spread;
            0.5 * apart * apart
        };
        let lengths = self
            .lengths
            .iter()
            .map(|length| deviation(*length, 0.5, 0.8));
        lengths.sum::<f64>() + deviation(self.epochs, 1.5, 1.0) + deviation(self.noise, 0.1, 1.0)
    }
}

/// Minus the logarithm of the marginal likelihood, but for a constant, plus the penalty.
fn loss(
    parameters: &Hyperparameters,
    inputs: &[Input],
    scores: &DVector<f64>,
    widths: &[usize],
) -> f64 {
    let kernel = Kernel::new(parameters, widths);
    let Some(factor) = Cholesky::new(kernel.square(inputs, parameters.noise.exp())) else {
        return f64::INFINITY;
    };
    let mut solved = scores.clone();
    factor.l_dirty().solve_lower_triangular_mut(&mut solved);
    let diagonal = factor.l_dirty().diagonal();
    let half_log_determinant: f64 = diagonal.iter().map(|entry| entry.ln()).sum();
    0.5 * solved.norm_squared() + half_log_determinant + parameters.penalty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(position: f64, log_epochs: f64) -> Input {
        Input {
            position: vec![position],
            log_epochs,
        }
    }

    fn unit() -> Hyperparameters {
        Hyperparameters {
            lengths: vec![0.0],
            epochs: 0.0,
            noise: 0.1_f64.ln(),
        }
    }

    /// The Matérn 5/2 kernel of length 1 at distance 1, times the exponential of half a unit of epochs.
    #[test]
    fn the_kernel_is_the_published_one() {
        let expected = (1.0 + 5.0_f64.sqrt() + 5.0 / 3.0) * (-(5.0_f64.sqrt()) - 0.5).exp();
        let kernel = Kernel::new(&unit(), &[1]);
        let value = kernel.at(&input(0.0, 1.0), &input(1.0, 0.5));
        assert!((value - expected).abs() < 1e-15, "{value} {expected}");
    }

    /// For two results all is told by the inverse of a matrix of two by two.
    #[test]
    fn posterior_and_likelihood_of_two_results_are_those_written_out() {
        let inputs = vec![input(0.0, 1.0), input(0.7, 1.0)];
        let kernel = Kernel::new(&unit(), &[1]);
        let (a, b) = (1.1, kernel.at(&inputs[0], &inputs[1]));
        let determinant = a * a - b * b;
        let (y0, y1) = (0.8, -0.3);
        let weights = [
            (a * y0 - b * y1) / determinant,
            (a * y1 - b * y0) / determinant,
        ];

        let likelihood = 0.5 * (y0 * weights[0] + y1 * weights[1]) + 0.5 * determinant.ln();
        let scores = DVector::from_vec(vec![y0, y1]);
        let found = loss(&unit(), &inputs, &scores, &[1]) - unit().penalty();
        assert!((found - likelihood).abs() < 1e-12, "{found} {likelihood}");

        let wanted = input(0.2, 1.0);
        let k = [
            kernel.at(&inputs[0], &wanted),
            kernel.at(&inputs[1], &wanted),
        ];
        let mean = k[0] * weights[0] + k[1] * weights[1];
        let explained = (a * k[0] * k[0] - 2.0 * b * k[0] * k[1] + a * k[1] * k[1]) / determinant;
        let process = Process {
            factor: factor(&kernel.square(&inputs, 0.1)).unwrap(),
            weights: DVector::from_row_slice(&weights),
            inputs,
            kernel,
        };
        let (found_mean, covariance) = process.posterior(&[wanted]);
        assert!((found_mean[0] - mean).abs() < 1e-12);
        assert!((covariance[(0, 0)] - (1.0 - explained)).abs() < 1e-12);
    }

    #[test]
    fn a_matrix_that_is_singular_is_lifted_until_it_has_a_factor() {
        let ones = DMatrix::from_element(3, 3, 1.0);
        assert!(factor(&ones).is_some());
        assert!(factor(&DMatrix::from_element(2, 2, f64::NAN)).is_none());
    }
}
