//! Pooling over windows of any size and stride on one image; what no window reaches is left out.
//!
//! Images are (height, width, channels), channels last. 2×2 maxima of stride 2 have kernels of
//! their own.

use super::lanes::{Kernel, Lanes};
use super::real::Real;

/// Sizes of a pooling; pairs are (rows, columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowGeometry {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// Size of a window.
    pub(crate) window: [usize; 2],
    /// Steps of the window, from 1.
    pub(crate) stride: [usize; 2],
}

impl WindowGeometry {
    /// Rows and columns of the output, or `None` where no window fits:
    /// ⌊(size − window) / stride⌋ + 1.
    pub(crate) fn output(self) -> Option<[usize; 2]> {
        let along = |axis: usize, size: usize| {
            Some(size.checked_sub(self.window[axis])? / self.stride[axis] + 1)
        };
        Some([along(0, self.height)?, along(1, self.width)?])
    }

    /// Elements of the output.
    pub(crate) fn pooled_len(self) -> usize {
        let [rows, columns] = self.fitting_output();
        rows * columns * self.channels
    }

    /// Elements of the input.
    fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    fn fitting_output(self) -> [usize; 2] {
        self.output()
            .expect("the plan refuses windows that do not fit")
    }

    /// Calls `visit(first element of the output's pixel, first element of the input's pixel)` for
    /// every element of every window, window by window, each in reading order.
    #[inline(always)]
    fn for_each_pixel(self, mut visit: impl FnMut(usize, usize)) {
        let [rows, columns] = self.fitting_output();
        for row in 0..rows {
            for column in 0..columns {
                let to = (row * columns + column) * self.channels;
                let (top, left) = (row * self.stride[0], column * self.stride[1]);
                for i in 0..self.window[0] {
                    for j in 0..self.window[1] {
                        let pixel = (top + i) * self.width + left + j;
                        visit(to, pixel * self.channels);
                    }
                }
            }
        }
    }
}

/// pooled[i, j, c] = the largest of the window at (i·stride, j·stride).
pub(crate) struct WindowMaxForward<'a, T> {
    /// Sizes.
    pub(crate) geometry: WindowGeometry,
    /// (height, width, channels).
    pub(crate) input: &'a [T],
    /// (rows, columns, channels), overwritten.
    pub(crate) pooled: &'a mut [T],
    /// Pixel of the (first) largest. As `pooled`, overwritten.
    pub(crate) argmax: &'a mut [u32],
}

impl<T: Real> Kernel<T> for WindowMaxForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.geometry.channels;
        let mut begun = usize::MAX;
        self.geometry.for_each_pixel(|to, from| {
            let pixel = (from / channels) as u32;
            let input = &self.input[from..][..channels];
            let pooled = &mut self.pooled[to..][..channels];
            let argmax = &mut self.argmax[to..][..channels];
            if begun != to {
                begun = to;
                pooled.copy_from_slice(input);
                argmax.fill(pixel);
                return;
            }
            for ((best, at), value) in pooled.iter_mut().zip(argmax).zip(input) {
                // Not-a-number wins, so that a diverged network is seen.
                let wins = *value > *best || value.is_nan();
                *best = if wins { *value } else { *best };
                *at = if wins { pixel } else { *at };
            }
        });
    }
}

/// Sends each gradient to the pixel that was the largest of its window; where windows overlap they
/// add up.
pub(crate) struct WindowMaxBackward<'a, T> {
    /// Sizes.
    pub(crate) geometry: WindowGeometry,
    /// (rows, columns, channels).
    pub(crate) dpooled: &'a [T],
    /// From the forward pass.
    pub(crate) argmax: &'a [u32],
    /// (height, width, channels), overwritten.
    pub(crate) dinput: &'a mut [T],
}

impl<T: Real> Kernel<T> for WindowMaxBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.geometry.channels;
        self.dinput[..self.geometry.len()].fill(T::ZERO);
        for (gradients, argmax) in self
            .dpooled
            .chunks_exact(channels)
            .zip(self.argmax.chunks_exact(channels))
        {
            for (channel, (gradient, pixel)) in gradients.iter().zip(argmax).enumerate() {
                self.dinput[*pixel as usize * channels + channel] += *gradient;
            }
        }
    }
}

/// pooled[i, j, c] = mean of the window at (i·stride, j·stride).
pub(crate) struct WindowMeanForward<'a, T> {
    /// Sizes.
    pub(crate) geometry: WindowGeometry,
    /// (height, width, channels).
    pub(crate) input: &'a [T],
    /// (rows, columns, channels), overwritten.
    pub(crate) pooled: &'a mut [T],
}

impl<T: Real> Kernel<T> for WindowMeanForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.geometry.channels;
        let pooled = &mut self.pooled[..self.geometry.pooled_len()];
        pooled.fill(T::ZERO);
        self.geometry.for_each_pixel(|to, from| {
            for (sum, value) in pooled[to..][..channels].iter_mut().zip(&self.input[from..]) {
                *sum += *value;
            }
        });
        let [height, width] = self.geometry.window;
        let n = T::from_f64((height * width) as f64);
        for sum in pooled {
            *sum = *sum / n;
        }
    }
}

/// Spreads each gradient evenly over its window; where windows overlap they add up.
pub(crate) struct WindowMeanBackward<'a, T> {
    /// Sizes.
    pub(crate) geometry: WindowGeometry,
    /// (rows, columns, channels).
    pub(crate) dpooled: &'a [T],
    /// (height, width, channels), overwritten.
    pub(crate) dinput: &'a mut [T],
}

