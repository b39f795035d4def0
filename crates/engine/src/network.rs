//! Networks: a list of layers, compiled once into steps over buffers that are allocated in advance.

mod architecture;
mod error;
mod infer;
mod listed;
mod output;
mod plan;
mod step;
mod summary;
mod tensor;

use crate::config::{Init, Loss, ModelConfig};
use crate::data::{Shape, Targets};
use crate::init;
use crate::kernel::{Aligned, Real, Simd};
use crate::layer::{Backward, Batch, Forward, Layer, Mode, Mover};
use crate::loss::BatchLoss;
use crate::threads::Threads;

pub use error::NetworkError;
pub(crate) use listed::{Listed, layers_of, listed};
pub(crate) use output::Output;
pub(crate) use plan::Sizes;
pub use summary::{LayerSummary, Summary};
pub(crate) use tensor::Tensor;

use architecture::Architecture;
use plan::Plan;

/// A network with its weights, their gradients, and the activations of one batch.
pub(crate) struct Network<T> {
    simd: Simd,
    threads: Threads,
    /// Samples of a training step.
    batch_size: usize,
    layers: Vec<Layer<T>>,
    /// Input, then the output of each layer.
    activations: Vec<Batch<T>>,
    /// Gradients of the loss by each layer's output.
    dactivations: Vec<Batch<T>>,
    /// Gradients of the loss by the input, where they are wanted.
    dinput: Option<Batch<T>>,
    /// What each layer's output is.
    outputs: Vec<Output>,
    tensors: Vec<Tensor>,
    /// How many of them each layer has; they follow each other.
    tensors_of: Vec<usize>,
    parameters: Aligned<T>,
    gradients: Aligned<T>,
    running_tensors: Vec<Tensor>,
    running: Aligned<T>,
    /// What the masks of dropout are drawn by.
    seed: u32,
}

