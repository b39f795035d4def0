//! From a list of layers to steps with known shapes, neighbours fused, before anything is
//! allocated.

use super::architecture::Architecture;
use super::error::NetworkError;
use super::step::{FusedNorm, Step, StepKind};
use super::summary::{LayerSummary, Summary};
use super::tensor::Tensor;
use crate::config::{Activation, LayerSpec, Padding};
use crate::data::Shape;
use crate::kernel::{Real, StridedGeometry, WindowGeometry};
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

const NOWHERE: Place = Place {
    weights: 0..0,
    biases: 0..0,
};
const RELU: LayerSpec = LayerSpec::Activation(Activation::Relu);
const POOL_2X2: LayerSpec = LayerSpec::MaxPool {
    window: [2, 2],
    stride: [2, 2],
};

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
    /// layer gives `n_classes` scores.
    pub(super) fn new(
        architecture: &Architecture,
        input: Shape,
        n_classes: usize,
        sizes: &Sizes,
        element_bytes: usize,
    ) -> Result<Self, NetworkError> {
        if input.is_empty() {
            return Err(NetworkError::EmptySamples { shape: input });
        }
        if n_classes < 2 {
            return Err(NetworkError::TooFewClasses { n_classes });
        }
        check_scores(architecture, n_classes)?;
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
        while let Some(spec) = specs.get(place) {
            let after = &specs[place + 1..];
            if *spec == LayerSpec::Flatten {
                shape = flat(shape.len());
                place += 1;
                continue;
            }
            let label = names.next(place, spec);
            let (kind, output, n_specs) = infer(*spec, after, shape, &mut names, place, &label)?;
            check_batch(&kind, shape, sizes, &label)?;
            let mut step = Step::new(label.name, kind, shape, output);
            if matches!(kind, StepKind::ConvNormRelu { .. }) {
                let Label { name, .. } = names.next(place + 1, &LayerSpec::BatchNorm);
                step.norm = Some(FusedNorm {
                    name,
                    place: NOWHERE,
                });
            }
            plan.steps.push(step);
            plan.check_memory(sizes, element_bytes)?;
            place += n_specs;
            let is_fused = n_specs > 1;
            plan.place_last(
                is_fused || rectifier_follows(&specs[place..]),
                element_bytes,
            );
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

/// What a layer becomes with those after it that it is fused with: the step, its output, and how
/// many layers it takes.
fn infer(
    spec: LayerSpec,
    after: &[LayerSpec],
    input: Shape,
    names: &mut Names,
    place: usize,
    label: &Label,
) -> Result<(StepKind, Shape, usize), NetworkError> {
    let single = |kind: StepKind| Ok((kind, input, 1));
    match spec {
        LayerSpec::Conv {
            n_filters,
            filter: [rows, columns],
            stride: [1, 1],
            padding: Padding::Same,
        } if rows == columns => {
            check_same_filter([rows, columns], input, label)?;
            let output = Shape {
                channels: n_filters,
                ..input
            };
            if let [RELU, POOL_2X2, ..] = after {
                let pool = names.next(place + 2, &POOL_2X2);
                let output = pooled(window_geometry(output, [2, 2], [2, 2]), output, &pool)?;
                return Ok((StepKind::ConvReluPool { filter_size: rows }, output, 3));
            }
            // Of a single pixel in a single sample nothing would be left, which its own check tells.
            if let [LayerSpec::BatchNorm, RELU, then @ ..] = after
                && input.height * input.width > 1
            {
                let geometry = window_geometry(output, [2, 2], [2, 2]);
                let pool = then.first() == Some(&POOL_2X2) && geometry.output().is_some();
                let kind = StepKind::ConvNormRelu {
                    filter_size: rows,
                    pool,
                };
                let output = match geometry.output() {
                    Some([height, width]) if pool => Shape {
                        height,
                        width,
                        ..output
                    },
                    _ => output,
                };
                return Ok((kind, output, 3 + usize::from(pool)));
            }
            Ok((StepKind::Conv2d { filter_size: rows }, output, 1))
        }
        LayerSpec::Conv {
            n_filters,
            filter,
            stride,
            padding,
        } => {
            let geometry = strided_geometry(input, n_filters, filter, stride, padding, label)?;
            let output = convolved(geometry, input, label)?;
            Ok((StepKind::StridedConv2d(geometry), output, 1))
        }
        LayerSpec::Linear { outputs } => {
            let relu = after.first() == Some(&RELU);
            let kind = StepKind::Linear { relu };
            Ok((kind, flat(outputs), 1 + usize::from(relu)))
        }
        LayerSpec::MaxPool { window, stride } => {
            let geometry = window_geometry(input, window, stride);
            let output = pooled(geometry, input, label)?;
            let kind = if spec == POOL_2X2 {
                StepKind::MaxPool
            } else {
                StepKind::WindowMaxPool(geometry)
            };
            Ok((kind, output, 1))
        }
        LayerSpec::AvgPool { window, stride } => {
            let geometry = window_geometry(input, window, stride);
            let output = pooled(geometry, input, label)?;
            Ok((StepKind::AvgPool(geometry), output, 1))
        }
        LayerSpec::GlobalAvgPool => {
            let whole = [input.height, input.width];
            let geometry = window_geometry(input, whole, [1, 1]);
            Ok((StepKind::AvgPool(geometry), flat(input.channels), 1))
        }
        LayerSpec::Activation(activation) => single(StepKind::Activation(activation)),
        LayerSpec::BatchNorm => single(StepKind::BatchNorm),
        LayerSpec::LayerNorm => single(StepKind::LayerNorm),
        LayerSpec::Dropout { rate } => single(StepKind::Dropout {
            rate,
            layer: names.last_number() as u16,
        }),
        LayerSpec::Flatten => unreachable!("flattening is no step"),
    }
}

fn flat(features: usize) -> Shape {
    Shape {
        height: 1,
        width: 1,
        channels: features,
    }
}

/// Whether the next activation, seen through layers that keep or average signs, is a rectifier or
/// much like one.
fn rectifier_follows(specs: &[LayerSpec]) -> bool {
    for spec in specs {
        match spec {
            LayerSpec::Activation(activation) => {
                return matches!(
                    activation,
                    Activation::Relu
                        | Activation::LeakyRelu
                        | Activation::Elu
                        | Activation::Gelu
                        | Activation::Silu
                );
            }
            LayerSpec::Conv { .. } | LayerSpec::Linear { .. } => return false,
            LayerSpec::MaxPool { .. }
            | LayerSpec::AvgPool { .. }
            | LayerSpec::GlobalAvgPool
            | LayerSpec::BatchNorm
            | LayerSpec::LayerNorm
            | LayerSpec::Dropout { .. }
            | LayerSpec::Flatten => {}
        }
    }
    false
}

fn check_scores(architecture: &Architecture, n_classes: usize) -> Result<(), NetworkError> {
    match architecture.layers.last() {
        Some(LayerSpec::Linear { outputs }) if *outputs == n_classes => Ok(()),
        Some(LayerSpec::Linear { outputs }) => Err(NetworkError::WrongScores {
            n_scores: *outputs,
            n_classes,
        }),
        _ => Err(NetworkError::NoScores { n_classes }),
    }
}

/// Refuses normalisations over a single number, of which nothing would be left.
fn check_batch(
    kind: &StepKind,
    input: Shape,
    sizes: &Sizes,
    label: &Label,
) -> Result<(), NetworkError> {
    let n_values = match kind {
        StepKind::BatchNorm => sizes.training * input.height * input.width,
        StepKind::LayerNorm => input.len(),
        _ => return Ok(()),
    };
    if n_values > 1 {
        return Ok(());
    }
    Err(NetworkError::NothingToNormalise {
        layer: label.shown.clone(),
        input,
        batch_size: matches!(kind, StepKind::BatchNorm).then_some(sizes.training),
    })
}

/// Larger filters have rows that lie in the padding at every position.
fn check_same_filter(filter: [usize; 2], input: Shape, label: &Label) -> Result<(), NetworkError> {
    if filter[0] / 2 < input.height && filter[1] / 2 < input.width {
        return Ok(());
    }
    Err(if label.is_listed {
        NetworkError::FilterDoesNotFit {
            layer: label.shown.clone(),
            filter,
            input,
            at_most: [2 * input.height - 1, 2 * input.width - 1],
        }
    } else {
        NetworkError::FilterTooLarge {
            layer: label.shown.clone(),
            filter_size: filter[0],
            input,
        }
    })
}

fn strided_geometry(
    input: Shape,
    n_filters: usize,
    filter: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    label: &Label,
) -> Result<StridedGeometry, NetworkError> {
    let (before, after) = match padding {
        Padding::Same => {
            check_same_filter(filter, input, label)?;
            (
                filter.map(|size| (size - 1) / 2),
                filter.map(|size| size / 2),
            )
        }
        Padding::Valid => ([0; 2], [0; 2]),
        Padding::By(n) => ([n; 2], [n; 2]),
    };
    if before
        .iter()
        .zip(filter)
        .any(|(padding, size)| *padding >= size)
    {
        return Err(NetworkError::PaddingTooLarge {
            layer: label.shown.clone(),
            padding: before[0],
            filter,
        });
    }
    Ok(StridedGeometry {
        height: input.height,
        width: input.width,
        channels: input.channels,
        n_filters,
        filter,
        stride,
        before,
        after,
    })
}

fn convolved(
    geometry: StridedGeometry,
    input: Shape,
    label: &Label,
) -> Result<Shape, NetworkError> {
    let [height, width] = geometry
        .output()
        .ok_or_else(|| NetworkError::FilterDoesNotFit {
            layer: label.shown.clone(),
            filter: geometry.filter,
            input,
            at_most: [
                input.height + geometry.before[0] + geometry.after[0],
                input.width + geometry.before[1] + geometry.after[1],
            ],
        })?;
    Ok(Shape {
        height,
        width,
        channels: geometry.n_filters,
    })
}

fn window_geometry(input: Shape, window: [usize; 2], stride: [usize; 2]) -> WindowGeometry {
    WindowGeometry {
        height: input.height,
        width: input.width,
        channels: input.channels,
        window,
        stride,
    }
}

fn pooled(geometry: WindowGeometry, input: Shape, label: &Label) -> Result<Shape, NetworkError> {
    let [height, width] = geometry
        .output()
        .ok_or_else(|| NetworkError::NothingToPool {
            layer: label.shown.clone(),
            window: geometry.window,
            input,
        })?;
    Ok(Shape {
        height,
        width,
        ..input
    })
}

/// What a layer is called.
struct Label {
    /// Kind and number, for instance `conv2d_1`.
    name: String,
    /// As messages name it: of a listed layer its place and text.
    shown: String,
    is_listed: bool,
}

/// Numbers the layers of each kind from 1.
struct Names {
    is_listed: bool,
    given: Vec<&'static str>,
}

impl Names {
    fn new(is_listed: bool) -> Self {
        Self {
            is_listed,
            given: Vec::new(),
        }
    }

    fn next(&mut self, place: usize, spec: &LayerSpec) -> Label {
        self.given.push(kind_name(*spec));
        let name = format!("{}_{}", kind_name(*spec), self.last_number());
        Label {
            shown: if self.is_listed {
                format!("layer {}, \"{spec}\"", place + 1)
            } else {
                name.clone()
            },
            name,
            is_listed: self.is_listed,
        }
    }

    /// Number of the last layer among those of its kind, from 1.
    fn last_number(&self) -> usize {
        let last = self.given.last();
        self.given.iter().filter(|name| Some(*name) == last).count()
    }
}

fn kind_name(spec: LayerSpec) -> &'static str {
    match spec {
        LayerSpec::Conv { .. } => "conv2d",
        LayerSpec::Linear { .. } => "linear",
        LayerSpec::Activation(activation) => activation.name(),
        LayerSpec::MaxPool { .. } => "max_pool",
        LayerSpec::AvgPool { .. } => "avg_pool",
        LayerSpec::GlobalAvgPool => "global_avg_pool",
        LayerSpec::BatchNorm => "batch_norm",
        LayerSpec::LayerNorm => "layer_norm",
        LayerSpec::Dropout { .. } => "dropout",
        LayerSpec::Flatten => "flatten",
    }
}
