//! What a vector of some instruction set can do, and kernels written over it.

use super::product::Product;
use super::real::Real;

/// One computation, written once and compiled for every instruction set.
pub(crate) trait Kernel<T: Real> {
    /// What the computation returns.
    type Output;

    /// Runs the computation; implementations are `#[inline(always)]`, so that they are compiled
    /// with the caller's instruction set.
    fn run<L: Lanes<Element = T>>(self) -> Self::Output;
}

/// A vector of `WIDTH` elements held in one register.
///
/// Every method but `mask` is unsafe for two reasons: the processor must have the instruction set
/// of the type, which holds inside [`Kernel::run`] when the caller is
/// [`Simd::run`](super::Simd::run); and pointers must be valid for the elements that are read or
/// written. No alignment is required.
pub(crate) trait Lanes: Copy {
    /// Element type.
    type Element: Real;
    /// Selects the first elements of a vector.
    type Mask: Copy;
    /// A number below 256 for each lane: which element of a window is meant.
    type Places: Copy;
    /// Elements in a vector.
    const WIDTH: usize;
    /// Rows of a register tile by its number of vectors, from 1; 0: too wide for the registers.
    const TILE_ROWS: [usize; 4];

    /// The mask of the first `n` elements, 1 ≤ n ≤ WIDTH.
    fn mask(n: usize) -> Self::Mask;
    /// All elements 0.
    unsafe fn zero() -> Self;
    /// All elements `value`.
    unsafe fn splat(value: Self::Element) -> Self;
    /// WIDTH elements from `from`.
    unsafe fn load(from: *const Self::Element) -> Self;
    /// The masked elements from `from`, 0 elsewhere; memory outside the mask is not touched.
    unsafe fn load_masked(from: *const Self::Element, mask: Self::Mask) -> Self;
    /// Writes WIDTH elements to `to`.
    unsafe fn store(self, to: *mut Self::Element);
    /// Writes the masked elements to `to`; memory outside the mask is not touched.
    unsafe fn store_masked(self, to: *mut Self::Element, mask: Self::Mask);
    /// self · factor + summand, in one rounding where the instruction set has it.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// self + other.
    unsafe fn add(self, other: Self) -> Self;
    /// self − other.
    unsafe fn sub(self, other: Self) -> Self;
    /// self · factor.
    unsafe fn mul(self, factor: Self) -> Self;
    /// max(0, self); not-a-number stays, so that a diverged network is seen.
    unsafe fn relu(self) -> Self;
    /// self where `gate` is above 0, elsewhere 0.
    unsafe fn where_positive(self, gate: Self) -> Self;
    /// All places `place`.
    unsafe fn places(place: u8) -> Self::Places;
    /// `n` places from `from`, 1 ≤ n ≤ WIDTH; what the others are is not told.
    unsafe fn load_places(from: *const u8, n: usize) -> Self::Places;
    /// Writes the first `n` places to `to`, 1 ≤ n ≤ WIDTH.
    unsafe fn store_places(places: Self::Places, to: *mut u8, n: usize);
    /// self where `places` is `place`, elsewhere 0.
    unsafe fn where_placed(self, places: Self::Places, place: u8) -> Self;
    /// (value, place) where value is above self or not a number, elsewhere (self, places).
    unsafe fn take_larger(
        self,
        places: Self::Places,
        value: Self,
        place: u8,
    ) -> (Self, Self::Places);
    /// Computes a product by [`Product::run_inlined`], in a function of its own: its many tiles are
    /// compiled once.
    unsafe fn product(product: Product<'_, Self::Element>);
    /// to[j, i] = from[i, j] for i, j < 8, rows at their strides.
    unsafe fn transpose_8x8(
        from: *const Self::Element,
        from_stride: usize,
        to: *mut Self::Element,
        to_stride: usize,
    );

    /// A whole vector if `FULL`, else its masked elements.
    #[inline(always)]
    unsafe fn load_part<const FULL: bool>(from: *const Self::Element, mask: Self::Mask) -> Self {
        // SAFETY: the caller's.
        unsafe {
            if FULL {
                Self::load(from)
            } else {
                Self::load_masked(from, mask)
            }
        }
    }
    /// Writes the whole vector if `FULL`, else its masked elements.
    #[inline(always)]
    unsafe fn store_part<const FULL: bool>(self, to: *mut Self::Element, mask: Self::Mask) {
        // SAFETY: the caller's.
        unsafe {
            if FULL {
                self.store(to);
            } else {
                self.store_masked(to, mask);
            }
        }
    }
}

// The portable path: plain arrays, which the compiler turns into the vectors every processor of the
// target has. Nothing here relies on the `unsafe` of the trait but the pointers.
impl<T: Real, const W: usize> Lanes for [T; W] {
    type Element = T;
    type Mask = usize;
    type Places = [u8; W];
    const WIDTH: usize = W;
    const TILE_ROWS: [usize; 4] = [6, 4, 0, 0];

