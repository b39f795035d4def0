//! 2×2 max pooling of stride 2 on one image; an odd last row or column is left out.

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
        if self.relu {
            pool_windows::<T, true>(self);
        } else {
            pool_windows::<T, false>(self);
        }
    }
}

#[inline(always)]
fn pool_windows<T: Real, const RELU: bool>(pool: MaxPoolForward<'_, T>) {
    let MaxPoolForward {
        height,
        width,
        channels,
        input,
        pooled,
        argmax,
        ..
    } = pool;
    let line = width * channels;
    for i in 0..height / 2 {
        let upper = &input[2 * i * line..][..line];
        let lower = &input[(2 * i + 1) * line..][..line];
        for j in 0..width / 2 {
            let (left, right) = (2 * j * channels, (2 * j + 1) * channels);
            let window = [
                &upper[left..][..channels],
                &upper[right..][..channels],
                &lower[left..][..channels],
                &lower[right..][..channels],
            ];
            let to = (i * (width / 2) + j) * channels;
            let pooled = &mut pooled[to..][..channels];
            let argmax = &mut argmax[to..][..channels];
            for c in 0..channels {
                (pooled[c], argmax[c]) = largest::<T, RELU>(window.map(|elements| elements[c]));
            }
        }
    }
}

/// The largest of a window and its position.
#[inline(always)]
pub(super) fn largest<T: Real, const RELU: bool>(window: [T; 4]) -> (T, u8) {
    let (mut best, mut at) = if RELU {
        (T::ZERO, NO_MAXIMUM)
    } else {
        (window[0], 0)
    };
    for (position, value) in window.into_iter().enumerate().skip(usize::from(!RELU)) {
        // Not-a-number wins, so that a diverged network is seen.
        let wins = value > best || value.is_nan();
        best = if wins { value } else { best };
        at = if wins { position as u8 } else { at };
    }
    (best, at)
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
        let Self {
            height,
            width,
            channels,
            dpooled,
            argmax,
            dinput,
            line_stride,
            mut dbiases,
        } = self;
        assert!(
            line_stride >= width * channels,
            "lines of the image overlap"
        );
        for i in 0..height / 2 {
            for j in 0..width / 2 {
                let from = (i * (width / 2) + j) * channels;
                let gradients = &dpooled[from..][..channels];
                let argmax = &argmax[from..][..channels];
                let first = 2 * i * line_stride + 2 * j * channels;
                let window = [0, channels, line_stride, line_stride + channels];
                for (position, offset) in window.into_iter().enumerate() {
                    let to = &mut dinput[first + offset..][..channels];
                    for ((to, gradient), at) in to.iter_mut().zip(gradients).zip(argmax) {
                        let here = *at == position as u8;
                        *to = if here { *gradient } else { T::ZERO };
                    }
                }
                if let Some(dbiases) = &mut dbiases {
                    for ((sum, gradient), at) in dbiases.iter_mut().zip(gradients).zip(argmax) {
                        let none = *at == NO_MAXIMUM;
                        *sum += if none { T::ZERO } else { *gradient };
                    }
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

    fn pool(height: usize, width: usize, input: &[f32], relu: bool) -> (Vec<f32>, Vec<u8>) {
        let channels = input.len() / (height * width);
        let len = (height / 2) * (width / 2) * channels;
        let (mut pooled, mut argmax) = (vec![0.0; len], vec![0; len]);
        super::super::Simd::detect().run(MaxPoolForward {
            height,
            width,
            channels,
            input,
            pooled: &mut pooled,
            argmax: &mut argmax,
            relu,
        });
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
