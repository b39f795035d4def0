//! Tiles of the image through the products to tiles of the output.

use super::super::conv2d::Conv2dGeometry;
use super::super::lanes::{Kernel, Lanes};
use super::super::product::{Product, Rows, Start, Terms};
use super::super::real::Real;
use super::transform::{Image, Output, Transform};
use super::{POINTS, Tiles};

/// z = x ∗ W + b for one image; of dz in its halo and the filters turned around: dx.
pub(crate) struct WinogradForward<'a, T> {
    /// Sizes, with 3×3 filters.
    pub(crate) geometry: Conv2dGeometry,
    /// Input with its halo.
    pub(crate) padded: &'a [T],
    /// From [`WinogradFilter`](super::WinogradFilter).
    pub(crate) filter: &'a [T],
    /// (filters); `None` for zeros.
    pub(crate) biases: Option<&'a [T]>,
    /// (height, width, filters), overwritten.
    pub(crate) output: &'a mut [T],
    /// Of [`scratch_len`](super::scratch_len) elements.
    pub(crate) scratch: &'a mut [T],
}

impl<T: Real> Kernel<T> for WinogradForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let Conv2dGeometry {
            height,
            width,
            channels,
            n_filters,
            ..
        } = self.geometry;
        let tiles = Tiles::of::<T>(self.geometry);
        let (v_plane, m_plane) = (tiles.plane::<T>(channels), tiles.plane::<T>(n_filters));
        assert!(
            self.scratch.len() >= POINTS * (v_plane + m_plane),
            "the scratch is short"
        );
        let (v, m) = self.scratch.split_at_mut(POINTS * v_plane);
        assert!(
            self.output.len() >= height * width * n_filters,
            "the output is short"
        );
        assert!(
            self.biases.is_none_or(|biases| biases.len() >= n_filters),
            "biases are short"
        );
        for first in (0..tiles.n()).step_by(tiles.per_block) {
            let n = tiles.per_block.min(tiles.n() - first);
            transform_image::<L>(self.geometry, tiles, self.padded, first..first + n, v);
            for point in 0..POINTS {
                Product {
                    a: &v[point * v_plane..],
                    rows: Rows::strided(n, channels),
                    terms: Terms::strided(channels, 1, n_filters),
                    b: &self.filter[point * channels * n_filters..],
                    n_columns: n_filters,
                    c: &mut m[point * m_plane..],
                    c_stride: n_filters,
                    start: Start::Zero,
                    relu: false,
                }
                .run::<L>();
            }
            let biases = self.biases.map_or(std::ptr::null(), <[T]>::as_ptr);
            for (at, tile) in (first..first + n).enumerate() {
                let (row, column) = (2 * (tile / tiles.across), 2 * (tile % tiles.across));
                let place = OutputTile {
                    from: m.as_ptr().wrapping_add(at * n_filters),
                    plane: m_plane,
                    biases,
                    to: self
                        .output
                        .as_mut_ptr()
                        .wrapping_add((row * width + column) * n_filters),
                    line: width * n_filters,
                    pixel: n_filters,
                    rows: 2.min(height - row),
                    columns: 2.min(width - column),
                };
                // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the planes hold
                // `n` tiles of `n_filters`, and the output and the biases were asserted to be long
                // enough.
                unsafe { place.transform::<L>(n_filters) }
            }
        }
    }
}

