//! The layers of a network one by one, as they were described: nothing is fused, every tensor has its shape.

use super::architecture::Architecture;
use super::error::NetworkError;
use super::infer::{Names, check_scores, flat, infer};
use crate::config::{LayerSpec, ModelConfig};
use crate::data::Shape;

/// One layer in its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listed {
    /// Kind and number, for instance `linear_1`; what its tensors are named after.
    pub(crate) name: String,
    pub(crate) spec: LayerSpec,
    /// Shape of its input.
    pub(crate) input: Shape,
    /// Shape of its output.
    pub(crate) output: Shape,
}

impl Listed {
    /// Names and shapes of its tensors, row-major: filters (rows, columns, channels, filters), weights of linear layers (inputs,
    /// outputs), everything else (channels) or (features).
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let named = |what: &str| format!("{}.{what}", self.name);
        match self.spec {
            LayerSpec::Conv {
                n_filters, filter, ..
            } => vec![
                (
                    named("weights"),
                    vec![filter[0], filter[1], self.input.channels, n_filters],
                ),
                (named("biases"), vec![n_filters]),
            ],
            LayerSpec::Linear { outputs } => vec![
                (named("weights"), vec![self.input.len(), outputs]),
                (named("biases"), vec![outputs]),
            ],
            LayerSpec::BatchNorm => ["scales", "shifts", "running_means", "running_variances"]
                .into_iter()
                .map(|what| (named(what), vec![self.input.channels]))
                .collect(),
            LayerSpec::LayerNorm => ["scales", "shifts"]
                .into_iter()
                .map(|what| (named(what), vec![self.input.len()]))
                .collect(),
            LayerSpec::Activation(_)
            | LayerSpec::MaxPool { .. }
            | LayerSpec::AvgPool { .. }
            | LayerSpec::GlobalAvgPool
            | LayerSpec::Dropout { .. }
            | LayerSpec::Flatten => Vec::new(),
        }
    }
}

/// The layers of `model` with `n_outputs` scores, as a list of kind `layers` has them.
pub(crate) fn layers_of(model: &ModelConfig, n_outputs: usize) -> Vec<LayerSpec> {
    Architecture::of(model, n_outputs).layers
}

/// The layers of `model` for samples of a shape, in order; the last gives `n_outputs` scores.
///
/// # Errors
/// See [`NetworkError`]; how much memory the network would take is not looked at.
pub(crate) fn listed(
    model: &ModelConfig,
    input: Shape,
    n_outputs: usize,
) -> Result<Vec<Listed>, NetworkError> {
    if input.is_empty() {
        return Err(NetworkError::EmptySamples { shape: input });
    }
    let architecture = Architecture::of(model, n_outputs);
    check_scores(&architecture, n_outputs)?;
    let mut names = Names::new(architecture.is_listed);
    let mut shape = input;
    let mut layers = Vec::new();
    for (place, spec) in architecture.layers.iter().enumerate() {
        let (name, output) = if *spec == LayerSpec::Flatten {
            ("flatten".to_owned(), flat(shape.len()))
        } else {
            // Seen without what follows, a layer is fused with nothing. Two samples, so that there is something to
            // normalise over.
            let alone = &architecture.layers[..=place];
            let inferred = infer(alone, place, shape, 2, &mut names)?;
            let inferred = inferred.expect("there is a layer at its place");
            (inferred.name, inferred.output)
        };
        layers.push(Listed {
            name,
            spec: *spec,
            input: shape,
            output,
        });
        shape = output;
    }
    Ok(layers)
}
