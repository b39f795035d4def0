//! Convolution, rectifier and 2×2 max pooling of one image, fused in registers: the convolution is
//! never stored.

use super::conv2d::Conv2dGeometry;
use super::lanes::{Kernel, Lanes};
use super::pool::NO_MAXIMUM;
use super::real::Real;

/// 2×2 max pool of max(0, x ∗ W + b) for one image.
///
/// A tile is one or two windows of the same rows: their 4 or 8 positions, for as many filters as
/// fit. Each sum runs over (filter row, filter column, channel) in order.
pub(crate) struct Conv2dReluPoolForward<'a, T> {
    /// Sizes.
    pub(crate) geometry: Conv2dGeometry,
    /// Input with its halo.
    pub(crate) padded: &'a [T],
    /// [kh][kw][channel][filter].
    pub(crate) weights: &'a [T],
    /// (filters).
    pub(crate) biases: &'a [T],
    /// (height / 2, width / 2, filters), overwritten.
    pub(crate) pooled: &'a mut [T],
    /// As [`MaxPoolForward::argmax`](super::MaxPoolForward::argmax).
    pub(crate) argmax: &'a mut [u8],
}

/// Positions of a window.
const WINDOW: usize = 4;

impl<T: Real> Kernel<T> for Conv2dReluPoolForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(mut self) {
        let geometry = self.geometry;
        let (pooled_height, pooled_width) = geometry.pooled();
        let n_filters = geometry.n_filters;
        let pooled_len = pooled_height * pooled_width * n_filters;
        assert!(
            self.padded.len() >= geometry.padded_len(geometry.channels),
            "image too short"
        );
        assert!(
            self.weights.len() >= geometry.weights_len(),
            "weights too short"
        );
        assert!(self.biases.len() >= n_filters, "biases too short");
        assert!(self.pooled.len() >= pooled_len, "result too short");
        assert!(self.argmax.len() >= pooled_len, "positions too short");
        let widest = L::TILE_ROWS
            .iter()
            .filter(|rows| **rows >= WINDOW)
            .count()
            .min(3);
        let mut filter = 0;
        while filter < n_filters {
            let n_vectors = (n_filters - filter).div_ceil(L::WIDTH).min(widest);
            for row in 0..pooled_height {
                let mut column = 0;
                while column < pooled_width {
                    let pair =
                        L::TILE_ROWS[n_vectors - 1] >= 2 * WINDOW && column + 1 < pooled_width;
                    let tile = Tile {
                        row,
                        column,
                        filter,
                    };
                    // SAFETY: the shapes were asserted; the windows lie within the pooled image, and
                    // `Kernel::run`'s caller vouches for the instruction set.
                    unsafe {
                        match (n_vectors, pair) {
                            (1, false) => self.tile::<L, 1, 4>(tile),
                            (1, true) => self.tile::<L, 1, 8>(tile),
                            (2, false) => self.tile::<L, 2, 4>(tile),
                            (2, true) => self.tile::<L, 2, 8>(tile),
                            (_, false) => self.tile::<L, 3, 4>(tile),
                            (_, true) => self.tile::<L, 3, 8>(tile),
                        }
                    }
                    column += 1 + usize::from(pair);
                }
            }
            filter += n_vectors * L::WIDTH;
        }
    }
}

/// The first window and the first filter of a tile.
#[derive(Clone, Copy)]
struct Tile {
    row: usize,
    column: usize,
    filter: usize,
}

