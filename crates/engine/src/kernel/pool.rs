//! 2×2 max pooling of stride 2 on one image; an odd last row or column is left out.

use super::columns::{Columns, over_channels};
use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// In `argmax`: no element of the window was above 0, so that no gradient flows back through it.
pub(crate) const NO_MAXIMUM: u8 = 4;

/// pooled[i, j, c] = max of the window at (2i, 2j), optionally of max(0, ·).
pub(crate) struct MaxPoolForward<'a, T> {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// (height, width, channels).
    pub(crate) input: &'a [T],
    /// (height / 2, width / 2, channels), overwritten.
    pub(crate) pooled: &'a mut [T],
    /// Which of the four, in reading order, was the (first) largest; or [`NO_MAXIMUM`]. As
    /// `pooled`, overwritten.
    pub(crate) argmax: &'a mut [u8],
    /// Whether negative elements become 0 first.
    pub(crate) relu: bool,
}

impl<T: Real> Kernel<T> for MaxPoolForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let windows = Windows::new(
            self.height,
            self.width,
            self.channels,
            self.width * self.channels,
        );
        assert!(self.input.len() >= windows.reach, "the image is short");
        assert!(
            self.pooled.len() >= windows.pooled_len && self.argmax.len() >= windows.pooled_len,
            "the pooled image is short"
        );
        let columns = ForwardColumns {
            windows,
            input: self.input.as_ptr(),
            pooled: self.pooled.as_mut_ptr(),
            argmax: self.argmax.as_mut_ptr(),
            relu: self.relu,
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(self.channels, &columns) }
    }
}

/// Where the windows of an image lie.
struct Windows {
    down: usize,
    across: usize,
    channels: usize,
    line_stride: usize,
    /// Elements of the image that some window covers, and what lies between its lines.
    reach: usize,
    pooled_len: usize,
}

impl Windows {
    /// # Panics
    /// If the lines overlap.
    fn new(height: usize, width: usize, channels: usize, line_stride: usize) -> Self {
        let (down, across) = (height / 2, width / 2);
        assert!(
            line_stride >= width * channels,
            "lines of the image overlap"
        );
        Self {
            down,
            across,
            channels,
            line_stride,
            reach: (2 * down).saturating_sub(1) * line_stride + 2 * across * channels,
            pooled_len: down * across * channels,
        }
    }

    /// Where a window starts in the image and its largest element in the pooled one.
    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> (usize, usize) {
        let window = 2 * i * self.line_stride + 2 * j * self.channels;
        (window, (i * self.across + j) * self.channels)
    }

    /// The four elements of a window after its start, in reading order.
    fn offsets(&self) -> [usize; 4] {
        let (right, below) = (self.channels, self.line_stride);
        [0, right, below, below + right]
    }
}

struct ForwardColumns<T> {
    windows: Windows,
    input: *const T,
    pooled: *mut T,
    argmax: *mut u8,
    relu: bool,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for ForwardColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        let offsets = self.windows.offsets();
        let n = if FULL {
            L::WIDTH
        } else {
            self.windows.channels - first
        };
        // SAFETY: the caller's; windows lie within the image.
        unsafe {
            for i in 0..self.windows.down {
                for j in 0..self.windows.across {
                    let (from, to) = self.windows.at(i, j);
                    for v in 0..V {
                        let at = first + v * L::WIDTH;
                        let input = self.input.add(from + at);
                        let (mut best, mut places) = if self.relu {
                            (L::zero(), L::places(NO_MAXIMUM))
                        } else {
                            (L::load_part::<FULL>(input, mask), L::places(0))
                        };
                        for (place, offset) in offsets.into_iter().enumerate() {
                            if self.relu || place > 0 {
                                // Not-a-number wins, so that a diverged network is seen.
                                let value = L::load_part::<FULL>(input.add(offset), mask);
                                (best, places) = best.take_larger(places, value, place as u8);
                            }
                        }
                        best.store_part::<FULL>(self.pooled.add(to + at), mask);
                        L::store_places(places, self.argmax.add(to + at), n);
                    }
                }
            }
        }
    }
}

/// Sends each gradient to the element of its window that was the largest; the others of the window
/// become 0.
pub(crate) struct MaxPoolBackward<'a, T> {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// (height / 2, width / 2, channels).
    pub(crate) dpooled: &'a [T],
    /// From the forward pass.
    pub(crate) argmax: &'a [u8],
    /// Starts at the image's first element; lines at `line_stride`. All windows are overwritten,
    /// nothing else is.
    pub(crate) dinput: &'a mut [T],
    /// Elements from one line of `dinput` to the next.
    pub(crate) line_stride: usize,
    /// (channels); the sum of what reaches the input is added, where it is wanted.
    pub(crate) dbiases: Option<&'a mut [T]>,
}

