//! The learning rate as a pure function of the epoch, the step and how often the validation loss has
//! stopped falling.
//!
//! A schedule is laid out for one full training, however short the trial that uses it; a longer one
//! stays at the last value. It knows no network.

mod plateau;

use std::f64::consts::PI;

pub use plateau::Plateau;

/// How the learning rate goes from its first value to its last: a warm-up, then a course.
#[derive(Debug, Clone, PartialEq)]
pub struct LrSchedule {
    /// How it goes on after the warm-up.
    pub course: Course,
    /// W, epochs in which it rises: step k of the W·S steps, k from 0, has the course's first value
    /// times (k + 1) / (W·S).
    ///
    /// Source: P. Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 2.2, starting near 0.
    pub warmup_epochs: u32,
    /// R, epochs of one full training, warm-up included; what linear, cosine and one_cycle are laid
    /// out for.
    pub epochs: u32,
}

/// The learning rate after the warm-up.
///
/// In the formulas η is the given learning rate, e = 1, 2, … counts epochs since the warm-up, t =
/// e − 1 + s/S is the time in epochs at step s = 0, 1, … of the S of an epoch, and T = R − W is the
/// time there is. `Constant`, `Exponential`, `Step`, `MultiStep` and `Plateau` change between
/// epochs, the others with every step.
#[derive(Debug, Clone, PartialEq)]
pub enum Course {
    /// η.
    Constant,
    /// η · decayᵉ⁻¹.
    ///
    /// Source: PyTorch, `ExponentialLR`.
    Exponential {
        /// Factor from one epoch to the next, in (0, 1].
        decay: f64,
    },
    /// η · factor^⌊(e − 1) / every⌋.
    ///
    /// Source: PyTorch, `StepLR`.
    Step {
        /// Epochs from one fall to the next, at least 1.
        every: u32,
        /// Factor of each fall, in (0, 1].
        factor: f64,
    },
    /// η · factorⁿ, where n of the given epochs are completed, that is, below e.
    ///
    /// Source: PyTorch, `MultiStepLR`.
    MultiStep {
        /// Epochs after which it falls, rising.
        after: Vec<u32>,
        /// Factor of each fall, in (0, 1].
        factor: f64,
    },
    /// η · (1 − t/T): a straight line that would reach 0 at the end.
    ///
    /// Source: PyTorch, `LinearLR` from 1 to 0, by the step.
    Linear,
    /// ½ η (1 + cos(π t/T)).
    ///
    /// Source: I. Loshchilov and F. Hutter, "SGDR", 2017, equation 5 without restarts; PyTorch,
    /// `CosineAnnealingLR`.
    Cosine,
    /// η · √(τ / (τ + t)), τ = W epochs, or 1 without a warm-up.
    ///
    /// With a warm-up it is the rate of A. Vaswani et al., "Attention Is All You Need", 2017,
    /// section 5.3, scaled to reach η; without one, epoch e begins at η/√e.
    InverseSqrt,
    /// From η/25 up to η in the first 0.3 of the steps and down to η/250000 in the others, both by
    /// half a cosine.
    ///
    /// Step k of n rises to k = 0.3 n − 1 and falls to k = n − 1. η is the highest rate. The momentum
    /// stays as it is.
    ///
    /// Source: L. Smith and N. Topin, "Super-Convergence", 2018; PyTorch, `OneCycleLR` with its
    /// defaults and `cycle_momentum=False`.
    OneCycle,
    /// η · factorⁿ, where n is how often the validation loss has stopped falling since the warm-up.
    ///
    /// Source: PyTorch, `ReduceLROnPlateau`.
    Plateau {
        /// Epochs in a row without an improvement that leave the rate as it is.
        patience: u32,
        /// Factor of each fall, in (0, 1].
        factor: f64,
    },
}

/// A step of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Epoch, counted from 1; 0, the untrained network, has the rate of the first step.
    pub epoch: u32,
    /// Step of the epoch, counted from 0.
    pub step: usize,
    /// S, steps of an epoch, at least 1.
    pub steps_per_epoch: usize,
    /// Falls of [`Course::Plateau`] so far; the other courses do not look at it.
    pub n_falls: u32,
}

