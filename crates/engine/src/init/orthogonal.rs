//! Matrices with orthogonal columns or rows.

use crate::kernel::Real;
use crate::seed::Stream;

/// Draws W (inputs, outputs), row-major, with orthogonal columns, WᵀW = norm² · I; where there are
/// fewer inputs than outputs, with orthogonal rows, WWᵀ = norm² · I.
///
/// Normal vectors are made orthogonal one after the other (modified Gram–Schmidt, in `f64`). This is
/// the factor Q of their QR decomposition with a positive diagonal of R, which makes W uniformly
/// distributed over all such matrices.
///
/// Sources: A. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear
/// neural networks", 2014; F. Mezzadri, "How to Generate Random Matrices from the Classical Compact
/// Groups", 2007; PyTorch, `orthogonal_`.
pub(super) fn draw<T: Real>(stream: &mut Stream, norm: f64, inputs: usize, weights: &mut [T]) {
    let outputs = weights.len() / inputs;
    let len = inputs.max(outputs);
    let mut vectors = vec![0.0; weights.len()];
    vectors.fill_with(|| stream.normal());
    orthonormalize(&mut vectors, len);
    for (row, weights) in weights.chunks_exact_mut(outputs).enumerate() {
        for (column, weight) in weights.iter_mut().enumerate() {
            let place = if inputs >= outputs {
                column * len + row
            } else {
                row * len + column
            };
            *weight = T::from_f64(norm * vectors[place]);
        }
    }
}

/// Makes the vectors of `len` elements, at most `len` of them, orthogonal to each other and of norm 1.
fn orthonormalize(vectors: &mut [f64], len: usize) {
    for first in (0..vectors.len()).step_by(len) {
        let (before, rest) = vectors.split_at_mut(first);
        let vector = &mut rest[..len];
        for unit in before.chunks_exact(len) {
            let share = dot(unit, vector);
            for (value, unit) in vector.iter_mut().zip(unit) {
                *value -= share * unit;
            }
        }
        let norm = dot(vector, vector).sqrt();
        for value in vector {
            *value /= norm;
        }
    }
}

/// Σ a b: eight interleaved partial sums, added in their order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(sums.len()).zip(b.chunks(sums.len())) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Purpose;

    /// WᵀW, or WWᵀ where there are fewer rows, is norm² · I.
    #[track_caller]
    fn check(inputs: usize, outputs: usize, norm: f64) {
        let mut w = vec![0.0_f64; inputs * outputs];
        draw(&mut Stream::new(3, Purpose::Init), norm, inputs, &mut w);
        let (n, len) = (inputs.min(outputs), inputs.max(outputs));
        let at = |vector: usize, place: usize| {
            if inputs >= outputs {
                w[place * outputs + vector]
            } else {
                w[vector * outputs + place]
            }
        };
        for a in 0..n {
            for b in 0..n {
                let product: f64 = (0..len).map(|place| at(a, place) * at(b, place)).sum();
                let expected = if a == b { norm * norm } else { 0.0 };
                assert!(
                    (product - expected).abs() < 1e-12,
                    "{inputs} × {outputs}: {a}, {b}: {product}"
                );
            }
        }
    }

    #[test]
    fn columns_are_orthogonal_where_there_are_fewer_outputs() {
        check(50, 20, 1.0);
        check(27, 16, f64::sqrt(2.0));
        check(9, 1, 1.0);
    }

    #[test]
    fn rows_are_orthogonal_where_there_are_fewer_inputs() {
        check(9, 32, f64::sqrt(2.0));
        check(1, 5, 1.0);
    }

    #[test]
    fn a_square_matrix_is_orthogonal_both_ways() {
        check(64, 64, 1.0);
    }

    #[test]
    fn signs_are_drawn_too() {
        // A single weight is ± its norm, each as often.
        let mut stream = Stream::new(4, Purpose::Init);
        let n_positive = (0..1000)
            .filter(|_| {
                let mut weight = [0.0];
                draw(&mut stream, 1.0, 1, &mut weight);
                weight[0] > 0.0
            })
            .count();
        assert!(n_positive.abs_diff(500) < 80, "{n_positive}");
    }
}
