//! The `[train]` table.

use super::choice::choice;
use crate::schedule::LrSchedule;

/// The `[train]` table, checked. Keys that the chosen optimizer or schedule does not use keep their
/// value.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainSettings {
    /// Epochs of one full training.
    pub epochs: u32,
    /// Update rule.
    pub optimizer: OptimizerKind,
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// How the learning rate goes on.
    pub schedule: ScheduleKind,
    /// Factor from one epoch to the next (exponential).
    pub lr_decay: f64,
    /// Penalty ½ · l2 · ΣW² on weights, never biases.
    pub l2: f64,
    /// Samples of a step.
    pub batch_size: usize,
    /// Precision of all computation.
    pub dtype: Dtype,
    /// μ (momentum).
    pub momentum: f64,
    /// β₁ (adam).
    pub beta1: f64,
    /// β₂ (adam).
    pub beta2: f64,
    /// ε (adam).
    pub eps: f64,
    /// Seed of the training's own random streams, below 2³¹.
    pub seed: u32,
}

impl TrainSettings {
    /// The learning rate's schedule.
    pub fn lr_schedule(&self) -> LrSchedule {
        match self.schedule {
            ScheduleKind::Constant => LrSchedule::Constant,
            ScheduleKind::Exponential => LrSchedule::Exponential {
                decay: self.lr_decay,
            },
        }
    }
}

/// Update rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptimizerKind {
    /// Plain gradient descent.
    Sgd,
    /// Gradient descent with momentum.
    Momentum,
    /// Adaptive moments.
    Adam,
}

choice!(OptimizerKind { Sgd = "sgd", Momentum = "momentum", Adam = "adam" });

/// How the learning rate goes on from its first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleKind {
    /// It stays.
    Constant,
    /// Times `lr_decay` each epoch.
    Exponential,
}

choice!(ScheduleKind { Constant = "constant", Exponential = "exponential" });

/// Precision of weights, activations and gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

choice!(Dtype { F32 = "f32", F64 = "f64" });
