//! Penalties on weights. Biases carry none.

use crate::kernel::Real;
use crate::network::Tensor;

/// ½ · l2 · ΣW² over all weights but biases.
///
/// During training the penalty's gradient l2 · W enters through the update rule, which reads each
/// weight anyway; the reported losses do not contain it.
pub(crate) fn value<T: Real>(l2: f64, tensors: &[Tensor], weights: &[T]) -> f64 {
    0.5 * l2 * squared_norm(tensors, weights)
}

/// Adds the penalty's gradient, l2 · W, to the gradients of all weights but biases.
pub(crate) fn add_gradients<T: Real>(
    l2: f64,
    tensors: &[Tensor],
    weights: &[T],
    gradients: &mut [T],
) {
    let l2 = T::from_f64(l2);
    for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
        for (gradient, weight) in gradients[tensor.range.clone()]
            .iter_mut()
            .zip(&weights[tensor.range.clone()])
        {
            *gradient += l2 * *weight;
        }
    }
}

/// Σ v² over the weights' places, without biases, in `f64`: eight interleaved partial sums, added
/// in their order.
pub(crate) fn squared_norm<T: Real>(tensors: &[Tensor], values: &[T]) -> f64 {
    let mut sums = [0.0; 8];
    for tensor in tensors.iter().filter(|tensor| tensor.is_weight()) {
        for values in values[tensor.range.clone()].chunks(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value.to_f64() * value.to_f64();
            }
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> [Tensor; 2] {
        [
            Tensor::weight("linear_1.weights", 0..2, 1, false),
            Tensor::bias("linear_1.biases", 2..3),
        ]
    }

    #[test]
    fn biases_carry_no_penalty() {
        // ½ · 0.1 · (3² + 4²) = 1.25; gradients 0.1 · 3 and 0.1 · 4.
        assert!((value(0.1, &tensors(), &[3.0, 4.0, 100.0]) - 1.25).abs() < 1e-15);
        let mut gradients = [1.0, 1.0, 1.0];
        add_gradients(0.1, &tensors(), &[3.0_f64, 4.0, 100.0], &mut gradients);
        assert_eq!(gradients, [1.3, 1.4, 1.0]);
    }
}