impl LrSchedule {
    /// The learning rate of a step, where `learning_rate` is η.
    ///
    /// # Example
    /// ```
    /// use finetooth_engine::schedule::{Course, LrSchedule, Moment};
    ///
    /// let halving = LrSchedule {
    ///     course: Course::Exponential { decay: 0.5 },
    ///     warmup_epochs: 1,
    ///     epochs: 27,
    /// };
    /// let rate = |epoch, step| {
    ///     halving.at(1e-2, Moment { epoch, step, steps_per_epoch: 4, n_falls: 0 })
    /// };
    /// assert_eq!([rate(1, 0), rate(1, 1), rate(1, 3)], [2.5e-3, 5e-3, 1e-2]);
    /// assert_eq!([rate(2, 0), rate(2, 3), rate(4, 0)], [1e-2, 1e-2, 2.5e-3]);
    /// ```
    pub fn at(&self, learning_rate: f64, moment: Moment) -> f64 {
        let n_warmup = moment.steps_in(self.warmup_epochs);
        let step = moment.steps_before();
        let course_moment = Moment {
            epoch: moment.epoch.max(1).saturating_sub(self.warmup_epochs),
            ..moment
        };
        if step < n_warmup {
            let first = Moment {
                epoch: 1,
                step: 0,
                ..moment
            };
            let risen = (step + 1) as f64 / n_warmup as f64;
            learning_rate * self.factor(first) * risen
        } else {
            learning_rate * self.factor(course_moment)
        }
    }

    /// What is remembered after an epoch that ended with this validation loss.
    #[must_use]
    pub fn after_epoch(&self, plateau: Plateau, epoch: u32, val_loss: f64) -> Plateau {
        match self.course {
            Course::Plateau { patience, .. } if epoch > self.warmup_epochs => {
                plateau.after(val_loss, patience)
            }
            _ => plateau,
        }
    }

    /// The rate as a share of η, at a moment counted from the end of the warm-up.
    fn factor(&self, moment: Moment) -> f64 {
        let n_steps = moment.steps_in(self.epochs.saturating_sub(self.warmup_epochs).max(1));
        let step = moment.steps_before().min(n_steps - 1);
        let progress = step as f64 / n_steps as f64;
        let completed = moment.epoch.max(1) - 1;
        match &self.course {
            Course::Constant => 1.0,
            Course::Exponential { decay } => libm::pow(*decay, f64::from(completed)),
            Course::Step { every, factor } => {
                libm::pow(*factor, f64::from(completed / (*every).max(1)))
            }
            Course::MultiStep { after, factor } => {
                let n_falls = after.iter().filter(|epoch| **epoch <= completed).count();
                libm::pow(*factor, n_falls as f64)
            }
            Course::Linear => 1.0 - progress,
            Course::Cosine => falling_cosine(progress),
            Course::InverseSqrt => {
                let scale = moment.steps_in(self.warmup_epochs.max(1)) as f64;
                (scale / (scale + moment.steps_before() as f64)).sqrt()
            }
            Course::OneCycle => one_cycle(step as f64, n_steps as f64),
            Course::Plateau { factor, .. } => libm::pow(*factor, f64::from(moment.n_falls)),
        }
    }
}

impl Moment {
    fn steps_in(self, epochs: u32) -> u64 {
        u64::from(epochs) * self.steps_per_epoch as u64
    }

    /// Steps made before this one.
    fn steps_before(self) -> u64 {
        self.steps_in(self.epoch.max(1) - 1) + self.step as u64
    }
}

/// From 1 at 0 down to 0 at 1, by half a cosine.
fn falling_cosine(progress: f64) -> f64 {
    0.5 * (1.0 + libm::cos(PI * progress))
}

fn one_cycle(step: f64, n_steps: f64) -> f64 {
    const RISING_SHARE: f64 = 0.3;
    const FIRST: f64 = 1.0 / 25.0;
    const LAST: f64 = FIRST / 1e4;
    let (peak, end) = (RISING_SHARE * n_steps - 1.0, n_steps - 1.0);
    if step < peak {
        1.0 + (FIRST - 1.0) * falling_cosine(step / peak)
    } else {
        LAST + (1.0 - LAST) * falling_cosine((step - peak) / (end - peak))
    }
}

#[cfg(test)]
mod tests;
