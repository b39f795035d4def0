//! Networks: a list of layers, compiled once into steps over buffers that are allocated in advance.

mod architecture;
mod error;
mod output;
mod plan;
mod summary;
mod tensor;

use crate::config::{Init, ModelConfig};
use crate::data::Shape;
use crate::init;
use crate::kernel::{Aligned, BatchLoss, Real, Simd};
use crate::layer::{Backward, Batch, Forward, Layer};
use crate::loss::softmax_cross_entropy;

#[cfg(test)]
pub(crate) use architecture::LayerSpec;
pub use error::NetworkError;
pub(crate) use output::Output;
pub(crate) use plan::Sizes;
pub use summary::{LayerSummary, Summary};
pub(crate) use tensor::Tensor;

use architecture::layers_of;
use plan::Plan;

/// A network with its weights, their gradients, and the activations of one batch.
pub(crate) struct Network<T> {
    simd: Simd,
    layers: Vec<Layer<T>>,
    /// Input, then the output of each layer.
    activations: Vec<Batch<T>>,
    /// Gradients of the loss by each layer's output.
    dactivations: Vec<Batch<T>>,
    /// What each layer's output is.
    outputs: Vec<Output>,
    tensors: Vec<Tensor>,
    parameters: Aligned<T>,
    gradients: Aligned<T>,
}

impl<T: Real> Network<T> {
    /// Compiles the network of a configuration, with all weights 0.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub(crate) fn new(
        model: &ModelConfig,
        shape: Shape,
        n_classes: usize,
        sizes: &Sizes,
        simd: Simd,
    ) -> Result<Self, NetworkError> {
        Ok(Self::from_plan(
            Plan::new(&layers_of(model, n_classes), shape, sizes, size_of::<T>())?,
            sizes,
            simd,
        ))
    }

    fn from_plan(plan: Plan, sizes: &Sizes, simd: Simd) -> Self {
        let outputs = plan.steps.iter().map(|step| step.output.len());
        Self {
            simd,
            activations: std::iter::once(plan.input.len())
                .chain(outputs.clone())
                .map(|columns| Batch::zeros(sizes.capacity, columns))
                .collect(),
            dactivations: outputs
                .map(|columns| Batch::zeros(sizes.training, columns))
                .collect(),
            layers: plan.build(sizes.capacity),
            outputs: plan.steps.iter().map(plan::Step::describe).collect(),
            parameters: Aligned::zeros(plan.buffer_len),
            gradients: Aligned::zeros(plan.buffer_len),
            tensors: plan.tensors,
        }
    }

    /// Draws the weights anew from a seed.
    pub(crate) fn initialize(&mut self, init: Init, seed: u32) {
        init::initialize(init, seed, &self.tensors, &mut self.parameters);
    }

    /// Puts a sample's features into its place in the batch.
    pub(crate) fn load(&mut self, sample: usize, features: &[f32]) {
        for (value, feature) in self.activations[0].row_mut(sample).iter_mut().zip(features) {
            *value = T::from_f32(*feature);
        }
    }

    /// Data loss of the loaded samples, one for each label.
    pub(crate) fn loss(&mut self, labels: &[u32]) -> BatchLoss {
        self.forward(labels.len());
        softmax_cross_entropy(self.simd, self.scores(), labels, None)
    }

    /// Data loss of the loaded samples, one for each label, and the gradients of its mean by all
    /// weights and biases.
    pub(crate) fn loss_and_gradients(&mut self, labels: &[u32]) -> BatchLoss {
        self.forward(labels.len());
        let scores = self.activations.last().expect("the input is always there");
        let dscores = self.dactivations.last_mut().expect("a network has a layer");
        let loss = softmax_cross_entropy(self.simd, scores, labels, Some(dscores));
        self.backward(labels.len());
        loss
    }

    /// Where each weight and bias tensor lies in the buffers.
    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// All weights and biases; the gaps between tensors are 0.
    pub(crate) fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// The gradients of the last [`Network::loss_and_gradients`], laid out as the parameters.
    pub(crate) fn gradients(&self) -> &[T] {
        &self.gradients
    }

    /// The outputs of each layer and the gradients of the loss by them, after
    /// [`Network::loss_and_gradients`].
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (&Output, &Batch<T>, &Batch<T>)> {
        self.outputs
            .iter()
            .zip(&self.activations[1..])
            .zip(&self.dactivations)
            .map(|((output, values), gradients)| (output, values, gradients))
    }

    /// What an update needs: the tensors' places, the parameters and their gradients.
    pub(crate) fn update_parts(&mut self) -> (&[Tensor], &mut [T], &mut [T]) {
        (&self.tensors, &mut self.parameters, &mut self.gradients)
    }

    /// A digest of the branch that each kink took for the loaded `n` samples, after a forward pass.
    pub(crate) fn branch_digest(&self, n: usize) -> u64 {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for (layer, y) in self.layers.iter().zip(&self.activations[1..]) {
            layer.digest_branches(n, y, &mut |branch| hasher.update(&[branch]));
        }
        hasher.digest()
    }

    /// The scores of the last forward pass: (N, C).
    pub(crate) fn scores(&self) -> &Batch<T> {
        self.activations.last().expect("the input is always there")
    }

    fn forward(&mut self, n: usize) {
        for (idx, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = self.activations.split_at_mut(idx + 1);
            layer.forward(Forward {
                simd: self.simd,
                n,
                parameters: &self.parameters,
                x: &before[idx],
                y: &mut after[0],
            });
        }
    }

    fn backward(&mut self, n: usize) {
        for (idx, layer) in self.layers.iter_mut().enumerate().rev() {
            let (before, after) = self.dactivations.split_at_mut(idx);
            layer.backward(Backward {
                simd: self.simd,
                n,
                parameters: &self.parameters,
                gradients: &mut self.gradients,
                x: &self.activations[idx],
                y: &self.activations[idx + 1],
                dy: &mut after[0],
                dx: before.last_mut(),
            });
        }
    }
}

/// Shapes, parameter count and work of the network that a configuration describes, without building
/// it.
///
/// # Errors
/// See [`NetworkError`].
pub fn summarize(
    model: &ModelConfig,
    shape: Shape,
    n_classes: usize,
) -> Result<Summary, NetworkError> {
    let sizes = Sizes {
        training: 1,
        capacity: 1,
        n_buffers: 2,
    };
    Ok(Plan::new(
        &layers_of(model, n_classes),
        shape,
        &sizes,
        size_of::<f32>(),
    )?
    .summary())
}

#[cfg(test)]
mod tests;
