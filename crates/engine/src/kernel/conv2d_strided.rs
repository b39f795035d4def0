//! Convolutions of any filter, stride and padding, one image at a time.
//!
//! Images are (height, width, channels), channels last; filters [kh][kw][channel][filter]. The
//! input lies in its padding of zeros, where a step of the filter is a stride of the product, so no
//! patches are copied. Stride 1 with the output as large as the input has kernels of its own.

use super::lanes::{Kernel, Lanes};
use super::product::{Product, Rows, Start, Terms};
use super::real::Real;

/// Sizes of a convolution; pairs are (rows, columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StridedGeometry {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels of the input.
    pub(crate) channels: usize,
    /// Channels of the output.
    pub(crate) n_filters: usize,
    /// Size of the filter.
    pub(crate) filter: [usize; 2],
    /// Steps of the filter, from 1.
    pub(crate) stride: [usize; 2],
    /// Rows above and columns left of the image that count as 0.
    pub(crate) before: [usize; 2],
    /// Rows below and columns right of the image that count as 0.
    pub(crate) after: [usize; 2],
}

impl StridedGeometry {
    /// Rows and columns of the output, or `None` where the filter does not fit the padded image:
    /// ⌊(size + before + after − filter) / stride⌋ + 1.
    pub(crate) fn output(self) -> Option<[usize; 2]> {
        let along = |axis: usize, size: usize| {
            let padded = size + self.before[axis] + self.after[axis];
            Some(padded.checked_sub(self.filter[axis])? / self.stride[axis] + 1)
        };
        Some([along(0, self.height)?, along(1, self.width)?])
    }

    /// Elements of the image with its padding.
    pub(crate) fn padded_len(self) -> usize {
        (self.height + self.before[0] + self.after[0]) * self.padded_line()
    }

    /// Elements of the filters.
    pub(crate) fn weights_len(self) -> usize {
        self.filter[0] * self.filter[1] * self.channels * self.n_filters
    }

    /// Elements of a row with its padding.
    fn padded_line(self) -> usize {
        (self.width + self.before[1] + self.after[1]) * self.channels
    }

    fn fitting_output(self) -> [usize; 2] {
        self.output()
            .expect("the plan refuses filters that do not fit")
    }

    /// Where the rows of the image lie in the padding.
    fn rows_in_padding(self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let line = self.width * self.channels;
        (0..self.height).map(move |row| {
            let start =
                (row + self.before[0]) * self.padded_line() + self.before[1] * self.channels;
            start..start + line
        })
    }
}

/// Copies an image (height, width, channels) into its padding, whose zeros stay.
pub(crate) fn copy_into_padding<T: Real>(geometry: StridedGeometry, image: &[T], padded: &mut [T]) {
    let line = geometry.width * geometry.channels;
    for (row, image) in geometry.rows_in_padding().zip(image.chunks_exact(line)) {
        padded[row].copy_from_slice(image);
    }
}

/// Copies an image (height, width, channels) out of its padding.
pub(crate) fn copy_from_padding<T: Real>(geometry: StridedGeometry, padded: &[T], image: &mut [T]) {
    let line = geometry.width * geometry.channels;
    for (row, image) in geometry.rows_in_padding().zip(image.chunks_exact_mut(line)) {
        image.copy_from_slice(&padded[row]);
    }
}

/// transposed[tap][filter][channel] = weights[tap][channel][filter], for
/// [`StridedBackwardInput`].
pub(crate) fn transpose_taps<T: Real>(
    geometry: StridedGeometry,
    weights: &[T],
    transposed: &mut [T],
) {
    let StridedGeometry {
        channels,
        n_filters,
        ..
    } = geometry;
    let tap_len = channels * n_filters;
    for (weights, transposed) in weights
        .chunks_exact(tap_len)
        .zip(transposed.chunks_exact_mut(tap_len))
    {
        for (channel, weights) in weights.chunks_exact(n_filters).enumerate() {
            for (filter, weight) in weights.iter().enumerate() {
                transposed[filter * channels + channel] = *weight;
            }
        }
    }
}

/// z[y, x, o] = b[o] + Σ W[i, j, c, o] · padded[y·stride + i, x·stride + j, c] for one image.
pub(crate) struct StridedForward<'a, T> {
    /// Sizes.
    pub(crate) geometry: StridedGeometry,
    /// Input in its padding.
    pub(crate) padded: &'a [T],
    /// [kh][kw][channel][filter].
    pub(crate) weights: &'a [T],
    /// (filters).
    pub(crate) biases: &'a [T],
    /// (rows, columns, filters) of the output, overwritten.
    pub(crate) output: &'a mut [T],
}

