//! Batch normalisation of one image at a time, while it is in the second-level cache.
//!
//! Images are (pixels, channels), channels last: a vector holds as many channels as it has lanes.
//! Sums over the pixels of an image are in the element type, four interleaved ones in a fixed
//! order; what adds them up over a batch does so in `f64`.

use super::columns::{Columns, over_channels};
use super::lanes::{Kernel, Lanes};
use super::real::Real;

#[cfg(test)]
mod tests;

/// Mean of each channel of an image, and Σ (z − mean)², in two passes.
pub(crate) struct ChannelMoments<'a, T> {
    /// (pixels, channels).
    pub(crate) z: &'a [T],
    /// (channels), overwritten.
    pub(crate) mean: &'a mut [T],
    /// (channels), overwritten.
    pub(crate) squares: &'a mut [T],
}

/// y = z · scale + shift for each channel, then optionally max(0, ·).
pub(crate) struct Normalize<'a, T> {
    /// (pixels, channels).
    pub(crate) z: &'a [T],
    /// (channels), γ / √(σ² + ε).
    pub(crate) scale: &'a [T],
    /// (channels), β − μ γ / √(σ² + ε).
    pub(crate) shift: &'a [T],
    /// Whether negative results become 0.
    pub(crate) relu: bool,
    /// As `z`, overwritten.
    pub(crate) y: &'a mut [T],
}

/// Σ g and Σ g (z − μ) of each channel of an image, where g is dy, or with a gate what the
/// rectifier lets through of it.
pub(crate) struct BatchNormSums<'a, T> {
    /// (pixels, channels).
    pub(crate) z: &'a [T],
    /// As `z`.
    pub(crate) dy: &'a [T],
    /// (channels), μ.
    pub(crate) mean: &'a [T],
    /// Where the forward pass rectified.
    pub(crate) gate: Option<Gate<'a, T>>,
    /// (channels), Σ g, overwritten.
    pub(crate) sum: &'a mut [T],
    /// (channels), Σ g (z − μ), overwritten.
    pub(crate) product: &'a mut [T],
}

/// dz = g · by_gradient + (z − μ) · by_deviation + constant for each channel, g as in
/// [`BatchNormSums`].
pub(crate) struct BatchNormBackward<'a, T> {
    /// (pixels, channels).
    pub(crate) z: &'a [T],
    /// As `z`.
    pub(crate) dy: &'a [T],
    /// (channels), μ.
    pub(crate) mean: &'a [T],
    /// Where the forward pass rectified.
    pub(crate) gate: Option<Gate<'a, T>>,
    /// (channels), γ / √(σ² + ε).
    pub(crate) by_gradient: &'a [T],
    /// (channels), −γ / √(σ² + ε) · Σ g (z − μ) / (n (σ² + ε)).
    pub(crate) by_deviation: &'a [T],
    /// (channels), −γ / √(σ² + ε) · Σ g / n.
    pub(crate) constant: &'a [T],
    /// Pixels of a line.
    pub(crate) width: usize,
    /// Starts at the image's first element; the elements of its lines are overwritten, nothing
    /// else is.
    pub(crate) dz: &'a mut [T],
    /// Elements from one line of `dz` to the next.
    pub(crate) line_stride: usize,
}

/// What the rectifier saw: gradients pass where z · scale + shift is above 0.
#[derive(Clone, Copy)]
pub(crate) struct Gate<'a, T> {
    /// As [`Normalize::scale`].
    pub(crate) scale: &'a [T],
    /// As [`Normalize::shift`].
    pub(crate) shift: &'a [T],
}

impl<T: Real> Kernel<T> for ChannelMoments<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.mean.len();
        assert_eq!(self.squares.len(), channels, "moments differ in size");
        let n_pixels = pixels(self.z, channels);
        let columns = MomentColumns {
            z: self.z.as_ptr(),
            n_pixels,
            channels,
            share: T::ONE / T::from_f64(n_pixels as f64),
            mean: self.mean.as_mut_ptr(),
            squares: self.squares.as_mut_ptr(),
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(channels, &columns) }
    }
}

