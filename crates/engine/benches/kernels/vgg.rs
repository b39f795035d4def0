//! A training step of [conv 3×3, batch norm, relu] × 2, pool, twice, with 32 and then 64 filters,
//! 128 hidden units and 10 classes, on 3×32×32, batch 64, Adam: composed of layers.

use std::ops::Range;

use criterion::{Criterion, Throughput};

use crate::kernel::{Aligned, Conv2dGeometry, Simd, SoftmaxCrossEntropy, WeightUpdate};
use crate::layer::conv_norm_relu::{ConvNormRelu, NormPlace, Running};
use crate::layer::{Backward, Batch, Forward, Layer, Linear, Place};
use crate::layers::Moments;
use crate::values;

const BATCH: usize = 64;

pub(crate) struct Net {
    blocks: Vec<(ConvNormRelu<f32>, Range<usize>)>,
    linears: Vec<Layer<f32>>,
    activations: Vec<Batch<f32>>,
    dactivations: Vec<Batch<f32>>,
    parameters: Aligned<f32>,
    gradients: Aligned<f32>,
    memory: [Aligned<f32>; 2],
    running: [Aligned<f32>; 2],
}

impl Net {
    pub(crate) fn new() -> Self {
        let mut len = 0;
        let mut take = |n: usize| {
            let range = len..len + n;
            len = (len + n).next_multiple_of(16);
            range
        };
        let mut blocks = Vec::new();
        let mut columns = vec![3 * 1024];
        for (size, channels, n_filters, pool) in [
            (32, 3, 32, false),
            (32, 32, 32, true),
            (16, 32, 64, false),
            (16, 64, 64, true),
        ] {
            let geometry = Conv2dGeometry {
                height: size,
                width: size,
                channels,
                n_filters,
                filter_size: 3,
            };
            let place = Place {
                weights: take(geometry.weights_len()),
                biases: take(n_filters),
            };
            let norm = NormPlace {
                scale: take(n_filters),
                shift: take(n_filters),
            };
            let scale = norm.scale.clone();
            let block = ConvNormRelu::new(geometry, BATCH, channels == 3, place, norm, pool);
            blocks.push((block, scale));
            let pixels = if pool { size * size / 4 } else { size * size };
            columns.push(pixels * n_filters);
        }
        let mut linears = Vec::new();
        for (inputs, outputs, relu) in [(4096, 128, true), (128, 10, false)] {
            let place = Place {
                weights: take(inputs * outputs),
                biases: take(outputs),
            };
            linears.push(Layer::Linear(Linear::new(inputs, outputs, relu, place)));
            columns.push(outputs);
        }
        let mut parameters = values(len);
        for weight in parameters.iter_mut() {
            *weight *= 0.1;
        }
        for (_, scale) in &blocks {
            parameters[scale.clone()].fill(1.0);
        }
        let batches = || columns.iter().map(|columns| Batch::zeros(BATCH, *columns));
        let mut activations: Vec<Batch<f32>> = batches().collect();
        for sample in 0..BATCH {
            let row = activations[0].row_mut(sample);
            for (i, value) in row.iter_mut().enumerate() {
                *value = ((i * 31 + sample * 7) % 23) as f32 / 11.0 - 1.0;
            }
        }
        Self {
            blocks,
            linears,
            activations,
            dactivations: batches().collect(),
            parameters,
            gradients: values(len),
            memory: [Aligned::zeros(len), Aligned::zeros(len)],
            running: [Aligned::zeros(64), Aligned::zeros(64)],
        }
    }

    pub(crate) fn step(&mut self, simd: Simd) {
        let n_blocks = self.blocks.len();
        for idx in 0..n_blocks + self.linears.len() {
            let (before, after) = self.activations.split_at_mut(idx + 1);
            let pass = Forward {
                simd,
                n: BATCH,
                parameters: &self.parameters,
                x: &before[idx],
                y: &mut after[0],
            };
            if let Some((block, _)) = self.blocks.get_mut(idx) {
                let [mean, variance] = &mut self.running;
                block.forward_training(pass, Running { mean, variance });
            } else {
                self.linears[idx - n_blocks].forward(pass);
            }
        }
        let last = self.activations.len() - 1;
        let labels: [u32; BATCH] = std::array::from_fn(|i| (i * 7 % 10) as u32);
        let stride = self.activations[last].stride();
        simd.run(SoftmaxCrossEntropy {
            n_classes: 10,
            scores: self.activations[last].rows(BATCH),
            stride,
            labels: &labels,
            dscores: Some(self.dactivations[last].rows_mut(BATCH)),
        });
        for idx in (0..last).rev() {
            let (before, after) = self.dactivations.split_at_mut(idx + 1);
            let pass = Backward {
                simd,
                n: BATCH,
                parameters: &self.parameters,
                gradients: &mut self.gradients,
                x: &self.activations[idx],
                y: &self.activations[idx + 1],
                dy: &mut after[0],
                dx: if idx == 0 { None } else { before.last_mut() },
            };
            if let Some((block, _)) = self.blocks.get_mut(idx) {
                block.backward(pass);
            } else {
                self.linears[idx - n_blocks].backward(pass);
            }
        }
        let [m, v] = &mut self.memory;
        simd.run(WeightUpdate {
            rule: Moments(1e-5),
            weights: &mut self.parameters,
            gradients: &mut self.gradients,
            memory: [m, v],
            l2: 0.0,
            decay: 0.0,
            keep_update: false,
        });
    }
}

pub(crate) fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("w4 vgg 3x32x32");
    group
        .throughput(Throughput::Elements(BATCH as u64))
        .sample_size(10);
    for simd in Simd::available() {
        let mut net = Net::new();
        group.bench_function(simd.name(), |bencher| bencher.iter(|| net.step(*simd)));
        assert!(net.parameters.iter().all(|weight| !weight.is_nan()));
    }
    group.finish();
}
