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

    /// Samples that there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.values.len() / self.stride
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

    /// The first `n` samples one by one, `per` of them to a piece.
    pub(crate) fn pieces(
        &self,
        n: usize,
        per: usize,
    ) -> impl Iterator<Item = impl Iterator<Item = &[T]> + Send> {
        let (stride, columns) = (self.stride, self.columns);
        self.rows(n)
            .chunks(per * stride)
            .map(move |piece| piece.chunks(stride).map(move |row| &row[..columns]))
    }

    /// As [`Batch::pieces`].
    pub(crate) fn pieces_mut(
        &mut self,
        n: usize,
        per: usize,
    ) -> impl Iterator<Item = impl Iterator<Item = &mut [T]> + Send> {
        let (stride, columns) = (self.stride, self.columns);
        self.rows_mut(n)
            .chunks_mut(per * stride)
            .map(move |piece| piece.chunks_mut(stride).map(move |row| &mut row[..columns]))
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

/// As [`Batch::pieces_mut`], each sample `None` where there is no batch; never ends, for the shorter
/// side of a zip to end it.
pub(crate) fn pieces_if_wanted<T: Real>(
    batch: Option<&mut Batch<T>>,
    n: usize,
    per: usize,
) -> impl Iterator<Item = impl Iterator<Item = Option<&mut [T]>> + Send> {
    let mut pieces = batch.map(|batch| batch.pieces_mut(n, per));
    std::iter::from_fn(move || {
        let mut rows = pieces.as_mut().and_then(Iterator::next);
        Some(std::iter::from_fn(move || {
            Some(rows.as_mut().and_then(Iterator::next))
        }))
    })
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
