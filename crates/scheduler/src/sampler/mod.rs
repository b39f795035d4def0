//! Draws points from a box. Pure: a point follows from its address alone.

mod grid;
mod random;
mod sobol;

pub use grid::Grid;
pub use random::Random;
pub use sobol::Sobol;

use crate::space::{Params, Space};
use crate::sweep::SamplerKind;

/// Where in the sweep a sequence of points belongs; different addresses have independent points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Seed of the sweep.
    pub seed: u32,
    /// Index of the stage.
    pub stage: usize,
    /// Round of the stage.
    pub round: usize,
    /// Index of the block in the round.
    pub block: usize,
}

impl Address {
    fn words(self, index_block: u32) -> [u32; 4] {
        [
            self.stage as u32,
            self.round as u32,
            self.block as u32,
            index_block,
        ]
    }
}

/// A way to draw points.
pub trait Sampler {
    /// How many points are drawn where `trials` are asked for.
    fn n_points(&self, space: &Space, trials: u32) -> u32;

    /// Point `index` of `n` in `space`.
    fn sample(&self, space: &Space, address: Address, index: u32, n: u32) -> Params;
}

/// The sampler of a definition file's word.
pub fn of(kind: SamplerKind) -> &'static dyn Sampler {
    match kind {
        SamplerKind::Sobol => &Sobol,
        SamplerKind::Random => &Random,
        SamplerKind::Grid => &Grid,
    }
}
