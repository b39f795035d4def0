//! The `[train]` table.

use super::choice::choice;
use super::loss::Loss;
use super::optimizer::OptimizerKind;
use crate::schedule::{Course, LrSchedule};

/// The `[train]` table, checked. Keys that the chosen optimizer or schedule does not use keep their
/// value.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSettings {
    /// Epochs of one full training.
    pub epochs: u32,
    /// Update rule.
    pub optimizer: OptimizerKind,
    /// Learning rate after the warm-up; the highest of one_cycle.
    pub learning_rate: f64,
    /// How the learning rate goes on.
    pub schedule: ScheduleKind,
    /// Epochs in which the learning rate rises before that.
    pub warmup_epochs: u32,
    /// Factor from one epoch to the next (exponential).
    pub lr_decay: f64,
    /// Penalty ½ · l2 · ΣW² on weights, never biases.
    pub l2: f64,
    /// Penalty l1 · Σ|W| on weights, never biases.
    pub l1: f64,
    /// Largest norm of a unit's incoming weights, after each update.
    pub max_norm: Option<f64>,
    /// Decay of the moving average of the weights that is evaluated in their place.
    pub ema_decay: Option<f64>,
    /// Share of the weights, times the learning rate, that decays with each step, never of biases.
    pub weight_decay: f64,
    /// Samples of a step.
    pub batch_size: usize,
    /// What is minimised.
    pub loss: Loss,
    /// Precision of all computation.
    pub dtype: Dtype,
    /// μ (momentum, nesterov).
    pub momentum: f64,
    /// β₁ (adam, adamw, nadam, lion).
    pub beta1: f64,
    /// β₂ (adam, adamw, nadam, lion).
    pub beta2: f64,
    /// ρ (adadelta, rmsprop).
    pub rho: f64,
    /// ε (adagrad, adadelta, rmsprop, adam, adamw, nadam).
    pub eps: f64,
    /// Largest norm of all gradients together, before the update rule.
    pub clip_norm: Option<f64>,
    /// Largest magnitude of a gradient, before `clip_norm`.
    pub clip_value: Option<f64>,
    /// After how many epochs the learning rate falls (step: each time; multi_step: every fall,
    /// rising). Empty where not given.
    pub step_epochs: Vec<u32>,
    /// Factor of each fall (step, multi_step, plateau).
    pub step_factor: f64,
    /// Epochs without a fall of the validation loss that leave the learning rate (plateau).
    pub patience: u32,
    /// Seed of the training's own random streams, below 2³¹.
    pub seed: u32,
}

impl TrainSettings {
    /// The learning rate's schedule, laid out for `epochs`.
    ///
    /// # Panics
    /// If the schedule is `step` and `step_epochs` is empty, which reading a file excludes.
    pub fn lr_schedule(&self) -> LrSchedule {
        let course = match self.schedule {
            ScheduleKind::Constant => Course::Constant,
            ScheduleKind::Exponential => Course::Exponential {
                decay: self.lr_decay,
            },
            ScheduleKind::Step => Course::Step {
                every: *self
                    .step_epochs
                    .first()
                    .expect("the schedule `step` is read with its step_epochs"),
                factor: self.step_factor,
            },
            ScheduleKind::MultiStep => Course::MultiStep {
                after: self.step_epochs.clone(),
                factor: self.step_factor,
            },
            ScheduleKind::Linear => Course::Linear,
            ScheduleKind::Cosine => Course::Cosine,
            ScheduleKind::InverseSqrt => Course::InverseSqrt,
            ScheduleKind::OneCycle => Course::OneCycle,
            ScheduleKind::Plateau => Course::Plateau {
                patience: self.patience,
                factor: self.step_factor,
            },
        };
        LrSchedule {
            course,
            warmup_epochs: self.warmup_epochs,
            epochs: self.epochs,
        }
    }
}

/// How the learning rate goes on after the warm-up; formulas with [`Course`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleKind {
    /// It stays.
    Constant,
    /// Times `lr_decay` each epoch.
    Exponential,
    /// Times `step_factor` every `step_epochs`.
    Step,
    /// Times `step_factor` after each of `step_epochs`.
    MultiStep,
    /// Down to 0 in a line over `epochs`.
    Linear,
    /// Down to 0 in half a cosine over `epochs`.
    Cosine,
    /// By the inverse square root of the time.
    InverseSqrt,
    /// Up and down once over `epochs`.
    OneCycle,
    /// Times `step_factor` where the validation loss has not fallen for more than `patience` epochs.
    Plateau,
}

choice!(ScheduleKind {
    Constant = "constant",
    Exponential = "exponential",
    Step = "step",
    MultiStep = "multi_step",
    Linear = "linear",
    Cosine = "cosine",
    InverseSqrt = "inverse_sqrt",
    OneCycle = "one_cycle",
    Plateau = "plateau",
});

impl ScheduleKind {
    /// Whether it ends with the last of the planned epochs.
    pub(crate) fn has_an_end(self) -> bool {
        matches!(self, Self::Linear | Self::Cosine | Self::OneCycle)
    }
}

/// Precision of weights, activations and gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

choice!(Dtype { F32 = "f32", F64 = "f64" });
