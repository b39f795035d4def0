//! Layers, one file each: formula, forward, backward. They own the scratch they need and hold no
//! weights.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a pass lends its buffers for one call"
)]

mod activation;
mod batch;
mod batch_norm;
mod channel_statistics;
mod conv2d;
mod conv_norm_relu;
mod conv_parts;
mod conv_relu_pool;
mod conv_tiled;
mod dropout;
mod layer_norm;
mod linear;
mod max_pool;
mod strided_conv2d;
mod window_pool;

use std::ops::Range;

use crate::config::Activation;
use crate::kernel::{Real, Simd};
use crate::threads::Threads;

pub(crate) use batch::Batch;
pub(crate) use batch_norm::BatchNorm;
pub(crate) use conv_norm_relu::{ConvNormRelu, NormedPlace};
pub(crate) use conv_relu_pool::ConvReluPool;
pub(crate) use conv2d::Conv2d;
pub(crate) use dropout::Dropout;
pub(crate) use layer_norm::LayerNorm;
pub(crate) use linear::Linear;
pub(crate) use max_pool::MaxPool;
pub(crate) use strided_conv2d::StridedConv2d;
pub(crate) use window_pool::{AvgPool, WindowMaxPool};

/// One step of a compiled network.
pub(crate) enum Layer<T> {
    /// Affine, optionally with the rectifier that follows it.
    Linear(Linear<T>),
    /// Activation function.
    Activation(Activation),
    /// Convolution of stride 1, output as large as the input.
    Conv2d(Conv2d<T>),
    /// Any other convolution.
    StridedConv2d(StridedConv2d<T>),
    /// 2×2 max pooling of stride 2.
    MaxPool(MaxPool),
    /// Any other max pooling.
    WindowMaxPool(WindowMaxPool),
    /// Average pooling.
    AvgPool(AvgPool),
    /// Convolution, rectifier and 2×2 max pooling at once.
    ConvReluPool(ConvReluPool<T>),
    /// Convolution, batch normalisation, rectifier and perhaps 2×2 max pooling at once.
    ConvNormRelu(Box<ConvNormRelu<T>>),
    /// Batch normalisation.
    BatchNorm(BatchNorm<T>),
    /// Layer normalisation.
    LayerNorm(LayerNorm<T>),
    /// Dropout.
    Dropout(Dropout),
}

/// Where a layer's two tensors lie in the network's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Weights; of a normalisation its scales.
    pub(crate) weights: Range<usize>,
    /// Biases; of a normalisation its shifts.
    pub(crate) biases: Range<usize>,
}

impl Place {
    /// The layer's part of all gradients: of weights (scales), of biases (shifts).
    fn gradients<'a, T>(&self, all: &'a mut [T]) -> [&'a mut [T]; 2] {
        all.get_disjoint_mut([self.weights.clone(), self.biases.clone()])
            .expect("the two tensors have places of their own")
    }
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A step of training: batch statistics, and masks drawn by (seed, step).
    Training {
        /// The training's seed.
        seed: u32,
        /// Which step of the whole training it is, from 0.
        step: u64,
    },
    /// Running statistics, no masks.
    Evaluation,
}

/// What a forward pass reads and writes.
pub(crate) struct Forward<'a, T> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Who works on it.
    pub(crate) threads: &'a Threads,
    /// Samples in the batch.
    pub(crate) n: usize,
    /// Training or evaluation.
    pub(crate) mode: Mode,
    /// All weights and biases of the network.
    pub(crate) parameters: &'a [T],
    /// All running statistics of the network; training moves them.
    pub(crate) running: &'a mut [T],
    /// Input.
    pub(crate) x: &'a Batch<T>,
    /// Output, overwritten.
    pub(crate) y: &'a mut Batch<T>,
}

/// Takes a step of the update rule with a piece of the weights or biases.
pub(crate) trait Mover<T> {
    /// Moves `weights`, whose place among all weights and biases is `place`, by their `gradients`.
    fn advance(
        &mut self,
        is_weight: bool,
        place: Range<usize>,
        weights: &mut [T],
        gradients: &mut [T],
    );
}

/// What a backward pass reads and writes, after the forward pass of the same batch.
pub(crate) struct Backward<'a, T> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Who works on it.
    pub(crate) threads: &'a Threads,
    /// Samples in the batch.
    pub(crate) n: usize,
    /// All weights and biases of the network.
    pub(crate) parameters: &'a mut [T],
    /// Their gradients; the layer's own are overwritten.
    pub(crate) gradients: &'a mut [T],
    /// Given to a layer that [`Layer::moves_weights`]: moves its weights, whose gradients need not be left then.
    pub(crate) mover: Option<&'a mut (dyn Mover<T> + 'a)>,
    /// Input of the forward pass.
    pub(crate) x: &'a Batch<T>,
    /// Output of the forward pass.
    pub(crate) y: &'a Batch<T>,
    /// Gradients of the output; may be changed.
    pub(crate) dy: &'a mut Batch<T>,
    /// Gradients of the input, overwritten; `None` for the first layer.
    pub(crate) dx: Option<&'a mut Batch<T>>,
}

