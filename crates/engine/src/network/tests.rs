//! Gradient checks of every layer and of whole networks; shapes and errors.

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::*;
use crate::config::{LabelKind, ModelKind};
use crate::data::Samples;
use crate::gradcheck::GradientCheck;
use crate::seed::{Purpose, Stream};
use LayerSpec::{Conv2d, Linear, MaxPool, Relu};

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

fn compile<T: Real>(
    specs: &[LayerSpec],
    shape: Shape,
    capacity: usize,
) -> Result<Network<T>, NetworkError> {
    let sizes = Sizes {
        training: capacity,
        capacity,
        n_buffers: 0,
    };
    Ok(Network::from_plan(
        Plan::new(specs, shape, &sizes, size_of::<T>())?,
        &sizes,
        Simd::detect(),
    ))
}

#[track_caller]
fn gradients_are_right(shape: Shape, specs: &[LayerSpec], seed: u32) {
    let mut network = compile(specs, shape, 5).unwrap();
    let check = GradientCheck {
        loss: SOFTMAX,
        l1: 0.0,
        l2: 0.1,
        per_tensor: 12,
        seed,
    };
    for tensor in check.run_on(&mut network, Init::Kaiming, &samples(shape, 5, 3, seed)) {
        assert!(
            tensor.max_error < 1e-6,
            "{specs:?} on {shape:?}: {tensor:?}"
        );
        assert!(
            tensor.n_at_kinks == 0 || tensor.max_error_at_kinks < 1e-4,
            "{specs:?} on {shape:?}: {tensor:?}"
        );
    }
}

#[test]
fn gradients_of_linear_layers_are_right() {
    gradients_are_right(image(1, 1, 7), &[Linear { outputs: 3 }], 1);
    gradients_are_right(
        image(1, 1, 7),
        &[Linear { outputs: 20 }, Linear { outputs: 3 }],
        2,
    );
}

#[test]
fn gradients_of_relu_are_right() {
    gradients_are_right(
        image(1, 1, 7),
        &[Linear { outputs: 20 }, Relu, Linear { outputs: 3 }],
        3,
    );
    gradients_are_right(
        image(2, 3, 2),
        &[
            Conv2d {
                n_filters: 4,
                filter_size: 2,
            },
            Relu,
            Linear { outputs: 3 },
        ],
        4,
    );
}

#[test]
fn gradients_of_convolutions_are_right() {
    for (filter_size, seed) in (1..=6).zip(5..) {
        let conv2d = Conv2d {
            n_filters: 5,
            filter_size,
        };
        gradients_are_right(image(5, 6, 2), &[conv2d, Linear { outputs: 3 }], seed);
        gradients_are_right(
            image(5, 4, 3),
            &[conv2d, conv2d, Linear { outputs: 3 }],
            seed + 10,
        );
    }
}

#[test]
fn gradients_of_max_pooling_are_right() {
    let conv2d = Conv2d {
        n_filters: 4,
        filter_size: 3,
    };
    gradients_are_right(
        image(6, 6, 2),
        &[conv2d, MaxPool, Linear { outputs: 3 }],
        21,
    );
    gradients_are_right(
        image(5, 7, 1),
        &[conv2d, MaxPool, Linear { outputs: 3 }],
        22,
    );
    gradients_are_right(
        image(6, 5, 2),
        &[MaxPool, conv2d, Linear { outputs: 3 }],
        23,
    );
}

#[test]
fn gradients_of_fused_blocks_are_right() {
    let block = [
        Conv2d {
            n_filters: 6,
            filter_size: 3,
        },
        Relu,
        MaxPool,
    ];
    gradients_are_right(
        image(7, 9, 3),
        &[&block[..], &[Linear { outputs: 3 }]].concat(),
        31,
    );
    gradients_are_right(
        image(9, 8, 2),
        &[&block[..], &block[..], &[Linear { outputs: 3 }]].concat(),
        32,
    );
}

