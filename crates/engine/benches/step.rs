//! Time of a training step, by epochs of synthetic data: one thread, f32, Adam, on every instruction
//! set.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finetooth_engine::Simd;
use finetooth_engine::solver::Solver;

mod workload;

use workload::WORKLOADS;

fn epochs(criterion: &mut Criterion) {
    for workload in WORKLOADS {
        let (config, dataset) = (workload.config(), Arc::new(workload.synthetic()));
        let mut group =
            criterion.benchmark_group(format!("{}: {}", workload.name, workload.description));
        group
            .throughput(Throughput::Elements(workload.n_samples() as u64))
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
