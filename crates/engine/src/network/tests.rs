//! What networks compute: gradients, lists of layers, shapes and errors.

mod gradients;
mod lists;
mod shapes;

use super::*;
use crate::config::{LayerSpec, ModelKind, TrainConfig};
use crate::data::Samples;
use crate::seed::{Purpose, Stream};

const SOFTMAX: Loss = Loss::Softmax {
    label_smoothing: 0.0,
};

fn image(height: usize, width: usize, channels: usize) -> Shape {
    Shape {
        height,
        width,
        channels,
    }
}

fn samples(shape: Shape, n: usize, n_classes: usize, seed: u32) -> Samples {
    let mut stream = Stream::new(seed, Purpose::Split);
    Samples {
        features: (0..n * shape.len())
            .map(|_| stream.normal() as f32)
            .collect(),
        targets: Targets::Labels(
            (0..n)
                .map(|_| stream.below(n_classes as u64) as u32)
                .collect(),
        ),
    }
}

/// The model of an empty file, changed.
fn model(change: impl FnOnce(&mut ModelConfig)) -> ModelConfig {
    let mut model = TrainConfig::default().model;
    change(&mut model);
    model
}

fn listed<S: AsRef<str>>(layers: &[S]) -> ModelConfig {
    let parse = |text: &S| LayerSpec::parse(text.as_ref()).unwrap();
    model(|model| {
        model.kind = ModelKind::Layers;
        model.layers = layers.iter().map(parse).collect();
    })
}

/// A network for `n` samples at most, initialised, with the samples loaded.
fn loaded<T: Real>(
    model: &ModelConfig,
    shape: Shape,
    n_classes: usize,
    data: &Samples,
) -> Result<Network<T>, NetworkError> {
    let n = data.targets.len();
    let sizes = Sizes {
        training: n,
        capacity: n,
        n_buffers: 0,
    };
    let mut network = Network::new(model, shape, n_classes, &sizes, Simd::detect())?;
    network.initialize(model.init, 3);
    for (sample, features) in data.features.chunks(shape.len()).enumerate() {
        network.load(sample, features);
    }
    Ok(network)
}