fn models() -> impl Strategy<Value = ModelConfig> {
    let kinds = prop_oneof![
        (prop::collection::vec(1_usize..30, 0..4)).prop_map(|hidden| (ModelKind::Mlp, hidden)),
        (1_usize..30).prop_map(|hidden| (ModelKind::ThreeLayerConvnet, vec![hidden])),
        (1_usize..2).prop_map(|_| (ModelKind::Softmax, vec![])),
    ];
    let inits = prop_oneof![
        (0..1).prop_map(|_| Init::Kaiming),
        (0..1).prop_map(|_| Init::XavierUniform),
        (0..1).prop_map(|_| Init::Orthogonal),
        (0.05..0.5).prop_map(|weight_scale| Init::Normal { weight_scale }),
    ];
    (kinds, inits, 1_usize..20, 1_usize..6).prop_map(
        |((kind, hidden), init, n_filters, filter_size)| ModelConfig {
            kind,
            n_filters,
            filter_size,
            hidden,
            init,
        },
    )
}

fn losses() -> impl Strategy<Value = Loss> {
    prop_oneof![
        (0.0..0.5).prop_map(|label_smoothing| Loss::Softmax { label_smoothing }),
        (0..1).prop_map(|_| Loss::Hinge),
        (0..1).prop_map(|_| Loss::Mse),
        (0..1).prop_map(|_| Loss::Huber),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn gradients_of_whole_networks_are_right(
        model in models(), loss in losses(), height in 3_usize..9, width in 3_usize..9, channels in 1_usize..4, l1 in 0.0..0.1,
        l2 in 0.0..1.0, seed: u32, n in 1_usize..9,
    ) {
        let shape = image(height, width, channels);
        let check = GradientCheck { loss, l1, l2, per_tensor: 8, seed };
        let mut data = samples(shape, n, 4, seed);
        let n_outputs = match loss.kind().label_kind() {
            LabelKind::Class => 4,
            LabelKind::Number => {
                data.targets = Targets::Values(data.features[..n].to_vec());
                1
            }
        };
        for tensor in check.run(&model, &data, shape, n_outputs).unwrap() {
            assert!(tensor.max_error < 1e-6, "{tensor:?}");
        }
    }

    #[test]
    fn a_sample_scores_the_same_in_any_batch(model in models(), seed: u32, first in any::<bool>()) {
        let shape = image(6, 7, 2);
        let pair = samples(shape, 2, 3, seed);
        let sizes = Sizes { training: 2, capacity: 2, n_buffers: 0 };
        let mut network = Network::<f32>::new(&model, shape, 3, &sizes, Simd::detect()).unwrap();
        network.initialize(model.init, seed);
        let (one, other) = pair.features.split_at(shape.len());
        let (alone, beside) = if first { (one, other) } else { (other, one) };
        network.load(0, alone);
        network.loss(SOFTMAX, &Targets::Labels(vec![0]));
        let score = network.scores().row(0).to_vec();
        network.load(0, beside);
        network.load(1, alone);
        network.loss(SOFTMAX, &Targets::Labels(vec![0, 0]));
        assert_eq!(network.scores().row(1), score);
    }
}

#[test]
fn fused_and_separate_layers_give_the_same_loss_and_gradients() {
    // A rectifier in front of the block changes nothing for features that are not negative, but the
    // block is first no longer; a second rectifier between rectifier and pooling changes nothing,
    // but keeps them apart.
    let shape = image(7, 6, 2);
    let conv2d = Conv2d {
        n_filters: 5,
        filter_size: 3,
    };
    let mut data = samples(shape, 4, 3, 1);
    data.features
        .iter_mut()
        .for_each(|feature| *feature = feature.abs());
    let run = |specs: &[LayerSpec]| {
        let mut network = compile::<f64>(specs, shape, 4).unwrap();
        network.initialize(Init::Kaiming, 3);
        data.features
            .chunks(shape.len())
            .enumerate()
            .for_each(|(sample, features)| network.load(sample, features));
        let loss = network.loss_and_gradients(SOFTMAX, &data.targets);
        (loss, network.gradients().to_vec())
    };
    let fused = run(&[conv2d, Relu, MaxPool, Linear { outputs: 3 }]);
    let separate = run(&[Relu, conv2d, Relu, Relu, MaxPool, Linear { outputs: 3 }]);
    assert!((fused.0.sum - separate.0.sum).abs() < 1e-12);
    for (fused, separate) in fused.1.iter().zip(&separate.1) {
        assert!(
            (fused - separate).abs() < 1e-12,
            "{fused} is not {separate}"
        );
    }
}

#[test]
fn a_network_of_zeros_costs_the_logarithm_of_the_classes() {
    let shape = image(4, 4, 1);
    let mut network = compile::<f64>(&[Linear { outputs: 10 }], shape, 3).unwrap();
    let loss = network.loss(SOFTMAX, &Targets::Labels(vec![0, 5, 9])).sum / 3.0;
    assert!((loss - std::f64::consts::LN_10).abs() < 1e-15);
}

#[test]
fn the_summary_counts_parameters_and_work() {
    let model = ModelConfig {
        kind: ModelKind::ThreeLayerConvnet,
        n_filters: 32,
        filter_size: 7,
        hidden: vec![100],
        init: Init::Kaiming,
    };
    let summary = summarize(&model, image(32, 32, 3), 10).unwrap();
    // 7·7·3·32 + 32, 16·16·32·100 + 100, 100·10 + 10.
    let parameters: Vec<u64> = summary
        .layers
        .iter()
        .map(|layer| layer.n_parameters)
        .collect();
    assert_eq!(parameters, [4736, 819_300, 1010]);
    assert_eq!(summary.n_parameters, 825_046);
    // 2 · (32·32·4704 + 819200 + 1000).
    assert_eq!(summary.flops_per_sample, 11_274_192);
    let outputs: Vec<&str> = summary
        .layers
        .iter()
        .map(|layer| layer.output.as_str())
        .collect();
    assert_eq!(outputs, ["16 × 16 × 32", "100", "10"]);
}

#[track_caller]
fn refused(model: &ModelConfig, shape: Shape, n_classes: usize, expected: &str) {
    assert_eq!(
        summarize(model, shape, n_classes).unwrap_err().to_string(),
        expected
    );
}

fn convnet(filter_size: usize) -> ModelConfig {
    ModelConfig {
        kind: ModelKind::ThreeLayerConvnet,
        n_filters: 4096,
        filter_size,
        hidden: vec![65536],
        init: Init::Kaiming,
    }
}

#[test]
fn networks_that_do_not_fit_are_refused_with_their_shapes() {
    refused(
        &convnet(9),
        image(4, 8, 1),
        10,
        "conv2d_1: filters of 9 × 9 on an input of 4 × 8 × 1; filter_size can be at most 7; \
         tables need a model such as \"mlp\"",
    );
    refused(
        &convnet(1),
        image(1, 1, 13),
        10,
        "max_pool_1: windows of 2 × 2 on an input of 4096, of which nothing is left; images need at least 2 × 2 pixels, \
         tables a model such as \"mlp\"",
    );
    refused(
        &convnet(3),
        image(0, 8, 1),
        10,
        "samples of 0 × 8 × 1 hold no value",
    );
}

#[test]
fn a_network_too_large_for_memory_is_refused_before_it_is_allocated() {
    let error = summarize(&convnet(3), image(32, 32, 3), 10).unwrap_err();
    assert!(
        matches!(&error, NetworkError::TooLarge { layer, .. } if layer == "linear_1"),
        "{error}"
    );
    let error = summarize(&convnet(3), image(1 << 20, 1 << 20, 1 << 20), 10).unwrap_err();
    assert!(matches!(error, NetworkError::TooLarge { .. }), "{error}");
}
