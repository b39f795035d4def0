//! Convolutions of stride 1 with the output as large as the input, one image at a time.
//!
//! Images are (height, width, channels), channels last. The input of each kernel lies in a zero
//! halo, so that a convolution is a plain product over strides: no patches are copied and no edge
//! is a special case. With a filter of k, (k − 1) / 2 rows and columns lie before the image and k /
//! 2 after it (rounded down).

use super::lanes::{Kernel, Lanes};
use super::product::{Product, Rows, Start, Terms};
use super::real::Real;

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conv2dGeometry {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels of the input.
    pub(crate) channels: usize,
    /// Channels of the output.
    pub(crate) n_filters: usize,
    /// Rows and columns of the filter.
    pub(crate) filter_size: usize,
}

impl Conv2dGeometry {
    /// Halo rows and columns before the input image.
    pub(crate) fn halo_before(self) -> usize {
        (self.filter_size - 1) / 2
    }

    /// Halo rows and columns before the gradients of the output, whose halo is the input's turned
    /// around.
    pub(crate) fn gradient_halo_before(self) -> usize {
        self.filter_size / 2
    }

    /// Columns of an image with its halo.
    pub(crate) fn padded_width(self) -> usize {
        self.width + self.filter_size - 1
    }

    /// Elements of an image of `channels` with its halo.
    pub(crate) fn padded_len(self, channels: usize) -> usize {
        (self.height + self.filter_size - 1) * self.padded_width() * channels
    }

    /// Elements of the filters, [kh][kw][channel][filter].
    pub(crate) fn weights_len(self) -> usize {
        self.filter_size * self.filter_size * self.channels * self.n_filters
    }

    /// Of the convolution that computes the gradients of the input from those of the output.
    pub(crate) fn turned(self) -> Self {
        Self {
            channels: self.n_filters,
            n_filters: self.channels,
            ..self
        }
    }

    /// Rows and columns after a 2×2 pooling.
    pub(crate) fn pooled(self) -> (usize, usize) {
        (self.height / 2, self.width / 2)
    }

    /// The product that computes `n_rows` of output from `first_row` on.
    #[inline(always)]
    fn rows<T>(self, first_row: usize, n_rows: usize, operands: Operands<'_, T>) -> Product<'_, T> {
        let line = self.padded_width() * self.channels;
        Product {
            a: &operands.image[first_row * line..],
            rows: Rows {
                n: n_rows * self.width,
                group: self.width,
                outer: line,
                inner: self.channels,
            },
            terms: Terms {
                n_outer: self.filter_size,
                n_inner: self.filter_size * self.channels,
                a_outer: line,
                a_inner: 1,
                b_outer: self.filter_size * self.channels * self.n_filters,
                b_inner: self.n_filters,
            },
            b: operands.weights,
            n_columns: self.n_filters,
            c: operands.output,
            c_stride: self.n_filters,
            start: operands.start,
            relu: operands.relu,
        }
    }
}

struct Operands<'a, T> {
    image: &'a [T],
    weights: &'a [T],
    start: Start<'a, T>,
    output: &'a mut [T],
    relu: bool,
}

/// Copies an image (height, width, channels) into the inside of its halo, whose zeros stay.
pub(crate) fn copy_into_halo<T: Real>(geometry: Conv2dGeometry, image: &[T], padded: &mut [T]) {
    let before = geometry.halo_before();
    let line = geometry.width * geometry.channels;
    let padded_line = geometry.padded_width() * geometry.channels;
    let inside = &mut padded[before * padded_line + before * geometry.channels..];
    for (row, image) in image.chunks_exact(line).take(geometry.height).enumerate() {
        inside[row * padded_line..][..line].copy_from_slice(image);
    }
}

/// Turns filters [kh][kw][channel][filter] around for [`Conv2dBackwardInput`]:
/// flipped[k−1−i][k−1−j][filter][channel] = weights[i][j][channel][filter].
pub(crate) fn flip_filter<T: Real>(geometry: Conv2dGeometry, weights: &[T], flipped: &mut [T]) {
    let Conv2dGeometry {
        channels,
        n_filters,
        filter_size,
        ..
    } = geometry;
    let tap_len = channels * n_filters;
    let n_taps = filter_size * filter_size;
    for (tap, weights) in weights.chunks_exact(tap_len).take(n_taps).enumerate() {
        let flipped = &mut flipped[(n_taps - 1 - tap) * tap_len..][..tap_len];
        for (channel, weights) in weights.chunks_exact(n_filters).enumerate() {
            for (filter, weight) in weights.iter().enumerate() {
                flipped[filter * channels + channel] = *weight;
            }
        }
    }
}

/// z = x ∗ W + b for one image.
pub(crate) struct Conv2dForward<'a, T> {
    /// Sizes.
    pub(crate) geometry: Conv2dGeometry,
    /// Input with its halo.
    pub(crate) padded: &'a [T],
    /// [kh][kw][channel][filter].
    pub(crate) weights: &'a [T],
    /// (filters).
    pub(crate) biases: &'a [T],
    /// (height, width, filters), overwritten.
    pub(crate) output: &'a mut [T],
}

impl<T: Real> Kernel<T> for Conv2dForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let operands = Operands {
            image: self.padded,
            weights: self.weights,
            start: Start::Bias(self.biases),
            output: self.output,
            relu: false,
        };
        self.geometry
            .rows(0, self.geometry.height, operands)
            .run::<L>();
    }
}

