//! The Huber loss: squared for small errors, straight for large ones.

use super::{BatchLoss, Rows};
use crate::kernel::{Kernel, Lanes, Real};

/// Lᵢ = ½ eᵢ² where |eᵢ| ≤ δ, else δ (|eᵢ| − ½ δ), with eᵢ = sᵢ − yᵢ and δ = 1; gradients
/// min(max(eᵢ, −δ), δ) / N.
///
/// Sources: P. Huber, "Robust Estimation of a Location Parameter", 1964; PyTorch, `HuberLoss`.
pub(super) struct Huber<'a, T> {
    /// Predictions, one a sample.
    pub(super) rows: Rows<'a, T>,
    /// y, (N).
    pub(super) values: &'a [f32],
}

impl<T: Real> Kernel<T> for Huber<'_, T> {
    type Output = BatchLoss;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) -> BatchLoss {
        let (half, share) = (
            T::from_f64(0.5),
            T::ONE / T::from_f64(self.values.len() as f64),
        );
        let mut batch = BatchLoss::default();
        for (sample, value) in self.values.iter().enumerate() {
            let ([score], dscores) = self.rows.sample(sample) else {
                unreachable!("a number is predicted by one score")
            };
            let error = *score - T::from_f32(*value);
            // Not-a-number is on neither side, and stays.
            let (loss, slope) = if error > T::ONE {
                (error - half, T::ONE)
            } else if error < -T::ONE {
                (-error - half, -T::ONE)
            } else {
                (half * error * error, error)
            };
            if let Some(dscores) = dscores {
                dscores[0] = slope * share;
            }
            batch.sum += loss.to_f64();
            batch.add_error(error.to_f64());
        }
        batch
    }
}

/// Tells on which piece of the loss a prediction lies: its second derivative jumps between them.
pub(super) fn digest_branches<T: Real>(score: T, value: f32, digest: &mut impl FnMut(u8)) {
    let error = score - T::from_f32(value);
    digest(u8::from(error > T::ONE) + 2 * u8::from(error < -T::ONE));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_value, loss_of_value};
    use crate::config::Loss::Huber;

    #[test]
    fn small_errors_are_squared_and_large_ones_are_not() {
        check_value(Huber, 1.5, 1.0, 0.125, 0.5);
        check_value(Huber, 4.0, 1.0, 2.5, 1.0);
        check_value(Huber, -9.0, 1.0, 9.5, -1.0);
    }

    #[test]
    fn the_two_pieces_meet_at_one() {
        check_value(Huber, 2.0, 1.0, 0.5, 1.0);
        check_value(Huber, 0.0, 1.0, 0.5, -1.0);
    }

    #[test]
    fn not_a_number_makes_the_loss_not_a_number() {
        assert!(loss_of_value(Huber, f32::NAN).is_nan());
    }
}
