//! The two element types the engine computes in.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use bytemuck::Pod;

use super::elementary;
use super::lanes::Lanes;

/// A floating-point type that networks train in: `f32`, or `f64` for gradient checks.
///
/// Transcendental functions are our own polynomials in `f32` and come from the `libm` crate in
/// `f64`, so that results do not depend on the system's own library.
pub(crate) trait Real:
    Pod
    + Send
    + Sync
    + PartialOrd
    + std::fmt::Debug
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Vectors of the portable path.
    type Portable: Lanes<Element = Self>;
    /// Vectors of AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    type Avx2: Lanes<Element = Self>;
    /// Vectors of AVX-512.
    #[cfg(target_arch = "x86_64")]
    type Avx512: Lanes<Element = Self>;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The same value of this type.
    fn from_f32(value: f32) -> Self;
    /// The same value as `f64`.
    fn to_f64(self) -> f64;
    /// eˣ.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// eˣ − 1, accurate near 0.
    fn exp_m1(self) -> Self;
    /// log(1 + x) for x in 0..=1, accurate near 0.
    fn ln_1p(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// 1 − erf x, accurate where it is small.
    fn erfc(self) -> Self;
    /// Correctly rounded square root.
    fn sqrt(self) -> Self;
    /// Whether the value is not a number.
    fn is_nan(self) -> bool;
}

/// The functions of `f64`, by the names of [`elementary`].
mod double {
    pub(super) use libm::{erfc, exp, expm1 as exp_m1, log1p as ln_1p, tanh};
}

macro_rules! real {
    ($type:ty, $lanes:expr, $functions:ident, $ln:path, $avx2:ident, $avx512:ident) => {
        impl Real for $type {
            type Portable = [$type; $lanes];
            #[cfg(target_arch = "x86_64")]
            type Avx2 = super::x86::$avx2;
            #[cfg(target_arch = "x86_64")]
            type Avx512 = super::x86::$avx512;

            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                Self::from(value)
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $functions::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                $functions::exp_m1(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                $functions::ln_1p(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $functions::tanh(self)
            }
            #[inline(always)]
            fn erfc(self) -> Self {
                $functions::erfc(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
        }
    };
}

real!(f32, 4, elementary, libm::logf, Avx2F32, Avx512F32);
real!(f64, 2, double, libm::log, Avx2F64, Avx512F64);
