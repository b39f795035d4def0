//! Objectives that cost nothing: for judging a search before a night is spent on it.
//!
//! They report what a training would, from a formula or from recorded curves, and know no network.

mod curves;
mod draws;
mod effects;
mod length;
mod quadratic;
mod simulation;
mod surrogate;
mod table;

pub use curves::Curves;
pub use length::full_training;
pub use simulation::Simulation;
pub use surrogate::{Misplacement, Surrogate};
pub use table::{MOST_BYTES, TableError};
