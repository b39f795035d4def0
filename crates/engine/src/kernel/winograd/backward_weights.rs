//! Gradients of the filters, summed in the basis of the products.

use super::super::conv2d::Conv2dGeometry;
use super::super::lanes::{Kernel, Lanes};
use super::super::product::{Product, Rows, Start, Terms};
use super::super::real::Real;
use super::forward::transform_image;
use super::transform::{Gradient, Transform};
use super::{POINTS, Tiles};

/// dU += V ⊙ D, summed over the tiles of one image;
/// [`WinogradFilterGradient`](super::WinogradFilterGradient) makes dW of the batch's sum.
pub(crate) struct WinogradBackwardWeights<'a, T> {
    /// Sizes, with 3×3 filters.
    pub(crate) geometry: Conv2dGeometry,
    /// Input with its halo.
    pub(crate) padded: &'a [T],
    /// Gradients of the output with their halo, (height + 2, width + 2, filters).
    pub(crate) dz_padded: &'a [T],
    /// [16][channel][filter], added to.
    pub(crate) dfilter: &'a mut [T],
    /// Of [`scratch_len`](super::scratch_len) elements.
    pub(crate) scratch: &'a mut [T],
}

impl<T: Real> Kernel<T> for WinogradBackwardWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let Conv2dGeometry {
            channels,
            n_filters,
            ..
        } = self.geometry;
        let tiles = Tiles::of::<T>(self.geometry);
        let (v_plane, d_plane) = (tiles.plane::<T>(channels), tiles.plane::<T>(n_filters));
        assert!(
            self.scratch.len() >= POINTS * (v_plane + d_plane),
            "the scratch is short"
        );
        let (v, d) = self.scratch.split_at_mut(POINTS * v_plane);
        for first in (0..tiles.n()).step_by(tiles.per_block) {
            let n = tiles.per_block.min(tiles.n() - first);
            transform_image::<L>(self.geometry, tiles, self.padded, first..first + n, v);
            transform_gradients::<L>(self.geometry, tiles, self.dz_padded, first..first + n, d);
            for point in 0..POINTS {
                Product {
                    a: &v[point * v_plane..],
                    rows: Rows::strided(channels, 1),
                    terms: Terms::strided(n, channels, n_filters),
                    b: &d[point * d_plane..],
                    n_columns: n_filters,
                    c: &mut self.dfilter[point * channels * n_filters..],
                    c_stride: n_filters,
                    start: Start::Add,
                    relu: false,
                }
                .run::<L>();
            }
        }
    }
}

/// d[point][tile] = (K dz Kᵀ)[point] for a block of tiles. At an odd edge the halo's zeros are the
/// tile's missing row or column.
///
/// # Panics
/// If the gradients or `d` are shorter than the geometry says.
#[inline(always)]
fn transform_gradients<L: Lanes>(
    geometry: Conv2dGeometry,
    tiles: Tiles,
    dz_padded: &[L::Element],
    block: std::ops::Range<usize>,
    d: &mut [L::Element],
) {
    let n_filters = geometry.n_filters;
    let plane = tiles.plane::<L::Element>(n_filters);
    assert!(
        dz_padded.len() >= geometry.padded_len(n_filters),
        "the gradients are short"
    );
    assert!(
        d.len() >= POINTS * plane && block.len() <= tiles.per_block,
        "the scratch is short"
    );
    let line = geometry.padded_width() * n_filters;
    let full = n_filters / L::WIDTH * L::WIDTH;
    let mask = L::mask((n_filters - full).max(1));
    for (at, tile) in block.enumerate() {
        let (row, column) = (1 + 2 * (tile / tiles.across), 1 + 2 * (tile % tiles.across));
        let dz = dz_padded
            .as_ptr()
            .wrapping_add(row * line + column * n_filters);
        let window = [0, n_filters, line, line + n_filters];
        let d = d.as_mut_ptr().wrapping_add(at * n_filters);
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the tile lies within the
        // gradients' halo, and `n_filters` lanes from `d` on within each plane.
        unsafe {
            for filter in (0..full).step_by(L::WIDTH) {
                gradient_vector::<L, true>(dz.add(filter), window, d.add(filter), plane, mask);
            }
            if full < n_filters {
                gradient_vector::<L, false>(dz.add(full), window, d.add(full), plane, mask);
            }
        }
    }
}

/// # Safety
/// The processor has the instruction set of `L`; a vector, masked if not `FULL`, lies at each place
/// of the window from `dz` on and in each plane from `d` on.
#[expect(
    clippy::needless_range_loop,
    reason = "constant ranges are what becomes registers"
)]
#[inline(always)]
unsafe fn gradient_vector<L: Lanes, const FULL: bool>(
    dz: *const L::Element,
    window: [usize; 4],
    d: *mut L::Element,
    plane: usize,
    mask: L::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[L::zero(); 2]; 2];
        for i in 0..2 {
            for j in 0..2 {
                tile[i][j] = L::load_part::<FULL>(dz.add(window[2 * i + j]), mask);
            }
        }
        let tile = Gradient::tile(tile);
        for i in 0..4 {
            for j in 0..4 {
                tile[i][j].store_part::<FULL>(d.add((i * 4 + j) * plane), mask);
            }
        }
    }
}