impl<T: Real> Layer<T> {
    /// Makes scratch for so many threads, and for training batches of `n` samples.
    pub(crate) fn prepare(&mut self, threads: &Threads, n: usize) {
        match self {
            Self::Linear(linear) => linear.prepare(threads),
            Self::Conv2d(conv2d) => conv2d.prepare(threads, n),
            Self::ConvReluPool(block) => block.prepare(threads, n),
            Self::ConvNormRelu(block) => block.prepare(threads, n),
            Self::Activation(_)
            | Self::StridedConv2d(_)
            | Self::MaxPool(_)
            | Self::WindowMaxPool(_)
            | Self::AvgPool(_)
            | Self::BatchNorm(_)
            | Self::LayerNorm(_)
            | Self::Dropout(_) => {}
        }
    }

    /// Whether its backward pass moves its weights, given a mover: where a piece of their gradients is used as soon as it
    /// is there, it need not go through memory. What else it has is left to the caller.
    pub(crate) fn moves_weights(&self) -> bool {
        matches!(self, Self::Linear(_))
    }

    /// Computes the layer's output.
    pub(crate) fn forward(&mut self, pass: Forward<'_, T>) {
        match self {
            Self::Linear(linear) => linear.forward(pass),
            Self::Activation(activation) => activation::forward(*activation, pass),
            Self::Conv2d(conv2d) => conv2d.forward(pass),
            Self::StridedConv2d(conv2d) => conv2d.forward(pass),
            Self::MaxPool(max_pool) => max_pool.forward(pass),
            Self::WindowMaxPool(max_pool) => max_pool.forward(pass),
            Self::AvgPool(avg_pool) => avg_pool.forward(pass),
            Self::ConvReluPool(block) => block.forward(pass),
            Self::ConvNormRelu(block) => block.forward(pass),
            Self::BatchNorm(batch_norm) => batch_norm.forward(pass),
            Self::LayerNorm(layer_norm) => layer_norm.forward(pass),
            Self::Dropout(dropout) => dropout.forward(pass),
        }
    }

    /// Computes the gradients of the layer's weights and of its input, after a forward pass of
    /// training.
    pub(crate) fn backward(&mut self, pass: Backward<'_, T>) {
        match self {
            Self::Linear(linear) => linear.backward(pass),
            Self::Activation(activation) => activation::backward(*activation, pass),
            Self::Conv2d(conv2d) => conv2d.backward(pass),
            Self::StridedConv2d(conv2d) => conv2d.backward(pass),
            Self::MaxPool(max_pool) => max_pool.backward(pass),
            Self::WindowMaxPool(max_pool) => max_pool.backward(pass),
            Self::AvgPool(avg_pool) => avg_pool.backward(pass),
            Self::ConvReluPool(block) => block.backward(pass),
            Self::ConvNormRelu(block) => block.backward(pass),
            Self::BatchNorm(batch_norm) => batch_norm.backward(pass),
            Self::LayerNorm(layer_norm) => layer_norm.backward(pass),
            Self::Dropout(dropout) => dropout.backward(pass),
        }
    }

    /// Which branch each kink (rectifier, maximum) took in the last forward pass, mixed into
    /// `digest`.
    ///
    /// Between two inputs with the same branches the network is smooth.
    pub(crate) fn digest_branches(&self, n: usize, y: &Batch<T>, digest: &mut impl FnMut(u8)) {
        let mut signs = || {
            (0..n)
                .flat_map(|sample| y.row(sample))
                .for_each(|value| digest(u8::from(*value > T::ZERO)));
        };
        match self {
            Self::Linear(linear) if linear.relu() => signs(),
            Self::Activation(activation) if activation::bends(*activation) => signs(),
            Self::MaxPool(max_pool) => max_pool.argmax(n).iter().copied().for_each(digest),
            Self::ConvReluPool(block) => block.argmax(n).iter().copied().for_each(digest),
            Self::ConvNormRelu(block) => match block.argmax(n) {
                Some(argmax) => argmax.iter().copied().for_each(digest),
                None => signs(),
            },
            Self::WindowMaxPool(max_pool) => {
                let bytes = max_pool
                    .argmax(n)
                    .iter()
                    .flat_map(|pixel| pixel.to_le_bytes());
                bytes.for_each(digest);
            }
            Self::Linear(_)
            | Self::Activation(_)
            | Self::Conv2d(_)
            | Self::StridedConv2d(_)
            | Self::AvgPool(_)
            | Self::BatchNorm(_)
            | Self::LayerNorm(_)
            | Self::Dropout(_) => {}
        }
    }
}
