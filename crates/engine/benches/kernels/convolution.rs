//! Convolutions: direct, fused with what follows, and by Winograd's tiles.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

use crate::kernel::winograd::{self, WinogradBackwardWeights, WinogradForward};
use crate::kernel::{
    Conv2dBackwardWeights, Conv2dForward, Conv2dGeometry, Conv2dReluPoolForward, Simd,
};
use crate::values;

/// (rows and columns, channels, filters).
const SHAPES: [(usize, usize, usize); 8] = [
    (32, 8, 32),
    (32, 16, 16),
    (32, 32, 32),
    (28, 20, 20),
    (28, 24, 24),
    (16, 32, 64),
    (16, 64, 64),
    (8, 128, 128),
];

pub(crate) fn direct_and_winograd(criterion: &mut Criterion) {
    for (size, channels, n_filters) in SHAPES {
        let geometry = Conv2dGeometry {
            height: size,
            width: size,
            channels,
            n_filters,
            filter_size: 3,
        };
        let mut group =
            criterion.benchmark_group(format!("conv 3x3 {size}x{size} {channels}-{n_filters}"));
        let work = size * size * 9 * channels * n_filters;
        group
            .throughput(Throughput::Elements(2 * work as u64))
            .sample_size(10);
        let padded = values(geometry.padded_len(channels));
        let dz_padded = values(geometry.padded_len(n_filters));
        let weights = values(geometry.weights_len());
        let filter = values(winograd::filter_len(geometry));
        let biases = values(n_filters);
        let mut output = values(size * size * n_filters);
        let mut dweights = values(geometry.weights_len());
        let mut dfilter = values(winograd::filter_len(geometry));
        let mut scratch = values(winograd::scratch_len::<f32>(geometry));
        for simd in Simd::available() {
            let name = simd.name();
            group.bench_function(format!("forward direct {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(Conv2dForward {
                        geometry,
                        padded: black_box(&padded),
                        weights: &weights,
                        biases: &biases,
                        output: &mut output,
                    });
                });
            });
            group.bench_function(format!("forward winograd {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(WinogradForward {
                        geometry,
                        padded: black_box(&padded),
                        filter: &filter,
                        biases: Some(&biases),
                        output: &mut output,
                        scratch: &mut scratch,
                    });
                });
            });
            group.bench_function(format!("dw direct {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(Conv2dBackwardWeights {
                        geometry,
                        padded: black_box(&padded),
                        dz_padded: &dz_padded,
                        dweights: &mut dweights,
                    });
                });
            });
            group.bench_function(format!("dw winograd {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(WinogradBackwardWeights {
                        geometry,
                        padded: black_box(&padded),
                        dz_padded: &dz_padded,
                        dfilter: &mut dfilter,
                        scratch: &mut scratch,
                    });
                });
            });
        }
        group.finish();
    }
}

/// (rows and columns, channels, filters, filter size).
const DIRECT: [(usize, usize, usize, usize); 4] = [
    (32, 3, 32, 7),
    (8, 1, 16, 3),
    (28, 1, 20, 5),
    (32, 3, 32, 3),
];

/// The convolutions of first layers, with and without the rectifier and the pooling after them.
pub(crate) fn first_layers(criterion: &mut Criterion) {
    for (size, channels, n_filters, filter_size) in DIRECT {
        let geometry = Conv2dGeometry {
            height: size,
            width: size,
            channels,
            n_filters,
            filter_size,
        };
        let name = format!("conv {filter_size}x{filter_size} {size}x{size} {channels}-{n_filters}");
        let mut group = criterion.benchmark_group(name);
        let work = 2 * size * size * geometry.weights_len();
        group
            .throughput(Throughput::Elements(work as u64))
            .sample_size(10);
        let padded = values(geometry.padded_len(channels));
        let dz_padded = values(geometry.padded_len(n_filters));
        let (weights, biases) = (values(geometry.weights_len()), values(n_filters));
        let mut dweights = values(geometry.weights_len());
        let mut pooled = values(size * size / 4 * n_filters);
        let mut argmax = vec![0; pooled.len()];
        for simd in Simd::available() {
            let name = simd.name();
            group.bench_function(format!("forward, relu, pool {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(Conv2dReluPoolForward {
                        geometry,
                        padded: black_box(&padded),
                        weights: &weights,
                        biases: &biases,
                        pooled: &mut pooled,
                        argmax: &mut argmax,
                    });
                });
            });
            group.bench_function(format!("dw {name}"), |bencher| {
                bencher.iter(|| {
                    simd.run(Conv2dBackwardWeights {
                        geometry,
                        padded: black_box(&padded),
                        dz_padded: &dz_padded,
                        dweights: &mut dweights,
                    });
                });
            });
        }
        group.finish();
    }
}
