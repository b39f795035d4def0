//! One step of a plan: its tensors, its work, and the layer that computes it.

use super::error::dims;
use super::output::Output;
use super::plan::Sizes;
use super::summary::LayerSummary;
use super::tensor::{Role, Tensor};
use crate::config::Activation;
use crate::data::Shape;
use crate::kernel::{Conv2dGeometry, Real, StridedGeometry, WindowGeometry};
use crate::layer::{
    AvgPool, BatchNorm, Conv2d, ConvNormRelu, ConvReluPool, Dropout, Layer, LayerNorm, Linear,
    MaxPool, NormedPlace, Place, StridedConv2d, WindowMaxPool,
};

/// One step of a plan.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) kind: StepKind,
    pub(super) input: Shape,
    pub(super) output: Shape,
    /// Its tensors in the parameters.
    pub(super) place: Place,
    /// The normalisation that it is fused with.
    pub(super) norm: Option<FusedNorm>,
    /// Its part of the running statistics.
    pub(super) running: std::ops::Range<usize>,
}

/// A normalisation within another step.
pub(super) struct FusedNorm {
    pub(super) name: String,
    /// Its scales and shifts in the parameters.
    pub(super) place: Place,
}

impl FusedNorm {
    /// Not placed yet.
    pub(super) fn named(name: String) -> Self {
        let place = Place {
            weights: 0..0,
            biases: 0..0,
        };
        Self { name, place }
    }
}

/// What a step computes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum StepKind {
    /// Affine, with the rectifier that may follow it.
    Linear { relu: bool },
    /// Element by element.
    Activation(Activation),
    /// Stride 1, output as large as the input.
    Conv2d { filter_size: usize },
    /// Convolution as above, rectifier and 2×2 max pooling.
    ConvReluPool { filter_size: usize },
    /// Convolution as above, batch normalisation, rectifier and perhaps 2×2 max pooling.
    ConvNormRelu { filter_size: usize, pool: bool },
    /// Any other convolution.
    StridedConv2d(StridedGeometry),
    /// 2×2, stride 2.
    MaxPool,
    /// Any other maximum.
    WindowMaxPool(WindowGeometry),
    /// Means of windows.
    AvgPool(WindowGeometry),
    /// Over the batch.
    BatchNorm,
    /// Over each sample.
    LayerNorm,
    /// The layer's number among those of its kind.
    Dropout { rate: f64, layer: u16 },
}

/// The two tensors of a step.
#[derive(Clone, Copy)]
pub(super) struct TensorSizes {
    /// Weights, or scales.
    pub(super) n_weights: u64,
    /// Biases, or shifts.
    pub(super) n_biases: u64,
    /// Inputs of one output; 0 for scales.
    pub(super) fan_in: usize,
}

impl TensorSizes {
    /// Numbers in both.
    pub(super) fn total(self) -> u64 {
        self.n_weights.saturating_add(self.n_biases)
    }
}

impl Step {
    pub(super) fn new(name: String, kind: StepKind, input: Shape, output: Shape) -> Self {
        Self {
            name,
            kind,
            input,
            output,
            place: Place {
                weights: 0..0,
                biases: 0..0,
            },
            norm: None,
            running: 0..0,
        }
    }

    /// What its output is.
    pub(super) fn describe(&self) -> Output {
        Output {
            layer: self.name.clone(),
            n_units: self.output.channels,
            is_rectified: match self.kind {
                StepKind::Activation(activation) => activation == Activation::Relu,
                StepKind::ConvReluPool { .. } | StepKind::ConvNormRelu { .. } => true,
                StepKind::Linear { relu } => relu,
                StepKind::Conv2d { .. }
                | StepKind::StridedConv2d(_)
                | StepKind::MaxPool
                | StepKind::WindowMaxPool(_)
                | StepKind::AvgPool(_)
                | StepKind::BatchNorm
                | StepKind::LayerNorm
                | StepKind::Dropout { .. } => false,
            },
        }
    }

    /// Sizes of its tensors, if it has any.
    pub(super) fn tensor_sizes(&self) -> Option<TensorSizes> {
        let product = |sizes: &[usize]| {
            sizes
                .iter()
                .fold(1_u64, |product, size| product.saturating_mul(*size as u64))
        };
        let n_outputs = self.output.channels;
        let filter = |rows: usize, columns: usize| {
            let fan_in = rows * columns * self.input.channels;
            TensorSizes {
                n_weights: product(&[rows, columns, self.input.channels, n_outputs]),
                n_biases: n_outputs as u64,
                fan_in,
            }
        };
        let per_feature = |n: usize| TensorSizes {
            n_weights: n as u64,
            n_biases: n as u64,
            fan_in: 0,
        };
        match self.kind {
            StepKind::Linear { .. } => Some(TensorSizes {
                n_weights: product(&[self.input.len(), n_outputs]),
                n_biases: n_outputs as u64,
                fan_in: self.input.len(),
            }),
            StepKind::Conv2d { filter_size }
            | StepKind::ConvReluPool { filter_size }
            | StepKind::ConvNormRelu { filter_size, .. } => Some(filter(filter_size, filter_size)),
            StepKind::StridedConv2d(geometry) => {
                Some(filter(geometry.filter[0], geometry.filter[1]))
            }
            StepKind::BatchNorm => Some(per_feature(self.input.channels)),
            StepKind::LayerNorm => Some(per_feature(self.input.len())),
            StepKind::Activation(_)
            | StepKind::MaxPool
            | StepKind::WindowMaxPool(_)
            | StepKind::AvgPool(_)
            | StepKind::Dropout { .. } => None,
        }
    }

