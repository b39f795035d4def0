//! The rectifier, element by element.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// y = max(0, x); not-a-number stays.
pub(crate) struct ReluForward<'a, T> {
    /// Any shape.
    pub(crate) x: &'a [T],
    /// As `x`, overwritten.
    pub(crate) y: &'a mut [T],
}

impl<T: Real> Kernel<T> for ReluForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.x.len(),
            self.y.len(),
            "input and output differ in size"
        );
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = if *x <= T::ZERO { T::ZERO } else { *x };
        }
    }
}

/// Gradients become 0 where the rectifier's output is 0.
pub(crate) struct ReluBackward<'a, T> {
    /// The rectifier's output.
    pub(crate) y: &'a [T],
    /// Gradients of the output on entry, of the input on return.
    pub(crate) gradients: &'a mut [T],
}

impl<T: Real> Kernel<T> for ReluBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        assert_eq!(
            self.y.len(),
            self.gradients.len(),
            "output and gradients differ in size"
        );
        for (gradient, y) in self.gradients.iter_mut().zip(self.y) {
            *gradient = if *y > T::ZERO { *gradient } else { T::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Simd;
    use super::*;

    #[test]
    fn negatives_become_zero_and_their_gradients_too() {
        let mut y = [9.0_f32; 3];
        Simd::detect().run(ReluForward {
            x: &[-1.0, 0.0, 2.0],
            y: &mut y,
        });
        assert_eq!(y, [0.0, 0.0, 2.0]);
        let mut gradients = [5.0, 6.0, 7.0];
        Simd::detect().run(ReluBackward {
            y: &y,
            gradients: &mut gradients,
        });
        assert_eq!(gradients, [0.0, 0.0, 7.0]);
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        let mut y = [0.0_f64];
        Simd::detect().run(ReluForward {
            x: &[f64::NAN],
            y: &mut y,
        });
        assert!(y[0].is_nan());
    }
}