impl<T: Real> Kernel<T> for Normalize<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.scale.len();
        assert_eq!(self.shift.len(), channels, "scale and shift differ in size");
        assert_eq!(
            self.y.len(),
            self.z.len(),
            "input and output differ in size"
        );
        let columns = NormalizeColumns {
            z: self.z.as_ptr(),
            n_pixels: pixels(self.z, channels),
            channels,
            scale: self.scale.as_ptr(),
            shift: self.shift.as_ptr(),
            relu: self.relu,
            y: self.y.as_mut_ptr(),
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(channels, &columns) }
    }
}

impl<T: Real> Kernel<T> for BatchNormSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.mean.len();
        let gradients = Gradients::new(self.z, self.dy, self.mean, self.gate);
        assert!(
            self.sum.len() == channels && self.product.len() == channels,
            "sums differ in size"
        );
        let columns = SumColumns {
            gradients,
            n_pixels: pixels(self.z, channels),
            channels,
            sum: self.sum.as_mut_ptr(),
            product: self.product.as_mut_ptr(),
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(channels, &columns) }
    }
}

impl<T: Real> Kernel<T> for BatchNormBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.mean.len();
        let gradients = Gradients::new(self.z, self.dy, self.mean, self.gate);
        for coefficients in [self.by_gradient, self.by_deviation, self.constant] {
            assert_eq!(coefficients.len(), channels, "coefficients differ in size");
        }
        let n_pixels = pixels(self.z, channels);
        if n_pixels == 0 {
            return;
        }
        let line = self.width * channels;
        assert!(
            self.width > 0 && n_pixels.is_multiple_of(self.width) && self.line_stride >= line,
            "lines of the image overlap"
        );
        let n_lines = n_pixels / self.width;
        assert!(
            self.dz.len() >= (n_lines - 1) * self.line_stride + line,
            "gradients are short"
        );
        let columns = BackwardColumns {
            gradients,
            channels,
            by_gradient: self.by_gradient.as_ptr(),
            by_deviation: self.by_deviation.as_ptr(),
            constant: self.constant.as_ptr(),
            n_lines,
            width: self.width,
            dz: self.dz.as_mut_ptr(),
            line_stride: self.line_stride,
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(channels, &columns) }
    }
}

/// Pixels of an image.
///
/// # Panics
/// If it has half a pixel.
fn pixels<T>(image: &[T], channels: usize) -> usize {
    assert!(
        channels > 0 && image.len().is_multiple_of(channels),
        "an image of {} elements has no {channels} channels",
        image.len()
    );
    image.len() / channels
}

/// Sums that run beside each other, because one addition waits for the last.
const N_SUMS: usize = 4;

/// `V` vectors of channels.
///
/// # Safety
/// They are valid to read, the last masked if not `FULL`.
#[inline(always)]
unsafe fn load<L: Lanes, const V: usize, const FULL: bool>(
    from: *const L::Element,
    mask: L::Mask,
) -> [L; V] {
    // SAFETY: the caller's.
    unsafe {
        let mut vectors = [L::zero(); V];
        for (v, vector) in vectors.iter_mut().enumerate() {
            *vector = L::load_part::<FULL>(from.add(v * L::WIDTH), mask);
        }
        vectors
    }
}

/// # Safety
/// As `load`, to write.
#[inline(always)]
unsafe fn store<L: Lanes, const V: usize, const FULL: bool>(
    vectors: [L; V],
    to: *mut L::Element,
    mask: L::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        for (v, vector) in vectors.into_iter().enumerate() {
            vector.store_part::<FULL>(to.add(v * L::WIDTH), mask);
        }
    }
}

