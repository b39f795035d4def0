//! Shapes, summaries and what is refused before anything is allocated.

use super::*;
use crate::network::step::StepKind;

#[test]
fn a_network_of_zeros_costs_the_logarithm_of_the_classes() {
    let shape = image(4, 4, 1);
    let sizes = Sizes {
        training: 3,
        capacity: 3,
        n_buffers: 0,
    };
    let model = listed(&["linear 10"]);
    let mut network = Network::<f64>::new(&model, shape, 10, &sizes, Simd::detect()).unwrap();
    let loss = network.loss(SOFTMAX, &Targets::Labels(vec![0, 5, 9])).sum / 3.0;
    assert!((loss - std::f64::consts::LN_10).abs() < 1e-15);
}

#[test]
fn the_summary_counts_parameters_and_work() {
    let model = model(|model| {
        model.n_filters = 32;
        model.filter_size = 7;
        model.hidden = vec![100];
    });
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

#[test]
fn the_summary_of_a_list_shows_every_layer() {
    let model = listed(&[
        "conv 8 5x3 stride 2 pad 1",
        "batch_norm",
        "gelu",
        "max_pool 3 stride 2",
        "conv 4 1",
        "layer_norm",
        "avg_pool 2",
        "dropout 0.5",
        "flatten",
        "linear 20",
        "relu",
        "linear 10",
    ]);
    let lines: Vec<String> = summarize(&model, image(28, 30, 2), 10)
        .unwrap()
        .layers
        .iter()
        .map(|layer| {
            format!(
                "{} [{}] {} {} {}",
                layer.name, layer.detail, layer.output, layer.n_parameters, layer.flops_per_sample
            )
        })
        .collect();
    // (28 + 2 − 5) / 2 + 1 = 13 and (30 + 2 − 3) / 2 + 1 = 15; 5·3·2·8 = 240 weights.
    assert_eq!(
        lines,
        [
            "conv2d_1 [5×3 filters, stride 2×2] 13 × 15 × 8 248 93600",
            "batch_norm_1 [] 13 × 15 × 8 16 3120",
            "gelu_1 [] 13 × 15 × 8 0 1560",
            "max_pool_1 [3×3 windows, stride 2×2] 6 × 7 × 8 0 3024",
            "conv2d_2 [1×1 filters] 6 × 7 × 4 36 2688",
            "layer_norm_1 [] 6 × 7 × 4 336 1008",
            "avg_pool_1 [2×2 windows] 3 × 3 × 4 0 144",
            "dropout_1 [rate 0.5] 3 × 3 × 4 0 0",
            "linear_1 [relu] 20 740 1440",
            "linear_2 [] 10 210 400",
        ]
    );
}

#[test]
fn convolutions_that_keep_the_size_take_the_fast_kernels_in_whatever_words() {
    let detail = |layers: &[&str]| {
        let model = listed(&[layers, &["linear 10"]].concat());
        let architecture = Architecture::of(&model, 10);
        let sizes = Sizes {
            training: 2,
            capacity: 2,
            n_buffers: 0,
        };
        let plan = Plan::new(&architecture, image(6, 6, 1), 10, &sizes, 4).unwrap();
        match plan.steps[0].kind {
            StepKind::Conv2d { .. } => "fast",
            StepKind::ConvReluPool { .. } => "fused",
            StepKind::StridedConv2d(_) => "general",
            _ => "none",
        }
    };
    for fast in [
        "conv 4 3",
        "conv 4 3 pad 1",
        "conv 4 5 pad 2",
        "conv 4 1 pad valid",
        "conv 4 4",
    ] {
        assert_eq!(detail(&[fast]), "fast", "{fast}");
        assert_eq!(detail(&[fast, "relu", "max_pool 2"]), "fused", "{fast}");
        assert_eq!(detail(&[fast, "relu", "max_pool 3"]), "fast", "{fast}");
    }
    for general in [
        "conv 4 3x1",
        "conv 4 3 stride 2",
        "conv 4 3 pad 2",
        "conv 4 2 pad 1",
        "conv 4 3 pad 0",
    ] {
        assert_eq!(
            detail(&[general, "relu", "max_pool 2"]),
            "general",
            "{general}"
        );
    }
}

#[track_caller]
fn refused(model: &ModelConfig, shape: Shape, n_classes: usize, expected: &str) {
    assert_eq!(
        summarize(model, shape, n_classes).unwrap_err().to_string(),
        expected
    );
}

fn convnet(filter_size: usize) -> ModelConfig {
    model(|model| {
        model.n_filters = 4096;
        model.filter_size = filter_size;
        model.hidden = vec![65536];
    })
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
fn listed_layers_that_do_not_fit_are_refused_with_their_place() {
    let refused = |layers: &[&str], expected: &str| {
        refused(
            &listed(&[layers, &["linear 10"]].concat()),
            image(8, 6, 3),
            10,
            expected,
        );
    };
    refused(
        &["relu", "conv 4 3x13"],
        "layer 2, \"conv 4 3x13\": filters of 3 × 13 on an input of 8 × 6 × 3; there they can be at most 15 × 11",
    );
    refused(
        &["max_pool 2", "conv 4 5 pad valid"],
        "layer 2, \"conv 4 5x5 pad valid\": filters of 5 × 5 on an input of 4 × 3 × 3; there they can be at most 4 × 3",
    );
    refused(
        &["conv 4 2 pad 2"],
        "layer 1, \"conv 4 2x2 pad 2\": a padding of 2 with filters of 2 × 2; it must be smaller than the filters",
    );
    refused(
        &["conv 4 3", "relu", "max_pool 2", "max_pool 5"],
        "layer 4, \"max_pool 5\": windows of 5 × 5 on an input of 4 × 3 × 4, of which nothing is left; \
         images need at least 5 × 5 pixels, tables a model such as \"mlp\"",
    );
    refused(
        &["linear 1", "layer_norm"],
        "layer 2, \"layer_norm\": normalises single numbers, as its input is 1, of which nothing is left; \
         leave the layer out",
    );
}

#[test]
fn the_last_layer_must_give_the_scores_of_the_classes() {
    refused(
        &listed(&["linear 12"]),
        image(8, 8, 1),
        10,
        "the last layer gives 12 scores, the data have 10 classes; end the list with \"linear 10\"",
    );
    refused(
        &listed(&["linear 10", "relu"]),
        image(8, 8, 1),
        10,
        "the last layer gives no scores; end the list with \"linear 10\"",
    );
}

#[test]
fn batches_of_one_cannot_be_normalised() {
    let model = listed(&["linear 4", "batch_norm", "linear 3"]);
    let data = samples(image(1, 1, 5), 1, 3, 1);
    let error = loaded::<f32>(&model, image(1, 1, 5), 3, &data)
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "layer 2, \"batch_norm\": normalises single numbers, as its input is 4 in batches of 1, \
         of which nothing is left; make the batch larger"
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
    let wide = listed(&["conv 4096 64 pad 63", "conv 4096 64 pad 63", "linear 10"]);
    let error = summarize(&wide, image(1, 1, 1), 10).unwrap_err();
    assert!(matches!(error, NetworkError::TooLarge { .. }), "{error}");
}