impl<T: Real> Kernel<T> for StridedForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let geometry = self.geometry;
        let [rows, columns] = geometry.fitting_output();
        let line = geometry.padded_line();
        Product {
            a: self.padded,
            rows: Rows {
                n: rows * columns,
                group: columns,
                outer: geometry.stride[0] * line,
                inner: geometry.stride[1] * geometry.channels,
            },
            terms: Terms {
                n_outer: geometry.filter[0],
                n_inner: geometry.filter[1] * geometry.channels,
                a_outer: line,
                a_inner: 1,
                b_outer: geometry.filter[1] * geometry.channels * geometry.n_filters,
                b_inner: geometry.n_filters,
            },
            b: self.weights,
            n_columns: geometry.n_filters,
            c: self.output,
            c_stride: geometry.n_filters,
            start: Start::Bias(self.biases),
            relu: false,
        }
        .run::<L>();
    }
}

/// dW[i, j, c, o] += Σ padded[y·stride + i, x·stride + j, c] · dz[y, x, o] and db += Σ dz for one
/// image.
pub(crate) struct StridedBackwardWeights<'a, T> {
    /// Sizes.
    pub(crate) geometry: StridedGeometry,
    /// Input in its padding.
    pub(crate) padded: &'a [T],
    /// Gradients of the output, (rows, columns, filters).
    pub(crate) dz: &'a [T],
    /// [kh][kw][channel][filter], added to.
    pub(crate) dweights: &'a mut [T],
    /// (filters), added to.
    pub(crate) dbiases: &'a mut [T],
}

impl<T: Real> Kernel<T> for StridedBackwardWeights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let geometry = self.geometry;
        let [rows, columns] = geometry.fitting_output();
        let line = geometry.padded_line();
        let taps = geometry.filter[1] * geometry.channels;
        Product {
            a: self.padded,
            rows: Rows {
                n: geometry.filter[0] * taps,
                group: taps,
                outer: line,
                inner: 1,
            },
            terms: Terms {
                n_outer: rows,
                n_inner: columns,
                a_outer: geometry.stride[0] * line,
                a_inner: geometry.stride[1] * geometry.channels,
                b_outer: columns * geometry.n_filters,
                b_inner: geometry.n_filters,
            },
            b: self.dz,
            n_columns: geometry.n_filters,
            c: self.dweights,
            c_stride: geometry.n_filters,
            start: Start::Add,
            relu: false,
        }
        .run::<L>();
        for dz in self.dz.chunks_exact(geometry.n_filters) {
            for (sum, gradient) in self.dbiases.iter_mut().zip(dz) {
                *sum += *gradient;
            }
        }
    }
}

/// dpadded[y·stride + i, x·stride + j, c] = Σ W[i, j, c, o] · dz[y, x, o] for one image: each tap
/// of the filter adds its share.
pub(crate) struct StridedBackwardInput<'a, T> {
    /// Sizes.
    pub(crate) geometry: StridedGeometry,
    /// Gradients of the output, (rows, columns, filters).
    pub(crate) dz: &'a [T],
    /// From [`transpose_taps`].
    pub(crate) transposed: &'a [T],
    /// Gradients of the input and of its padding, overwritten.
    pub(crate) dpadded: &'a mut [T],
}

impl<T: Real> Kernel<T> for StridedBackwardInput<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<Element = T>>(self) {
        let StridedGeometry {
            channels,
            n_filters,
            filter: [height, width],
            stride,
            ..
        } = self.geometry;
        let [rows, columns] = self.geometry.fitting_output();
        let line = self.geometry.padded_line();
        self.dpadded.fill(T::ZERO);
        for (tap, weights) in self
            .transposed
            .chunks_exact(channels * n_filters)
            .take(height * width)
            .enumerate()
        {
            let (i, j) = (tap / width, tap % width);
            for row in 0..rows {
                Product {
                    a: &self.dz[row * columns * n_filters..],
                    rows: Rows::strided(columns, n_filters),
                    terms: Terms::strided(n_filters, 1, channels),
                    b: weights,
                    n_columns: channels,
                    c: &mut self.dpadded[(row * stride[0] + i) * line + j * channels..],
                    c_stride: stride[1] * channels,
                    start: Start::Add,
                    relu: false,
                }
                .run::<L>();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, proptest};

    use super::*;
    use crate::kernel::reference::{Noise, assert_near, on_every_simd};

    fn geometries() -> impl Strategy<Value = StridedGeometry> {
        let sizes = (1_usize..10, 1_usize..10, 1_usize..6, 1_usize..40);
        let pair = |low: usize, high: usize| [low..high, low..high];
        (sizes, pair(1, 6), pair(1, 4), pair(0, 4), pair(0, 4)).prop_filter_map(
            "the filter fits",
            |((height, width, channels, n_filters), filter, stride, before, after)| {
                let geometry = StridedGeometry {
                    height,
                    width,
                    channels,
                    n_filters,
                    filter,
                    stride,
                    before,
                    after,
                };
                geometry.output().map(|_| geometry)
            },
        )
    }

    /// Calls `visit(pixel of the output, index in the image, tap and channel)` for every product of
    /// the convolution's formula.
    fn for_each_tap(geometry: StridedGeometry, mut visit: impl FnMut(usize, usize, usize)) {
        let [rows, columns] = geometry.output().unwrap();
        let StridedGeometry {
            height,
            width,
            channels,
            filter,
            stride,
            before,
            ..
        } = geometry;
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            for (i, j) in (0..filter[0]).flat_map(|i| (0..filter[1]).map(move |j| (i, j))) {
                let row = (y * stride[0] + i).wrapping_sub(before[0]);
                let column = (x * stride[1] + j).wrapping_sub(before[1]);
                for c in 0..channels {
                    if row < height && column < width {
                        let tap = (i * filter[1] + j) * channels + c;
                        visit(y * columns + x, (row * width + column) * channels + c, tap);
                    }
                }
            }
        }
    }

