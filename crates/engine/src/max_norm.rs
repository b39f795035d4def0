//! A bound on the norm of each unit's weights, after every update.

use crate::config::TrainSettings;
use crate::kernel::{ColumnMaxNorm, Real, Simd};
use crate::network::Tensor;

/// Brings each unit's incoming weights w back to ‖w‖ ≤ c: w ← w · c/‖w‖ where ‖w‖ > c.
///
/// A unit is an output of a linear layer or a filter of a convolution; biases are not part of w.
///
/// Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
/// Overfitting", 2014, section 5.1.
pub(crate) struct MaxNorm {
    largest: f64,
    /// Σ w² of each unit of a tensor.
    squares: Vec<f64>,
}

impl MaxNorm {
    /// The bound that the settings give, for weights of these tensors.
    pub(crate) fn new(settings: &TrainSettings, tensors: &[Tensor]) -> Option<Self> {
        let n_units = tensors.iter().map(n_units).max().unwrap_or(0);
        settings.max_norm.map(|largest| Self {
            largest,
            squares: vec![0.0; n_units],
        })
    }

    /// Brings all weights within the bound.
    pub(crate) fn apply<T: Real>(&mut self, simd: Simd, tensors: &[Tensor], weights: &mut [T]) {
        for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
            simd.run(ColumnMaxNorm {
                weights: &mut weights[tensor.range.clone()],
                largest: self.largest,
                squares: &mut self.squares[..n_units(tensor)],
            });
        }
    }
}

/// Columns of a weight tensor; 0 of biases.
fn n_units(tensor: &Tensor) -> usize {
    tensor.range.len().checked_div(tensor.fan_in).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrainConfig;

    #[test]
    fn every_unit_is_brought_within_the_bound_and_no_bias() {
        // Two inputs of three units, (3, 4), (0.6, 0.8) and (0, −10), row by row; one unit of one
        // input, −7; biases.
        let tensors = [
            Tensor::weight("a", 0..6, 2, false),
            Tensor::bias("b", 6..7),
            Tensor::weight("c", 7..8, 1, false),
        ];
        let mut weights = [3.0_f64, 0.6, 0.0, 4.0, 0.8, -10.0, 50.0, -7.0];
        let mut settings = TrainConfig::default().train;
        settings.max_norm = Some(2.0);
        let mut max_norm = MaxNorm::new(&settings, &tensors).unwrap();
        max_norm.apply(Simd::detect(), &tensors, &mut weights);
        let expected = [1.2, 0.6, 0.0, 1.6, 0.8, -2.0, 50.0, -2.0];
        for (found, expected) in weights.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{weights:?}");
        }
    }
}