/// The interleaved sums, added up.
#[inline(always)]
unsafe fn total<L: Lanes, const V: usize>([a, b, c, d]: [[L; V]; N_SUMS]) -> [L; V] {
    let mut total = a;
    for v in 0..V {
        // SAFETY: the caller vouches for the instruction set.
        total[v] = unsafe { a[v].add(b[v]).add(c[v].add(d[v])) };
    }
    total
}

struct MomentColumns<T> {
    z: *const T,
    n_pixels: usize,
    channels: usize,
    /// 1 / pixels.
    share: T,
    mean: *mut T,
    squares: *mut T,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for MomentColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        // SAFETY: the caller's; pixels lie within the image.
        unsafe {
            let z = self.z.add(first);
            let mut sums = [[L::zero(); V]; N_SUMS];
            for pixel in 0..self.n_pixels {
                let z = load::<L, V, FULL>(z.add(pixel * self.channels), mask);
                let sums = &mut sums[pixel % N_SUMS];
                for v in 0..V {
                    sums[v] = sums[v].add(z[v]);
                }
            }
            let mut mean = total(sums);
            for mean in &mut mean {
                *mean = mean.mul(L::splat(self.share));
            }
            let mut sums = [[L::zero(); V]; N_SUMS];
            for pixel in 0..self.n_pixels {
                let z = load::<L, V, FULL>(z.add(pixel * self.channels), mask);
                let sums = &mut sums[pixel % N_SUMS];
                for v in 0..V {
                    let deviation = z[v].sub(mean[v]);
                    sums[v] = deviation.mul_add(deviation, sums[v]);
                }
            }
            store::<L, V, FULL>(mean, self.mean.add(first), mask);
            store::<L, V, FULL>(total(sums), self.squares.add(first), mask);
        }
    }
}

struct NormalizeColumns<T> {
    z: *const T,
    n_pixels: usize,
    channels: usize,
    scale: *const T,
    shift: *const T,
    relu: bool,
    y: *mut T,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for NormalizeColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        // SAFETY: the caller's; pixels lie within the image.
        unsafe {
            let scale = load::<L, V, FULL>(self.scale.add(first), mask);
            let shift = load::<L, V, FULL>(self.shift.add(first), mask);
            for pixel in 0..self.n_pixels {
                let at = first + pixel * self.channels;
                let mut y = load::<L, V, FULL>(self.z.add(at), mask);
                for v in 0..V {
                    y[v] = y[v].mul_add(scale[v], shift[v]);
                    if self.relu {
                        y[v] = y[v].relu();
                    }
                }
                store::<L, V, FULL>(y, self.y.add(at), mask);
            }
        }
    }
}

/// z and what the rectifier lets through of dy.
struct Gradients<T> {
    z: *const T,
    dy: *const T,
    mean: *const T,
    gate: Option<(*const T, *const T)>,
}

/// The coefficients of [`Gradients`] for some channels.
struct GradientColumns<L, const V: usize> {
    mean: [L; V],
    gate: Option<([L; V], [L; V])>,
}

impl<T: Real> Gradients<T> {
    /// # Panics
    /// If the shapes differ.
    #[inline(always)]
    fn new(z: &[T], dy: &[T], mean: &[T], gate: Option<Gate<'_, T>>) -> Self {
        assert_eq!(z.len(), dy.len(), "input and gradients differ in size");
        if let Some(gate) = gate {
            assert!(
                gate.scale.len() == mean.len() && gate.shift.len() == mean.len(),
                "scale and shift differ in size"
            );
        }
        Self {
            z: z.as_ptr(),
            dy: dy.as_ptr(),
            mean: mean.as_ptr(),
            gate: gate.map(|gate| (gate.scale.as_ptr(), gate.shift.as_ptr())),
        }
    }