    struct Case {
        image: Vec<f64>,
        padded: Vec<f64>,
        weights: Vec<f64>,
        biases: Vec<f64>,
        dz: Vec<f64>,
    }

    fn case(geometry: StridedGeometry, seed: u32) -> Case {
        let mut noise = Noise::new(seed);
        let [rows, columns] = geometry.output().unwrap();
        let image = noise.values(geometry.height * geometry.width * geometry.channels);
        let mut padded = vec![0.0; geometry.padded_len()];
        copy_into_padding(geometry, &image, &mut padded);
        let mut back = vec![0.0; image.len()];
        copy_from_padding(geometry, &padded, &mut back);
        assert_eq!(back, image);
        Case {
            image,
            padded,
            weights: noise.values(geometry.weights_len()),
            biases: noise.values(geometry.n_filters),
            dz: noise.values(rows * columns * geometry.n_filters),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn forward_equals_its_formula(geometry in geometries(), seed: u32) {
            let Case { image, padded, weights, biases, dz } = case(geometry, seed);
            let filters = geometry.n_filters;
            let mut expected: Vec<f64> = dz.iter().enumerate().map(|(place, _)| biases[place % filters]).collect();
            for_each_tap(geometry, |pixel, input, tap| {
                for o in 0..filters {
                    expected[pixel * filters + o] += image[input] * weights[tap * filters + o];
                }
            });
            on_every_simd(|simd| {
                let mut output = vec![9.0; dz.len()];
                simd.run(StridedForward { geometry, padded: &padded, weights: &weights, biases: &biases, output: &mut output });
                assert_near(&output, &expected, 1e-12);
            });
        }

        #[test]
        fn backward_equals_its_formula(geometry in geometries(), seed: u32) {
            let Case { image, padded, weights, dz, .. } = case(geometry, seed);
            let filters = geometry.n_filters;
            let (mut dw_expected, mut dx_expected) = (vec![0.5; weights.len()], vec![0.0; image.len()]);
            for_each_tap(geometry, |pixel, input, tap| {
                for o in 0..filters {
                    let gradient = dz[pixel * filters + o];
                    dw_expected[tap * filters + o] += image[input] * gradient;
                    dx_expected[input] += weights[tap * filters + o] * gradient;
                }
            });
            let db_expected: Vec<f64> = (0..filters).map(|o| dz.iter().skip(o).step_by(filters).sum()).collect();
            on_every_simd(|simd| {
                let (mut dw, mut db) = (vec![0.5; weights.len()], vec![0.0; filters]);
                simd.run(StridedBackwardWeights { geometry, padded: &padded, dz: &dz, dweights: &mut dw, dbiases: &mut db });
                let (mut transposed, mut dpadded) = (vec![0.0; weights.len()], vec![9.0; padded.len()]);
                transpose_taps(geometry, &weights, &mut transposed);
                simd.run(StridedBackwardInput { geometry, dz: &dz, transposed: &transposed, dpadded: &mut dpadded });
                let mut dx = vec![9.0; image.len()];
                copy_from_padding(geometry, &dpadded, &mut dx);
                assert_near(&dw, &dw_expected, 1e-12);
                assert_near(&db, &db_expected, 1e-12);
                assert_near(&dx, &dx_expected, 1e-12);
            });
        }
    }
}
