//! A graph under construction.

use super::messages::{
    AttributeProto, DOUBLE, FLOAT, GraphProto, INT64, NodeProto, STRING, TensorProto,
    ValueInfoProto,
};
use crate::export::tensor::{Tensor, Values};

/// What names of numbers that belong to the graph and not to the network begin with.
pub(super) const OWN: &str = "graph.";

/// Nodes in the order of computation.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
}

impl Graph {
    /// Takes a tensor (N, dims…) from outside; its name.
    pub(super) fn input(&mut self, name: &str, elem_type: i32, dims: &[usize]) -> String {
        self.inputs
            .push(ValueInfoProto::batch(name, elem_type, dims));
        name.to_owned()
    }

    /// Adds a node with one output; the output's name.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let output = format!("{OWN}{op}_{}", self.nodes.len() + 1);
        self.node_into(op, inputs, attributes, &output);
        output
    }

    /// Adds a node whose output has a name of its own.
    pub(super) fn node_into(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        output: &str,
    ) {
        let domain = if op == "LabelEncoder" {
            "ai.onnx.ml"
        } else {
            ""
        };
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            name: format!("{op}_{}", self.nodes.len() + 1),
            op_type: op.to_owned(),
            attribute: attributes,
            domain: domain.to_owned(),
        });
    }

    /// Puts a tensor of the network in; its name.
    pub(super) fn tensor(&mut self, tensor: Tensor) -> String {
        let Tensor { name, dims, values } = tensor;
        let data_type = match values {
            Values::F32(_) => FLOAT,
            Values::F64(_) => DOUBLE,
        };
        let raw_data = values.bytes().to_vec();
        self.initializer(&name, data_type, &dims, raw_data, Vec::new());
        name
    }

    /// Puts single numbers of the graph's own in, as a tensor with so many dimensions.
    pub(super) fn floats(&mut self, dims: &[usize], values: &[f32]) -> String {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.own(FLOAT, dims, bytes, Vec::new())
    }

    /// As [`Graph::floats`], of double precision.
    pub(super) fn doubles(&mut self, dims: &[usize], values: &[f64]) -> String {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.own(DOUBLE, dims, bytes, Vec::new())
    }

    /// As [`Graph::floats`], of whole numbers.
    pub(super) fn whole(&mut self, dims: &[usize], values: &[usize]) -> String {
        let values: Vec<i64> = values.iter().map(|value| *value as i64).collect();
        let bytes = bytemuck::cast_slice(&values).to_vec();
        self.own(INT64, dims, bytes, Vec::new())
    }

    /// As [`Graph::floats`], of texts.
    pub(super) fn texts(&mut self, values: &[String]) -> String {
        let texts = values.iter().map(|text| text.clone().into_bytes());
        self.own(STRING, &[values.len()], Vec::new(), texts.collect())
    }

    fn own(
        &mut self,
        data_type: i32,
        dims: &[usize],
        raw_data: Vec<u8>,
        string_data: Vec<Vec<u8>>,
    ) -> String {
        let name = format!("{OWN}constant_{}", self.initializers.len() + 1);
        self.initializer(&name, data_type, dims, raw_data, string_data);
        name
    }

    fn initializer(
        &mut self,
        name: &str,
        data_type: i32,
        dims: &[usize],
        raw_data: Vec<u8>,
        string_data: Vec<Vec<u8>>,
    ) {
        self.initializers.push(TensorProto {
            dims: dims.iter().map(|size| *size as i64).collect(),
            data_type,
            string_data,
            name: name.to_owned(),
            raw_data,
        });
    }

    /// The whole graph, with these outputs.
    pub(super) fn finish(self, output: Vec<ValueInfoProto>) -> GraphProto {
        GraphProto {
            node: self.nodes,
            name: "finetooth".to_owned(),
            initializer: self.initializers,
            input: self.inputs,
            output,
        }
    }
}
