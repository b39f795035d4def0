//! The samples of a batch between two layers.

use crate::kernel::{Aligned, Real};

/// (capacity, columns) values, sample by sample; each sample starts on a cache line.
#[derive(Debug, Clone)]
pub(crate) struct Batch<T> {
    values: Aligned<T>,
    columns: usize,
    stride: usize,
}

/// Distances between samples that are a multiple of this many bytes put them into few sets of the
/// caches.
const CONFLICTING_BYTES: usize = 512;

impl<T: Real> Batch<T> {
    /// Zeros for `capacity` samples of `columns` values.
    pub(crate) fn zeros(capacity: usize, columns: usize) -> Self {
        let stride = Self::stride_of(columns);
        Self {
            values: Aligned::zeros(capacity * stride),
            columns,
            stride,
        }
    }

    /// Distance between two samples of `columns` values.
    pub(crate) fn stride_of(columns: usize) -> usize {
        let stride = Aligned::<T>::padded(columns);
        if (stride * size_of::<T>()).is_multiple_of(CONFLICTING_BYTES) {
            stride + Aligned::<T>::padded(1)
        } else {
            stride
        }
    }

    /// Values of one sample.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Elements from one sample to the next.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// The first `n` samples, at `stride`.
    pub(crate) fn rows(&self, n: usize) -> &[T] {
        &self.values[..n * self.stride]
    }

    /// The first `n` samples, at `stride`.
    pub(crate) fn rows_mut(&mut self, n: usize) -> &mut [T] {
        &mut self.values[..n * self.stride]
    }

    /// One sample.
    pub(crate) fn row(&self, sample: usize) -> &[T] {
        &self.values[sample * self.stride..][..self.columns]
    }

    /// One sample.
    pub(crate) fn row_mut(&mut self, sample: usize) -> &mut [T] {
        &mut self.values[sample * self.stride..][..self.columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_start_on_cache_lines_and_not_all_in_the_same_set() {
        assert_eq!(Batch::<f32>::stride_of(10), 16);
        assert_eq!(Batch::<f32>::stride_of(8192), 8208);
        assert_eq!(Batch::<f64>::stride_of(64), 72);
    }
}
