//! Which layers a configuration's network has.

use crate::config::{LayerSpec, ModelConfig, ModelKind, Padding};

/// The layers of a network, from the samples to the scores.
pub(crate) struct Architecture {
    /// The layers in order; the last is linear.
    pub(crate) layers: Vec<LayerSpec>,
    /// Whether the user listed them, so that messages name them as listed.
    pub(crate) is_listed: bool,
}

impl Architecture {
    /// The layers of a configuration.
    ///
    /// Each hidden linear layer is linear – \[batch_norm –\] activation \[– dropout\], the
    /// convolution conv – \[batch_norm –\] activation – 2×2 max pool \[– dropout\].
    pub(crate) fn of(model: &ModelConfig, n_classes: usize) -> Self {
        let mut layers = Vec::new();
        match model.kind {
            ModelKind::Softmax => {}
            ModelKind::Mlp => push_hidden(&mut layers, model),
            ModelKind::ThreeLayerConvnet => {
                layers.push(LayerSpec::Conv {
                    n_filters: model.n_filters,
                    filter: [model.filter_size; 2],
                    stride: [1, 1],
                    padding: Padding::Same,
                });
                push_activation(&mut layers, model);
                layers.push(LayerSpec::MaxPool {
                    window: [2, 2],
                    stride: [2, 2],
                });
                push_dropout(&mut layers, model);
                push_hidden(&mut layers, model);
            }
            ModelKind::Layers => {
                return Self {
                    layers: model.layers.clone(),
                    is_listed: true,
                };
            }
        }
        layers.push(LayerSpec::Linear { outputs: n_classes });
        Self {
            layers,
            is_listed: false,
        }
    }
}

fn push_hidden(layers: &mut Vec<LayerSpec>, model: &ModelConfig) {
    for &outputs in &model.hidden {
        layers.push(LayerSpec::Linear { outputs });
        push_activation(layers, model);
        push_dropout(layers, model);
    }
}

fn push_activation(layers: &mut Vec<LayerSpec>, model: &ModelConfig) {
    layers.extend(model.batch_norm.then_some(LayerSpec::BatchNorm));
    layers.push(LayerSpec::Activation(model.activation));
}

fn push_dropout(layers: &mut Vec<LayerSpec>, model: &ModelConfig) {
    let rate = model.dropout;
    layers.extend((rate > 0.0).then_some(LayerSpec::Dropout { rate }));
}
