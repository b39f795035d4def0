//! From a list of layers to steps with known shapes and places, neighbours fused, before anything
//! is allocated.

use super::architecture::Architecture;
use super::error::NetworkError;
use super::infer::{Inferred, Names, check_scores, flat, infer, rectifier_follows};
use super::step::{FusedNorm, Step};
use super::summary::{LayerSummary, Summary};
use super::tensor::Tensor;
use crate::config::LayerSpec;
use crate::data::Shape;
use crate::kernel::Real;
use crate::layer::{Layer, Place};

/// How many samples the buffers hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Samples of a training step.
    pub(crate) training: usize,
    /// Samples of a forward pass, at least `training`.
    pub(crate) capacity: usize,
    /// Buffers of the size of all weights that the update rule keeps.
    pub(crate) n_buffers: usize,
}

/// Memory that one network may take.
const MAX_BYTES: u64 = 8 << 30;

/// A network with all shapes known.
pub(super) struct Plan {
    pub(super) input: Shape,
    pub(super) steps: Vec<Step>,
    pub(super) tensors: Vec<Tensor>,
    /// Elements of the parameter buffer: every tensor starts on a cache line.
    pub(super) buffer_len: usize,
    pub(super) running_tensors: Vec<Tensor>,
    /// Elements of the running statistics.
    pub(super) running_len: usize,
}

impl Plan {
    /// Infers shapes, fuses neighbours and places the tensors of `element_bytes` each; the last
    /// layer gives `n_outputs` scores.
    pub(super) fn new(
        architecture: &Architecture,
        input: Shape,
        n_outputs: usize,
        sizes: &Sizes,
        element_bytes: usize,
    ) -> Result<Self, NetworkError> {
        if input.is_empty() {
            return Err(NetworkError::EmptySamples { shape: input });
        }
        check_scores(architecture, n_outputs)?;
        let mut plan = Self {
            input,
            steps: Vec::new(),
            tensors: Vec::new(),
            buffer_len: 0,
            running_tensors: Vec::new(),
            running_len: 0,
        };
        let specs = architecture.layers.as_slice();
        let mut names = Names::new(architecture.is_listed);
        let (mut shape, mut place) = (input, 0);
        loop {
            if specs.get(place) == Some(&LayerSpec::Flatten) {
                shape = flat(shape.len());
                place += 1;
                continue;
            }
            let inferred = infer(specs, place, shape, sizes.training, &mut names)?;
            let Some(Inferred {
                name,
                kind,
                norm,
                output,
                n_specs,
            }) = inferred
            else {
                break;
            };
            let mut step = Step::new(name, kind, shape, output);
            step.norm = norm.map(FusedNorm::named);
            plan.steps.push(step);
            plan.check_memory(sizes, element_bytes)?;
            place += n_specs;
            // What is fused ends with a rectifier.
            let relu_follows = n_specs > 1 || rectifier_follows(&specs[place..]);
            plan.place_last(relu_follows, element_bytes);
            shape = output;
        }
        Ok(plan)
    }

    /// The layers, with buffers for a batch.
    pub(super) fn build<T: Real>(&self, sizes: &Sizes, input_gradients: bool) -> Vec<Layer<T>> {
        let build = |(idx, step): (usize, &Step)| step.build(sizes, idx == 0 && !input_gradients);
        self.steps.iter().enumerate().map(build).collect()
    }

    /// Shapes, parameter count and work.
    pub(super) fn summary(&self) -> Summary {
        let layers: Vec<LayerSummary> = self.steps.iter().map(Step::summary).collect();
        Summary {
            n_parameters: layers.iter().map(|layer| layer.n_parameters).sum(),
            flops_per_sample: layers.iter().map(|layer| layer.flops_per_sample).sum(),
            layers,
        }
    }

    fn place_last(&mut self, relu_follows: bool, element_bytes: usize) {
        let step = self.steps.last_mut().expect("a step was just added");
        let on_line = |len: usize| len.next_multiple_of(64 / element_bytes);
        let mut place = |n_weights: usize, n_biases: usize| {
            let weights = self.buffer_len..self.buffer_len + n_weights;
            let biases = on_line(weights.end)..on_line(weights.end) + n_biases;
            self.buffer_len = on_line(biases.end);
            Place { weights, biases }
        };
        if let Some(sizes) = step.tensor_sizes() {
            step.place = place(sizes.n_weights as usize, sizes.n_biases as usize);
            if let Some(norm) = &mut step.norm {
                norm.place = place(step.output.channels, step.output.channels);
            }
            self.tensors.extend(step.tensors(relu_follows));
        }
        if step.n_running() > 0 {
            step.running = self.running_len..self.running_len + step.n_running();
            self.running_len = on_line(step.running.end);
            self.running_tensors.extend(step.running_tensors());
        }
    }

    /// Refuses what would not fit, before it is allocated.
    fn check_memory(&self, sizes: &Sizes, element_bytes: usize) -> Result<(), NetworkError> {
        let parameters = Step::n_parameters;
        let n_parameters = self
            .steps
            .iter()
            .fold(0_u64, |sum, step| sum.saturating_add(parameters(step)));
        // Weights and gradients, beside what the update rule keeps.
        let mut elements = n_parameters.saturating_mul(2 + sizes.n_buffers as u64);
        for step in &self.steps {
            let per_sample =
                |len: usize, samples: usize| (len as u64).saturating_mul(samples as u64);
            elements = elements
                .saturating_add(per_sample(step.input.len(), 2 * sizes.capacity))
                .saturating_add(per_sample(
                    step.output.len(),
                    sizes.capacity + sizes.training,
                ))
                .saturating_add(step.scratch_len(sizes));
        }
        let bytes = elements.saturating_mul(element_bytes as u64);
        if bytes <= MAX_BYTES {
            return Ok(());
        }
        let largest = self
            .steps
            .iter()
            .max_by_key(|step| parameters(step))
            .expect("a step was just added");
        Err(NetworkError::TooLarge {
            bytes,
            limit: MAX_BYTES,
            n_parameters,
            layer: largest.name.clone(),
            layer_parameters: parameters(largest),
        })
    }
}
