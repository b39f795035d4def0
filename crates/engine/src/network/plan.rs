//! From a list of layers to steps with known shapes, neighbours fused, before anything is
//! allocated.

use super::architecture::LayerSpec;
use super::error::{NetworkError, dims};
use super::output::Output;
use super::summary::{LayerSummary, Summary};
use super::tensor::Tensor;
use crate::data::Shape;
use crate::kernel::{Conv2dGeometry, Real};
use crate::layer::{Conv2d, ConvReluPool, Layer, Linear, MaxPool, Place};

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
}

/// One step of a plan.
pub(super) struct Step {
    name: String,
    kind: StepKind,
    input: Shape,
    pub(super) output: Shape,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StepKind {
    Linear { relu: bool },
    Relu,
    Conv2d { filter_size: usize },
    MaxPool,
    ConvReluPool { filter_size: usize },
}

impl Plan {
    /// Infers shapes, fuses neighbours and places the tensors of `element_bytes` each.
    pub(super) fn new(
        specs: &[LayerSpec],
        input: Shape,
        sizes: &Sizes,
        element_bytes: usize,
    ) -> Result<Self, NetworkError> {
        if input.is_empty() {
            return Err(NetworkError::EmptySamples { shape: input });
        }
        if let Some(LayerSpec::Linear { outputs }) = specs.last()
            && *outputs < 2
        {
            return Err(NetworkError::TooFewClasses {
                n_classes: *outputs,
            });
        }
        let mut plan = Self {
            input,
            steps: Vec::new(),
            tensors: Vec::new(),
            buffer_len: 0,
        };
        let (mut shape, mut rest) = (input, specs);
        let mut names = Names::default();
        while let Some(first) = rest.first() {
            let (step, n_specs) = match (*first, &rest[1..]) {
                (
                    LayerSpec::Conv2d {
                        n_filters,
                        filter_size,
                    },
                    [LayerSpec::Relu, LayerSpec::MaxPool, ..],
                ) => {
                    let name = names.next("conv2d");
                    let convolved = conv2d_output(&name, shape, n_filters, filter_size)?;
                    let output = pool_output(&names.next("max_pool"), convolved)?;
                    (
                        Step::new(name, StepKind::ConvReluPool { filter_size }, shape, output),
                        3,
                    )
                }
                (
                    LayerSpec::Conv2d {
                        n_filters,
                        filter_size,
                    },
                    _,
                ) => {
                    let name = names.next("conv2d");
                    let output = conv2d_output(&name, shape, n_filters, filter_size)?;
                    (
                        Step::new(name, StepKind::Conv2d { filter_size }, shape, output),
                        1,
                    )
                }
                (LayerSpec::Linear { outputs }, after) => {
                    let relu = after.first() == Some(&LayerSpec::Relu);
                    let output = Shape {
                        height: 1,
                        width: 1,
                        channels: outputs,
                    };
                    let step = Step::new(
                        names.next("linear"),
                        StepKind::Linear { relu },
                        shape,
                        output,
                    );
                    (step, 1 + usize::from(relu))
                }
                (LayerSpec::Relu, _) => (
                    Step::new(names.next("relu"), StepKind::Relu, shape, shape),
                    1,
                ),
                (LayerSpec::MaxPool, _) => {
                    let name = names.next("max_pool");
                    let output = pool_output(&name, shape)?;
                    (Step::new(name, StepKind::MaxPool, shape, output), 1)
                }
            };
            rest = &rest[n_specs..];
            shape = step.output;
            let relu_follows = matches!(
                step.kind,
                StepKind::Linear { relu: true } | StepKind::ConvReluPool { .. }
            ) || rest.first() == Some(&LayerSpec::Relu);
            plan.steps.push(step);
            plan.check_memory(sizes, element_bytes)?;
            plan.place_last(relu_follows, element_bytes);
        }
        Ok(plan)
    }

