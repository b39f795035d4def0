//! Mean squared error.

use super::{BatchLoss, Rows};
use crate::kernel::{Kernel, Lanes, Real};

/// Lᵢ = eᵢ², where eᵢ = sᵢ − yᵢ; gradients 2 eᵢ / N.
///
/// Source: PyTorch, `MSELoss`.
pub(super) struct SquaredError<'a, T> {
    /// Predictions, one a sample.
    pub(super) rows: Rows<'a, T>,
    /// y, (N).
    pub(super) values: &'a [f32],
}

impl<T: Real> Kernel<T> for SquaredError<'_, T> {
    type Output = BatchLoss;

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) -> BatchLoss {
        let share = T::from_f64(2.0 / self.values.len() as f64);
        let mut batch = BatchLoss::default();
        for (sample, value) in self.values.iter().enumerate() {
            let ([score], dscores) = self.rows.sample(sample) else {
                unreachable!("a number is predicted by one score")
            };
            let error = *score - T::from_f32(*value);
            if let Some(dscores) = dscores {
                dscores[0] = error * share;
            }
            batch.sum += (error * error).to_f64();
            batch.add_error(error.to_f64());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_value, loss_of_value};
    use crate::config::Loss::Mse;

    #[test]
    fn errors_are_squared() {
        check_value(Mse, 3.0, 1.0, 4.0, 4.0);
        check_value(Mse, 0.5, 1.0, 0.25, -1.0);
        check_value(Mse, 1.0, 1.0, 0.0, 0.0);
    }

    #[test]
    fn not_a_number_makes_the_loss_not_a_number() {
        assert!(loss_of_value(Mse, f32::NAN).is_nan());
    }
}
