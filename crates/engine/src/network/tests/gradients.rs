//! Gradient checks of every layer and of whole networks.

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::*;
use crate::config::{Activation, LabelKind, Loss};
use crate::gradcheck::GradientCheck;

#[track_caller]
fn check(shape: Shape, layers: &[&str], seed: u32) {
    let check = GradientCheck {
        loss: SOFTMAX,
        l1: 0.0,
        l2: 0.1,
        per_tensor: 12,
        seed,
    };
    let checks = check.run(&listed(layers), &samples(shape, 5, 3, seed), shape, 3);
    let checks = checks.unwrap();
    assert_eq!(checks.last().unwrap().tensor, "input");
    for tensor in checks {
        assert!(
            tensor.max_error < 1e-6,
            "{layers:?} on {shape:?}: {tensor:?}"
        );
        assert!(
            tensor.n_at_kinks == 0 || tensor.max_error_at_kinks < 1e-4,
            "{layers:?} on {shape:?}: {tensor:?}"
        );
    }
}

#[test]
fn gradients_of_linear_layers_are_right() {
    check(image(1, 1, 7), &["linear 3"], 1);
    check(image(1, 1, 7), &["linear 20", "linear 3"], 2);
}

#[test]
fn gradients_of_activations_are_right() {
    for (name, seed) in Activation::NAMES.iter().zip(100..) {
        check(image(1, 1, 7), &["linear 20", name, "linear 3"], seed);
        check(image(2, 3, 2), &[name, "conv 4 2", name, "linear 3"], seed);
    }
}

#[test]
fn gradients_of_convolutions_are_right() {
    for (size, seed) in (1..=6).zip(5..) {
        let conv = format!("conv 5 {size}");
        check(image(5, 6, 2), &[&conv, "linear 3"], seed);
        check(image(5, 4, 3), &[&conv, &conv, "linear 3"], seed + 10);
    }
}

#[test]
fn gradients_of_convolutions_by_tiles_are_right() {
    check(image(5, 7, 3), &["conv 16 3", "conv 17 3", "linear 3"], 81);
    check(
        image(7, 6, 16),
        &["conv 19 3", "relu", "max_pool 2", "linear 3"],
        82,
    );
}

#[test]
fn gradients_of_strided_padded_and_oblong_convolutions_are_right() {
    for (conv, seed) in [
        "conv 5 3 stride 2",
        "conv 5 3 pad valid",
        "conv 5 3 pad 2",
        "conv 5 2x3",
        "conv 5 1x4 stride 3x2 pad 0",
        "conv 5 5 stride 3 pad 4",
        "conv 20 1 stride 2",
        "conv 5 4x2 stride 1x2 pad 1",
    ]
    .iter()
    .zip(40..)
    {
        check(image(6, 7, 2), &[conv, "linear 3"], seed);
        check(image(7, 8, 1), &["conv 4 3", conv, "linear 3"], seed);
        check(image(8, 9, 3), &[conv, "conv 4 2 pad 1", "linear 3"], seed);
    }
}

#[test]
fn gradients_of_pooling_are_right() {
    for (pool, seed) in [
        "max_pool 2",
        "max_pool 3",
        "max_pool 3 stride 2",
        "max_pool 2 stride 1",
        "max_pool 1x3 stride 3x1",
        "avg_pool 2",
        "avg_pool 3 stride 2",
        "avg_pool 2x1 stride 1x2",
        "global_avg_pool",
    ]
    .iter()
    .zip(60..)
    {
        check(image(6, 6, 2), &["conv 4 3", pool, "linear 3"], seed);
        check(image(5, 7, 1), &["conv 4 3", pool, "linear 3"], seed);
        check(image(6, 5, 2), &[pool, "linear 5", "linear 3"], seed);
    }
    check(image(9, 9, 1), &["max_pool 2", "conv 4 3", "linear 3"], 80);
}

