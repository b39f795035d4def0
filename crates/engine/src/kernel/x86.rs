//! Vectors of AVX2 with FMA and of AVX-512.

mod places;

use std::arch::x86_64::{
    __m256, __m256d, __m256i, __m512, __m512d, __mmask8, __mmask16, _CMP_GT_OQ, _mm256_add_pd,
    _mm256_add_ps, _mm256_and_pd, _mm256_and_ps, _mm256_cmp_pd, _mm256_cmp_ps, _mm256_fmadd_pd,
    _mm256_fmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_maskload_pd, _mm256_maskload_ps,
    _mm256_maskstore_pd, _mm256_maskstore_ps, _mm256_max_pd, _mm256_max_ps, _mm256_mul_pd,
    _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_set1_pd, _mm256_set1_ps, _mm256_setzero_pd,
    _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_pd, _mm256_storeu_ps, _mm256_sub_pd,
    _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_pd, _mm512_add_ps,
    _mm512_cmp_pd_mask, _mm512_cmp_ps_mask, _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd,
    _mm512_loadu_ps, _mm512_mask_storeu_pd, _mm512_mask_storeu_ps, _mm512_maskz_loadu_pd,
    _mm512_maskz_loadu_ps, _mm512_maskz_mov_pd, _mm512_maskz_mov_ps, _mm512_max_pd, _mm512_max_ps,
    _mm512_mul_pd, _mm512_mul_ps, _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd,
    _mm512_setzero_ps, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_sub_pd, _mm512_sub_ps,
};

use super::lanes::{Lanes, transpose_by_element};
use super::product::Product;

/// 8 × f32 in a 256-bit register.
#[derive(Clone, Copy)]
pub(crate) struct Avx2F32(__m256);

/// 4 × f64 in a 256-bit register.
#[derive(Clone, Copy)]
pub(crate) struct Avx2F64(__m256d);

/// 16 × f32 in a 512-bit register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512F32(__m512);

/// 8 × f64 in a 512-bit register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512F64(__m512d);

/// The first `n` of 8 lanes all ones: the mask of AVX2's masked moves.
#[inline(always)]
fn leading_ones_32(n: usize) -> __m256i {
    let lanes: [i32; 8] = std::array::from_fn(|lane| if lane < n { -1 } else { 0 });
    // SAFETY: both are 256 bits, of which any are a value.
    unsafe { std::mem::transmute(lanes) }
}

/// The first `n` of 4 lanes all ones.
#[inline(always)]
fn leading_ones_64(n: usize) -> __m256i {
    let lanes: [i64; 4] = std::array::from_fn(|lane| if lane < n { -1 } else { 0 });
    // SAFETY: both are 256 bits, of which any are a value.
    unsafe { std::mem::transmute(lanes) }
}

/// Implements [`Lanes`] by the intrinsics of one register type.
///
/// AVX2 keeps 12 accumulators, AVX-512 up to 24: what fits in 16 and 32 registers beside a row of
/// the right-hand matrix, an element of the left one and, on AVX2, a mask. Tiles of 3 vectors and 4
/// rows, for which that is one register too many, ran at half the speed of 2 and 6.
macro_rules! lanes {
    (
        $name:ident, $features:literal, $element:ty, $width:expr, $rows:expr, mask $mask:ty = $make_mask:expr,
        $zero:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $max:ident,
        $add:ident, $sub:ident, $mul:ident, where_positive ($kept:ident, $gate:ident) $where_positive:expr,
        transpose $transpose:path, places $places:ident,
        load_masked ($from:ident, $lm:ident) $load_masked:expr,
        store_masked ($to:ident, $sm:ident, $value:ident) $store_masked:expr
    ) => {
        impl Lanes for $name {
            type Element = $element;
            type Mask = $mask;
            type Places = places::$places::Places;
            const WIDTH: usize = $width;
            const TILE_ROWS: [usize; 4] = $rows;

            #[inline(always)]
            fn mask(n: usize) -> $mask {
                $make_mask(n)
            }
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $zero() })
            }
            #[inline(always)]
            unsafe fn splat(value: $element) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $splat(value) })
            }
            #[inline(always)]
            unsafe fn load(from: *const $element) -> Self {
                // SAFETY: the caller vouches for the instruction set and WIDTH elements.
                Self(unsafe { $load(from) })
            }
            #[inline(always)]
            unsafe fn load_masked($from: *const $element, $lm: $mask) -> Self {
                // SAFETY: the caller vouches for the instruction set and the masked elements.
                Self(unsafe { $load_masked })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $element) {
                // SAFETY: the caller vouches for the instruction set and WIDTH elements.
                unsafe { $store(to, self.0) }
            }
            #[inline(always)]
            unsafe fn store_masked(self, $to: *mut $element, $sm: $mask) {
                let $value = self.0;
                // SAFETY: the caller vouches for the instruction set and the masked elements.
                unsafe { $store_masked }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $fma(self.0, factor.0, summand.0) })
            }
            #[inline(always)]
            unsafe fn relu(self) -> Self {
                // The maximum is its second operand where one of the two is not a number.
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $max($zero(), self.0) })
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn mul(self, factor: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $mul(self.0, factor.0) })
            }
            #[inline(always)]
            unsafe fn where_positive(self, gate: Self) -> Self {
                let ($kept, $gate) = (self.0, gate.0);
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { $where_positive })
            }
            #[inline(always)]
            unsafe fn transpose_8x8(
                from: *const $element,
                from_stride: usize,
                to: *mut $element,
                to_stride: usize,
            ) {
                // SAFETY: the caller's.
                unsafe { $transpose(from, from_stride, to, to_stride) }
            }
            #[inline(always)]
            unsafe fn places(place: u8) -> Self::Places {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { places::$places::splat(place) }
            }
            #[inline(always)]
            unsafe fn load_places(from: *const u8, n: usize) -> Self::Places {
                // SAFETY: the caller vouches for the instruction set and `n` bytes.
                unsafe { places::$places::load(from, n) }
            }
            #[inline(always)]
            unsafe fn store_places(places: Self::Places, to: *mut u8, n: usize) {
                // SAFETY: the caller vouches for the instruction set and `n` bytes.
                unsafe { places::$places::store(places, to, n) }
            }
            #[inline(always)]
            unsafe fn where_placed(self, places: Self::Places, place: u8) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                Self(unsafe { places::$places::where_placed(self.0, places, place) })
            }
            #[inline(always)]
            unsafe fn take_larger(
                self,
                places: Self::Places,
                value: Self,
                place: u8,
            ) -> (Self, Self::Places) {
                // SAFETY: the caller vouches for the instruction set.
                let (best, places) =
                    unsafe { places::$places::take_larger(self.0, places, value.0, place) };
                (Self(best), places)
            }
            unsafe fn product(product: Product<'_, $element>) {
                #[target_feature(enable = $features)]
                #[inline(never)]
                fn compiled(product: Product<'_, $element>) {
                    product.run_inlined::<$name>();
                }
                // SAFETY: the caller vouches for the instruction set.
                unsafe { compiled(product) }
            }
        }
    };
}