impl<T: Real> Kernel<T> for MaxPoolBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let windows = Windows::new(self.height, self.width, self.channels, self.line_stride);
        assert!(self.dinput.len() >= windows.reach, "the image is short");
        assert!(
            self.dpooled.len() >= windows.pooled_len && self.argmax.len() >= windows.pooled_len,
            "the pooled image is short"
        );
        let dbiases = self.dbiases.map_or(std::ptr::null_mut(), |dbiases| {
            assert!(dbiases.len() >= self.channels, "biases are short");
            dbiases.as_mut_ptr()
        });
        let columns = BackwardColumns {
            windows,
            dpooled: self.dpooled.as_ptr(),
            argmax: self.argmax.as_ptr(),
            dinput: self.dinput.as_mut_ptr(),
            dbiases,
        };
        // SAFETY: `Kernel::run`'s caller vouches for the instruction set; the shapes were asserted.
        unsafe { over_channels::<L, _>(self.channels, &columns) }
    }
}

struct BackwardColumns<T> {
    windows: Windows,
    dpooled: *const T,
    argmax: *const u8,
    dinput: *mut T,
    /// May be null.
    dbiases: *mut T,
}

impl<T: Real, L: Lanes<Element = T>> Columns<L> for BackwardColumns<T> {
    #[inline(always)]
    unsafe fn run<const V: usize, const FULL: bool>(&self, first: usize, mask: L::Mask) {
        let offsets = self.windows.offsets();
        let n = if FULL {
            L::WIDTH
        } else {
            self.windows.channels - first
        };
        // SAFETY: the caller's; windows lie within the image.
        unsafe {
            let mut sums = [L::zero(); V];
            for i in 0..self.windows.down {
                for j in 0..self.windows.across {
                    let (to, from) = self.windows.at(i, j);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let at = first + v * L::WIDTH;
                        let gradient = L::load_part::<FULL>(self.dpooled.add(from + at), mask);
                        let places = L::load_places(self.argmax.add(from + at), n);
                        let mut sent = [gradient; 4];
                        for (place, offset) in offsets.into_iter().enumerate() {
                            sent[place] = gradient.where_placed(places, place as u8);
                            sent[place].store_part::<FULL>(self.dinput.add(to + at + offset), mask);
                        }
                        // At most one of the four is not 0.
                        let [a, b, c, d] = sent;
                        *sum = sum.add(a.add(b).add(c.add(d)));
                    }
                }
            }
            if !self.dbiases.is_null() {
                for (v, sum) in sums.into_iter().enumerate() {
                    let to = self.dbiases.add(first + v * L::WIDTH);
                    let total = L::load_part::<FULL>(to, mask).add(sum);
                    total.store_part::<FULL>(to, mask);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::*;
    use crate::kernel::reference::{self, Noise, on_every_simd};

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// Pooled on every instruction set, with the same result.
    fn pool(height: usize, width: usize, input: &[f32], relu: bool) -> (Vec<f32>, Vec<u8>) {
        let channels = input.len() / (height * width);
        let len = (height / 2) * (width / 2) * channels;
        let (mut pooled, mut argmax) = (vec![0.0; len], vec![0; len]);
        for simd in crate::kernel::Simd::available() {
            let before = (pooled.clone(), argmax.clone());
            simd.run(MaxPoolForward {
                height,
                width,
                channels,
                input,
                pooled: &mut pooled,
                argmax: &mut argmax,
                relu,
            });
            let same = before.1 == argmax && bits(&before.0) == bits(&pooled);
            assert!(same || simd.name() == "portable", "{} differs", simd.name());
        }
        (pooled, argmax)
    }

    #[test]
    fn the_first_of_equal_elements_is_the_largest() {
        assert_eq!(
            pool(2, 2, &[1.0, 3.0, 3.0, 2.0], true),
            (vec![3.0], vec![1])
        );
    }

    #[test]
    fn a_window_without_positive_elements_has_no_maximum_after_relu() {
        assert_eq!(
            pool(2, 2, &[-1.0, 0.0, -3.0, -2.0], true),
            (vec![0.0], vec![NO_MAXIMUM])
        );
        assert_eq!(
            pool(2, 2, &[-1.0, -0.5, -3.0, -2.0], false),
            (vec![-0.5], vec![1])
        );
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        for place in 0..4 {
            let mut window = [1.0; 4];
            window[place] = f32::NAN;
            assert!(pool(2, 2, &window, true).0[0].is_nan());
            assert!(pool(2, 2, &window, false).0[0].is_nan());
        }
    }

    #[test]
    fn an_odd_last_row_and_column_are_left_out() {
        let image = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 9.0, 9.0, 9.0];
        assert_eq!(pool(3, 3, &image, false), (vec![4.0], vec![3]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn forward_and_backward_equal_their_references(height in 1_usize..9, width in 1_usize..9, channels in 1_usize..40, seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let input = noise.values::<f32>(height * width * channels);
                let (expected, expected_argmax) = reference::max_pool(height, width, channels, &input);
                let (mut pooled, mut argmax) = (vec![0.0; expected.len()], vec![0; expected.len()]);
                simd.run(MaxPoolForward {
                    height, width, channels, input: &input, pooled: &mut pooled, argmax: &mut argmax, relu: false,
                });
                assert_eq!((&pooled, &argmax), (&expected, &expected_argmax));
                let mut dinput = vec![0.0; input.len()];
                simd.run(MaxPoolBackward {
                    height, width, channels, dpooled: &pooled, argmax: &argmax, dinput: &mut dinput, line_stride: width * channels,
                    dbiases: None,
                });
                assert_eq!(dinput, reference::max_pool_backward(height, width, channels, &pooled, &argmax));
            });
        }
    }
}
