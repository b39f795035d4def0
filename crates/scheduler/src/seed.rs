//! Counter-based random numbers: a stream for every purpose and address, none shared.

use rand::rand_core::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What random numbers are for; each purpose has streams of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Points of plain random search.
    Points,
    /// Scrambling of Sobol points, and their bits below 2⁻²⁴.
    Sobol,
    /// The trials' own seeds.
    Trial,
    /// Seeds of trials that repeat another.
    Confirmation,
    /// Candidates and draws of a Gaussian process.
    Proposals,
}

/// The stream of `purpose` at `address`: the same for the same three arguments, whatever was drawn elsewhere.
///
/// ChaCha8 keyed by them, so that streams of different addresses are independent.
pub(crate) fn stream(seed: u32, purpose: Purpose, address: [u32; 4]) -> ChaCha8Rng {
    let mut key = [0; 32];
    let tag = match purpose {
        Purpose::Points => 1u32,
        Purpose::Sobol => 2,
        Purpose::Trial => 3,
        Purpose::Confirmation => 4,
        Purpose::Proposals => 5,
    };
    let words = [seed, tag, address[0], address[1], address[2], address[3]];
    for (bytes, word) in key.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The next uniform number of `stream` in \[0, 1), a multiple of 2⁻⁵³.
pub(crate) fn uniform(stream: &mut ChaCha8Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A standard normal number from the next two of `stream`, by the Box–Muller transform.
pub(crate) fn normal(stream: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - uniform(stream), uniform(stream));
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// The seed of the trial with this number: 31 bits, so that NumPy, R and every language read it.
pub(crate) fn trial_seed(seed: u32, trial: u32) -> u32 {
    stream(seed, Purpose::Trial, [trial, 0, 0, 0]).next_u32() >> 1
}

/// The seed with which the trial of this number is repeated, 31 bits.
pub(crate) fn confirmation_seed(seed: u32, trial: u32) -> u32 {
    stream(seed, Purpose::Confirmation, [trial, 0, 0, 0]).next_u32() >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_different_addresses_differ_and_repeat() {
        let draw = |purpose, address| uniform(&mut stream(7, purpose, address));
        assert_eq!(
            draw(Purpose::Points, [0; 4]).to_bits(),
            draw(Purpose::Points, [0; 4]).to_bits()
        );
        assert_ne!(
            draw(Purpose::Points, [0; 4]).to_bits(),
            draw(Purpose::Sobol, [0; 4]).to_bits()
        );
        assert_ne!(
            draw(Purpose::Points, [0; 4]).to_bits(),
            draw(Purpose::Points, [0, 0, 0, 1]).to_bits()
        );
        assert_ne!(trial_seed(7, 1), trial_seed(7, 2));
        assert!(trial_seed(u32::MAX, u32::MAX) < 1 << 31);
    }
}
