//! Time of a training step, by epochs of synthetic data: three networks of three sizes, one thread,
//! f32, batch 64, Adam.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finetooth_engine::Simd;
use finetooth_engine::config::{ModelKind, TrainConfig};
use finetooth_engine::data::{Dataset, Preprocessing, Samples, Shape, Targets, Task};
use finetooth_engine::seed::{Purpose, Stream};
use finetooth_engine::solver::Solver;

/// (name, shape, model, filters, filter size, hidden units).
type Workload = (
    &'static str,
    Shape,
    ModelKind,
    usize,
    usize,
    &'static [usize],
);

const WORKLOADS: [Workload; 4] = [
    (
        "w1 convnet 3x32x32",
        image(32, 3),
        ModelKind::ThreeLayerConvnet,
        32,
        7,
        &[100],
    ),
    (
        "w2 convnet 1x8x8",
        image(8, 1),
        ModelKind::ThreeLayerConvnet,
        16,
        3,
        &[64],
    ),
    (
        "w3 mlp 784",
        image(28, 1),
        ModelKind::Mlp,
        1,
        1,
        &[256, 128],
    ),
    (
        "odd convnet 1x28x28",
        image(28, 1),
        ModelKind::ThreeLayerConvnet,
        20,
        5,
        &[64],
    ),
];

const fn image(size: usize, channels: usize) -> Shape {
    Shape {
        height: size,
        width: size,
        channels,
    }
}

fn synthetic(shape: Shape, n: usize) -> Dataset {
    let mut stream = Stream::new(1, Purpose::Split);
    let mut part = |n: usize| Samples {
        features: (0..n * shape.len())
            .map(|_| stream.normal() as f32)
            .collect(),
        targets: Targets::Labels((0..n).map(|_| stream.below(10) as u32).collect()),
    };
    Dataset {
        shape,
        task: Task::Classification {
            classes: (0..10).map(|class| class.to_string()).collect(),
        },
        train: part(n),
        validation: part(1),
        test: part(0),
        preprocessing: Preprocessing::default(),
        notes: Vec::new(),
    }
}

fn epochs(criterion: &mut Criterion) {
    for (name, shape, kind, n_filters, filter_size, hidden) in WORKLOADS {
        let mut config = TrainConfig::default();
        config.model.kind = kind;
        config.model.n_filters = n_filters;
        config.model.filter_size = filter_size;
        config.model.hidden = hidden.to_vec();
        config.train.learning_rate = 1e-5;
        let n = 64 * if shape.len() < 100 { 64 } else { 8 };
        let dataset = Arc::new(synthetic(shape, n));
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Elements(n as u64))
            .sample_size(20);
        for simd in Simd::available() {
            let mut solver = Solver::on(*simd, &config, Arc::clone(&dataset), 1)
                .expect("the workloads are valid");
            group.bench_function(simd.name(), |bencher| {
                bencher.iter(|| black_box(solver.train_epoch()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, epochs);
criterion_main!(benches);
