//! Lists of layers: a network that works, or an error that says why not.

use std::path::Path;

use proptest::prelude::{ProptestConfig, Strategy, prop, prop_oneof, proptest};

use super::*;

/// Reads a list as a file gives it, and trains a step where it can be built.
fn check(layers: &[String], shape: Shape, n: usize) {
    let texts = layers.iter().map(|text| toml::Value::from(text.as_str()));
    let mut table = toml::Table::new();
    table.insert("kind".to_owned(), "layers".into());
    table.insert("layers".to_owned(), texts.collect::<Vec<_>>().into());
    let mut file = toml::Table::new();
    file.insert("model".to_owned(), table.into());
    let model = match TrainConfig::from_toml(&file, Path::new("")) {
        Ok(config) => config.model,
        Err(errors) => {
            assert!(errors.iter().all(|error| error.help.is_some()));
            return;
        }
    };
    let data = samples(shape, n, 3, 1);
    match loaded::<f32>(&model, shape, 3, &data) {
        Ok(mut network) => {
            let losses = [
                network.loss(SOFTMAX, &data.targets),
                network.loss_and_gradients(SOFTMAX, &data.targets, 0),
                network.loss(SOFTMAX, &data.targets),
            ];
            assert!(losses.iter().all(|loss| loss.sum.is_finite()), "{losses:?}");
            assert!(network.gradients().iter().all(|value| value.is_finite()));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.contains("layer") || message.contains("memory"),
                "{message}"
            );
        }
    }
}

fn odd_layers() -> impl Strategy<Value = String> {
    let size = || prop_oneof![4 => 1_usize..6, 1 => 1_usize..65];
    let pair = move || (size(), size()).prop_map(|(rows, columns)| format!("{rows}x{columns}"));
    prop_oneof![
        3 => (1..40, pair()).prop_map(|(n, size)| format!("conv {n} {size}")),
        3 => (1..40, pair(), pair(), 0..9).prop_map(|(n, size, stride, pad)| format!("conv {n} {size} stride {stride} pad {pad}")),
        3 => (1..300).prop_map(|n| format!("linear {n}")),
        2 => (pair(), pair()).prop_map(|(size, stride)| format!("max_pool {size} stride {stride}")),
        2 => (pair(), pair()).prop_map(|(size, stride)| format!("avg_pool {size} stride {stride}")),
        2 => pair().prop_map(|size| format!("max_pool {size}")),
        1 => (0.0..0.999).prop_map(|rate| format!("dropout {rate}")),
        6 => (0_usize..12).prop_map(|place| {
            ["global_avg_pool", "batch_norm", "layer_norm", "flatten", "relu", "leaky_relu", "elu", "gelu", "silu",
             "tanh", "sigmoid", "softplus"][place].to_owned()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_list_of_texts_is_a_working_network_or_a_clear_error(
        mut layers in prop::collection::vec("(conv|linear|max_pool|dropout|relu|batch_norm|\\PC{0,6})( [0-9]{1,3}| [1-5]x[1-5]| stride| pad| \\PC{0,3}){0,4}", 0..5),
        height in 1_usize..12, width in 1_usize..12, channels in 1_usize..4, n in 1_usize..6,
    ) {
        check(&layers, image(height, width, channels), n);
        layers.push("linear 3".to_owned());
        check(&layers, image(height, width, channels), n);
    }

    #[test]
    fn any_list_of_layers_is_a_working_network_or_a_clear_error(
        mut layers in prop::collection::vec(odd_layers(), 0..8),
        height in 1_usize..20, width in 1_usize..20, channels in 1_usize..5, n in 1_usize..6,
    ) {
        layers.push("linear 3".to_owned());
        check(&layers, image(height, width, channels), n);
    }
}

#[test]
fn evaluation_follows_the_running_statistics_of_training() {
    let shape = image(1, 1, 4);
    let mut data = samples(shape, 8, 3, 1);
    data.features.iter_mut().for_each(|x| *x = 5.0 + 3.0 * *x);
    let network = loaded(&listed(&["batch_norm", "linear 3"]), shape, 3, &data);
    let mut network: Network<f64> = network.unwrap();
    let trained = network.training_loss(SOFTMAX, &data.targets, 0).sum;
    assert!((network.loss(SOFTMAX, &data.targets).sum - trained).abs() > 1e-3);
    // 0.9^400 of the first statistics is left.
    for step in 0..400 {
        network.training_loss(SOFTMAX, &data.targets, step);
    }
    let running = network.running().to_vec();
    // The running variance is unbiased: 8/7 of the batch's.
    network.state_mut()[1][4..8]
        .iter_mut()
        .for_each(|variance| *variance *= 7.0 / 8.0);
    let evaluated = network.loss(SOFTMAX, &data.targets).sum;
    assert!(
        (evaluated - trained).abs() < 1e-9,
        "{evaluated} is not {trained}"
    );
    network.initialize(Init::Kaiming, 3);
    assert_ne!(network.running(), running);
    assert_eq!(
        network.training_loss(SOFTMAX, &data.targets, 0).sum,
        trained
    );
}

#[test]
fn dropout_rests_at_evaluation_and_draws_by_the_step_in_training() {
    let shape = image(1, 1, 20);
    let data = samples(shape, 8, 3, 1);
    let build = |layers: &[&str]| loaded::<f64>(&listed(layers), shape, 3, &data).unwrap();
    let (mut with, mut without) = (build(&["dropout 0.5", "linear 3"]), build(&["linear 3"]));
    assert_eq!(
        with.loss(SOFTMAX, &data.targets),
        without.loss(SOFTMAX, &data.targets)
    );
    let [first, second, again] =
        [0, 1, 0].map(|step| with.training_loss(SOFTMAX, &data.targets, step));
    assert_eq!(first, again);
    assert_ne!(first, second);
}

#[test]
fn the_fixed_networks_are_lists_too() {
    let shape = image(6, 8, 2);
    let data = samples(shape, 5, 3, 1);
    let fixed = model(|model| {
        model.n_filters = 4;
        model.hidden = vec![7];
        model.activation = crate::config::Activation::Silu;
        model.batch_norm = true;
        model.dropout = 0.25;
    });
    let list = listed(&[
        "conv 4 3x3",
        "batch_norm",
        "silu",
        "max_pool 2",
        "dropout 0.25",
        "linear 7",
        "batch_norm",
        "silu",
        "dropout 0.25",
        "linear 3",
    ]);
    let [fixed, list] = [fixed, list].map(|model| {
        let mut network = loaded::<f32>(&model, shape, 3, &data).unwrap();
        network.loss_and_gradients(SOFTMAX, &data.targets, 5)
    });
    assert_eq!(fixed, list);
}