#[test]
fn gradients_of_normalisations_are_right() {
    for (norm, seed) in ["batch_norm", "layer_norm"].iter().zip(80..) {
        check(image(1, 1, 7), &["linear 9", norm, "linear 3"], seed);
        check(image(1, 1, 7), &[norm, "linear 3"], seed);
        check(
            image(4, 5, 2),
            &["conv 6 3", norm, "tanh", "linear 3"],
            seed,
        );
        let block = ["conv 6 3", norm, "relu", "max_pool 2", "linear 3"];
        check(image(4, 5, 2), &block, seed);
        let deep = [
            "linear 9", norm, "relu", "linear 8", norm, "relu", "linear 3",
        ];
        check(image(1, 1, 7), &deep, seed);
        check(image(3, 4, 2), &["flatten", norm, "linear 3"], seed);
    }
}

#[test]
fn gradients_through_dropout_are_right() {
    check(
        image(1, 1, 7),
        &["linear 20", "dropout 0.5", "linear 3"],
        90,
    );
    check(
        image(4, 4, 2),
        &["dropout 0.2", "conv 4 3", "dropout 0.9", "linear 3"],
        91,
    );
}

#[test]
fn gradients_of_fused_blocks_are_right() {
    let block = ["conv 6 3", "relu", "max_pool 2"];
    let end = ["linear 3"];
    check(image(7, 9, 3), &[&block[..], &end].concat(), 31);
    check(image(9, 8, 2), &[&block[..], &block, &end].concat(), 32);
}

fn models() -> impl Strategy<Value = ModelConfig> {
    let kinds = prop_oneof![
        (prop::collection::vec(1_usize..30, 0..4)).prop_map(|hidden| (ModelKind::Mlp, hidden)),
        (1_usize..30).prop_map(|hidden| (ModelKind::ThreeLayerConvnet, vec![hidden])),
        (1_usize..2).prop_map(|_| (ModelKind::Softmax, vec![])),
    ];
    let inits = prop_oneof![
        (0..1).prop_map(|_| Init::Kaiming),
        (0..1).prop_map(|_| Init::Xavier),
        (0.05..0.5).prop_map(|weight_scale| Init::Normal { weight_scale }),
    ];
    let activations = (0..Activation::NAMES.len())
        .prop_map(|place| Activation::named(Activation::NAMES[place]).unwrap());
    let dropout = prop_oneof![(0..1).prop_map(|_| 0.0), (0.1..0.9)];
    (
        (kinds, inits, activations),
        (1_usize..20, 1_usize..6),
        (any::<bool>(), dropout),
    )
        .prop_map(
            |(
                ((kind, hidden), init, activation),
                (n_filters, filter_size),
                (batch_norm, dropout),
            )| ModelConfig {
                kind,
                n_filters,
                filter_size,
                hidden,
                activation,
                init,
                batch_norm,
                dropout,
                layers: Vec::new(),
            },
        )
}

/// Any layer but the last, of small sizes.
fn layers() -> impl Strategy<Value = String> {
    let pair = || (1_usize..4, 1_usize..4).prop_map(|(rows, columns)| format!("{rows}x{columns}"));
    let padding = prop_oneof![
        (0..1).prop_map(|_| String::new()),
        (0..1).prop_map(|_| " pad valid".to_owned()),
        (0..3).prop_map(|n| format!(" pad {n}")),
    ];
    prop_oneof![
        4 => (1..12, 1..4).prop_map(|(n, k)| format!("conv {n} {k}")),
        3 => (1..12, pair(), pair(), padding)
            .prop_map(|(n, size, stride, pad)| format!("conv {n} {size} stride {stride}{pad}")),
        3 => (2..20).prop_map(|n| format!("linear {n}")),
        1 => (1..3).prop_map(|size| format!("max_pool {size}")),
        1 => (pair(), pair()).prop_map(|(size, stride)| format!("max_pool {size} stride {stride}")),
        1 => (pair(), pair()).prop_map(|(size, stride)| format!("avg_pool {size} stride {stride}")),
        1 => (0..1).prop_map(|_| "global_avg_pool".to_owned()),
        2 => (0..1).prop_map(|_| "batch_norm".to_owned()),
        2 => (0..1).prop_map(|_| "layer_norm".to_owned()),
        1 => (0.0..0.9).prop_map(|rate| format!("dropout {rate}")),
        1 => (0..1).prop_map(|_| "flatten".to_owned()),
        5 => (0..Activation::NAMES.len()).prop_map(|place| Activation::NAMES[place].to_owned()),
    ]
}

