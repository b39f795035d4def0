//! The names of the update rules, and what keys default to with each.

use super::choice::choice;

/// Update rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptimizerKind {
    /// Plain gradient descent.
    Sgd,
    /// Gradient descent with momentum.
    Momentum,
    /// Gradient descent with Nesterov's momentum.
    Nesterov,
    /// Gradients divided by the root of their sum of squares.
    Adagrad,
    /// Adagrad with a forgetting memory and steps in units of past steps.
    Adadelta,
    /// Gradients divided by their root mean square.
    Rmsprop,
    /// Adaptive moments.
    Adam,
    /// Adaptive moments, with weight decay unless told otherwise.
    Adamw,
    /// Adaptive moments with Nesterov's momentum.
    Nadam,
    /// The sign of a momentum.
    Lion,
}

choice!(OptimizerKind {
    Sgd = "sgd",
    Momentum = "momentum",
    Nesterov = "nesterov",
    Adagrad = "adagrad",
    Adadelta = "adadelta",
    Rmsprop = "rmsprop",
    Adam = "adam",
    Adamw = "adamw",
    Nadam = "nadam",
    Lion = "lion",
});

/// Values of the keys that no file gives; those of PyTorch, and of its paper for lion.
impl OptimizerKind {
    /// Decoupled weight decay: 0.01 for adamw, else 0.
    pub fn default_weight_decay(self) -> f64 {
        if self == Self::Adamw { 0.01 } else { 0.0 }
    }

    /// β₂: 0.99 for lion, else 0.999.
    pub fn default_beta2(self) -> f64 {
        if self == Self::Lion { 0.99 } else { 0.999 }
    }

    /// ρ: 0.9 for adadelta, else 0.99.
    pub fn default_rho(self) -> f64 {
        if self == Self::Adadelta { 0.9 } else { 0.99 }
    }

    /// ε: 1e-10 for adagrad, 1e-6 for adadelta, else 1e-8.
    pub fn default_eps(self) -> f64 {
        match self {
            Self::Adagrad => 1e-10,
            Self::Adadelta => 1e-6,
            _ => 1e-8,
        }
    }
}