impl<T: Real> Network<T> {
    /// Compiles the network of a configuration, with all weights 0.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub(crate) fn new(
        model: &ModelConfig,
        shape: Shape,
        n_outputs: usize,
        sizes: &Sizes,
        simd: Simd,
    ) -> Result<Self, NetworkError> {
        let architecture = Architecture::of(model, n_outputs);
        let plan = Plan::new(&architecture, shape, n_outputs, sizes, size_of::<T>())?;
        Ok(Self::from_plan(plan, sizes, simd, false))
    }

    /// As [`Network::new`], with gradients by the input too.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub(crate) fn with_input_gradients(
        model: &ModelConfig,
        shape: Shape,
        n_outputs: usize,
        sizes: &Sizes,
        simd: Simd,
    ) -> Result<Self, NetworkError> {
        let architecture = Architecture::of(model, n_outputs);
        let plan = Plan::new(&architecture, shape, n_outputs, sizes, size_of::<T>())?;
        Ok(Self::from_plan(plan, sizes, simd, true))
    }

    fn from_plan(plan: Plan, sizes: &Sizes, simd: Simd, input_gradients: bool) -> Self {
        let outputs = plan.steps.iter().map(|step| step.output.len());
        let mut network = Self {
            simd,
            threads: Threads::default(),
            batch_size: sizes.training,
            activations: std::iter::once(plan.input.len())
                .chain(outputs.clone())
                .map(|columns| Batch::zeros(sizes.capacity, columns))
                .collect(),
            dactivations: outputs
                .map(|columns| Batch::zeros(sizes.training, columns))
                .collect(),
            dinput: input_gradients.then(|| Batch::zeros(sizes.training, plan.input.len())),
            layers: plan.build(sizes, input_gradients),
            outputs: plan.steps.iter().map(step::Step::describe).collect(),
            parameters: Aligned::zeros(plan.buffer_len),
            gradients: Aligned::zeros(plan.buffer_len),
            running: Aligned::zeros(plan.running_len),
            tensors: plan.tensors,
            tensors_of: plan.steps.iter().map(step::Step::n_tensors).collect(),
            running_tensors: plan.running_tensors,
            seed: 0,
        };
        network.reset_running();
        network
    }

    /// Draws the weights anew from a seed, and forgets the running statistics; dropout draws its
    /// masks by the same seed.
    pub(crate) fn initialize(&mut self, init: Init, seed: u32) {
        self.seed = seed;
        init::initialize(init, seed, &self.tensors, &mut self.parameters);
        self.reset_running();
    }

    /// From now on shares the work of a batch with these threads; the numbers stay the same.
    pub(crate) fn use_threads(&mut self, threads: &Threads) {
        self.threads = threads.clone();
        for layer in &mut self.layers {
            layer.prepare(threads, self.batch_size);
        }
    }

    fn reset_running(&mut self) {
        self.running.fill(T::ZERO);
        for tensor in self
            .running_tensors
            .iter()
            .filter(|tensor| tensor.starts_at_one())
        {
            self.running[tensor.range.clone()].fill(T::ONE);
        }
    }

    /// Puts a sample's features into its place in the batch.
    pub(crate) fn load(&mut self, sample: usize, features: &[f32]) {
        for (value, feature) in self.activations[0].row_mut(sample).iter_mut().zip(features) {
            *value = T::from_f32(*feature);
        }
    }

    /// Computes the scores of the first `n` loaded samples, without a loss: running statistics, no dropout.
    pub(crate) fn evaluate(&mut self, n: usize) {
        self.forward(n, Mode::Evaluation);
    }

    /// Data loss of the loaded samples, one for each target, as it is evaluated: running statistics,
    /// no dropout.
    pub(crate) fn loss(&mut self, loss: Loss, targets: &Targets) -> BatchLoss {
        self.forward(targets.len(), Mode::Evaluation);
        loss.of_batch(self.simd, self.scores(), targets, None)
    }

    /// Data loss of the loaded samples, one for each target, as step `step` of a training (from 0)
    /// sees it: statistics of the batch, dropout's masks of that step.
    pub(crate) fn training_loss(&mut self, loss: Loss, targets: &Targets, step: u64) -> BatchLoss {
        self.forward_in_training(targets.len(), step);
        loss.of_batch(self.simd, self.scores(), targets, None)
    }

    /// As [`Network::training_loss`], with the gradients of its mean by all weights and biases.
    pub(crate) fn loss_and_gradients(
        &mut self,
        loss: Loss,
        targets: &Targets,
        step: u64,
    ) -> BatchLoss {
        let loss = self.begin_step(loss, targets, step);
        self.backward(targets.len());
        loss
    }

    /// As [`Network::training_loss`]; one of the backward passes may follow.
    pub(crate) fn begin_step(&mut self, loss: Loss, targets: &Targets, step: u64) -> BatchLoss {
        self.forward_in_training(targets.len(), step);
        let scores = self.activations.last().expect("the input is always there");
        let dscores = self.dactivations.last_mut().expect("a network has a layer");
        loss.of_batch(self.simd, scores, targets, Some(dscores))
    }

    /// After [`Network::begin_step`] with `n` samples: the gradients by all weights and biases.
    pub(crate) fn backward(&mut self, n: usize) {
        self.backward_with(n, None);
    }

    /// After [`Network::begin_step`] with `n` samples: moves all weights and biases by their gradients, each as soon as
    /// nothing else needs it; what the gradients are afterwards is not told.
    pub(crate) fn backward_moving(&mut self, n: usize, mover: &mut dyn Mover<T>) {
        self.backward_with(n, Some(mover));
    }

    /// Who works on its batches.
    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// A loaded sample.
    pub(crate) fn input_mut(&mut self, sample: usize) -> &mut [T] {
        self.activations[0].row_mut(sample)
    }

    /// Gradients of the last [`Network::loss_and_gradients`] by a loaded sample, of a network built
    /// for it.
    pub(crate) fn input_gradients(&self, sample: usize) -> Option<&[T]> {
        self.dinput.as_ref().map(|dinput| dinput.row(sample))
    }

    /// Running statistics of all normalisations: what a trained network has beside its parameters.
    pub(crate) fn running(&self) -> &[T] {
        &self.running
    }

    /// Where each weight and bias tensor lies in the buffers.
    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Where each tensor of [`Network::running`] lies in it.
    pub(crate) fn running_tensors(&self) -> &[Tensor] {
        &self.running_tensors
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

    /// Parameters and running statistics, to be overwritten.
    pub(crate) fn state_mut(&mut self) -> [&mut [T]; 2] {
        [&mut self.parameters, &mut self.running]
    }

    /// A digest of the branch that each kink of layers and loss took for the loaded samples, one for
    /// each target, after a forward pass.
    pub(crate) fn branch_digest(&self, loss: Loss, targets: &Targets) -> u64 {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for (layer, y) in self.layers.iter().zip(&self.activations[1..]) {
            layer.digest_branches(targets.len(), y, &mut |branch| hasher.update(&[branch]));
        }
        loss.digest_branches(self.scores(), targets, &mut |branch| {
            hasher.update(&[branch]);
        });
        hasher.digest()
    }

    /// The scores of the last forward pass: (N, C).
    pub(crate) fn scores(&self) -> &Batch<T> {
        self.activations.last().expect("the input is always there")
    }

    fn forward_in_training(&mut self, n: usize, step: u64) {
        let seed = self.seed;
        self.forward(n, Mode::Training { seed, step });
    }

    fn forward(&mut self, n: usize, mode: Mode) {
        for (idx, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = self.activations.split_at_mut(idx + 1);
            layer.forward(Forward {
                simd: self.simd,
                threads: &self.threads,
                n,
                mode,
                parameters: &self.parameters,
                running: &mut self.running,
                x: &before[idx],
                y: &mut after[0],
            });
        }
    }

    fn backward_with(&mut self, n: usize, mut mover: Option<&mut dyn Mover<T>>) {
        let mut tensors = &self.tensors[..];
        for (idx, layer) in self.layers.iter_mut().enumerate().rev() {
            let (before, after) = self.dactivations.split_at_mut(idx);
            let moves_weights = layer.moves_weights();
            layer.backward(Backward {
                simd: self.simd,
                threads: &self.threads,
                n,
                parameters: &mut self.parameters,
                gradients: &mut self.gradients,
                mover: match &mut mover {
                    Some(mover) if moves_weights => Some(&mut **mover),
                    _ => None,
                },
                x: &self.activations[idx],
                y: &self.activations[idx + 1],
                dy: &mut after[0],
                dx: before.last_mut().or(self.dinput.as_mut()),
            });
            let of_layer;
            (tensors, of_layer) = tensors.split_at(tensors.len() - self.tensors_of[idx]);
            let Some(mover) = &mut mover else { continue };
            for tensor in of_layer {
                if !(moves_weights && tensor.is_weight()) {
                    let place = tensor.range.clone();
                    let weights = &mut self.parameters[place.clone()];
                    let gradients = &mut self.gradients[place.clone()];
                    mover.advance(tensor.is_weight(), place, weights, gradients);
                }
            }
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
    n_outputs: usize,
) -> Result<Summary, NetworkError> {
    // Two samples, so that there is something to normalise over.
    let sizes = Sizes {
        training: 2,
        capacity: 2,
        n_buffers: 2,
    };
    let architecture = Architecture::of(model, n_outputs);
    Ok(Plan::new(&architecture, shape, n_outputs, &sizes, size_of::<f32>())?.summary())
}

#[cfg(test)]
mod tests;
