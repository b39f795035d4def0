//! What a network looks like, for people.

use std::fmt;

/// Shapes, parameter count and work of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its layers in order.
    pub layers: Vec<LayerSummary>,
    /// Weights, biases, scales and shifts in all.
    pub n_parameters: u64,
    /// Floating-point operations of a forward pass of one sample (a multiplication and an addition
    /// are two). A step of training takes about three times as many.
    pub flops_per_sample: u64,
}

/// One layer of a [`Summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// Its name, for instance `linear_1`.
    pub name: String,
    /// What it is, for instance `3×3 filters`; empty where the name says it.
    pub detail: String,
    /// Shape of its output: height × width × channels, or the number of features.
    pub output: String,
    /// Weights and biases, or scales and shifts.
    pub n_parameters: u64,
    /// Floating-point operations of a forward pass of one sample.
    pub flops_per_sample: u64,
}

impl fmt::Display for Summary {
    /// One line per layer, then the totals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for layer in &self.layers {
            let LayerSummary {
                name,
                output,
                n_parameters,
                flops_per_sample,
                detail,
            } = layer;
            write!(
                f,
                "{name:<22} → {output:<14} {n_parameters:>10} parameters {flops_per_sample:>12} flop"
            )?;
            writeln!(f, "{}{detail}", if detail.is_empty() { "" } else { "  " })?;
        }
        write!(
            f,
            "{:<39} {:>10} parameters {:>12} flop a sample",
            "in all", self.n_parameters, self.flops_per_sample
        )
    }
}
