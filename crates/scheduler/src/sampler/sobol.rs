//! Scrambled Sobol points: as random as random search, but evenly spread.

use rand::rand_core::Rng;

use super::{Address, Sampler};
use crate::seed::{Purpose, stream, uniform};
use crate::space::{Params, Space};

/// Owen-scrambled Sobol points, worth about 1.5 times as many plain random ones.
///
/// The sequence is the `sobol_burley` crate's: 2¹⁶ points of 256 dimensions with 24 bits each; longer sequences
/// go on with another scrambling, bits below 2⁻²⁴ are drawn at random.
/// Source: Burley (2020), "Practical Hash-based Owen Scrambling", JCGT 9(4).
#[derive(Debug, Clone, Copy)]
pub struct Sobol;

const SEQUENCE: u32 = 1 << 16;

impl Sampler for Sobol {
    fn n_points(&self, _: &Space, trials: u32) -> u32 {
        trials
    }

    fn sample(&self, space: &Space, address: Address, index: u32, _: u32) -> Params {
        let scrambling = stream(
            address.seed,
            Purpose::Sobol,
            address.words(index / SEQUENCE),
        )
        .next_u32();
        let mut below = stream(scrambling, Purpose::Points, address.words(index));
        let u: Vec<f64> = (0..space.0.len() as u32)
            .map(|dimension| {
                let point = sobol_burley::sample(index % SEQUENCE, dimension, scrambling);
                f64::from(point) + uniform(&mut below) / f64::from(1 << 24)
            })
            .collect();
        space.at(&u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Dimension, Domain, Scale};

    fn square() -> Space {
        let axis = |key: &str| Dimension {
            key: key.into(),
            domain: Domain::Float {
                low: 0.0,
                high: 1.0,
                scale: Scale::Linear,
            },
            limits: (0.0, 1.0),
            zero: 0.0,
            order: 1,
            when: Vec::new(),
        };
        Space(vec![axis("a"), axis("b")])
    }

    fn points(n: u32, first: u32) -> Vec<[f64; 2]> {
        let address = Address {
            seed: 3,
            stage: 0,
            round: 0,
            block: 0,
        };
        let space = square();
        (first..first + n)
            .map(|index| {
                let params = Sobol.sample(&space, address, index, n);
                ["a", "b"].map(|key| params.get(key).unwrap().as_f64().unwrap())
            })
            .collect()
    }

    /// Of 2ᵐ points of a (0, m, 2)-net every elementary rectangle of area 2⁻ᵐ holds exactly one.
    #[test]
    fn sixty_four_points_fill_every_elementary_rectangle_once() {
        let points = points(64, 0);
        for columns_log in 0..=6 {
            let (columns, rows) = (1usize << columns_log, 1usize << (6 - columns_log));
            let mut seen = vec![0; 64];
            for [a, b] in &points {
                seen[(a * columns as f64) as usize * rows + (b * rows as f64) as usize] += 1;
            }
            assert!(seen.iter().all(|n| *n == 1), "{columns} × {rows}: {seen:?}");
        }
    }

    #[test]
    fn goes_on_past_the_end_of_the_sequence() {
        let points = points(4, SEQUENCE - 2);
        assert!(points.iter().flatten().all(|u| (0.0..1.0).contains(u)));
        assert_ne!(points[0], points[2]);
    }
}