    /// Number of its tensors.
    pub(super) fn n_tensors(&self) -> usize {
        match (self.tensor_sizes(), &self.norm) {
            (None, _) => 0,
            (Some(_), None) => 2,
            (Some(_), Some(_)) => 4,
        }
    }

    /// The tensors in their place.
    pub(super) fn tensors(&self, relu_follows: bool) -> Vec<Tensor> {
        if matches!(self.kind, StepKind::BatchNorm | StepKind::LayerNorm) {
            return norm_tensors(&self.name, &self.place).to_vec();
        }
        let Place { weights, biases } = self.place.clone();
        let named = |what: &str| format!("{}.{what}", self.name);
        let fan_in = self.tensor_sizes().map_or(0, |sizes| sizes.fan_in);
        let mut tensors = vec![
            Tensor::weight(named("weights"), weights, fan_in, relu_follows),
            Tensor::bias(named("biases"), biases),
        ];
        if let Some(norm) = &self.norm {
            tensors.extend(norm_tensors(&norm.name, &norm.place));
        }
        tensors
    }

    /// Running statistics that it keeps: means, then variances.
    pub(super) fn n_running(&self) -> usize {
        match self.kind {
            StepKind::BatchNorm | StepKind::ConvNormRelu { .. } => 2 * self.output.channels,
            _ => 0,
        }
    }

    /// The running statistics in their place.
    pub(super) fn running_tensors(&self) -> [Tensor; 2] {
        let std::ops::Range { start, end } = self.running;
        let middle = usize::midpoint(start, end);
        let name = self.norm.as_ref().map_or(&self.name, |norm| &norm.name);
        let named = |what: &str| format!("{name}.{what}");
        [
            Tensor::of(Role::RunningMean, named("running_means"), start..middle),
            Tensor::of(
                Role::RunningVariance,
                named("running_variances"),
                middle..end,
            ),
        ]
    }

    /// Numbers that the layer keeps for itself, beside inputs and outputs of the batch.
    pub(super) fn scratch_len(&self, sizes: &Sizes) -> u64 {
        match self.kind {
            StepKind::ConvNormRelu { .. } => {
                let pixels = self.input.height * self.input.width;
                ((sizes.training + 1) * pixels) as u64 * self.output.channels as u64
            }
            StepKind::StridedConv2d(geometry) => 2 * geometry.padded_len() as u64,
            _ => 0,
        }
    }

    /// The layer, with buffers for a batch; `first` where nobody wants the gradients of its input.
    pub(super) fn build<T: Real>(&self, sizes: &Sizes, first: bool) -> Layer<T> {
        let place = self.place.clone();
        let capacity = sizes.capacity;
        let Shape {
            height,
            width,
            channels,
        } = self.input;
        let geometry = |filter_size| Conv2dGeometry {
            height,
            width,
            channels,
            n_filters: self.output.channels,
            filter_size,
        };
        match self.kind {
            StepKind::Linear { relu } => Layer::Linear(Linear::new(
                self.input.len(),
                self.output.len(),
                relu,
                place,
            )),
            StepKind::Activation(activation) => Layer::Activation(activation),
            StepKind::Conv2d { filter_size } => {
                Layer::Conv2d(Conv2d::new(geometry(filter_size), capacity, first, place))
            }
            StepKind::ConvReluPool { filter_size } => Layer::ConvReluPool(ConvReluPool::new(
                geometry(filter_size),
                capacity,
                first,
                place,
            )),
            StepKind::ConvNormRelu { filter_size, pool } => {
                let norm = self.norm.as_ref().expect("it was placed with the step");
                let running = self.running.clone();
                Layer::ConvNormRelu(Box::new(ConvNormRelu::new(
                    geometry(filter_size),
                    sizes.training,
                    first,
                    NormedPlace {
                        conv: place,
                        norm: norm.place.clone(),
                        running,
                    },
                    pool,
                )))
            }
            StepKind::StridedConv2d(geometry) => {
                Layer::StridedConv2d(StridedConv2d::new(geometry, first, place))
            }
            StepKind::MaxPool => Layer::MaxPool(MaxPool::new(height, width, channels, capacity)),
            StepKind::WindowMaxPool(geometry) => {
                Layer::WindowMaxPool(WindowMaxPool::new(geometry, capacity))
            }
            StepKind::AvgPool(geometry) => Layer::AvgPool(AvgPool::new(geometry)),
            StepKind::BatchNorm => {
                Layer::BatchNorm(BatchNorm::new(channels, place, self.running.clone()))
            }
            StepKind::LayerNorm => Layer::LayerNorm(LayerNorm::new(place, capacity)),
            StepKind::Dropout { rate, layer } => {
                Layer::Dropout(Dropout::new(rate, layer, self.input.len(), sizes.training))
            }
        }
    }

