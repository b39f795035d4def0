//! Columns of a matrix brought back to a largest norm.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// w ← w · c/‖w‖ for each column w of a matrix whose norm is above c; the same bits on every
/// instruction set.
pub(crate) struct ColumnMaxNorm<'a, T> {
    /// (rows, columns), row-major.
    pub(crate) weights: &'a mut [T],
    /// c, above 0.
    pub(crate) largest: f64,
    /// (columns), overwritten.
    pub(crate) squares: &'a mut [f64],
}

impl<T: Real> Kernel<T> for ColumnMaxNorm<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let columns = self.squares.len();
        assert!(
            self.weights.len().is_multiple_of(columns.max(1)),
            "the matrix has no whole rows"
        );
        self.squares.fill(0.0);
        for row in self.weights.chunks_exact(columns.max(1)) {
            for (square, weight) in self.squares.iter_mut().zip(row) {
                *square += weight.to_f64() * weight.to_f64();
            }
        }
        let mut any_above = false;
        for square in self.squares.iter_mut() {
            // Not-a-number is not above, and stays.
            let is_above = *square > self.largest * self.largest;
            any_above |= is_above;
            *square = if is_above {
                self.largest / square.sqrt()
            } else {
                1.0
            };
        }
        if any_above {
            for row in self.weights.chunks_exact_mut(columns) {
                for (weight, factor) in row.iter_mut().zip(self.squares.iter()) {
                    *weight = *weight * T::from_f64(*factor);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, proptest};

    use super::super::Simd;
    use super::super::reference::{Noise, on_every_simd};
    use super::*;

    #[track_caller]
    fn check_all<T: Real>(rows: usize, columns: usize, seed: u32) {
        let drawn: Vec<T> = Noise::new(seed).values(rows * columns);
        let bounded = |simd: Simd| {
            let mut weights = drawn.clone();
            let mut squares = vec![9.0; columns];
            simd.run(ColumnMaxNorm {
                weights: &mut weights,
                largest: 1.5,
                squares: &mut squares,
            });
            weights
        };
        let expected = bounded(Simd::available()[0]);
        on_every_simd(|simd| assert_eq!(bounded(simd), expected));
        for column in 0..columns {
            let norm = |weights: &[T]| {
                let column = weights.iter().skip(column).step_by(columns);
                column.map(|w| w.to_f64() * w.to_f64()).sum::<f64>().sqrt()
            };
            let error = norm(&expected) - norm(&drawn).min(1.5);
            assert!(error.abs() < 1e-6, "column {column}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_column_is_longer_than_the_bound(rows in 1_usize..20, columns in 1_usize..40, seed in any::<u32>()) {
            check_all::<f32>(rows, columns, seed);
            check_all::<f64>(rows, columns, seed);
        }
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        for found in [f32::NAN, f32::INFINITY] {
            let mut weights = [found, 1.0];
            Simd::detect().run(ColumnMaxNorm {
                weights: &mut weights,
                largest: 1.0,
                squares: &mut [0.0],
            });
            assert!(weights[0].is_nan());
        }
    }
}