impl<T: Real> Kernel<T> for WindowMeanBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let channels = self.geometry.channels;
        let [height, width] = self.geometry.window;
        let share = T::ONE / T::from_f64((height * width) as f64);
        self.dinput[..self.geometry.len()].fill(T::ZERO);
        self.geometry.for_each_pixel(|from, to| {
            for (sum, gradient) in self.dinput[to..][..channels]
                .iter_mut()
                .zip(&self.dpooled[from..])
            {
                *sum += share * *gradient;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, proptest};

    use super::*;
    use crate::kernel::Simd;
    use crate::kernel::reference::{Noise, assert_near, on_every_simd};

    /// One channel of a 3×3 image, numbered in reading order, in 2×2 windows of stride 1.
    const COUNTING: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    const OVERLAPPING: WindowGeometry = WindowGeometry {
        height: 3,
        width: 3,
        channels: 1,
        window: [2, 2],
        stride: [1, 1],
    };

    fn max_pool(geometry: WindowGeometry, input: &[f64]) -> (Vec<f64>, Vec<u32>) {
        let len = geometry.pooled_len();
        let (mut pooled, mut argmax) = (vec![9.0; len], vec![9; len]);
        Simd::detect().run(WindowMaxForward {
            geometry,
            input,
            pooled: &mut pooled,
            argmax: &mut argmax,
        });
        (pooled, argmax)
    }

    #[test]
    fn overlapping_windows_share_their_largest_element() {
        let (pooled, argmax) = max_pool(OVERLAPPING, &COUNTING);
        assert_eq!(
            (pooled, argmax),
            (vec![5.0, 6.0, 8.0, 9.0], vec![4, 5, 7, 8])
        );
        let mut same = COUNTING;
        same[4] = 10.0;
        let (pooled, argmax) = max_pool(OVERLAPPING, &same);
        let mut dinput = [9.0; 9];
        Simd::detect().run(WindowMaxBackward {
            geometry: OVERLAPPING,
            dpooled: &[1.0; 4],
            argmax: &argmax,
            dinput: &mut dinput,
        });
        assert_eq!(pooled, [10.0; 4]);
        assert_eq!(dinput, [0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn means_and_their_gradients_are_those_of_the_windows() {
        let mut pooled = [9.0; 4];
        Simd::detect().run(WindowMeanForward {
            geometry: OVERLAPPING,
            input: &COUNTING,
            pooled: &mut pooled,
        });
        // (1 + 2 + 4 + 5) / 4 and so on.
        assert_eq!(pooled, [3.0, 4.0, 6.0, 7.0]);
        let mut dinput = [9.0; 9];
        Simd::detect().run(WindowMeanBackward {
            geometry: OVERLAPPING,
            dpooled: &[4.0; 4],
            dinput: &mut dinput,
        });
        assert_eq!(dinput, [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        let mut input = COUNTING;
        input[4] = f64::NAN;
        assert!(
            max_pool(OVERLAPPING, &input)
                .0
                .iter()
                .all(|value| value.is_nan())
        );
    }

    fn geometries() -> impl Strategy<Value = WindowGeometry> {
        let pair = |high: usize| [1..high, 1..high];
        (1_usize..10, 1_usize..10, 1_usize..40, pair(5), pair(4)).prop_filter_map(
            "the window fits",
            |(height, width, channels, window, stride)| {
                let geometry = WindowGeometry {
                    height,
                    width,
                    channels,
                    window,
                    stride,
                };
                geometry.output().map(|_| geometry)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn windows_are_pooled_on_every_instruction_set_as_their_formula_says(geometry in geometries(), seed: u32) {
            let WindowGeometry { width, channels, window, stride, .. } = geometry;
            let [rows, columns] = geometry.output().unwrap();
            let mut noise = Noise::new(seed);
            let (input, dpooled): (Vec<f64>, Vec<f64>) = (noise.values(geometry.len()), noise.values(geometry.pooled_len()));
            let share = 1.0 / (window[0] * window[1]) as f64;
            let (mut largest, mut mean) = (Vec::new(), Vec::new());
            let (mut dlargest, mut dmean) = (vec![0.0; input.len()], vec![0.0; input.len()]);
            for (place, gradient) in dpooled.iter().enumerate() {
                let (pixel, c) = (place / channels, place % channels);
                let (top, left) = (pixel / columns * stride[0], pixel % columns * stride[1]);
                let inside: Vec<usize> = (0..window[0] * window[1])
                    .map(|at| ((top + at / window[1]) * width + left + at % window[1]) * channels + c)
                    .collect();
                let best = *inside.iter().max_by(|a, b| input[**a].total_cmp(&input[**b])).unwrap();
                largest.push(input[best]);
                mean.push(share * inside.iter().map(|at| input[*at]).sum::<f64>());
                dlargest[best] += gradient;
                for at in inside {
                    dmean[at] += share * gradient;
                }
            }
            assert_eq!(rows * columns * channels, dpooled.len());
            on_every_simd(|simd| {
                let (mut pooled, mut argmax, mut dinput) = (vec![9.0; dpooled.len()], vec![9; dpooled.len()], vec![9.0; input.len()]);
                simd.run(WindowMaxForward { geometry, input: &input, pooled: &mut pooled, argmax: &mut argmax });
                assert_eq!(pooled, largest);
                simd.run(WindowMaxBackward { geometry, dpooled: &dpooled, argmax: &argmax, dinput: &mut dinput });
                assert_near(&dinput, &dlargest, 1e-12);
                simd.run(WindowMeanForward { geometry, input: &input, pooled: &mut pooled });
                assert_near(&pooled, &mean, 1e-12);
                simd.run(WindowMeanBackward { geometry, dpooled: &dpooled, dinput: &mut dinput });
                assert_near(&dinput, &dmean, 1e-12);
            });
        }
    }
}
