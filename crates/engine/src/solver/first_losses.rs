//! The first 200 losses of four networks beside PyTorch's, from the same weights and batches.
//!
//! `first_losses/pytorch.py` made `losses.csv` and says how weights and samples come about. Double
//! precision must agree to 1e-7. In single precision rounding decides rectifiers and maxima, and
//! PyTorch's own losses drift away from its double precision (within 200 steps W3 by 1.7e-4, W4,
//! with batch norm, by 5.5e-3). The engine drifts as much in a way of its own: the first ten losses
//! must agree to 1e-4, the others to 1e-4 and twice that drift.

use super::*;
use crate::data::Shape;
use crate::network::Network;
use crate::optim::Step;
use crate::threads::Threads;

const BATCH: usize = 64;
const N_BATCHES: usize = 5;

/// As `uniform` in pytorch.py.
fn uniform(stream: u64, n: usize, bound: f64) -> Vec<f32> {
    let value = |i: u64| {
        let mut x = ((stream << 32) + i).wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        (((x >> 40) as f64 / 8_388_608.0 - 1.0) * bound) as f32
    };
    (0..n as u64).map(value).collect()
}

/// Losses of the first steps with Adam at 1e-4.
fn losses<T: Real>(model: &str, shape: Shape, n_steps: usize) -> Vec<f64> {
    let config = config(model);
    let sizes = Sizes {
        training: BATCH,
        capacity: BATCH,
        n_buffers: 2,
    };
    let simd = Simd::detect();
    let mut network = Network::<T>::new(&config.model, shape, 10, &sizes, simd).unwrap();
    network.initialize(config.model.init, 0);
    let tensors = network.tensors().to_vec();
    let weights = tensors.iter().filter(|tensor| tensor.is_weight());
    for (stream, tensor) in (10..).zip(weights) {
        let bound = 1.0 / (tensor.fan_in as f64).sqrt();
        let drawn = uniform(stream, tensor.range.len(), bound);
        let places = &mut network.update_parts().1[tensor.range.clone()];
        for (weight, value) in places.iter_mut().zip(drawn) {
            *weight = T::from_f32(value);
        }
    }
    let features = uniform(1, N_BATCHES * BATCH * shape.len(), 1.0);
    let labels: Vec<u32> = uniform(2, N_BATCHES * BATCH, 1.0)
        .into_iter()
        .map(|value| ((f64::from(value) + 1.0) * 5.0) as u32)
        .collect();
    let softmax = Loss::Softmax {
        label_smoothing: 0.0,
    };
    let mut optimizer = Optimizer::new(&config.train, network.parameters().len());
    let mut found = Vec::with_capacity(n_steps);
    for step in 0..n_steps {
        let batch = step % N_BATCHES * BATCH;
        let samples = features[batch * shape.len()..].chunks_exact(shape.len());
        for (place, sample) in samples.take(BATCH).enumerate() {
            network.load(place, sample);
        }
        let loss = network.loss_and_gradients(
            softmax,
            &Targets::Labels(labels[batch..][..BATCH].to_vec()),
            step as u64,
        );
        found.push(loss.sum / BATCH as f64);
        let (tensors, weights, gradients) = network.update_parts();
        optimizer.update(
            Step {
                simd,
                threads: &Threads::default(),
                learning_rate: 1e-4,
                penalties: Penalties { l1: 0.0, l2: 0.0 },
                weight_decay: 0.0,
                keep_update: false,
            },
            tensors,
            weights,
            gradients,
        );
    }
    found
}

fn config(model: &str) -> TrainConfig {
    let table = format!("model = {{ {model} }}").parse().unwrap();
    TrainConfig::from_toml(&table, std::path::Path::new("")).unwrap()
}

fn expected(column: &str) -> Vec<f64> {
    let mut table = csv::Reader::from_reader(include_str!("first_losses/losses.csv").as_bytes());
    let place = table
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == column)
        .unwrap();
    let cell = |row: csv::StringRecord| row[place].parse().unwrap();
    table.records().map(|row| cell(row.unwrap())).collect()
}

/// Both precisions against PyTorch's, relative to the loss.
#[track_caller]
fn check(name: &str, model: &str, [height, width, channels]: [usize; 3]) {
    let shape = Shape {
        height,
        width,
        channels,
    };
    let (single, double) = (
        expected(&format!("{name}_f32")),
        expected(&format!("{name}_f64")),
    );
    assert_eq!((single.len(), double.len()), (200, 200));
    for (step, (found, expected)) in losses::<f64>(model, shape, 200)
        .iter()
        .zip(&double)
        .enumerate()
    {
        let difference = (found / expected - 1.0).abs();
        assert!(
            difference < 1e-7,
            "{name}: {found} is not {expected} at step {step}"
        );
    }
    let apart = |(a, b): (&f64, &f64)| (a / b - 1.0).abs();
    let drift = single.iter().zip(&double).map(apart).fold(0.0, f64::max);
    for (step, (found, expected)) in losses::<f32>(model, shape, 200)
        .iter()
        .zip(&single)
        .enumerate()
    {
        let allowed = if step < 10 { 1e-4 } else { 1e-4 + 2.0 * drift };
        let difference = apart((found, expected));
        assert!(
            difference < allowed,
            "{name}: {found} is not {expected} at step {step}, off by {difference:e}"
        );
    }
}

#[test]
fn losses_of_the_large_convnet_are_pytorchs() {
    check(
        "w1",
        "n_filters = 32, filter_size = 7, hidden = 100",
        [32, 32, 3],
    );
}

#[test]
fn losses_of_the_digits_convnet_are_pytorchs() {
    check(
        "w2",
        "n_filters = 16, filter_size = 3, hidden = 64",
        [8, 8, 1],
    );
}

#[test]
fn losses_of_the_mlp_are_pytorchs() {
    check("w3", "kind = 'mlp', hidden = [256, 128]", [1, 1, 784]);
}

#[test]
fn losses_of_the_normalised_convnet_are_pytorchs() {
    let layers = "['conv 32 3x3', 'batch_norm', 'relu', 'conv 32 3x3', 'batch_norm', 'relu', 'max_pool 2', \
                   'conv 64 3x3', 'batch_norm', 'relu', 'conv 64 3x3', 'batch_norm', 'relu', 'max_pool 2', \
                   'linear 128', 'relu', 'linear 10']";
    check(
        "w4",
        &format!("kind = 'layers', layers = {layers}"),
        [32, 32, 3],
    );
}