/// dW += x ⋆ dz for one image.
pub(crate) struct Conv2dBackwardWeights<'a, T> {
    /// Sizes.
    pub(crate) geometry: Conv2dGeometry,
    /// Input with its halo.
    pub(crate) padded: &'a [T],
    /// Gradients of the output with their halo, (height + k − 1, width + k − 1, filters).
    pub(crate) dz_padded: &'a [T],
    /// [kh][kw][channel][filter], added to.
    pub(crate) dweights: &'a mut [T],
}

impl<T: Real> Kernel<T> for Conv2dBackwardWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let Conv2dGeometry {
            height,
            width,
            channels,
            n_filters,
            filter_size,
        } = self.geometry;
        let line = self.geometry.padded_width() * channels;
        let gradient_line = self.geometry.padded_width() * n_filters;
        let before = self.geometry.gradient_halo_before();
        Product {
            a: self.padded,
            rows: Rows {
                n: filter_size * filter_size * channels,
                group: filter_size * channels,
                outer: line,
                inner: 1,
            },
            terms: Terms {
                n_outer: height,
                n_inner: width,
                a_outer: line,
                a_inner: channels,
                b_outer: gradient_line,
                b_inner: n_filters,
            },
            b: &self.dz_padded[before * gradient_line + before * n_filters..],
            n_columns: n_filters,
            c: self.dweights,
            c_stride: n_filters,
            start: Start::Add,
            relu: false,
        }
        .run::<L>();
    }
}

/// dx = dz ∗ flipped W for one image.
pub(crate) struct Conv2dBackwardInput<'a, T> {
    /// Sizes.
    pub(crate) geometry: Conv2dGeometry,
    /// Gradients of the output with their halo, (height + k − 1, width + k − 1, filters).
    pub(crate) dz_padded: &'a [T],
    /// From [`flip_filter`].
    pub(crate) flipped: &'a [T],
    /// (height, width, channels), overwritten.
    pub(crate) dx: &'a mut [T],
}

impl<T: Real> Kernel<T> for Conv2dBackwardInput<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let turned = self.geometry.turned();
        let operands = Operands {
            image: self.dz_padded,
            weights: self.flipped,
            start: Start::Zero,
            output: self.dx,
            relu: false,
        };
        turned.rows(0, turned.height, operands).run::<L>();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, proptest};

    use super::*;
    use crate::kernel::reference::{self, Noise, assert_near, on_every_simd};

    pub(in crate::kernel) fn geometries() -> impl Strategy<Value = Conv2dGeometry> {
        (
            1_usize..14,
            1_usize..14,
            1_usize..6,
            1_usize..40,
            1_usize..8,
        )
            .prop_map(|(height, width, channels, n_filters, k)| Conv2dGeometry {
                height,
                width,
                channels,
                n_filters,
                filter_size: k.min(2 * height - 1).min(2 * width - 1),
            })
    }

    pub(in crate::kernel) fn padded(geometry: Conv2dGeometry, image: &[f64]) -> Vec<f64> {
        let mut padded = vec![0.0; geometry.padded_len(geometry.channels)];
        copy_into_halo(geometry, image, &mut padded);
        padded
    }

    fn padded_gradients(geometry: Conv2dGeometry, dz: &[f64]) -> Vec<f64> {
        let mut padded = vec![0.0; geometry.padded_len(geometry.n_filters)];
        let line = geometry.padded_width() * geometry.n_filters;
        let before = geometry.gradient_halo_before();
        for (row, dz) in dz
            .chunks_exact(geometry.width * geometry.n_filters)
            .enumerate()
        {
            let start = (row + before) * line + before * geometry.n_filters;
            padded[start..start + dz.len()].copy_from_slice(dz);
        }
        padded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn forward_equals_its_reference(geometry in geometries(), seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let n_pixels = geometry.height * geometry.width;
                let image = noise.values(n_pixels * geometry.channels);
                let (weights, biases) = (noise.values(geometry.weights_len()), noise.values(geometry.n_filters));
                let mut output = vec![1.0; n_pixels * geometry.n_filters];
                simd.run(Conv2dForward {
                    geometry, padded: &padded(geometry, &image), weights: &weights, biases: &biases, output: &mut output,
                });
                assert_near(&output, &reference::conv2d_forward(geometry, &image, &weights, &biases), 1e-12);
            });
        }

        #[test]
        fn backward_equals_its_reference(geometry in geometries(), seed: u32) {
            on_every_simd(|simd| {
                let mut noise = Noise::new(seed);
                let n_pixels = geometry.height * geometry.width;
                let image = noise.values(n_pixels * geometry.channels);
                let (weights, dz) = (noise.values(geometry.weights_len()), noise.values(n_pixels * geometry.n_filters));
                let dz_padded = padded_gradients(geometry, &dz);
                let mut dweights = vec![0.5; weights.len()];
                simd.run(Conv2dBackwardWeights {
                    geometry, padded: &padded(geometry, &image), dz_padded: &dz_padded, dweights: &mut dweights,
                });
                let mut flipped = vec![0.0; weights.len()];
                flip_filter(geometry, &weights, &mut flipped);
                let mut dx = vec![1.0; image.len()];
                simd.run(Conv2dBackwardInput { geometry, dz_padded: &dz_padded, flipped: &flipped, dx: &mut dx });
                let (expected_dw, expected_dx) = reference::conv2d_backward(geometry, &image, &weights, &dz);
                let expected_dw: Vec<f64> = expected_dw.iter().map(|value| value + 0.5).collect();
                assert_near(&dweights, &expected_dw, 1e-12);
                assert_near(&dx, &expected_dx, 1e-12);
            });
        }
    }
}
