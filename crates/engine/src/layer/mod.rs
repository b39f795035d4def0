//! Layers, one file each: formula, forward, backward. They own the scratch they need and hold no
//! weights.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a pass lends its buffers for one call"
)]

mod batch;
mod conv2d;
mod conv_relu_pool;
mod linear;
mod max_pool;
mod relu;

use std::ops::Range;

use crate::kernel::{Real, Simd};

pub(crate) use batch::Batch;
pub(crate) use conv_relu_pool::ConvReluPool;
pub(crate) use conv2d::Conv2d;
pub(crate) use linear::Linear;
pub(crate) use max_pool::MaxPool;

/// One step of a compiled network.
pub(crate) enum Layer<T> {
    /// Affine, optionally with the rectifier that follows it.
    Linear(Linear<T>),
    /// Rectifier.
    Relu,
    /// Convolution.
    Conv2d(Conv2d<T>),
    /// 2×2 max pooling.
    MaxPool(MaxPool),
    /// Convolution, rectifier and 2×2 max pooling at once.
    ConvReluPool(ConvReluPool<T>),
}

/// Where a layer's weights and biases lie in the network's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Weights.
    pub(crate) weights: Range<usize>,
    /// Biases.
    pub(crate) biases: Range<usize>,
}

/// What a forward pass reads and writes.
pub(crate) struct Forward<'a, T> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Samples in the batch.
    pub(crate) n: usize,
    /// All weights and biases of the network.
    pub(crate) parameters: &'a [T],
    /// Input.
    pub(crate) x: &'a Batch<T>,
    /// Output, overwritten.
    pub(crate) y: &'a mut Batch<T>,
}

/// What a backward pass reads and writes, after the forward pass of the same batch.
pub(crate) struct Backward<'a, T> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Samples in the batch.
    pub(crate) n: usize,
    /// All weights and biases of the network.
    pub(crate) parameters: &'a [T],
    /// Their gradients; the layer's own are overwritten.
    pub(crate) gradients: &'a mut [T],
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
    /// Computes the layer's output.
    pub(crate) fn forward(&mut self, pass: Forward<'_, T>) {
        match self {
            Self::Linear(linear) => linear.forward(pass),
            Self::Relu => relu::forward(pass),
            Self::Conv2d(conv2d) => conv2d.forward(pass),
            Self::MaxPool(max_pool) => max_pool.forward(pass),
            Self::ConvReluPool(block) => block.forward(pass),
        }
    }

    /// Computes the gradients of the layer's weights and of its input.
    pub(crate) fn backward(&mut self, pass: Backward<'_, T>) {
        match self {
            Self::Linear(linear) => linear.backward(pass),
            Self::Relu => relu::backward(pass),
            Self::Conv2d(conv2d) => conv2d.backward(pass),
            Self::MaxPool(max_pool) => max_pool.backward(pass),
            Self::ConvReluPool(block) => block.backward(pass),
        }
    }

    /// Which branch each kink (rectifier, maximum) took in the last forward pass, mixed into
    /// `digest`.
    ///
    /// Between two inputs with the same branches the network is smooth.
    pub(crate) fn digest_branches(&self, n: usize, y: &Batch<T>, digest: &mut impl FnMut(u8)) {
        match self {
            Self::Linear(linear) if !linear.relu() => {}
            Self::Conv2d(_) => {}
            Self::Linear(_) | Self::Relu => {
                (0..n)
                    .flat_map(|sample| y.row(sample))
                    .for_each(|value| digest(u8::from(*value > T::ZERO)));
            }
            Self::MaxPool(max_pool) => max_pool.argmax(n).iter().copied().for_each(digest),
            Self::ConvReluPool(block) => block.argmax(n).iter().copied().for_each(digest),
        }
    }
}
