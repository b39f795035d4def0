//! The kernels between and after convolutions: products of linear layers, pooling, batch
//! normalisation, updates.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

use crate::kernel::batch_norm::{
    BatchNormBackward, BatchNormSums, ChannelMoments, Gate, Normalize,
};
use crate::kernel::{
    LinearBackwardInput, LinearBackwardWeights, LinearForward, MaxPoolBackward, MaxPoolForward,
    PANEL_LEN, Rule, Simd, WeightUpdate,
};
use crate::values;

/// Elements after a row, so that rows do not start in the same sets of the caches.
const GAP: usize = 16;

/// (samples, inputs, outputs).
const LINEAR: [(usize, usize, usize); 6] = [
    (64, 8192, 100),
    (64, 256, 64),
    (64, 784, 256),
    (64, 256, 128),
    (64, 784, 300),
    (50, 3920, 64),
];

/// (rows and columns, channels).
const IMAGES: [(usize, usize); 5] = [(32, 32), (8, 16), (28, 20), (16, 64), (28, 24)];

pub(crate) fn linear(criterion: &mut Criterion) {
    for (n, inputs, outputs) in LINEAR {
        let mut group = criterion.benchmark_group(format!("linear {n}x{inputs}x{outputs}"));
        let work = 2 * n * inputs * outputs;
        group
            .throughput(Throughput::Elements(work as u64))
            .sample_size(10);
        let [x_stride, y_stride] =
            [inputs, outputs].map(|columns| columns.next_multiple_of(16) + GAP);
        let (x, weights) = (values(n * x_stride), values(inputs * outputs));
        let (biases, dy) = (values(outputs), values(n * y_stride));
        let (mut y, mut dx) = (values(n * y_stride), values(n * x_stride));
        let (mut dweights, mut dbiases) = (values(inputs * outputs), values(outputs));
        let mut panel = values(PANEL_LEN);
        for simd in Simd::available() {
            let name = simd.name();
            group.bench_function(format!("forward {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(LinearForward {
                        n,
                        inputs,
                        outputs,
                        x: black_box(&x),
                        x_stride,
                        weights: &weights,
                        biases: &biases,
                        y: &mut y,
                        y_stride,
                        relu: true,
                    });
                });
            });
            group.bench_function(format!("dw {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(LinearBackwardWeights {
                        n,
                        inputs,
                        outputs,
                        x: black_box(&x),
                        x_stride,
                        dy: &dy,
                        dy_stride: y_stride,
                        dweights: &mut dweights,
                        dbiases: Some(&mut dbiases),
                    });
                });
            });
            group.bench_function(format!("dx {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(LinearBackwardInput {
                        n,
                        inputs,
                        outputs,
                        weights: black_box(&weights),
                        dy: &dy,
                        dy_stride: y_stride,
                        dx: &mut dx,
                        dx_stride: x_stride,
                        panel: &mut panel,
                    });
                });
            });
        }
        group.finish();
    }
}

pub(crate) fn pooling(criterion: &mut Criterion) {
    for (size, channels) in IMAGES {
        let mut group = criterion.benchmark_group(format!("pool {size}x{size} {channels}"));
        let len = size * size * channels;
        group
            .throughput(Throughput::Elements(len as u64))
            .sample_size(10);
        let input = values(len);
        let (mut pooled, mut dinput) = (values(len / 4), values(len));
        let mut argmax = vec![0; len / 4];
        for simd in Simd::available() {
            let name = simd.name();
            group.bench_function(format!("forward {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(MaxPoolForward {
                        height: size,
                        width: size,
                        channels,
                        input: black_box(&input),
                        pooled: &mut pooled,
                        argmax: &mut argmax,
                        relu: true,
                    });
                });
            });
            group.bench_function(format!("backward {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(MaxPoolBackward {
                        height: size,
                        width: size,
                        channels,
                        dpooled: black_box(&pooled),
                        argmax: &argmax,
                        dinput: &mut dinput,
                        line_stride: size * channels,
                        dbiases: None,
                    });
                });
            });
        }
        group.finish();
    }
}

pub(crate) fn batch_norm(criterion: &mut Criterion) {
    for (size, channels) in IMAGES {
        let mut group = criterion.benchmark_group(format!("batch norm {size}x{size} {channels}"));
        let len = size * size * channels;
        group
            .throughput(Throughput::Elements(len as u64))
            .sample_size(10);
        let (z, dy, mean) = (values(len), values(len), values(channels));
        let (scale, shift) = (values(channels), values(channels));
        let (mut sum, mut product) = (values(channels), values(channels));
        let mut to = values(len);
        let gate = Some(Gate {
            scale: &scale,
            shift: &shift,
        });
        for simd in Simd::available() {
            let name = simd.name();
            group.bench_function(format!("moments {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(ChannelMoments {
                        z: black_box(&z),
                        mean: &mut sum,
                        squares: &mut product,
                    });
                });
            });
            group.bench_function(format!("normalize {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(Normalize {
                        z: black_box(&z),
                        scale: &scale,
                        shift: &shift,
                        relu: true,
                        y: &mut to,
                    });
                });
            });
            group.bench_function(format!("sums {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(BatchNormSums {
                        z: black_box(&z),
                        dy: &dy,
                        mean: &mean,
                        gate,
                        sum: &mut sum,
                        product: &mut product,
                    });
                });
            });
            group.bench_function(format!("backward {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(BatchNormBackward {
                        z: black_box(&z),
                        dy: &dy,
                        mean: &mean,
                        gate,
                        by_gradient: &scale,
                        by_deviation: &shift,
                        constant: &mean,
                        width: size,
                        dz: &mut to,
                        line_stride: size * channels,
                    });
                });
            });
        }
        group.finish();
    }
}

/// Adam without its corrections: two memories, a root and a division.
#[derive(Clone, Copy)]
struct Moments(f32);

impl Rule<f32, 2> for Moments {
    #[inline]
    fn update(self, g: f32, [m, v]: [&mut f32; 2]) -> f32 {
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * (g * g);
        -(self.0 * *m / (v.sqrt() + 1e-8))
    }
}

/// Plain gradient descent.
#[derive(Clone, Copy)]
struct Descent(f32);

impl Rule<f32, 0> for Descent {
    #[inline]
    fn update(self, g: f32, []: [&mut f32; 0]) -> f32 {
        -(self.0 * g)
    }
}

pub(crate) fn updates(criterion: &mut Criterion) {
    let n = 200_000;
    let mut group = criterion.benchmark_group("update 200000");
    group
        .throughput(Throughput::Elements(n as u64))
        .sample_size(10);
    let (mut weights, mut gradients) = (values(n), values(n));
    let (mut m, mut v) = (values(n), values(n));
    for simd in Simd::available() {
        group.bench_function(format!("descent {}", simd.name()), |bencher| {
            bencher.iter(|| {
                simd.run(WeightUpdate {
                    rule: Descent(1e-9),
                    weights: &mut weights,
                    gradients: &mut gradients,
                    memory: [],
                    l1: 0.0,
                    l2: 0.0,
                    decay: 0.0,
                    keep_update: false,
                });
            });
        });
        v.fill(1.0);
        group.bench_function(format!("moments {}", simd.name()), |bencher| {
            bencher.iter(|| {
                simd.run(WeightUpdate {
                    rule: Moments(1e-9),
                    weights: &mut weights,
                    gradients: &mut gradients,
                    memory: [&mut m, &mut v],
                    l1: 0.0,
                    l2: 0.0,
                    decay: 0.0,
                    keep_update: false,
                });
            });
        });
    }
    group.finish();
}
