//! Random numbers of synthetic objectives: a stream for every purpose and address.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What random numbers are for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The quadratic itself.
    Quadratic,
    /// Where its optimum is looked for.
    Optimum,
    /// Where the optimum lies in the ranges of a sweep.
    Placement,
    /// What keys do that a quadratic knows nothing of.
    Effect,
    /// What a trial's measurements are off by.
    Noise,
}

/// A stream of random numbers.
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `purpose` at `address`, the same for the same three arguments.
    pub(super) fn new(seed: u32, purpose: Purpose, address: [u32; 2]) -> Self {
        let mut key = [0; 32];
        let words = [seed, purpose as u32, address[0], address[1]];
        for (bytes, word) in key.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number in \[low, high).
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A standard normal number, by the Box–Muller transform.
    pub(super) fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(u)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * v)
    }

    /// Whether a coin falls heads up.
    pub(super) fn coin(&mut self) -> bool {
        self.unit() < 0.5
    }

    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
