//! When a validation loss has stopped falling.

/// What a training remembers of its validation losses for [`Course::Plateau`](super::Course): a fold
/// over them, as plain numbers.
///
/// # Example
/// ```
/// use finetooth_engine::schedule::Plateau;
///
/// let losses = [2.0, 1.0, 1.1, 0.99995, 1.2, 0.5];
/// let falls = losses.iter().scan(Plateau::default(), |plateau, loss| {
///     *plateau = plateau.after(*loss, 1);
///     Some(plateau.n_falls)
/// });
/// // 1.1 is worse than the best, 1.0, and 0.99995 not better by a ten-thousandth.
/// assert_eq!(falls.collect::<Vec<u32>>(), [0, 0, 0, 1, 1, 1]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// The lowest loss so far that counted as an improvement; infinite before any.
    pub best: f64,
    /// Epochs without an improvement since the last one, or since the last fall.
    pub n_bad: u32,
    /// Falls of the learning rate so far.
    pub n_falls: u32,
}

impl Default for Plateau {
    /// Before the first epoch.
    fn default() -> Self {
        Self {
            best: f64::INFINITY,
            n_bad: 0,
            n_falls: 0,
        }
    }
}

/// Share of the best loss by which another must be below it.
const THRESHOLD: f64 = 1e-4;

impl Plateau {
    /// After one more epoch: the rate falls with the first bad epoch beyond `patience` in a row.
    ///
    /// A loss is an improvement if it is below best · (1 − 10⁻⁴); not-a-number is none.
    ///
    /// Source: PyTorch, `ReduceLROnPlateau` with its defaults, but for `eps`, which stops the falls
    /// of very small rates.
    #[must_use]
    pub fn after(self, val_loss: f64, patience: u32) -> Self {
        if val_loss < self.best * (1.0 - THRESHOLD) {
            Self {
                best: val_loss,
                n_bad: 0,
                ..self
            }
        } else if self.n_bad < patience {
            Self {
                n_bad: self.n_bad + 1,
                ..self
            }
        } else {
            Self {
                n_bad: 0,
                n_falls: self.n_falls.saturating_add(1),
                ..self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Falls after each of these losses.
    #[track_caller]
    fn check(patience: u32, losses: &[f64], expected: &[u32]) {
        let mut plateau = Plateau::default();
        let mut falls = Vec::new();
        for loss in losses {
            plateau = plateau.after(*loss, patience);
            falls.push(plateau.n_falls);
        }
        assert_eq!(falls, expected);
    }

    #[test]
    fn falling_losses_leave_the_rate() {
        check(0, &[3.0, 2.0, 1.0, 0.5], &[0, 0, 0, 0]);
    }

    #[test]
    fn the_rate_falls_with_the_first_bad_epoch_beyond_the_patience() {
        // By the source of torch.optim.lr_scheduler.ReduceLROnPlateau, step():
        //   if a < best * (1 - 1e-4): best = a; bad = 0
        //   else: bad += 1
        //   if bad > patience: lr *= factor; bad = 0
        check(
            2,
            &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
            &[0, 0, 0, 1, 1, 1, 2],
        );
        check(0, &[1.0, 1.0, 1.0], &[0, 1, 2]);
        check(1, &[1.0, 2.0, 0.9, 2.0, 2.0], &[0, 0, 0, 0, 1]);
    }

    #[test]
    fn an_improvement_is_one_of_a_ten_thousandth() {
        check(0, &[1.0, 0.999_95, 0.999_89], &[0, 1, 1]);
    }

    #[test]
    fn not_a_number_is_no_improvement() {
        check(0, &[f64::NAN, 1.0, f64::NAN, f64::INFINITY], &[1, 1, 2, 3]);
    }
}
