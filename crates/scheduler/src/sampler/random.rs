//! Plain random search.

use super::{Address, Sampler};
use crate::seed::{Purpose, stream, uniform};
use crate::space::{Params, Space};

/// Independent uniform points.
///
/// Source: Bergstra and Bengio (2012), "Random Search for Hyper-Parameter Optimization", JMLR 13.
#[derive(Debug, Clone, Copy)]
pub struct Random;

impl Sampler for Random {
    fn n_points(&self, _: &Space, trials: u32) -> u32 {
        trials
    }

    fn sample(&self, space: &Space, address: Address, index: u32, _: u32) -> Params {
        let mut numbers = stream(address.seed, Purpose::Points, address.words(index));
        let u: Vec<f64> = space.0.iter().map(|_| uniform(&mut numbers)).collect();
        space.at(&u)
    }
}