/// [`Lanes::transpose_8x8`] in registers: pairs of rows, pairs of pairs, halves.
///
/// # Safety
/// The processor has AVX2; 8 elements of 8 rows are valid on either side.
#[inline(always)]
unsafe fn transpose_f32(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller's.
    unsafe {
        let mut rows = [_mm256_setzero_ps(); 8];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = _mm256_loadu_ps(from.add(i * from_stride));
        }
        let mut pairs = rows;
        for i in (0..8).step_by(2) {
            pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
            pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
        }
        let mut fours = pairs;
        for i in (0..8).step_by(4) {
            fours[i] = _mm256_shuffle_ps::<0b01_00_01_00>(pairs[i], pairs[i + 2]);
            fours[i + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(pairs[i], pairs[i + 2]);
            fours[i + 2] = _mm256_shuffle_ps::<0b01_00_01_00>(pairs[i + 1], pairs[i + 3]);
            fours[i + 3] = _mm256_shuffle_ps::<0b11_10_11_10>(pairs[i + 1], pairs[i + 3]);
        }
        for j in 0..4 {
            let low = _mm256_permute2f128_ps::<0x20>(fours[j], fours[j + 4]);
            let high = _mm256_permute2f128_ps::<0x31>(fours[j], fours[j + 4]);
            _mm256_storeu_ps(to.add(j * to_stride), low);
            _mm256_storeu_ps(to.add((j + 4) * to_stride), high);
        }
    }
}

lanes!(
    Avx2F32, "avx2,fma", f32, 8, [9, 6, 0, 0], mask __m256i = leading_ones_32,
    _mm256_setzero_ps, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_max_ps,
    _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps,
    where_positive (kept, gate) _mm256_and_ps(kept, _mm256_cmp_ps::<_CMP_GT_OQ>(gate, _mm256_setzero_ps())),
    transpose transpose_f32, places avx2_f32,
    load_masked (from, mask) _mm256_maskload_ps(from, mask),
    store_masked (to, mask, value) _mm256_maskstore_ps(to, mask, value)
);

lanes!(
    Avx2F64, "avx2,fma", f64, 4, [9, 6, 0, 0], mask __m256i = leading_ones_64,
    _mm256_setzero_pd, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_max_pd,
    _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd,
    where_positive (kept, gate) _mm256_and_pd(kept, _mm256_cmp_pd::<_CMP_GT_OQ>(gate, _mm256_setzero_pd())),
    transpose transpose_by_element, places avx2_f64,
    load_masked (from, mask) _mm256_maskload_pd(from, mask),
    store_masked (to, mask, value) _mm256_maskstore_pd(to, mask, value)
);

lanes!(
    Avx512F32, "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl", f32, 16, [9, 8, 8, 6], mask __mmask16 = |n: usize| ((1_u32 << n) - 1) as u16,
    _mm512_setzero_ps, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_max_ps,
    _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps,
    where_positive (kept, gate) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_ps()), kept),
    transpose transpose_f32, places avx512_f32,
    load_masked (from, mask) _mm512_maskz_loadu_ps(mask, from),
    store_masked (to, mask, value) _mm512_mask_storeu_ps(to, mask, value)
);

lanes!(
    Avx512F64, "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl", f64, 8, [9, 8, 8, 6], mask __mmask8 = |n: usize| ((1_u32 << n) - 1) as u8,
    _mm512_setzero_pd, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_max_pd,
    _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd,
    where_positive (kept, gate) _mm512_maskz_mov_pd(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_pd()), kept),
    transpose transpose_by_element, places avx512_f64,
    load_masked (from, mask) _mm512_maskz_loadu_pd(mask, from),
    store_masked (to, mask, value) _mm512_mask_storeu_pd(to, mask, value)
);
