//! The learning rate as a pure function of the epoch.

/// How the learning rate goes on from its first value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LrSchedule {
    /// η(e) = η.
    Constant,
    /// η(e) = η · decayᵉ⁻¹.
    Exponential {
        /// Factor from one epoch to the next, in (0, 1].
        decay: f64,
    },
}

impl LrSchedule {
    /// The learning rate of epoch `epoch`, counted from 1, where `learning_rate` is that of the
    /// first.
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::schedule::LrSchedule;
    ///
    /// let halving = LrSchedule::Exponential { decay: 0.5 };
    /// assert_eq!(halving.at(1e-2, 1), 1e-2);
    /// assert_eq!(halving.at(1e-2, 3), 2.5e-3);
    /// ```
    pub fn at(self, learning_rate: f64, epoch: u32) -> f64 {
        match self {
            Self::Constant => learning_rate,
            Self::Exponential { decay } => {
                learning_rate * libm::pow(decay, f64::from(epoch.max(1) - 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: LrSchedule, epoch: u32, expected: f64) {
        let found = schedule.at(0.1, epoch);
        assert!(
            (found - expected).abs() < 1e-15,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn a_constant_rate_stays() {
        check(LrSchedule::Constant, 1, 0.1);
        check(LrSchedule::Constant, 1000, 0.1);
    }

    #[test]
    fn an_exponential_rate_is_multiplied_once_an_epoch() {
        // 0.1 · 0.9ᵉ⁻¹ by hand.
        check(LrSchedule::Exponential { decay: 0.9 }, 1, 0.1);
        check(LrSchedule::Exponential { decay: 0.9 }, 2, 0.09);
        check(LrSchedule::Exponential { decay: 0.9 }, 4, 0.072_9);
    }

    #[test]
    fn no_decay_is_constant() {
        check(LrSchedule::Exponential { decay: 1.0 }, 50, 0.1);
    }

    #[test]
    fn the_untrained_network_has_the_first_rate() {
        check(LrSchedule::Exponential { decay: 0.5 }, 0, 0.1);
    }
}
