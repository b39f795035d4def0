//! The fast loops: what layers, losses and update rules are computed with.
//!
//! A kernel is a struct of slices and sizes, run by [`Simd::run`] on the instruction set chosen at
//! start. Shapes are asserted when a kernel starts; nothing is allocated; every sum has a fixed
//! order that depends on the instruction set alone, never on batch size, alignment or what else
//! runs. This folder is the only place with `unsafe`.
//!
//! Kernels know slices and strides; they do not know networks, configurations or data sets.

#![expect(
    clippy::inline_always,
    reason = "a kernel is compiled for an instruction set by being inlined into a function that enables it"
)]

mod activation;
mod aligned;
pub(crate) mod batch_norm;
mod ceiling;
mod clip;
mod columns;
mod conv2d;
mod conv2d_strided;
mod conv_pool;
mod elementary;
mod lanes;
mod linear;
mod mask;
mod max_norm;
mod normalize;
mod pool;
mod product;
mod real;
mod relu;
mod simd;
mod update;
mod window_pool;
pub(crate) mod winograd;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
pub(crate) mod reference;

pub(crate) use activation::{
    Elu, Function, FunctionBackward, FunctionForward, Gelu, LeakyRelu, Sigmoid, Silu, Softplus,
    Tanh,
};
pub(crate) use aligned::Aligned;
pub(crate) use clip::{Clamp, Scale, SquaredNorm};
pub(crate) use conv_pool::Conv2dReluPoolForward;
pub(crate) use conv2d::{
    Conv2dBackwardInput, Conv2dBackwardWeights, Conv2dForward, Conv2dGeometry, copy_into_halo,
    flip_filter,
};
pub(crate) use conv2d_strided::{
    StridedBackwardInput, StridedBackwardWeights, StridedForward, StridedGeometry,
    copy_from_padding, copy_into_padding, transpose_taps,
};
pub(crate) use lanes::{Kernel, Lanes};
pub(crate) use linear::{LinearBackwardInput, LinearBackwardWeights, LinearForward, PANEL_LEN};
pub(crate) use mask::Mask;
pub(crate) use max_norm::ColumnMaxNorm;
pub(crate) use normalize::{
    ChannelGradients, ChannelMoments, ChannelNormalize, ChannelNormalizeBackward, Pixels,
    SampleNormalize, SampleNormalizeBackward,
};
pub(crate) use pool::{MaxPoolBackward, MaxPoolForward, NO_MAXIMUM};
pub(crate) use real::Real;
pub(crate) use relu::{ReluBackward, ReluForward};
pub use simd::{Simd, SimdError};
pub(crate) use update::{Rule, WeightUpdate};
pub(crate) use window_pool::{
    WindowGeometry, WindowMaxBackward, WindowMaxForward, WindowMeanBackward, WindowMeanForward,
};
