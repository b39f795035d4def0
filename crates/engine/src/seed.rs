//! Random numbers: one named stream per purpose, each a function of a seed alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What random numbers are drawn for. No two purposes share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Weights before the first step.
    Init,
    /// Order of the samples within an epoch.
    Shuffle,
    /// Which samples are for training, validation and test.
    Split,
    /// Which training samples `train_limit` keeps.
    TrainLimit,
    /// Which units a dropout keeps.
    Dropout,
    /// How training images are varied.
    Augment,
    /// Which weights a gradient check looks at.
    GradientCheck,
    /// Which training samples a sanity check looks at.
    SanitySample,
}

impl Purpose {
    /// Part of the key; changing one changes every result that depends on it.
    fn name(self) -> &'static [u8] {
        match self {
            Self::Init => b"init",
            Self::Shuffle => b"shuffle",
            Self::Split => b"split",
            Self::TrainLimit => b"train_limit",
            Self::Dropout => b"dropout",
            Self::Augment => b"augment",
            Self::GradientCheck => b"gradient_check",
            Self::SanitySample => b"sanity_sample",
        }
    }
}

/// A stream of random numbers: ChaCha8 keyed by (seed, purpose), with up to 2⁶⁴ independent
/// substreams.
///
/// The key is the seed (4 bytes, little endian) followed by the purpose's name, zero-padded to 32
/// bytes.
#[derive(Debug, Clone)]
pub struct Stream {
    generator: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Stream {
    /// The stream of a purpose.
    pub fn new(seed: u32, purpose: Purpose) -> Self {
        Self::numbered(seed, purpose, 0)
    }

    /// One of the substreams of a purpose, for instance that of an epoch.
    pub fn numbered(seed: u32, purpose: Purpose, number: u64) -> Self {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&seed.to_le_bytes());
        key[4..4 + purpose.name().len()].copy_from_slice(purpose.name());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(number);
        Self {
            generator,
            spare_normal: None,
        }
    }

    /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A uniform integer in 0..n, without bias.
    ///
    /// # Panics
    /// If n is 0.
    ///
    /// Source: D. Lemire, "Fast Random Integer Generation in an Interval", 2019.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no integer below 0");
        let rejected = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.generator.next_u64()) * u128::from(n);
            if product as u64 >= rejected {
                return (product >> 64) as u64;
            }
        }
    }

    /// A standard normal deviate.
    ///
    /// z = √(−2 log u) · cos 2πv, and sin for the next one, with u in (0, 1] and v in [0, 1).
    ///
    /// Source: G. Box and M. Muller, "A Note on the Generation of Random Normal Deviates", 1958.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare_normal = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Fills a slice with uniform 16-bit words.
    pub(crate) fn fill(&mut self, words: &mut [u16]) {
        self.generator.fill_bytes(bytemuck::cast_slice_mut(words));
        // The stream is one of bytes, the lower first; the same words on every machine.
        for word in words {
            *word = u16::from_le(*word);
        }
    }

    /// Puts the items into a uniformly random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: u32, purpose: Purpose, number: u64) -> u64 {
        Stream::numbered(seed, purpose, number).generator.next_u64()
    }

    #[test]
    fn the_same_seed_purpose_and_number_give_the_same_stream() {
        assert_eq!(first(7, Purpose::Init, 3), first(7, Purpose::Init, 3));
    }

    #[test]
    fn seeds_purposes_and_numbers_give_different_streams() {
        let streams = [
            first(7, Purpose::Init, 0),
            first(8, Purpose::Init, 0),
            first(7, Purpose::Shuffle, 0),
            first(7, Purpose::Split, 0),
            first(7, Purpose::Init, 1),
        ];
        for (place, stream) in streams.iter().enumerate() {
            assert!(!streams[..place].contains(stream));
        }
    }

    #[test]
    fn integers_below_n_are_all_drawn_equally() {
        let mut stream = Stream::new(1, Purpose::Split);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Standard deviation of each count: √(70000 · 1/7 · 6/7) = 93.
        assert!(
            counts.iter().all(|count| count.abs_diff(10_000) < 400),
            "{counts:?}"
        );
    }

    #[test]
    fn normal_deviates_have_mean_zero_and_variance_one() {
        let mut stream = Stream::new(2, Purpose::Init);
        let values: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / 1e5;
        // Standard errors: 0.0032 and 0.0045.
        assert!(
            mean.abs() < 0.013 && (variance - 1.0).abs() < 0.018,
            "{mean} {variance}"
        );
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..1000).collect();
        Stream::new(3, Purpose::Shuffle).shuffle(&mut items);
        assert_ne!(items[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        items.sort_unstable();
        assert!(items.iter().copied().eq(0..1000));
    }

    #[test]
    fn an_empty_list_is_shuffled_to_itself() {
        Stream::new(3, Purpose::Shuffle).shuffle::<u32>(&mut []);
    }
}
