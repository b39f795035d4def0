//! An objective of which the truth is known.

use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::space::Params;

/// An objective that can tell what a trial's values are worth, beside what a noisy trial of them measures.
pub trait Simulation: Objective {
    /// The metric of a full training with `params`, without noise; NaN where it has none.
    fn worth(&self, params: &Params) -> f64;

    /// The best that [`Simulation::worth`] can be, as far as is known.
    fn best(&self) -> f64;
}
