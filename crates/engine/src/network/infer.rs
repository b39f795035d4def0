//! What each layer makes of its input: the step that computes it, and the shape of its output.

use super::architecture::Architecture;
use super::error::NetworkError;
use super::step::StepKind;
use crate::config::{Activation, LayerSpec, Padding};
use crate::data::Shape;
use crate::kernel::{StridedGeometry, WindowGeometry};

const RELU: LayerSpec = LayerSpec::Activation(Activation::Relu);
const POOL_2X2: LayerSpec = LayerSpec::MaxPool {
    window: [2, 2],
    stride: [2, 2],
};

/// A step, and how many of the listed layers it takes.
pub(super) struct Inferred {
    pub(super) name: String,
    pub(super) kind: StepKind,
    /// Name of the normalisation that it is fused with.
    pub(super) norm: Option<String>,
    pub(super) output: Shape,
    pub(super) n_specs: usize,
}

/// What the layer at `place` becomes with those after it that it is fused with, in batches of
/// `training` samples; `None` past the last.
pub(super) fn infer(
    specs: &[LayerSpec],
    place: usize,
    input: Shape,
    training: usize,
    names: &mut Names,
) -> Result<Option<Inferred>, NetworkError> {
    let Some(spec) = specs.get(place) else {
        return Ok(None);
    };
    let label = names.next(place, spec);
    let (kind, output, n_specs) = step_of(&specs[place..], place, input, names, &label)?;
    check_batch(&kind, input, training, &label)?;
    let is_normed = matches!(kind, StepKind::ConvNormRelu { .. });
    let norm = is_normed.then(|| names.next(place + 1, &LayerSpec::BatchNorm).name);
    Ok(Some(Inferred {
        name: label.name,
        kind,
        norm,
        output,
        n_specs,
    }))
}

fn step_of(
    specs: &[LayerSpec],
    place: usize,
    input: Shape,
    names: &mut Names,
    label: &Label,
) -> Result<(StepKind, Shape, usize), NetworkError> {
    let (spec, after) = (specs[0], &specs[1..]);
    let single = |kind: StepKind| Ok((kind, input, 1));
    match spec {
        LayerSpec::Conv {
            n_filters,
            filter,
            stride,
            padding,
        } => {
            let (before, after_image) = zeros_around(padding, filter, input, label)?;
            let geometry = StridedGeometry {
                height: input.height,
                width: input.width,
                channels: input.channels,
                n_filters,
                filter,
                stride,
                before,
                after: after_image,
            };
            let output = convolved(geometry, input, label)?;
            if !keeps_its_size(geometry) {
                return Ok((StepKind::StridedConv2d(geometry), output, 1));
            }
            let filter_size = filter[0];
            if let [RELU, POOL_2X2, ..] = after {
                let pool = names.next(place + 2, &POOL_2X2);
                let output = pooled(window_geometry(output, [2, 2], [2, 2]), output, &pool)?;
                return Ok((StepKind::ConvReluPool { filter_size }, output, 3));
            }
            // Of one pixel nothing may be left to normalise, which the layer's own check tells.
            if let [LayerSpec::BatchNorm, RELU, then @ ..] = after
                && output.height * output.width > 1
            {
                let windows = window_geometry(output, [2, 2], [2, 2]).output();
                let pooled = windows.filter(|_| then.first() == Some(&POOL_2X2));
                let [height, width] = pooled.unwrap_or([output.height, output.width]);
                let pool = pooled.is_some();
                let kind = StepKind::ConvNormRelu { filter_size, pool };
                let output = Shape {
                    height,
                    width,
                    ..output
                };
                return Ok((kind, output, 3 + usize::from(pool)));
            }
            Ok((StepKind::Conv2d { filter_size }, output, 1))
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

/// The shape of a row of features.
pub(super) fn flat(features: usize) -> Shape {
    Shape {
        height: 1,
        width: 1,
        channels: features,
    }
}

/// Whether the next activation, seen through layers that keep or average signs, is a rectifier or
/// much like one.
pub(super) fn rectifier_follows(specs: &[LayerSpec]) -> bool {
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

/// Refuses a network that does not end with one score for each class.
pub(super) fn check_scores(
    architecture: &Architecture,
    n_classes: usize,
) -> Result<(), NetworkError> {
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
    training: usize,
    label: &Label,
) -> Result<(), NetworkError> {
    let n_values = match kind {
        StepKind::BatchNorm => training * input.height * input.width,
        StepKind::LayerNorm => input.len(),
        _ => return Ok(()),
    };
    if n_values > 1 {
        return Ok(());
    }
    Err(NetworkError::NothingToNormalise {
        layer: label.shown.clone(),
        input,
        batch_size: matches!(kind, StepKind::BatchNorm).then_some(training),
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

/// Rows and columns of zeros before and after the image.
fn zeros_around(
    padding: Padding,
    filter: [usize; 2],
    input: Shape,
    label: &Label,
) -> Result<([usize; 2], [usize; 2]), NetworkError> {
    match padding {
        Padding::Same => {
            check_same_filter(filter, input, label)?;
            Ok(same_padding(filter))
        }
        Padding::Valid => Ok(([0; 2], [0; 2])),
        Padding::By(n) if filter.iter().all(|size| n < *size) => Ok(([n; 2], [n; 2])),
        Padding::By(n) => Err(NetworkError::PaddingTooLarge {
            layer: label.shown.clone(),
            padding: n,
            filter,
        }),
    }
}

/// Whether it is a convolution of a square filter, stride 1 and the padding of `pad same`, in
/// whatever words: such have kernels of their own.
fn keeps_its_size(geometry: StridedGeometry) -> bool {
    let [rows, columns] = geometry.filter;
    let (before, after) = same_padding(geometry.filter);
    rows == columns
        && geometry.stride == [1, 1]
        && (geometry.before, geometry.after) == (before, after)
        // The kernels' own bound; beyond it lies only a padding given as a number.
        && rows / 2 < geometry.height.min(geometry.width)
}

/// The zeros of `pad same`, before and after the image.
fn same_padding(filter: [usize; 2]) -> ([usize; 2], [usize; 2]) {
    (
        filter.map(|size| (size - 1) / 2),
        filter.map(|size| size / 2),
    )
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
pub(super) struct Names {
    is_listed: bool,
    given: Vec<&'static str>,
}

impl Names {
    pub(super) fn new(is_listed: bool) -> Self {
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
