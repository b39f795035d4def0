//! ONNX: the model as a graph that runtimes of other programs compute.
//!
//! `messages` are the file's protocol buffers, `graph` builds one, `samples` and `layers` say what is computed. The weights are
//! initializers under the network's own names, in ONNX's own order of axes, so that the file is read back from them.

mod graph;
mod layers;
mod messages;
mod samples;

use std::io;

use prost::Message;

use super::description::{Description, Predicts};
use super::error::Unusable;
use super::parts::{FACTORS, ORIGINS, Parts};
use super::tensor::{Tensor, Values};
use crate::data::Shape;
use graph::{Graph, OWN};
use messages::{
    AttributeProto, DOUBLE, FLOAT, ModelProto, OperatorSetIdProto, STRING, StringStringEntryProto,
    TensorProto, ValueInfoProto,
};

/// Version of the file's messages, of 2021.
const IR_VERSION: i64 = 8;
/// Operator sets: the first that normalises layers, and the first whose LabelEncoder goes from texts to numbers.
const OPERATORS: [(&str, i64); 2] = [("", 17), ("ai.onnx.ml", 2)];

/// Whether bytes begin as such a file: its version, then one of the fields that may follow.
pub(super) fn begins_as_one(bytes: &[u8]) -> bool {
    const FOLLOWING: [u8; 7] = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];
    let following = bytes.get(2);
    bytes.first() == Some(&0x08) && following.is_some_and(|tag| FOLLOWING.contains(tag))
}

/// The file.
pub(super) fn bytes(parts: &Parts) -> io::Result<Vec<u8>> {
    let description = &parts.description;
    let shape = description.shape();
    let mut graph = Graph::default();
    for tensor in &parts.tensors {
        graph.tensor(laid_out(tensor, shape));
    }
    let given = samples::given(&mut graph, description.columns.as_ref(), shape);
    let networks = parts.networks().map_err(io::Error::other)?;
    let mut said = Vec::new();
    for (member, (prefix, layers)) in description.members.iter().zip(&networks) {
        let samples = samples::preprocessed(&mut graph, prefix, member.preprocessing, &given);
        let scores = layers::scores(&mut graph, prefix, layers, samples);
        let value = match &description.predicts {
            Predicts::Classes(_) => {
                let axis = AttributeProto::int("axis", 1);
                graph.node("Softmax", &[&scores], vec![axis])
            }
            Predicts::Number { .. } => scores,
        };
        said.push((member.weight, value));
    }
    let mean = mean(&mut graph, &said);
    let outputs = outputs(&mut graph, &description.predicts, &mean);
    let mut metadata = Vec::new();
    if let Predicts::Classes(classes) = &description.predicts {
        let classes = serde_json::to_string(classes).map_err(io::Error::other)?;
        metadata.push(("classes", classes));
    }
    // At the very end, so that a file that was cut off anywhere lacks it.
    metadata.push((Description::KEY, description.json()));
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "finetooth".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: "Predicts from samples as they are in the data file: preprocessing is part of the graph."
            .to_owned(),
        graph: Some(graph.finish(outputs)),
        opset_import: OPERATORS
            .map(|(domain, version)| OperatorSetIdProto {
                domain: domain.to_owned(),
                version,
            })
            .to_vec(),
        metadata_props: metadata
            .into_iter()
            .map(|(key, value)| StringStringEntryProto {
                key: key.to_owned(),
                value,
            })
            .collect(),
    };
    Ok(model.encode_to_vec())
}

/// The mean of what the members say, each as often as its weight.
fn mean(graph: &mut Graph, said: &[(u32, String)]) -> String {
    if let [(_, only)] = said {
        return only.clone();
    }
    let total: u32 = said.iter().map(|(weight, _)| weight).sum();
    let shares: Vec<String> = said
        .iter()
        .map(|(weight, value)| {
            let share = (f64::from(*weight) / f64::from(total)) as f32;
            let share = graph.floats(&[1], &[share]);
            graph.node("Mul", &[value, &share], Vec::new())
        })
        .collect();
    let shares: Vec<&str> = shares.iter().map(String::as_str).collect();
    graph.node("Sum", &shares, Vec::new())
}