    /// For people.
    pub(super) fn summary(&self) -> LayerSummary {
        LayerSummary {
            name: self.name.clone(),
            detail: self.detail(),
            output: dims(self.output),
            n_parameters: self.n_parameters(),
            flops_per_sample: self.flops_per_sample(),
        }
    }

    /// Numbers that are trained.
    pub(super) fn n_parameters(&self) -> u64 {
        let norm = self
            .norm
            .as_ref()
            .map_or(0, |_| 2 * self.output.channels as u64);
        self.tensor_sizes()
            .map_or(0, TensorSizes::total)
            .saturating_add(norm)
    }

    fn detail(&self) -> String {
        let with_stride = |text: String, stride: [usize; 2], usual: [usize; 2]| {
            if stride == usual {
                text
            } else {
                format!("{text}, stride {}×{}", stride[0], stride[1])
            }
        };
        let windows = |geometry: WindowGeometry| {
            let WindowGeometry { window, stride, .. } = geometry;
            let text = format!("{}×{} windows", window[0], window[1]);
            with_stride(text, stride, window)
        };
        match self.kind {
            StepKind::Linear { relu: true } => "relu".to_owned(),
            StepKind::Conv2d { filter_size } => format!("{filter_size}×{filter_size} filters"),
            StepKind::ConvReluPool { filter_size } => {
                format!("{filter_size}×{filter_size} filters, relu, 2×2 max pool")
            }
            StepKind::ConvNormRelu { filter_size, pool } => {
                let pool = if pool { ", 2×2 max pool" } else { "" };
                format!("{filter_size}×{filter_size} filters, batch norm, relu{pool}")
            }
            StepKind::StridedConv2d(StridedGeometry { filter, stride, .. }) => {
                let text = format!("{}×{} filters", filter[0], filter[1]);
                with_stride(text, stride, [1, 1])
            }
            StepKind::WindowMaxPool(geometry) | StepKind::AvgPool(geometry) => windows(geometry),
            StepKind::Dropout { rate, .. } => format!("rate {rate}"),
            StepKind::Linear { relu: false }
            | StepKind::Activation(_)
            | StepKind::MaxPool
            | StepKind::BatchNorm
            | StepKind::LayerNorm => String::new(),
        }
    }

    /// Products and sums of linear layers and convolutions count two for each weight and place;
    /// rectifiers and poolings one for each input; other activations, which are no single operation,
    /// one as well; normalisations two for each value (scaled, shifted), layer norm four more for its
    /// moments; dropout none, as it rests at evaluation.
    fn flops_per_sample(&self) -> u64 {
        let n_weights = self.tensor_sizes().map_or(0, |sizes| sizes.n_weights);
        let inputs = self.input.len() as u64;
        let pixels = |shape: Shape| (shape.height * shape.width) as u64;
        match self.kind {
            StepKind::Linear { .. } => 2 * n_weights,
            StepKind::Conv2d { .. } | StepKind::ConvReluPool { .. } => {
                2 * n_weights * pixels(self.input)
            }
            StepKind::ConvNormRelu { .. } => {
                (2 * n_weights + 2 * self.output.channels as u64) * pixels(self.input)
            }
            StepKind::StridedConv2d(_) => 2 * n_weights * pixels(self.output),
            StepKind::Activation(_) | StepKind::MaxPool => inputs,
            StepKind::WindowMaxPool(geometry) | StepKind::AvgPool(geometry) => {
                (self.output.len() * geometry.window[0] * geometry.window[1]) as u64
            }
            StepKind::BatchNorm => 2 * inputs,
            StepKind::LayerNorm => 6 * inputs,
            StepKind::Dropout { .. } => 0,
        }
    }
}

fn norm_tensors(name: &str, place: &Place) -> [Tensor; 2] {
    let Place { weights, biases } = place.clone();
    [
        Tensor::of(Role::NormScale, format!("{name}.scales"), weights),
        Tensor::of(Role::NormShift, format!("{name}.shifts"), biases),
    ]
}
