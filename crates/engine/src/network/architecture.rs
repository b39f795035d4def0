//! Which layers a configuration's network has.

use crate::config::{ModelConfig, ModelKind};

/// One layer as a configuration describes it, its input left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerSpec {
    /// Convolution of stride 1, output as large as the input.
    Conv2d {
        /// Output channels.
        n_filters: usize,
        /// Rows and columns of a filter.
        filter_size: usize,
    },
    /// Rectifier.
    Relu,
    /// 2×2 max pooling.
    MaxPool,
    /// Affine; takes its input flat.
    Linear {
        /// Outputs.
        outputs: usize,
    },
}

/// The layers of a configuration, from the samples to the scores of the classes.
pub(crate) fn layers_of(model: &ModelConfig, n_classes: usize) -> Vec<LayerSpec> {
    let hidden = || {
        model
            .hidden
            .iter()
            .flat_map(|&outputs| [LayerSpec::Linear { outputs }, LayerSpec::Relu])
    };
    let mut layers = Vec::new();
    match model.kind {
        ModelKind::Softmax => {}
        ModelKind::Mlp => layers.extend(hidden()),
        ModelKind::ThreeLayerConvnet => {
            layers.push(LayerSpec::Conv2d {
                n_filters: model.n_filters,
                filter_size: model.filter_size,
            });
            layers.extend([LayerSpec::Relu, LayerSpec::MaxPool]);
            layers.extend(hidden());
        }
    }
    layers.push(LayerSpec::Linear { outputs: n_classes });
    layers
}