    /// The layers, with buffers for `capacity` samples.
    pub(super) fn build<T: Real>(&self, capacity: usize) -> Vec<Layer<T>> {
        let build =
            |(idx, step): (usize, &Step)| {
                let place = step.place.clone();
                let Shape {
                    height,
                    width,
                    channels,
                } = step.input;
                let geometry = |filter_size| Conv2dGeometry {
                    height,
                    width,
                    channels,
                    n_filters: step.output.channels,
                    filter_size,
                };
                match step.kind {
                    StepKind::Linear { relu } => Layer::Linear(Linear::new(
                        step.input.len(),
                        step.output.len(),
                        relu,
                        place,
                    )),
                    StepKind::Relu => Layer::Relu,
                    StepKind::Conv2d { filter_size } => Layer::Conv2d(Conv2d::new(
                        geometry(filter_size),
                        capacity,
                        idx == 0,
                        place,
                    )),
                    StepKind::MaxPool => {
                        Layer::MaxPool(MaxPool::new(height, width, channels, capacity))
                    }
                    StepKind::ConvReluPool { filter_size } => Layer::ConvReluPool(
                        ConvReluPool::new(geometry(filter_size), capacity, idx == 0, place),
                    ),
                }
            };
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
        let (n_weights, n_biases, fan_in) = step.tensor_sizes();
        if n_weights == 0 {
            return;
        }
        let on_line = |len: usize| len.next_multiple_of(64 / element_bytes);
        let weights = self.buffer_len..self.buffer_len + n_weights as usize;
        let biases = on_line(weights.end)..on_line(weights.end) + n_biases as usize;
        self.buffer_len = on_line(biases.end);
        self.tensors.push(Tensor::weight(
            format!("{}.weights", step.name),
            weights.clone(),
            fan_in,
            relu_follows,
        ));
        self.tensors.push(Tensor::bias(
            format!("{}.biases", step.name),
            biases.clone(),
        ));
        step.place = Place { weights, biases };
    }

    /// Refuses what would not fit, before it is allocated.
    fn check_memory(&self, sizes: &Sizes, element_bytes: usize) -> Result<(), NetworkError> {
        let parameters = |step: &Step| step.tensor_sizes().0.saturating_add(step.tensor_sizes().1);
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
                ));
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

impl Step {
    fn new(name: String, kind: StepKind, input: Shape, output: Shape) -> Self {
        Self {
            name,
            kind,
            input,
            output,
            place: Place {
                weights: 0..0,
                biases: 0..0,
            },
        }
    }

    /// What its output is.
    pub(super) fn describe(&self) -> Output {
        Output {
            layer: self.name.clone(),
            n_units: self.output.channels,
            is_rectified: match self.kind {
                StepKind::Relu | StepKind::ConvReluPool { .. } => true,
                StepKind::Linear { relu } => relu,
                StepKind::Conv2d { .. } | StepKind::MaxPool => false,
            },
        }
    }

    /// (weights, biases, inputs of one output).
    fn tensor_sizes(&self) -> (u64, u64, usize) {
        let outputs = self.output.channels;
        let fan_in = match self.kind {
            StepKind::Linear { .. } => self.input.len(),
            StepKind::Conv2d { filter_size } | StepKind::ConvReluPool { filter_size } => {
                filter_size * filter_size * self.input.channels
            }
            StepKind::Relu | StepKind::MaxPool => return (0, 0, 0),
        };
        (
            (fan_in as u64).saturating_mul(outputs as u64),
            outputs as u64,
            fan_in,
        )
    }

    fn summary(&self) -> LayerSummary {
        let (n_weights, n_biases, _) = self.tensor_sizes();
        let pixels = (self.input.height * self.input.width) as u64;
        let (detail, flops_per_sample) = match self.kind {
            StepKind::Linear { relu } => (if relu { "relu" } else { "" }.to_owned(), 2 * n_weights),
            StepKind::Conv2d { filter_size } => (
                format!("{filter_size}×{filter_size} filters"),
                2 * n_weights * pixels,
            ),
            StepKind::ConvReluPool { filter_size } => (
                format!("{filter_size}×{filter_size} filters, relu, 2×2 max pool"),
                2 * n_weights * pixels,
            ),
            StepKind::Relu | StepKind::MaxPool => (String::new(), self.input.len() as u64),
        };
        LayerSummary {
            name: self.name.clone(),
            detail,
            output: dims(self.output),
            n_parameters: n_weights + n_biases,
            flops_per_sample,
        }
    }
}

/// Numbers the layers of each kind from 1.
#[derive(Default)]
struct Names(Vec<&'static str>);

impl Names {
    fn next(&mut self, kind: &'static str) -> String {
        self.0.push(kind);
        format!(
            "{kind}_{}",
            self.0.iter().filter(|given| **given == kind).count()
        )
    }
}

fn conv2d_output(
    layer: &str,
    input: Shape,
    n_filters: usize,
    filter_size: usize,
) -> Result<Shape, NetworkError> {
    // Larger ones have rows that lie in the padding at every position.
    if filter_size / 2 >= input.height.min(input.width) {
        return Err(NetworkError::FilterTooLarge {
            layer: layer.to_owned(),
            filter_size,
            input,
        });
    }
    Ok(Shape {
        channels: n_filters,
        ..input
    })
}

fn pool_output(layer: &str, input: Shape) -> Result<Shape, NetworkError> {
    if input.height < 2 || input.width < 2 {
        return Err(NetworkError::NothingToPool {
            layer: layer.to_owned(),
            input,
        });
    }
    Ok(Shape {
        height: input.height / 2,
        width: input.width / 2,
        ..input
    })
}
