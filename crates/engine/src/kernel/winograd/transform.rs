//! The transforms of F(2×2, 3×3) and of its transpose F(3×3, 2×2): additions of neighbours, on as
//! many channels at once as a vector has lanes.

use super::super::lanes::Lanes;
use super::super::real::Real;

/// A matrix (O, I) that is applied to both sides of a tile.
pub(super) trait Transform<const I: usize, const O: usize> {
    /// The matrix by one column.
    ///
    /// # Safety
    /// The processor has the instruction set of `L`.
    unsafe fn line<L: Lanes>(line: [L; I]) -> [L; O];

    /// M tile Mᵀ.
    ///
    /// # Safety
    /// The processor has the instruction set of `L`.
    #[inline(always)]
    unsafe fn tile<L: Lanes>(tile: [[L; I]; I]) -> [[L; O]; O] {
        // SAFETY: the caller's.
        unsafe {
            let mut half = [[L::zero(); I]; O];
            for j in 0..I {
                let mut column = [L::zero(); I];
                for i in 0..I {
                    column[i] = tile[i][j];
                }
                let column = Self::line(column);
                for i in 0..O {
                    half[i][j] = column[i];
                }
            }
            let mut whole = [[L::zero(); O]; O];
            for i in 0..O {
                whole[i] = Self::line(half[i]);
            }
            whole
        }
    }
}

/// Bᵀ = [1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1], of a tile of the image.
pub(super) struct Image;

impl Transform<4, 4> for Image {
    #[inline(always)]
    unsafe fn line<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 4] {
        // SAFETY: the caller's.
        unsafe { [a.sub(c), b.add(c), c.sub(b), b.sub(d)] }
    }
}

/// G = [1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1], of a filter.
pub(super) struct Filter;

impl Transform<3, 4> for Filter {
    #[inline(always)]
    unsafe fn line<L: Lanes>([a, b, c]: [L; 3]) -> [L; 4] {
        // SAFETY: the caller's.
        unsafe {
            let half = L::splat(L::Element::from_f64(0.5));
            let (outer, inner) = (a.add(c).mul(half), b.mul(half));
            [a, outer.add(inner), outer.sub(inner), c]
        }
    }
}

/// Aᵀ = [1 1 1 0; 0 1 −1 −1], back to a tile of the output.
pub(super) struct Output;

impl Transform<4, 2> for Output {
    #[inline(always)]
    unsafe fn line<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 2] {
        // SAFETY: the caller's.
        unsafe { [a.add(b.add(c)), b.sub(c).sub(d)] }
    }
}

/// K = [1 0; 1 1; 1 −1; 0 −1], of a tile of the output's gradients.
pub(super) struct Gradient;

impl Transform<2, 4> for Gradient {
    #[inline(always)]
    unsafe fn line<L: Lanes>([a, b]: [L; 2]) -> [L; 4] {
        // SAFETY: the caller's.
        unsafe { [a, a.add(b), a.sub(b), L::zero().sub(b)] }
    }
}

/// Hᵀ = [1 ½ ½ 0; 0 ½ −½ 0; 0 ½ ½ 1], back to the gradients of a filter.
pub(super) struct FilterGradient;

impl Transform<4, 3> for FilterGradient {
    #[inline(always)]
    unsafe fn line<L: Lanes>([a, b, c, d]: [L; 4]) -> [L; 3] {
        // SAFETY: the caller's.
        unsafe {
            let half = L::splat(L::Element::from_f64(0.5));
            let (sum, difference) = (b.add(c).mul(half), b.sub(c).mul(half));
            [a.add(sum), difference, sum.add(d)]
        }
    }
}
