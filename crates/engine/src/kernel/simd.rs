//! The instruction set that kernels run on: detected once, then carried as a value.

use thiserror::Error;

use super::ceiling::MultiplyAdds;
use super::lanes::Kernel;
use super::real::Real;

/// An instruction set that this processor has.
///
/// Holding the value proves the detection, so kernels need no further check. Results are the same
/// bits every time on one instruction set, and differ in rounding between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simd(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Why an instruction set could not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimdError {
    /// No instruction set has this name.
    #[error("no instruction set is called `{name}`; there are portable, avx2 and avx512")]
    Unknown {
        /// The name found.
        name: String,
    },
    /// The processor does not have it.
    #[error("this processor has no {name}; it has {}", available.join(", "))]
    Missing {
        /// The name found.
        name: String,
        /// Names that would be accepted here.
        available: Vec<&'static str>,
    },
}

impl Simd {
    /// The fastest instruction set of this processor.
    pub fn detect() -> Self {
        Self::available()
            .last()
            .copied()
            .unwrap_or(Self(Level::Portable))
    }

    /// Every instruction set of this processor, slowest first; the first is always `portable`.
    pub fn available() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            const ALL: &[Simd] = &[
                Simd(Level::Portable),
                Simd(Level::Avx2),
                Simd(Level::Avx512),
            ];
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            &ALL[..1 + usize::from(avx2) + usize::from(avx2 && avx512)]
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            &[Simd(Level::Portable)]
        }
    }

    /// The instruction set of that name: `portable`, `avx2` or `avx512`.
    ///
    /// # Errors
    /// [`SimdError::Unknown`] for another name, [`SimdError::Missing`] if the processor does not
    /// have it.
    pub fn named(name: &str) -> Result<Self, SimdError> {
        if let Some(simd) = Self::available().iter().find(|simd| simd.name() == name) {
            return Ok(*simd);
        }
        match name {
            "avx2" | "avx512" => Err(SimdError::Missing {
                name: name.to_owned(),
                available: Self::available().iter().map(|simd| simd.name()).collect(),
            }),
            _ => Err(SimdError::Unknown {
                name: name.to_owned(),
            }),
        }
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    /// Keeps the core at multiply-adds on vectors of `f32` in registers, so many `rounds` of some dozen vectors, and tells the
    /// operations made: timed, it gives the most that this core can do, which benchmarks compare with.
    pub fn multiply_adds(self, rounds: u64) -> u64 {
        self.run(MultiplyAdds { rounds })
    }

    /// Runs a kernel on this instruction set.
    #[inline]
    pub(crate) fn run<T: Real, K: Kernel<T>>(self, kernel: K) -> K::Output {
        match self.0 {
            Level::Portable => kernel.run::<T::Portable>(),
            // SAFETY: the value exists only where AVX2 and FMA were detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { on_avx2(kernel) },
            // SAFETY: the value exists only where these parts of AVX-512 were detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { on_avx512(kernel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn on_avx2<T: Real, K: Kernel<T>>(kernel: K) -> K::Output {
    kernel.run::<T::Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn on_avx512<T: Real, K: Kernel<T>>(kernel: K) -> K::Output {
    kernel.run::<T::Avx512>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_is_always_there_and_found_by_name() {
        assert_eq!(Simd::available()[0].name(), "portable");
        assert_eq!(Simd::named("portable"), Ok(Simd::available()[0]));
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let message = Simd::named("sse9").unwrap_err().to_string();
        assert_eq!(
            message,
            "no instruction set is called `sse9`; there are portable, avx2 and avx512"
        );
    }

    #[test]
    fn every_available_set_is_found_by_its_name() {
        for simd in Simd::available() {
            assert_eq!(Simd::named(simd.name()), Ok(*simd));
        }
    }
}