/// Of classes the name of the likeliest (N) and the probabilities (N, C); of a number the number (N, 1).
fn outputs(graph: &mut Graph, predicts: &Predicts, mean: &str) -> Vec<ValueInfoProto> {
    let [class, probabilities, prediction] = samples::OUTPUTS;
    match predicts {
        Predicts::Classes(classes) => {
            let names = graph.texts(classes);
            let attributes = vec![
                AttributeProto::int("axis", 1),
                AttributeProto::int("keepdims", 0),
            ];
            let likeliest = graph.node("ArgMax", &[mean], attributes);
            graph.node_into("Gather", &[&names, &likeliest], Vec::new(), class);
            graph.node_into("Identity", &[mean], Vec::new(), probabilities);
            vec![
                ValueInfoProto::batch(class, STRING, &[]),
                ValueInfoProto::batch(probabilities, FLOAT, &[classes.len()]),
            ]
        }
        Predicts::Number {
            mean: middle,
            deviation,
        } => {
            let wide = samples::cast(graph, mean, DOUBLE);
            let deviation = graph.doubles(&[1], &[*deviation]);
            let middle = graph.doubles(&[1], &[*middle]);
            let scaled = graph.node("Mul", &[&wide, &deviation], Vec::new());
            let moved = graph.node("Add", &[&scaled, &middle], Vec::new());
            let to = AttributeProto::int("to", i64::from(FLOAT));
            graph.node_into("Cast", &[&moved], vec![to], prediction);
            vec![ValueInfoProto::batch(prediction, FLOAT, &[1])]
        }
    }
}

/// A tensor in ONNX's order of axes: filters (filters, channels, rows, columns), numbers of images (channels, rows, columns).
fn laid_out(tensor: &Tensor, shape: Shape) -> Tensor {
    let is_planes = shape.height * shape.width > 1;
    let (dims, order) = match tensor.dims[..] {
        [rows, columns, channels, filters] => {
            (vec![rows, columns, channels, filters], vec![3, 2, 0, 1])
        }
        [n] if is_planes && n > 1 && is_of_values(&tensor.name) => {
            let [height, width] = if n == shape.channels {
                [1, 1]
            } else {
                [shape.height, shape.width]
            };
            (vec![height, width, shape.channels], vec![2, 0, 1])
        }
        _ => return tensor.clone(),
    };
    Tensor {
        name: tensor.name.clone(),
        values: tensor.values.transposed(&dims, &order),
        dims: order.iter().map(|axis| dims[*axis]).collect(),
    }
}

/// A tensor in the network's order of axes again.
fn laid_back(tensor: Tensor) -> Tensor {
    let order: &[usize] = match tensor.dims.len() {
        4 => &[2, 3, 1, 0],
        3 if is_of_values(&tensor.name) => &[1, 2, 0],
        _ => return tensor,
    };
    let values = tensor.values.transposed(&tensor.dims, order);
    let dims = if order.len() == 4 {
        order.iter().map(|axis| tensor.dims[*axis]).collect()
    } else {
        vec![values.len()]
    };
    Tensor {
        name: tensor.name,
        dims,
        values,
    }
}

/// Whether a tensor has numbers for the values of a sample.
fn is_of_values(name: &str) -> bool {
    name.ends_with(ORIGINS) || name.ends_with(FACTORS)
}

/// What a file holds.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts, Unusable> {
    let model = ModelProto::decode(bytes).map_err(|error| Unusable::damaged(&error))?;
    let mut entries = model.metadata_props.iter();
    let description = entries
        .find(|entry| entry.key == Description::KEY)
        .ok_or(Unusable::NotOurs)?;
    let description = Description::parse(&description.value)?;
    let initializers = model.graph.unwrap_or_default().initializer;
    let tensors = initializers
        .into_iter()
        .filter(|tensor| !tensor.name.starts_with(OWN))
        .map(tensor);
    Ok(Parts {
        description,
        tensors: tensors.collect::<Result<_, _>>()?,
    })
}

fn tensor(found: TensorProto) -> Result<Tensor, Unusable> {
    let TensorProto {
        dims,
        data_type,
        name,
        raw_data,
        ..
    } = found;
    let wrong = || Unusable::damaged(&format!("`{name}` is no tensor of a network"));
    let dims: Vec<usize> = dims
        .into_iter()
        .map(usize::try_from)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong())?;
    let element = match data_type {
        FLOAT => 4,
        DOUBLE => 8,
        _ => return Err(wrong()),
    };
    let n_bytes = dims
        .iter()
        .try_fold(element, |n: usize, size| n.checked_mul(*size));
    if n_bytes != Some(raw_data.len()) {
        return Err(wrong());
    }
    let values = if data_type == FLOAT {
        Values::f32s(&raw_data)
    } else {
        Values::f64s(&raw_data)
    };
    Ok(laid_back(Tensor { name, dims, values }))
}
