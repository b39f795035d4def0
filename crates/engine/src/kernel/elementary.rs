//! Elementary functions in single precision, as polynomials without branches: loops over them
//! become vectors, and they round the same on every system and instruction set.
//!
//! Only additions, multiplications and divisions are used, each rounded by itself. Not-a-number
//! stays not-a-number.

#![expect(
    clippy::excessive_precision,
    reason = "coefficients are written as they were published"
)]

/// Where eˣ has long been 0 and ∞.
const LOWEST: f32 = -104.0;
const HIGHEST: f32 = 89.0;
/// Adding it rounds to a whole number, which then lies in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// eˣ as 2ᵏ · (1 + q).
struct Power {
    /// eʳ − 1 of the rest r = x − k · log 2.
    q: f32,
    /// 2ᵏ as two factors, so that neither overflows.
    scales: [f32; 2],
}

#[inline(always)]
fn power(x: f32) -> Power {
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDING;
    let k = rounded - ROUNDING;
    // log 2 in two parts, the first with so few digits that k times it is exact.
    let r = x - k * 0.693_359_375 + k * 2.121_944_4e-4;
    let mut p = 1.987_569_150_0e-4;
    for coefficient in [
        1.398_199_950_7e-3,
        8.333_451_907_3e-3,
        4.166_579_589_4e-2,
        1.666_666_545_9e-1,
        5.000_000_120_1e-1,
    ] {
        p = p * r + coefficient;
    }
    let k = (rounded.to_bits() as i32).wrapping_sub(ROUNDING.to_bits() as i32);
    let half = k >> 1;
    let two_to = |k: i32| f32::from_bits((k.wrapping_add(127) as u32) << 23);
    Power {
        q: p * (r * r) + r,
        scales: [two_to(half), two_to(k.wrapping_sub(half))],
    }
}

/// eˣ, to 2 units in the last place.
///
/// Source: S. Moshier, Cephes, `expf` (coefficients and reduction).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let Power { q, scales } = power(x);
    (1.0 + q) * scales[0] * scales[1]
}

/// eˣ − 1, to 3 units in the last place, near 0 too.
#[inline(always)]
pub(super) fn exp_m1(x: f32) -> f32 {
    let Power { q, scales } = power(x);
    q * scales[0] * scales[1] + (scales[0] * scales[1] - 1.0)
}

/// log(1 + x) for x in 0..=1, to 3 units in the last place.
///
/// 2 artanh s = 2 (s + s³/3 + s⁵/5 + …) with s = x / (2 + x) ≤ 1/3.
#[inline(always)]
pub(super) fn ln_1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let square = s * s;
    let mut series = 1.0 / 15.0;
    for coefficient in [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
    ] {
        series = series * square + coefficient;
    }
    2.0 * (s + s * square * series)
}

/// tanh x, to 3 units in the last place.
///
/// Source: S. Moshier, Cephes, `tanhf`.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let square = x * x;
    let mut near = -5.704_988_727_45e-3;
    for coefficient in [
        2.063_908_879_54e-2,
        -5.373_971_555_31e-2,
        1.333_144_220_36e-1,
        -3.333_328_194_22e-1,
    ] {
        near = near * square + coefficient;
    }
    let near = near * square * x + x;
    let far = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    let far = if x < 0.0 { -far } else { far };
    if x.abs() < 0.625 { near } else { far }
}

/// 1 − erf x, to a relative error of 1e-6 where it is above 1e-30.
///
/// Source: W. Press et al., Numerical Recipes, 2nd edition, section 6.2, `erfcc`.
#[inline(always)]
pub(super) fn erfc(x: f32) -> f32 {
    let magnitude = if x.abs() > 20.0 { 20.0 } else { x.abs() };
    let t = 1.0 / (1.0 + 0.5 * magnitude);
    let mut p = 0.170_872_77;
    for coefficient in [
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ] {
        p = p * t + coefficient;
    }
    // e^(−x²) apart from the rest, with x² in two parts: the exponent would be rounded too much.
    let coarse = f32::from_bits(magnitude.to_bits() & 0xffff_f000);
    let tail = (coarse - magnitude) * (coarse + magnitude);
    let above = t * exp(-coarse * coarse) * exp(tail + p);
    if x < 0.0 { 2.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps through the floating-point numbers of a range, with their neighbours of other sign.
    fn numbers(low: f32, high: f32) -> impl Iterator<Item = f32> {
        (0..0x7f80_0000_u32)
            .step_by(9973)
            .flat_map(|bits| [f32::from_bits(bits), -f32::from_bits(bits)])
            .filter(move |x| (low..=high).contains(x))
    }

    #[track_caller]
    fn check(function: fn(f32) -> f32, exact: fn(f64) -> f64, low: f32, high: f32, units: f64) {
        for x in numbers(low, high) {
            let (found, exact) = (f64::from(function(x)), exact(f64::from(x)));
            // Below the normal numbers, units are those of the smallest of them.
            let unit = exact.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON);
            assert!(
                (found - exact).abs() <= units * unit,
                "{x}: {found} is not {exact}"
            );
        }
        assert!(function(f32::NAN).is_nan());
    }

    #[test]
    fn powers_are_right_to_the_last_places() {
        check(exp, libm::exp, -104.0, 88.7, 2.0);
        assert_eq!([exp(-1e30), exp(-200.0), exp(0.0)], [0.0, 0.0, 1.0]);
        assert_eq!([exp(89.0), exp(f32::INFINITY)], [f32::INFINITY; 2]);
        check(exp_m1, libm::expm1, -104.0, 88.0, 3.0);
    }

    #[test]
    fn logarithms_are_right_to_the_last_places() {
        check(ln_1p, libm::log1p, 0.0, 1.0, 3.0);
    }

    #[test]
    fn hyperbolic_tangents_are_right_to_the_last_places() {
        check(tanh, libm::tanh, f32::MIN, f32::MAX, 3.0);
    }

    #[test]
    fn the_error_function_is_right_in_its_tails_too() {
        check(erfc, libm::erfc, -10.0, 8.0, 9.0);
        assert_eq!([erfc(-1e30), erfc(1e30)], [2.0, 0.0]);
    }
}
