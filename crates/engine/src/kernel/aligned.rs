//! Buffers that start on a cache line.

use std::marker::PhantomData;
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
        Self {
            lines: vec![CacheLine([0; 64]); n_lines],
            len,
            element: PhantomData,
        }
    }

    /// `len` rounded up, so that what follows in one buffer starts on a cache line again.
    pub(crate) fn padded(len: usize) -> usize {
        len.next_multiple_of(size_of::<CacheLine>() / size_of::<T>())
    }
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
        for len in [0, 1, 15, 16, 17, 1000] {
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