    /// # Safety
    /// As [`Columns::run`].
    #[inline(always)]
    unsafe fn columns<L: Lanes<Element = T>, const V: usize, const FULL: bool>(
        &self,
        first: usize,
        mask: L::Mask,
    ) -> GradientColumns<L, V> {
        // SAFETY: the caller's.
        unsafe {
            let mean = load::<L, V, FULL>(self.mean.add(first), mask);
            let mut gate = None;
            if let Some((scale, shift)) = self.gate {
                gate = Some((
                    load::<L, V, FULL>(scale.add(first), mask),
                    load::<L, V, FULL>(shift.add(first), mask),
                ));
            }
            GradientColumns { mean, gate }
        }
    }

    /// g and z − μ of the channels from element `at` on.
    ///
    /// # Safety
    /// As `load`, at `at` within z and dy.
    #[inline(always)]
    unsafe fn at<L: Lanes<Element = T>, const V: usize, const FULL: bool>(
        &self,
        columns: &GradientColumns<L, V>,
        at: usize,
        mask: L::Mask,
    ) -> ([L; V], [L; V]) {
        // SAFETY: the caller's.
        unsafe {
            let mut deviation = load::<L, V, FULL>(self.z.add(at), mask);
            let mut gradient = load::<L, V, FULL>(self.dy.add(at), mask);
            for v in 0..V {
                if let Some((scale, shift)) = &columns.gate {
                    let y = deviation[v].mul_add(scale[v], shift[v]);
                    gradient[v] = gradient[v].where_positive(y);
                }
                deviation[v] = deviation[v].sub(columns.mean[v]);
            }
            (gradient, deviation)
        }
    }
}

struct SumColumns<T> {
    gradients: Gradients<T>,
    n_pixels: usize,
    channels: usize,
    sum: *mut T,
    product: *mut T,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for SumColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        // SAFETY: the caller's; pixels lie within the image.
        unsafe {
            let columns = self.gradients.columns::<L, V, FULL>(first, mask);
            let mut sums = [[L::zero(); V]; N_SUMS];
            let mut products = [[L::zero(); V]; N_SUMS];
            for pixel in 0..self.n_pixels {
                let at = first + pixel * self.channels;
                let (g, deviation) = self.gradients.at::<L, V, FULL>(&columns, at, mask);
                let (sums, products) = (&mut sums[pixel % N_SUMS], &mut products[pixel % N_SUMS]);
                for v in 0..V {
                    sums[v] = sums[v].add(g[v]);
                    products[v] = g[v].mul_add(deviation[v], products[v]);
                }
            }
            store::<L, V, FULL>(total(sums), self.sum.add(first), mask);
            store::<L, V, FULL>(total(products), self.product.add(first), mask);
        }
    }
}

struct BackwardColumns<T> {
    gradients: Gradients<T>,
    channels: usize,
    by_gradient: *const T,
    by_deviation: *const T,
    constant: *const T,
    n_lines: usize,
    width: usize,
    dz: *mut T,
    line_stride: usize,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for BackwardColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        // SAFETY: the caller's; pixels lie within the image and its lines within `dz`.
        unsafe {
            let columns = self.gradients.columns::<L, V, FULL>(first, mask);
            let by_gradient = load::<L, V, FULL>(self.by_gradient.add(first), mask);
            let by_deviation = load::<L, V, FULL>(self.by_deviation.add(first), mask);
            let constant = load::<L, V, FULL>(self.constant.add(first), mask);
            for line in 0..self.n_lines {
                for pixel in 0..self.width {
                    let at = first + (line * self.width + pixel) * self.channels;
                    let (mut g, deviation) = self.gradients.at::<L, V, FULL>(&columns, at, mask);
                    for v in 0..V {
                        let rest = deviation[v].mul_add(by_deviation[v], constant[v]);
                        g[v] = g[v].mul_add(by_gradient[v], rest);
                    }
                    let to = first + line * self.line_stride + pixel * self.channels;
                    store::<L, V, FULL>(g, self.dz.add(to), mask);
                }
            }
        }
    }
}
