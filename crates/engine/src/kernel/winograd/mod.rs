//! Convolutions of 3×3 filters by Winograd's minimal filtering, one image at a time.
//!
//! The image is cut into tiles of 4×4 that overlap by 2, each of which gives 2×2 of the output. In
//! the right basis a tile's convolution is a product element by element: 16 multiplications for
//! what takes 36. Summed over channels these are 16 matrix products, [`Product`](super::product)s
//! of (tiles, channels) by (channels, filters), between transforms that only add.
//!
//! - forward: y = Aᵀ (U ⊙ V) A + b with U = G w Gᵀ and V = Bᵀ x B;
//! - gradients of the input: the same of dz, with the filters turned around;
//! - gradients of the filters: dw = Hᵀ (Σ V ⊙ D) H over tiles with D = K dz Kᵀ, H transposing what
//!   K does: V is the forward pass's.
//!
//! The matrices are in `transform.rs`. What is gained depends on how many channels share the
//! transforms' cost: see [`wins`].
//!
//! Source: A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.

mod backward_weights;
mod filter;
mod forward;
mod transform;

#[cfg(test)]
mod tests;

use super::aligned::Aligned;
use super::conv2d::Conv2dGeometry;
use super::real::Real;

pub(crate) use backward_weights::WinogradBackwardWeights;
pub(crate) use filter::{WinogradFilter, WinogradFilterGradient};
pub(crate) use forward::WinogradForward;

/// Numbers of a transformed tile, or of a transformed filter for one channel.
const POINTS: usize = 16;

/// Channels of input and output from which the transforms cost less than the multiplications that
/// they spare.
const FEWEST_CHANNELS: usize = 16;

/// Whether a convolution is faster in this form: 3×3 filters and 16 channels or more on both sides.
pub(crate) fn wins(geometry: Conv2dGeometry) -> bool {
    geometry.filter_size == 3
        && geometry.channels >= FEWEST_CHANNELS
        && geometry.n_filters >= FEWEST_CHANNELS
}

/// Elements of transformed filters, [16][channel][filter].
pub(crate) fn filter_len(geometry: Conv2dGeometry) -> usize {
    POINTS * geometry.channels * geometry.n_filters
}

/// Elements of scratch for one image, in either direction.
pub(crate) fn scratch_len<T: Real>(geometry: Conv2dGeometry) -> usize {
    let tiles = Tiles::of::<T>(geometry);
    POINTS * (tiles.plane::<T>(geometry.channels) + tiles.plane::<T>(geometry.n_filters))
}

/// How an image is cut, and how many tiles are computed at a time.
#[derive(Clone, Copy)]
struct Tiles {
    down: usize,
    across: usize,
    per_block: usize,
}

/// Transformed tiles of a block, of input and output, that stay in the second-level cache.
const BLOCK_BYTES: usize = 256 << 10;

impl Tiles {
    fn of<T: Real>(geometry: Conv2dGeometry) -> Self {
        assert_eq!(geometry.filter_size, 3, "filters are not 3×3");
        let (down, across) = (geometry.height.div_ceil(2), geometry.width.div_ceil(2));
        let tile_bytes = POINTS * (geometry.channels + geometry.n_filters) * size_of::<T>();
        let most = (BLOCK_BYTES / tile_bytes / 8 * 8).max(16);
        let n_blocks = (down * across).div_ceil(most);
        Self {
            down,
            across,
            per_block: (down * across).div_ceil(n_blocks),
        }
    }

    fn n(self) -> usize {
        self.down * self.across
    }

    /// Elements from one point's matrix (tiles, channels) to the next; no multiple of a page, whose
    /// lines would compete for the same sets of the first-level cache.
    fn plane<T: Real>(self, channels: usize) -> usize {
        let plane = Aligned::<T>::padded(self.per_block * channels);
        if (plane * size_of::<T>()).is_multiple_of(512) {
            plane + Aligned::<T>::padded(1)
        } else {
            plane
        }
    }
}