impl<T: Real> Conv2dReluPoolForward<'_, T> {
    /// # Safety
    /// The slices are as long as the geometry says, and the tile's P / 4 windows lie within the
    /// pooled image; at least one filter falls into the last of the V vectors.
    #[expect(
        clippy::needless_range_loop,
        reason = "constant ranges are what becomes registers"
    )]
    #[inline(always)]
    unsafe fn tile<L: Lanes<Element = T>, const V: usize, const P: usize>(&mut self, tile: Tile) {
        let geometry = self.geometry;
        let (channels, n_filters) = (geometry.channels, geometry.n_filters);
        let line = geometry.padded_width() * channels;
        let n_terms = geometry.filter_size * channels;
        let left = n_filters - tile.filter;
        let mask = L::mask(left.min(V * L::WIDTH) - (V - 1) * L::WIDTH);
        // SAFETY: the caller vouches for every element that is touched below; the last vector is
        // masked where it is not full.
        unsafe {
            let first = 2 * tile.row * line + 2 * tile.column * channels;
            // Position p lies in window p / 4, there in row p % 4 / 2 and column p % 2.
            let positions: [*const T; P] = std::array::from_fn(|p| {
                let (down, across) = (p % WINDOW / 2, p / WINDOW * 2 + p % 2);
                self.padded
                    .as_ptr()
                    .add(first + down * line + across * channels)
            });
            let biases = self.biases.as_ptr().add(tile.filter);
            let mut sums = [[L::zero(); V]; P];
            for v in 0..V {
                let bias = if v + 1 < V {
                    L::load(biases.add(v * L::WIDTH))
                } else {
                    L::load_masked(biases.add(v * L::WIDTH), mask)
                };
                for p in 0..P {
                    sums[p][v] = bias;
                }
            }
            for outer in 0..geometry.filter_size {
                let mut weights = self
                    .weights
                    .as_ptr()
                    .add(outer * n_terms * n_filters + tile.filter);
                for term in 0..n_terms {
                    let mut right = [L::zero(); V];
                    for v in 0..V - 1 {
                        right[v] = L::load(weights.add(v * L::WIDTH));
                    }
                    right[V - 1] = L::load_masked(weights.add((V - 1) * L::WIDTH), mask);
                    for p in 0..P {
                        let left = L::splat(*positions[p].add(outer * line + term));
                        for v in 0..V {
                            sums[p][v] = left.mul_add(right[v], sums[p][v]);
                        }
                    }
                    // Wrapping: after the last term it may lie past the end, where it is not read.
                    weights = weights.wrapping_add(n_filters);
                }
            }
            let pooled_width = geometry.width / 2;
            for window in 0..P / WINDOW {
                let to = (tile.row * pooled_width + tile.column + window) * n_filters + tile.filter;
                for v in 0..V {
                    let (mut best, mut places) = (L::zero(), L::places(NO_MAXIMUM));
                    for place in 0..WINDOW {
                        let value = sums[window * WINDOW + place][v];
                        (best, places) = best.take_larger(places, value, place as u8);
                    }
                    let to = to + v * L::WIDTH;
                    let n = L::WIDTH.min(left - v * L::WIDTH);
                    best.store_masked(self.pooled.as_mut_ptr().add(to), L::mask(n));
                    L::store_places(places, self.argmax.as_mut_ptr().add(to), n);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::*;
    use crate::kernel::conv2d::tests::{geometries, padded};
    use crate::kernel::reference::{self, Noise, assert_near, on_every_simd};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn fused_forward_equals_convolution_then_relu_then_pool(geometry in geometries(), seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let image = noise.values(geometry.height * geometry.width * geometry.channels);
                let (weights, biases) = (noise.values(geometry.weights_len()), noise.values(geometry.n_filters));
                let (rows, columns) = geometry.pooled();
                let mut pooled = vec![1.0; rows * columns * geometry.n_filters];
                let mut argmax = vec![9; pooled.len()];
                simd.run(Conv2dReluPoolForward {
                    geometry, padded: &padded(geometry, &image), weights: &weights, biases: &biases,
                    pooled: &mut pooled, argmax: &mut argmax,
                });
                let mut z = reference::conv2d_forward(geometry, &image, &weights, &biases);
                for value in &mut z {
                    *value = value.max(0.0);
                }
                let (expected, _) = reference::max_pool(geometry.height, geometry.width, geometry.n_filters, &z);
                assert_near(&pooled, &expected, 1e-12);
                for (value, argmax) in pooled.iter().zip(argmax) {
                    assert_eq!(*value == 0.0, argmax == NO_MAXIMUM);
                }
            });
        }

    }
}