fn losses() -> impl Strategy<Value = Loss> {
    prop_oneof![
        (0.0..0.5).prop_map(|label_smoothing| Loss::Softmax { label_smoothing }),
        (0..1).prop_map(|_| Loss::Hinge),
        (0..1).prop_map(|_| Loss::Mse),
        (0..1).prop_map(|_| Loss::Huber),
    ]
}

fn networks() -> impl Strategy<Value = ModelConfig> {
    prop::collection::vec(layers(), 0..7).prop_map(|mut layers| {
        layers.push("linear 4".to_owned());
        listed(&layers)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn gradients_of_the_fixed_networks_are_right(
        model in models(), loss in losses(), height in 3_usize..9, width in 3_usize..9, channels in 1_usize..4, l1 in 0.0..0.1,
        l2 in 0.0..1.0, seed: u32, n in 4_usize..9,
    ) {
        // Two or three samples may be all but the same, and differences of their normalised values
        // nothing but rounding.
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
            assert!(tensor.max_error < 1e-6, "{model:?}: {tensor:?}");
        }
    }

    #[test]
    fn a_sample_scores_the_same_in_any_batch(model in models(), seed: u32, first in any::<bool>()) {
        let shape = image(6, 7, 2);
        let pair = samples(shape, 2, 3, seed);
        let mut network = loaded::<f32>(&model, shape, 3, &pair).unwrap();
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn gradients_of_random_networks_are_right(
        model in networks(), height in 1_usize..9, width in 1_usize..9, channels in 1_usize..4, seed: u32, n in 4_usize..9,
    ) {
        let shape = image(height, width, channels);
        let check = GradientCheck { loss: SOFTMAX, l1: 0.0, l2: 0.1, per_tensor: 6, seed };
        // Lists whose shapes do not fit are refused, which other tests look at.
        for tensor in check.run(&model, &samples(shape, n, 4, seed), shape, 4).into_iter().flatten() {
            assert!(tensor.max_error < 1e-6, "{:?}: {tensor:?}", model.layers);
        }
    }
}

#[test]
fn fused_and_separate_layers_give_the_same_loss_and_gradients() {
    // A rectifier in front of the block changes nothing for features that are not negative, but the
    // block is first no longer; a second rectifier between rectifier and pooling changes nothing,
    // but keeps them apart.
    let shape = image(7, 6, 2);
    let mut data = samples(shape, 4, 3, 1);
    data.features
        .iter_mut()
        .for_each(|feature| *feature = feature.abs());
    let run = |layers: &[&str]| {
        let mut network = loaded::<f64>(&listed(layers), shape, 3, &data).unwrap();
        let loss = network.loss_and_gradients(SOFTMAX, &data.targets, 0);
        (loss, network.gradients().to_vec())
    };
    let fused = run(&["conv 5 3", "relu", "max_pool 2", "linear 3"]);
    let apart = ["relu", "conv 5 3", "relu", "relu", "max_pool 2", "linear 3"];
    let separate = run(&apart);
    assert!((fused.0.sum - separate.0.sum).abs() < 1e-12);
    for (fused, separate) in fused.1.iter().zip(&separate.1) {
        assert!(
            (fused - separate).abs() < 1e-12,
            "{fused} is not {separate}"
        );
    }
}
