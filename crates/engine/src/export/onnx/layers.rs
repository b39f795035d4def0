//! The layers of a network as nodes.
//!
//! A network's own samples are pixel by pixel, (height, width, channels); ONNX convolves planes, (channels, height, width). Images
//! are planes here until a layer takes them as a row of features, which is in the order of the network.

use super::graph::Graph;
use super::messages::AttributeProto;
use crate::config::{Activation, LayerSpec, Padding};
use crate::data::Shape;
use crate::network::Listed;

/// Added to variances by the network's normalisations.
const EPS: f32 = 1e-5;

/// Samples somewhere in the graph.
pub(super) struct Batch {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// (N, channels, height, width), else (N, features).
    pub(super) is_planes: bool,
}

impl Batch {
    /// As (N, features), in the network's order.
    pub(super) fn into_rows(self, graph: &mut Graph) -> Self {
        if !self.is_planes {
            return self;
        }
        let mut name = self.name;
        if self.shape.height * self.shape.width > 1 {
            let order = AttributeProto::ints("perm", [0, 2, 3, 1]);
            name = graph.node("Transpose", &[&name], vec![order]);
        }
        Self {
            name: graph.node("Flatten", &[&name], Vec::new()),
            shape: self.shape,
            is_planes: false,
        }
    }

    /// As (N, channels, height, width).
    fn into_planes(self, graph: &mut Graph) -> Self {
        if self.is_planes {
            return self;
        }
        let Shape {
            height,
            width,
            channels,
        } = self.shape;
        let is_pixel = height * width == 1;
        // A size of 0 is that of the input: the number of samples.
        let sizes = if is_pixel {
            [0, channels, 1, 1]
        } else {
            [0, height, width, channels]
        };
        let sizes = graph.whole(&[4], &sizes);
        let mut name = graph.node("Reshape", &[&self.name, &sizes], Vec::new());
        if !is_pixel {
            let order = AttributeProto::ints("perm", [0, 3, 1, 2]);
            name = graph.node("Transpose", &[&name], vec![order]);
        }
        Self {
            name,
            shape: self.shape,
            is_planes: true,
        }
    }

    fn then(self, graph: &mut Graph, op: &str, attributes: Vec<AttributeProto>) -> Self {
        self.with(graph, op, &[], attributes)
    }

    /// Through a node that takes further inputs.
    fn with(
        self,
        graph: &mut Graph,
        op: &str,
        further: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> Self {
        let inputs: Vec<&str> = std::iter::once(self.name.as_str())
            .chain(further.iter().copied())
            .collect();
        Self {
            name: graph.node(op, &inputs, attributes),
            ..self
        }
    }
}

/// Adds the layers, whose tensors the graph has under their names with `prefix` before them; the scores (N, C).
pub(super) fn scores(graph: &mut Graph, prefix: &str, layers: &[Listed], samples: Batch) -> String {
    let mut batch = samples;
    for layer in layers {
        let named = |what: &str| format!("{prefix}{}.{what}", layer.name);
        batch = match layer.spec {
            LayerSpec::Conv {
                filter,
                stride,
                padding,
                ..
            } => {
                let attributes = vec![
                    AttributeProto::ints("kernel_shape", filter),
                    AttributeProto::ints("strides", stride),
                    AttributeProto::ints("pads", pads(padding, filter)),
                ];
                batch.into_planes(graph).with(
                    graph,
                    "Conv",
                    &[&named("weights"), &named("biases")],
                    attributes,
                )
            }
            LayerSpec::Linear { .. } => batch.into_rows(graph).with(
                graph,
                "Gemm",
                &[&named("weights"), &named("biases")],
                Vec::new(),
            ),
            LayerSpec::Activation(activation) => activated(graph, activation, batch),
            LayerSpec::MaxPool { window, stride } => {
                pooled(graph, "MaxPool", window, stride, batch)
            }
            LayerSpec::AvgPool { window, stride } => {
                pooled(graph, "AveragePool", window, stride, batch)
            }
            LayerSpec::GlobalAvgPool => {
                let means = batch.into_planes(graph);
                let means = means.then(graph, "GlobalAveragePool", Vec::new());
                Batch {
                    shape: layer.output,
                    ..means
                }
            }
            LayerSpec::BatchNorm => {
                let inputs = ["scales", "shifts", "running_means", "running_variances"].map(named);
                let inputs = inputs.each_ref().map(String::as_str);
                let attributes = vec![AttributeProto::float("epsilon", EPS)];
                let is_image = layer.input.height * layer.input.width > 1;
                let batch = if is_image {
                    batch.into_planes(graph)
                } else {
                    batch.into_rows(graph)
                };
                batch.with(graph, "BatchNormalization", &inputs, attributes)
            }
            LayerSpec::LayerNorm => {
                let attributes = vec![
                    AttributeProto::int("axis", 1),
                    AttributeProto::float("epsilon", EPS),
                ];
                let inputs = [&*named("scales"), &*named("shifts")];
                batch
                    .into_rows(graph)
                    .with(graph, "LayerNormalization", &inputs, attributes)
            }
            // It rests when a network predicts.
            LayerSpec::Dropout { .. } => batch,
            LayerSpec::Flatten => batch.into_rows(graph),
        };
        batch.shape = layer.output;
    }
    batch.name
}

fn pooled(graph: &mut Graph, op: &str, window: [usize; 2], stride: [usize; 2], x: Batch) -> Batch {
    let attributes = vec![
        AttributeProto::ints("kernel_shape", window),
        AttributeProto::ints("strides", stride),
    ];
    x.into_planes(graph).then(graph, op, attributes)
}

/// Zeros above, left, below and right.
fn pads(padding: Padding, filter: [usize; 2]) -> [usize; 4] {
    match padding {
        Padding::Same => [
            (filter[0] - 1) / 2,
            (filter[1] - 1) / 2,
            filter[0] / 2,
            filter[1] / 2,
        ],
        Padding::Valid => [0; 4],
        Padding::By(n) => [n; 4],
    }
}

fn activated(graph: &mut Graph, activation: Activation, x: Batch) -> Batch {
    match activation {
        Activation::Relu => x.then(graph, "Relu", Vec::new()),
        Activation::LeakyRelu => {
            let slope = vec![AttributeProto::float("alpha", 0.01)];
            x.then(graph, "LeakyRelu", slope)
        }
        Activation::Elu => x.then(graph, "Elu", vec![AttributeProto::float("alpha", 1.0)]),
        Activation::Tanh => x.then(graph, "Tanh", Vec::new()),
        Activation::Sigmoid => x.then(graph, "Sigmoid", Vec::new()),
        Activation::Softplus => x.then(graph, "Softplus", Vec::new()),
        Activation::Silu => {
            let share = graph.node("Sigmoid", &[&x.name], Vec::new());
            x.with(graph, "Mul", &[&share], Vec::new())
        }
        // x · ½ (1 + erf(x/√2)); the operator Gelu itself is newer than operator set 17.
        Activation::Gelu => {
            let root = graph.floats(&[1], &[std::f32::consts::FRAC_1_SQRT_2]);
            let [one, half] = [1.0, 0.5].map(|value| graph.floats(&[1], &[value]));
            let scaled = graph.node("Mul", &[&x.name, &root], Vec::new());
            let erf = graph.node("Erf", &[&scaled], Vec::new());
            let sum = graph.node("Add", &[&erf, &one], Vec::new());
            let share = graph.node("Mul", &[&sum, &half], Vec::new());
            x.with(graph, "Mul", &[&share], Vec::new())
        }
    }
}