/// v[point][tile] = (Bᵀ x B)[point] for a block of tiles.
///
/// At an odd edge a tile's last row or column lies past the halo. It only reaches outputs that do
/// not exist, so the one before stands in for it.
///
/// # Panics
/// If the image or `v` is shorter than the geometry says.
#[inline(always)]
pub(super) fn transform_image<L: Lanes>(
    geometry: Conv2dGeometry,
    tiles: Tiles,
    padded: &[L::Element],
    block: std::ops::Range<usize>,
    v: &mut [L::Element],
) {
    let channels = geometry.channels;
    let plane = tiles.plane::<L::Element>(channels);
    assert!(
        padded.len() >= geometry.padded_len(channels),
        "the image is short"
    );
    assert!(
        v.len() >= POINTS * plane && block.len() <= tiles.per_block,
        "the scratch is short"
    );
    let line = geometry.padded_width() * channels;
    let full = channels / L::WIDTH * L::WIDTH;
    let mask = L::mask((channels - full).max(1));
    for (at, tile) in block.enumerate() {
        let (row, column) = (2 * (tile / tiles.across), 2 * (tile % tiles.across));
        let mut lines = [std::ptr::null(); 4];
        let mut pixels = [0; 4];
        for i in 0..4 {
            lines[i] = padded
                .as_ptr()
                .wrapping_add((row + i).min(geometry.height + 1) * line);
            pixels[i] = (column + i).min(geometry.width + 1) * channels;
        }
        let v = v.as_mut_ptr().wrapping_add(at * channels);
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; lines and pixels lie
        // within the padded image, and `channels` lanes from `v` on within each plane.
        unsafe {
            for channel in (0..full).step_by(L::WIDTH) {
                image_vector::<L, true>(lines, pixels, channel, v, plane, mask);
            }
            if full < channels {
                image_vector::<L, false>(lines, pixels, full, v, plane, mask);
            }
        }
    }
}

/// # Safety
/// The processor has the instruction set of `L`; a vector from `channel` on, masked if not `FULL`,
/// lies within each pixel of the tile and each plane of `v`.
#[expect(
    clippy::needless_range_loop,
    reason = "constant ranges are what becomes registers"
)]
#[inline(always)]
unsafe fn image_vector<L: Lanes, const FULL: bool>(
    lines: [*const L::Element; 4],
    pixels: [usize; 4],
    channel: usize,
    v: *mut L::Element,
    plane: usize,
    mask: L::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[L::zero(); 4]; 4];
        for i in 0..4 {
            for j in 0..4 {
                tile[i][j] = L::load_part::<FULL>(lines[i].add(pixels[j] + channel), mask);
            }
        }
        let tile = Image::tile(tile);
        for i in 0..4 {
            for j in 0..4 {
                tile[i][j].store_part::<FULL>(v.add((i * 4 + j) * plane + channel), mask);
            }
        }
    }
}

/// One tile on its way from the products to the output.
struct OutputTile<T> {
    from: *const T,
    plane: usize,
    biases: *const T,
    to: *mut T,
    line: usize,
    pixel: usize,
    /// Of the tile's two, those that exist.
    rows: usize,
    columns: usize,
}

impl<T: Real> OutputTile<T> {
    /// # Safety
    /// The processor has the instruction set of `L`; `n_filters` elements from `from` on lie within
    /// each plane, from `to` on within each existing pixel, and at `biases` unless that is null.
    #[inline(always)]
    unsafe fn transform<L: Lanes<Element = T>>(&self, n_filters: usize) {
        let full = n_filters / L::WIDTH * L::WIDTH;
        let mask = L::mask((n_filters - full).max(1));
        // SAFETY: the caller's.
        unsafe {
            for filter in (0..full).step_by(L::WIDTH) {
                self.vector::<L, true>(filter, mask);
            }
            if full < n_filters {
                self.vector::<L, false>(full, mask);
            }
        }
    }

    /// # Safety
    /// As `transform`, for a vector from `filter` on, masked if not `FULL`.
    #[expect(
        clippy::needless_range_loop,
        reason = "constant ranges are what becomes registers"
    )]
    #[inline(always)]
    unsafe fn vector<L: Lanes<Element = T>, const FULL: bool>(&self, filter: usize, mask: L::Mask) {
        // SAFETY: the caller's.
        unsafe {
            let mut tile = [[L::zero(); 4]; 4];
            for i in 0..4 {
                for j in 0..4 {
                    let from = self.from.add((i * 4 + j) * self.plane + filter);
                    tile[i][j] = L::load_part::<FULL>(from, mask);
                }
            }
            let tile = Output::tile(tile);
            let bias = if self.biases.is_null() {
                L::zero()
            } else {
                L::load_part::<FULL>(self.biases.add(filter), mask)
            };
            for i in 0..2 {
                for j in 0..2 {
                    if i < self.rows && j < self.columns {
                        let to = self.to.add(i * self.line + j * self.pixel + filter);
                        tile[i][j].add(bias).store_part::<FULL>(to, mask);
                    }
                }
            }
        }
    }
}