    #[inline(always)]
    fn mask(n: usize) -> usize {
        n
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        [T::ZERO; W]
    }
    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        [value; W]
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller vouches for W elements; the read needs no alignment.
        unsafe { from.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_masked(from: *const T, mask: usize) -> Self {
        if mask == W {
            // SAFETY: the mask covers the whole vector, for which the caller vouches.
            return unsafe { Self::load(from) };
        }
        let mut lanes = [T::ZERO; W];
        for (lane, value) in lanes.iter_mut().enumerate().take(mask) {
            // SAFETY: the caller vouches for the masked elements.
            *value = unsafe { *from.add(lane) };
        }
        lanes
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller vouches for W elements; the write needs no alignment.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn store_masked(self, to: *mut T, mask: usize) {
        for (lane, value) in self.into_iter().enumerate().take(mask) {
            // SAFETY: the caller vouches for the masked elements.
            unsafe { *to.add(lane) = value };
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * factor[lane] + summand[lane])
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] - other[lane])
    }
    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * factor[lane])
    }
    #[inline(always)]
    unsafe fn where_positive(self, gate: Self) -> Self {
        std::array::from_fn(|lane| {
            if gate[lane] > T::ZERO {
                self[lane]
            } else {
                T::ZERO
            }
        })
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        self.map(|value| if value <= T::ZERO { T::ZERO } else { value })
    }
    #[inline(always)]
    unsafe fn places(place: u8) -> [u8; W] {
        [place; W]
    }
    #[inline(always)]
    unsafe fn load_places(from: *const u8, n: usize) -> [u8; W] {
        if n == W {
            // SAFETY: the caller vouches for W bytes; the read needs no alignment.
            return unsafe { from.cast::<[u8; W]>().read_unaligned() };
        }
        let mut places = [0; W];
        for (lane, place) in places.iter_mut().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` bytes.
            *place = unsafe { *from.add(lane) };
        }
        places
    }
    #[inline(always)]
    unsafe fn store_places(places: [u8; W], to: *mut u8, n: usize) {
        if n == W {
            // SAFETY: the caller vouches for W bytes; the write needs no alignment.
            return unsafe { to.cast::<[u8; W]>().write_unaligned(places) };
        }
        for (lane, place) in places.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` bytes.
            unsafe { *to.add(lane) = place };
        }
    }
    #[inline(always)]
    unsafe fn where_placed(self, places: [u8; W], place: u8) -> Self {
        std::array::from_fn(|lane| {
            if places[lane] == place {
                self[lane]
            } else {
                T::ZERO
            }
        })
    }
    #[inline(always)]
    unsafe fn take_larger(
        mut self,
        mut places: [u8; W],
        value: Self,
        place: u8,
    ) -> (Self, [u8; W]) {
        for lane in 0..W {
            let wins = value[lane] > self[lane] || value[lane].is_nan();
            self[lane] = if wins { value[lane] } else { self[lane] };
            places[lane] = if wins { place } else { places[lane] };
        }
        (self, places)
    }
    #[inline(never)]
    unsafe fn product(product: Product<'_, T>) {
        product.run_inlined::<Self>();
    }
    #[inline(always)]
    unsafe fn transpose_8x8(from: *const T, from_stride: usize, to: *mut T, to_stride: usize) {
        // SAFETY: the caller's.
        unsafe { transpose_by_element(from, from_stride, to, to_stride) }
    }
}

/// [`Lanes::transpose_8x8`] without vectors.
///
/// # Safety
/// 8 elements of 8 rows are valid on either side.
#[inline(always)]
pub(super) unsafe fn transpose_by_element<T: Copy>(
    from: *const T,
    from_stride: usize,
    to: *mut T,
    to_stride: usize,
) {
    for i in 0..8 {
        for j in 0..8 {
            // SAFETY: the caller's.
            unsafe { *to.add(j * to_stride + i) = *from.add(i * from_stride + j) };
        }
    }
}
