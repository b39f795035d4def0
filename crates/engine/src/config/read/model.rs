//! Reads the `[model]` table.

use super::reader::Reader;
use crate::config::layers::LayerSpec;
use crate::config::model::{Activation, Init, InitKind, ModelConfig, ModelKind};

/// Most layers in a list.
const MAX_LAYERS: usize = 1000;

pub(super) fn read_model(mut reader: Reader<'_>) -> ModelConfig {
    let kind = ModelKind::named(reader.choice("kind"))
        .expect("the names of the key are those of the enum");
    let n_filters = reader.integer("n_filters") as usize;
    let filter_size = reader.integer("filter_size") as usize;
    let hidden: Vec<usize> = reader
        .integers("hidden")
        .into_iter()
        .map(|units| units as usize)
        .collect();
    if kind == ModelKind::ThreeLayerConvnet && hidden.len() != 1 && !reader.has_error("hidden") {
        reader.report(
            "hidden",
            format!(
                "{} numbers; three_layer_convnet has one hidden linear layer",
                hidden.len()
            ),
            Some("a whole number, or kind = \"mlp\" with an array".to_owned()),
        );
    }
    let activation = Activation::named(reader.choice("activation"))
        .expect("the names of the key are those of the enum");
    let weight_scale = reader.float("weight_scale");
    let init = match InitKind::named(reader.choice("init"))
        .expect("the names of the key are those of the enum")
    {
        InitKind::Kaiming => Init::Kaiming,
        InitKind::KaimingUniform => Init::KaimingUniform,
        InitKind::Xavier => Init::Xavier,
        InitKind::XavierUniform => Init::XavierUniform,
        InitKind::Normal => Init::Normal { weight_scale },
        InitKind::Orthogonal => Init::Orthogonal,
        InitKind::Zeros => Init::Zeros,
    };
    let model = ModelConfig {
        kind,
        n_filters,
        filter_size,
        hidden,
        activation,
        init,
        batch_norm: reader.boolean("batch_norm"),
        dropout: reader.float("dropout"),
        layers: read_layers(&mut reader, kind),
    };
    reader.finish();
    model
}

fn read_layers(reader: &mut Reader<'_>, kind: ModelKind) -> Vec<LayerSpec> {
    const LISTED: [&str; 6] = [
        "n_filters",
        "filter_size",
        "hidden",
        "activation",
        "batch_norm",
        "dropout",
    ];
    if kind != ModelKind::Layers {
        let message = format!("has no meaning with kind = \"{}\"", kind.name());
        reader.refuse_if_given("layers", &message, "leave it out, or set kind = \"layers\"");
        return Vec::new();
    }
    for key in LISTED {
        reader.refuse_if_given(
            key,
            "has no meaning with kind = \"layers\"",
            "leave it out; `layers` lists everything",
        );
    }
    let Some(texts) = reader.optional_texts("layers") else {
        if !reader.is_given("layers") {
            reader.report(
                "layers",
                "is missing; kind = \"layers\" needs it".to_owned(),
                Some(
                    "a list such as [\"conv 32 3x3\", \"relu\", \"max_pool 2\", \"linear 10\"]"
                        .to_owned(),
                ),
            );
        }
        return Vec::new();
    };
    if texts.len() > MAX_LAYERS {
        reader.report(
            "layers",
            format!("{} layers are more than anyone trains here", texts.len()),
            Some(format!("at most {MAX_LAYERS}")),
        );
        return Vec::new();
    }
    let mut layers = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        match LayerSpec::parse(text) {
            Ok(layer) => layers.push(layer),
            Err(error) => {
                let message = format!("layer {}, {}: {error}", place + 1, quoted(text));
                reader.report("layers", message, Some(error.help()));
            }
        }
    }
    if !reader.has_error("layers") && !matches!(layers.last(), Some(LayerSpec::Linear { .. })) {
        let message = match texts.last() {
            Some(last) => format!(
                "the last layer, {}, gives no scores of classes",
                quoted(last)
            ),
            None => "is empty".to_owned(),
        };
        let help = "end the list with \"linear C\", where C is the number of classes";
        reader.report("layers", message, Some(help.to_owned()));
    }
    layers
}

/// A layer's text as a message shows it; long ones are cut.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{:?}", format!("{}…", &text[..at])),
        None => format!("{text:?}"),
    }
}
