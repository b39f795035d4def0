//! Every kernel once more as plain loops, for tests to compare with; and the tests' own noise.

use super::conv2d::Conv2dGeometry;
use super::{Real, Simd};
use crate::seed::{Purpose, Stream};

/// Values for tests.
pub(crate) struct Noise(Stream);

impl Noise {
    pub(crate) fn new(seed: u32) -> Self {
        Self(Stream::new(seed, Purpose::Init))
    }

    /// `n` standard normal deviates.
    pub(crate) fn values<T: Real>(&mut self, n: usize) -> Vec<T> {
        (0..n).map(|_| T::from_f64(self.0.normal())).collect()
    }
}

pub(crate) fn on_every_simd(check: impl Fn(Simd)) {
    for simd in Simd::available() {
        check(*simd);
    }
}

#[track_caller]
pub(crate) fn assert_near<T: Real>(found: &[T], expected: &[T], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.to_f64(), expected.to_f64());
        let allowed = tolerance * (1.0 + expected.abs());
        assert!(
            (found - expected).abs() <= allowed,
            "{found} is not {expected} at {place}"
        );
    }
}

pub(crate) struct Linear {
    pub(crate) n: usize,
    pub(crate) d: usize,
    pub(crate) m: usize,
    pub(crate) x_stride: usize,
    pub(crate) y_stride: usize,
}

pub(crate) fn linear_forward<T: Real>(
    sizes: &Linear,
    x: &[T],
    w: &[T],
    b: &[T],
    y: &mut [T],
    relu: bool,
) {
    for n in 0..sizes.n {
        for o in 0..sizes.m {
            let mut sum = b[o];
            for i in 0..sizes.d {
                sum += x[n * sizes.x_stride + i] * w[i * sizes.m + o];
            }
            y[n * sizes.y_stride + o] = if relu && sum < T::ZERO { T::ZERO } else { sum };
        }
    }
}

pub(crate) fn linear_backward<T: Real>(
    sizes: &Linear,
    x: &[T],
    w: &[T],
    dy: &[T],
    dw: &mut [T],
    db: &mut [T],
    dx: &mut [T],
) {
    dw.fill(T::ZERO);
    db.fill(T::ZERO);
    for n in 0..sizes.n {
        for i in 0..sizes.d {
            dx[n * sizes.x_stride + i] = T::ZERO;
        }
        for o in 0..sizes.m {
            let gradient = dy[n * sizes.y_stride + o];
            db[o] += gradient;
            for i in 0..sizes.d {
                dw[i * sizes.m + o] += x[n * sizes.x_stride + i] * gradient;
                dx[n * sizes.x_stride + i] += w[i * sizes.m + o] * gradient;
            }
        }
    }
}

/// Calls `visit(pixel of the output, index in the input, index of the first filter's weight)` for
/// every product of a convolution.
fn for_each_tap(geometry: Conv2dGeometry, mut visit: impl FnMut(usize, usize, usize)) {
    let Conv2dGeometry {
        height,
        width,
        channels,
        n_filters,
        filter_size,
    } = geometry;
    let before = (filter_size - 1) / 2;
    for y in 0..height {
        for x in 0..width {
            for i in 0..filter_size {
                for j in 0..filter_size {
                    let (row, column) =
                        ((y + i).wrapping_sub(before), (x + j).wrapping_sub(before));
                    if row >= height || column >= width {
                        continue;
                    }
                    for c in 0..channels {
                        let input = (row * width + column) * channels + c;
                        visit(
                            y * width + x,
                            input,
                            ((i * filter_size + j) * channels + c) * n_filters,
                        );
                    }
                }
            }
        }
    }
}

pub(crate) fn conv2d_forward<T: Real>(
    geometry: Conv2dGeometry,
    image: &[T],
    weights: &[T],
    biases: &[T],
) -> Vec<T> {
    let mut output = biases.repeat(geometry.height * geometry.width);
    for_each_tap(geometry, |pixel, input, weight| {
        for o in 0..geometry.n_filters {
            output[pixel * geometry.n_filters + o] += image[input] * weights[weight + o];
        }
    });
    output
}

/// (dW, dx).
pub(crate) fn conv2d_backward<T: Real>(
    geometry: Conv2dGeometry,
    image: &[T],
    weights: &[T],
    dz: &[T],
) -> (Vec<T>, Vec<T>) {
    let mut dw = vec![T::ZERO; weights.len()];
    let mut dx = vec![T::ZERO; image.len()];
    for_each_tap(geometry, |pixel, input, weight| {
        for o in 0..geometry.n_filters {
            let gradient = dz[pixel * geometry.n_filters + o];
            dw[weight + o] += image[input] * gradient;
            dx[input] += weights[weight + o] * gradient;
        }
    });
    (dw, dx)
}

/// (pooled, which of the four).
pub(crate) fn max_pool<T: Real>(
    height: usize,
    width: usize,
    channels: usize,
    input: &[T],
) -> (Vec<T>, Vec<u8>) {
    let (mut pooled, mut argmax) = (Vec::new(), Vec::new());
    for i in 0..height / 2 {
        for j in 0..width / 2 {
            for c in 0..channels {
                let window = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(down, across)| {
                    input[((2 * i + down) * width + 2 * j + across) * channels + c]
                });
                let mut best = 0;
                for position in 1..4 {
                    if window[position] > window[best] {
                        best = position;
                    }
                }
                pooled.push(window[best]);
                argmax.push(best as u8);
            }
        }
    }
    (pooled, argmax)
}

pub(crate) fn max_pool_backward<T: Real>(
    height: usize,
    width: usize,
    channels: usize,
    dpooled: &[T],
    argmax: &[u8],
) -> Vec<T> {
    let mut dinput = vec![T::ZERO; height * width * channels];
    for i in 0..height / 2 {
        for j in 0..width / 2 {
            for c in 0..channels {
                let from = (i * (width / 2) + j) * channels + c;
                let (down, across) = (usize::from(argmax[from]) / 2, usize::from(argmax[from]) % 2);
                dinput[((2 * i + down) * width + 2 * j + across) * channels + c] = dpooled[from];
            }
        }
    }
    dinput
}

/// An image of `channels` inside its halo of zeros: the input's, or with an odd filter the
/// gradients'.
pub(crate) fn padded_image<T: Real>(
    geometry: Conv2dGeometry,
    channels: usize,
    image: &[T],
) -> Vec<T> {
    let mut padded = vec![T::ZERO; geometry.padded_len(channels)];
    let inside = Conv2dGeometry {
        channels,
        ..geometry
    };
    super::copy_into_halo(inside, image, &mut padded);
    padded
}
