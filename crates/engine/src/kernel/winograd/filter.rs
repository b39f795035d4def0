//! Filters into the basis of the products, and their gradients back.

use super::super::lanes::{Kernel, Lanes};
use super::super::real::Real;
use super::POINTS;
use super::transform::{Filter, FilterGradient, Transform};

/// Taps of a 3×3 filter.
const TAPS: usize = 9;

/// U = G w Gᵀ for every pair of a channel and a filter.
pub(crate) struct WinogradFilter<'a, T> {
    /// [3][3][channel][filter].
    pub(crate) weights: &'a [T],
    /// [16][channel][filter], overwritten.
    pub(crate) transformed: &'a mut [T],
}

impl<T: Real> Kernel<T> for WinogradFilter<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set.
        unsafe { planes::<L, Filter, TAPS, POINTS, 3, 4, false>(self.weights, self.transformed) }
    }
}

/// dw += Hᵀ dU H for every pair of a channel and a filter.
pub(crate) struct WinogradFilterGradient<'a, T> {
    /// [16][channel][filter].
    pub(crate) transformed: &'a [T],
    /// [3][3][channel][filter], added to.
    pub(crate) dweights: &'a mut [T],
}

impl<T: Real> Kernel<T> for WinogradFilterGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set.
        unsafe {
            planes::<L, FilterGradient, POINTS, TAPS, 4, 3, true>(self.transformed, self.dweights);
        }
    }
}

/// Transforms I×I planes of the same size into O×O planes, or adds to them.
///
/// # Panics
/// If the planes differ in size.
///
/// # Safety
/// The processor has the instruction set of `L`; `N_FROM` is I·I and `N_TO` is O·O.
#[inline(always)]
unsafe fn planes<
    L: Lanes,
    M: Transform<I, O>,
    const N_FROM: usize,
    const N_TO: usize,
    const I: usize,
    const O: usize,
    const ADD: bool,
>(
    from: &[L::Element],
    to: &mut [L::Element],
) {
    const { assert!(N_FROM == I * I && N_TO == O * O) };
    let plane = from.len() / N_FROM;
    assert_eq!(from.len(), N_FROM * plane, "a plane is incomplete");
    assert_eq!(to.len(), N_TO * plane, "planes differ in size");
    let full = plane / L::WIDTH * L::WIDTH;
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    let mask = L::mask((plane - full).max(1));
    // SAFETY: `at` and the lanes from it on, masked at the end, lie within each plane.
    unsafe {
        for at in (0..full).step_by(L::WIDTH) {
            vector::<L, M, I, O, ADD, true>(from.add(at), to.add(at), plane, mask);
        }
        if full < plane {
            vector::<L, M, I, O, ADD, false>(from.add(full), to.add(full), plane, mask);
        }
    }
}

/// # Safety
/// As `planes`; both pointers are valid for a vector, masked if not `FULL`, in each plane.
#[expect(
    clippy::needless_range_loop,
    reason = "constant ranges are what becomes registers"
)]
#[inline(always)]
unsafe fn vector<
    L: Lanes,
    M: Transform<I, O>,
    const I: usize,
    const O: usize,
    const ADD: bool,
    const FULL: bool,
>(
    from: *const L::Element,
    to: *mut L::Element,
    plane: usize,
    mask: L::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[L::zero(); I]; I];
        for i in 0..I {
            for j in 0..I {
                tile[i][j] = L::load_part::<FULL>(from.add((i * I + j) * plane), mask);
            }
        }
        let tile = M::tile(tile);
        for i in 0..O {
            for j in 0..O {
                let to = to.add((i * O + j) * plane);
                let mut value = tile[i][j];
                if ADD {
                    value = L::load_part::<FULL>(to, mask).add(value);
                }
                value.store_part::<FULL>(to, mask);
            }
        }
    }
}
