//! Bounds on gradients, element by element, and the norm that one of them needs.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// Partial sums of a [`SquaredNorm`], on every instruction set.
const N_SUMS: usize = 32;

/// Σ v² in `f64`: 32 interleaved partial sums, added in their order; the same bits on every
/// instruction set.
pub(crate) struct SquaredNorm<'a, T> {
    /// v.
    pub(crate) values: &'a [T],
}

impl<T: Real> Kernel<T> for SquaredNorm<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) -> f64 {
        let mut sums = [0.0; N_SUMS];
        let (chunks, rest) = self.values.as_chunks::<N_SUMS>();
        for chunk in chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *sum += value.to_f64() * value.to_f64();
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *sum += value.to_f64() * value.to_f64();
        }
        sums.iter().sum()
    }
}

/// v ← v · factor.
pub(crate) struct Scale<'a, T> {
    /// v.
    pub(crate) values: &'a mut [T],
    /// What they are multiplied by.
    pub(crate) factor: T,
}

impl<T: Real> Kernel<T> for Scale<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        for value in self.values {
            *value = *value * self.factor;
        }
    }
}

/// v ← min(max(v, −limit), limit); not-a-number stays.
pub(crate) struct Clamp<'a, T> {
    /// v.
    pub(crate) values: &'a mut [T],
    /// Largest magnitude, above 0.
    pub(crate) limit: T,
}

impl<T: Real> Kernel<T> for Clamp<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        for value in self.values {
            let below = if *value > self.limit {
                self.limit
            } else {
                *value
            };
            *value = if below < -self.limit {
                -self.limit
            } else {
                below
            };
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
    fn check_all<T: Real>(n: usize, seed: u32) {
        let values: Vec<T> = Noise::new(seed).values(n);
        let (limit, factor) = (T::from_f64(0.7), T::from_f64(0.3));
        let norm = Simd::available()[0].run(SquaredNorm { values: &values });
        let exact: f64 = values.iter().map(|v| v.to_f64() * v.to_f64()).sum();
        assert!(
            (norm - exact).abs() <= 1e-12 * exact,
            "{norm} is not {exact}"
        );
        on_every_simd(|simd| {
            assert_eq!(simd.run(SquaredNorm { values: &values }), norm);
            let (mut scaled, mut clamped) = (values.clone(), values.clone());
            simd.run(Scale {
                values: &mut scaled,
                factor,
            });
            simd.run(Clamp {
                values: &mut clamped,
                limit,
            });
            for ((value, scaled), clamped) in values.iter().zip(&scaled).zip(&clamped) {
                assert_eq!(*scaled, *value * factor);
                let expected = value.to_f64().clamp(-limit.to_f64(), limit.to_f64());
                assert_eq!(clamped.to_f64(), expected);
            }
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bounds_equal_their_references_on_every_instruction_set(n in 0_usize..200, seed in any::<u32>()) {
            check_all::<f32>(n, seed);
            check_all::<f64>(n, seed);
        }
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        on_every_simd(|simd| {
            let mut values = [f32::NAN; 20];
            simd.run(Clamp {
                values: &mut values,
                limit: 1.0,
            });
            assert!(values.iter().all(|value| value.is_nan()));
        });
    }
}
