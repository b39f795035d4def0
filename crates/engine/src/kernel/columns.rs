//! Loops over the pixels of an image for some of its channels at a time.

use super::lanes::Lanes;

/// A loop over pixels for some channels, whose coefficients and sums are in registers.
pub(super) trait Columns<L: Lanes> {
    /// # Safety
    /// The processor has the instruction set of `L`; `V` vectors from channel `first` on, the last
    /// masked if not `FULL`, lie within the channels.
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask);
}

/// Runs the loop for all channels, two vectors of them at a time where there are as many.
///
/// # Safety
/// As [`Columns::run`], for all channels.
#[inline(always)]
pub(super) unsafe fn over_channels<L: Lanes, C: Columns<L>>(channels: usize, columns: &C) {
    let mut first = 0;
    // SAFETY: the caller's.
    unsafe {
        while channels - first >= 2 * L::WIDTH {
            columns.run::<2, true>(first, L::mask(L::WIDTH));
            first += 2 * L::WIDTH;
        }
        if channels - first >= L::WIDTH {
            columns.run::<1, true>(first, L::mask(L::WIDTH));
            first += L::WIDTH;
        }
        if channels > first {
            columns.run::<1, false>(first, L::mask(channels - first));
        }
    }
}
