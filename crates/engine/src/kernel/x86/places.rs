//! Which of a window's elements is meant, for each lane of a vector: bytes in memory, whatever
//! compares fastest in a register.
//!
//! The functions of a module are those of [`Lanes`](super::super::lanes::Lanes) for one type of
//! vector, with its conditions: the processor has the instruction set, and `n` bytes are valid.

use std::arch::x86_64::{
    __m256i, _mm_cvtsi128_si64, _mm_packs_epi32, _mm_packus_epi16, _mm256_castsi256_si128,
    _mm256_extracti128_si256,
};

macro_rules! avx512 {
    ($name:ident, $vector:ty, $mask:ty, $cmp:ident, $blend:ident, $maskz:ident) => {
        pub(crate) mod $name {
            use std::arch::x86_64::{
                __m128i, __mmask16, _CMP_GT_OQ, _CMP_UNORD_Q, _mm_cmpeq_epi8_mask,
                _mm_mask_mov_epi8, _mm_mask_storeu_epi8, _mm_maskz_loadu_epi8, _mm_set1_epi8,
                $blend, $cmp, $maskz, $vector,
            };

            pub(crate) type Places = __m128i;

            #[inline(always)]
            fn first(n: usize) -> __mmask16 {
                ((1_u32 << n) - 1) as __mmask16
            }
            #[inline(always)]
            pub(crate) unsafe fn splat(place: u8) -> Places {
                // SAFETY: the caller's.
                unsafe { _mm_set1_epi8(place as i8) }
            }
            #[inline(always)]
            pub(crate) unsafe fn load(from: *const u8, n: usize) -> Places {
                // SAFETY: the caller's.
                unsafe { _mm_maskz_loadu_epi8(first(n), from.cast()) }
            }
            #[inline(always)]
            pub(crate) unsafe fn store(places: Places, to: *mut u8, n: usize) {
                // SAFETY: the caller's.
                unsafe { _mm_mask_storeu_epi8(to.cast(), first(n), places) }
            }
            #[inline(always)]
            pub(crate) unsafe fn where_placed(
                vector: $vector,
                places: Places,
                place: u8,
            ) -> $vector {
                // SAFETY: the caller's.
                unsafe { $maskz(_mm_cmpeq_epi8_mask(places, splat(place)) as $mask, vector) }
            }
            #[inline(always)]
            pub(crate) unsafe fn take_larger(
                best: $vector,
                places: Places,
                value: $vector,
                place: u8,
            ) -> ($vector, Places) {
                // SAFETY: the caller's.
                unsafe {
                    let wins = $cmp::<_CMP_GT_OQ>(value, best) | $cmp::<_CMP_UNORD_Q>(value, value);
                    let places = _mm_mask_mov_epi8(places, wins.into(), splat(place));
                    ($blend(wins, best, value), places)
                }
            }
        }
    };
}

macro_rules! avx2 {
    (
        $name:ident, $vector:ty, $lane:ty, $width:literal, $splat:ident, $equal:ident,
        $cmp:ident, $or:ident, $and:ident, $blend:ident, $cast:ident, $cast_back:ident,
        $narrow:ident
    ) => {
        pub(crate) mod $name {
            use std::arch::x86_64::{
                __m256i, _CMP_GT_OQ, _CMP_UNORD_Q, $and, $blend, $cast, $cast_back, $cmp, $equal,
                $or, $splat, $vector,
            };

            /// One integer as wide as an element for each lane.
            pub(crate) type Places = __m256i;

            #[inline(always)]
            pub(crate) unsafe fn splat(place: u8) -> Places {
                // SAFETY: the caller's.
                unsafe { $splat(<$lane>::from(place)) }
            }
            #[inline(always)]
            pub(crate) unsafe fn load(from: *const u8, n: usize) -> Places {
                let mut bytes = [0_u8; $width];
                if n == $width {
                    // SAFETY: the caller's.
                    bytes = unsafe { from.cast::<[u8; $width]>().read_unaligned() };
                } else {
                    for (lane, byte) in bytes.iter_mut().enumerate().take(n) {
                        // SAFETY: the caller's.
                        *byte = unsafe { *from.add(lane) };
                    }
                }
                // SAFETY: both are 256 bits, of which any are a value.
                unsafe { std::mem::transmute(bytes.map(<$lane>::from)) }
            }
            #[inline(always)]
            pub(crate) unsafe fn store(places: Places, to: *mut u8, n: usize) {
                // SAFETY: the caller's.
                let bytes = unsafe { super::$narrow(places) };
                if n == $width {
                    // SAFETY: the caller's.
                    unsafe { to.cast::<[u8; $width]>().write_unaligned(bytes) };
                } else {
                    for (lane, byte) in bytes.into_iter().enumerate().take(n) {
                        // SAFETY: the caller's.
                        unsafe { *to.add(lane) = byte };
                    }
                }
            }
            #[inline(always)]
            pub(crate) unsafe fn where_placed(
                vector: $vector,
                places: Places,
                place: u8,
            ) -> $vector {
                // SAFETY: the caller's.
                unsafe { $and(vector, $cast($equal(places, splat(place)))) }
            }
            #[inline(always)]
            pub(crate) unsafe fn take_larger(
                best: $vector,
                places: Places,
                value: $vector,
                place: u8,
            ) -> ($vector, Places) {
                // SAFETY: the caller's.
                unsafe {
                    let larger = $cmp::<_CMP_GT_OQ>(value, best);
                    let wins = $or(larger, $cmp::<_CMP_UNORD_Q>(value, value));
                    let placed = $blend($cast(places), $cast(splat(place)), wins);
                    ($blend(best, value, wins), $cast_back(placed))
                }
            }
        }
    };
}

/// The lanes as bytes.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn narrow_32(places: __m256i) -> [u8; 8] {
    // SAFETY: the caller's.
    unsafe {
        let halves = (
            _mm256_castsi256_si128(places),
            _mm256_extracti128_si256::<1>(places),
        );
        let words = _mm_packs_epi32(halves.0, halves.1);
        _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_le_bytes()
    }
}

/// The lanes as bytes.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn narrow_64(places: __m256i) -> [u8; 4] {
    // SAFETY: both are 256 bits, of which any are a value.
    let lanes: [i64; 4] = unsafe { std::mem::transmute(places) };
    lanes.map(|place| place as u8)
}

avx512!(
    avx512_f32,
    __m512,
    u16,
    _mm512_cmp_ps_mask,
    _mm512_mask_blend_ps,
    _mm512_maskz_mov_ps
);
avx512!(
    avx512_f64,
    __m512d,
    u8,
    _mm512_cmp_pd_mask,
    _mm512_mask_blend_pd,
    _mm512_maskz_mov_pd
);
avx2!(
    avx2_f32,
    __m256,
    i32,
    8,
    _mm256_set1_epi32,
    _mm256_cmpeq_epi32,
    _mm256_cmp_ps,
    _mm256_or_ps,
    _mm256_and_ps,
    _mm256_blendv_ps,
    _mm256_castsi256_ps,
    _mm256_castps_si256,
    narrow_32
);
avx2!(
    avx2_f64,
    __m256d,
    i64,
    4,
    _mm256_set1_epi64x,
    _mm256_cmpeq_epi64,
    _mm256_cmp_pd,
    _mm256_or_pd,
    _mm256_and_pd,
    _mm256_blendv_pd,
    _mm256_castsi256_pd,
    _mm256_castpd_si256,
    narrow_64
);
