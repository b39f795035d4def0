//! A model taken apart, and put together again.

use std::collections::HashMap;
use std::ops::Range;

use bytemuck::Pod;

use super::description::{Described, Description, Method, Precision};
use super::error::Unusable;
use super::tensor::{Tensor, Values};
use crate::config::LayerSpec;
use crate::data::{Fitted, Preprocessing, Shape};
use crate::kernel::{Real, Simd};
use crate::model::{AnyNetwork, Member, Model, empty_network, listed_model};
use crate::network::{Listed, Network, listed};

pub(super) const ORIGINS: &str = "preprocessing.origins";
pub(super) const FACTORS: &str = "preprocessing.factors";
pub(super) const MEANS: &str = "preprocessing.means";
pub(super) const AXES: &str = "preprocessing.axes";

/// A model as a file holds it.
///
/// Tensors are named as the network names them, for instance `linear_1.weights`; of several members, with `member_1.` before it.
pub(super) struct Parts {
    pub(super) description: Description,
    pub(super) tensors: Vec<Tensor>,
}

impl Parts {
    pub(super) fn of(model: &Model) -> Self {
        let n_outputs = model.task.n_outputs();
        let mut tensors = Vec::new();
        let mut members = Vec::new();
        for (idx, member) in model.members.iter().enumerate() {
            let layers = listed(&listed_model(&member.layers), model.shape, n_outputs)
                .expect("a network that was built can be described");
            let prefix = prefix(idx, model.members.len());
            let dtype = match &member.network {
                AnyNetwork::F32(network) => {
                    push(&mut tensors, &prefix, &layers, network, Values::F32);
                    Precision::F32
                }
                AnyNetwork::F64(network) => {
                    push(&mut tensors, &prefix, &layers, network, Values::F64);
                    Precision::F64
                }
            };
            let mut fitted = |name: &str, dims: Vec<usize>, values: Vec<f64>| {
                tensors.push(Tensor {
                    name: format!("{prefix}{name}"),
                    dims,
                    values: Values::F64(values),
                });
            };
            let preprocessing = match member.preprocessing.fitted() {
                Fitted::None => Method::None,
                Fitted::Affine { origins, factors } => {
                    fitted(ORIGINS, vec![origins.len()], origins);
                    fitted(FACTORS, vec![factors.len()], factors);
                    Method::Affine
                }
                Fitted::Pca { means, axes } => {
                    let n = means.len();
                    fitted(MEANS, vec![n], means);
                    fitted(AXES, vec![n, n], axes);
                    Method::Pca
                }
            };
            members.push(Described {
                weight: member.weight,
                dtype,
                preprocessing,
                layers: member.layers.iter().map(ToString::to_string).collect(),
            });
        }
        let columns = model.columns.clone();
        let description = Description::new(model.shape, &model.task, columns, members);
        Self {
            description: description.signed(&tensors),
            tensors,
        }
    }

    /// The same with weights of single precision.
    pub(super) fn in_single_precision(mut self) -> Self {
        let n_members = self.description.members.len();
        for (idx, member) in self.description.members.iter_mut().enumerate() {
            let of_preprocessing = format!("{}preprocessing.", prefix(idx, n_members));
            let prefix = prefix(idx, n_members);
            let of_member = self.tensors.iter_mut().filter(|tensor| {
                tensor.name.starts_with(&prefix) && !tensor.name.starts_with(&of_preprocessing)
            });
            if member.dtype == Precision::F64 {
                for tensor in of_member {
                    tensor.values = tensor.values.in_single_precision();
                }
                member.dtype = Precision::F32;
            }
        }
        self.description = self.description.signed(&self.tensors);
        self
    }

    /// Of each member: what its tensors' names begin with, and its layers.
    pub(super) fn networks(&self) -> Result<Vec<(String, Vec<Listed>)>, Unusable> {
        let n_members = self.description.members.len();
        let members = self.description.members.iter().enumerate();
        members
            .map(|(idx, member)| {
                let layers = layers(member)?;
                let shape = self.description.shape();
                let n_outputs = self.description.task().n_outputs();
                let listed = listed(&listed_model(&layers), shape, n_outputs)?;
                Ok((prefix(idx, n_members), listed))
            })
            .collect()
    }

    /// The model, for predictions on the fastest instruction set of this processor.
    pub(super) fn model(self) -> Result<Model, Unusable> {
        self.description.check(&self.tensors)?;
        let shape = self.description.shape();
        let networks = self.networks()?;
        let mut tensors: HashMap<String, Tensor> = self
            .tensors
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor))
            .collect();
        let n_outputs = self.description.task().n_outputs();
        let mut members = Vec::new();
        for (member, (prefix, listed)) in self.description.members.iter().zip(networks) {
            let fitted = fitted(member.preprocessing, shape, &prefix, &mut tensors)?;
            let preprocessing = Preprocessing::from_fitted(fitted, shape.len())
                .ok_or_else(|| Unusable::damaged(&"its preprocessing is of other samples"))?;
            // All of them before anything is built, so that what is claimed takes no memory.
            let mut of_member = HashMap::new();
            for (name, dims) in listed.iter().flat_map(Listed::tensors) {
                let tensor = take(&mut tensors, &prefix, &name, &dims)?;
                of_member.insert(name, tensor.values);
            }
            let layers = layers(member)?;
            let network = match member.dtype {
                Precision::F32 => AnyNetwork::F32(network(&layers, shape, n_outputs, &of_member)?),
                Precision::F64 => AnyNetwork::F64(network(&layers, shape, n_outputs, &of_member)?),
            };
            members.push(Member {
                weight: member.weight,
                layers,
                preprocessing,
                network,
            });
        }
        if let Some(name) = tensors.keys().min() {
            return Err(Unusable::damaged(&format!("nothing is said of `{name}`")));
        }
        let Description { ref columns, .. } = self.description;
        let columns = columns.clone();
        Ok(Model::of(shape, columns, self.description.task(), members))
    }
}

/// What the tensors of a member are named with before their own names.
fn prefix(idx: usize, n_members: usize) -> String {
    if n_members == 1 {
        String::new()
    } else {
        format!("member_{}.", idx + 1)
    }
}

fn layers(member: &Described) -> Result<Vec<LayerSpec>, Unusable> {
    let layers = member.layers.iter();
    layers
        .map(|text| LayerSpec::parse(text).map_err(|error| Unusable::damaged(&error)))
        .collect()
}

/// Where a network has each tensor: in its parameters or in its running statistics.
fn places<T: Real>(network: &Network<T>) -> HashMap<String, (bool, Range<usize>)> {
    let of = |is_running: bool| {
        move |tensor: &crate::network::Tensor| {
            (tensor.name.clone(), (is_running, tensor.range.clone()))
        }
    };
    let trained = network.tensors().iter().map(of(false));
    trained
        .chain(network.running_tensors().iter().map(of(true)))
        .collect()
}

fn push<T: Real>(
    tensors: &mut Vec<Tensor>,
    prefix: &str,
    layers: &[Listed],
    network: &Network<T>,
    values: impl Fn(Vec<T>) -> Values,
) {
    let places = places(network);
    for (name, dims) in layers.iter().flat_map(Listed::tensors) {
        let (is_running, range) = places[&name].clone();
        let all = if is_running {
            network.running()
        } else {
            network.parameters()
        };
        tensors.push(Tensor {
            name: format!("{prefix}{name}"),
            dims,
            values: values(all[range].to_vec()),
        });
    }
}

/// Takes the tensor of a name out, if it has that shape and finite numbers.
fn take(
    tensors: &mut HashMap<String, Tensor>,
    prefix: &str,
    name: &str,
    dims: &[usize],
) -> Result<Tensor, Unusable> {
    let name = format!("{prefix}{name}");
    let tensor = tensors
        .remove(&name)
        .ok_or_else(|| Unusable::damaged(&format!("there is no `{name}`")))?;
    if tensor.dims != dims || Some(tensor.values.len()) != product(dims) {
        let found = &tensor.dims;
        return Err(Unusable::damaged(&format!(
            "`{name}` has the shape {found:?} where the network has {dims:?}"
        )));
    }
    if !tensor.values.are_finite() {
        return Err(Unusable::damaged(&format!(
            "`{name}` has numbers that are not finite"
        )));
    }
    Ok(tensor)
}

fn product(dims: &[usize]) -> Option<usize> {
    dims.iter()
        .try_fold(1_usize, |len, size| len.checked_mul(*size))
}

fn fitted(
    method: Method,
    shape: Shape,
    prefix: &str,
    tensors: &mut HashMap<String, Tensor>,
) -> Result<Fitted, Unusable> {
    let n = shape.len();
    // One for each value, for each channel, or for all.
    let sizes = [n, shape.channels, 1];
    let origins = tensors.get(&format!("{prefix}{ORIGINS}"));
    let found = origins.map_or(0, |origins| origins.values.len());
    let n_groups = sizes.into_iter().find(|size| *size == found).unwrap_or(n);
    let mut doubles = |name: &str, dims: &[usize]| match take(tensors, prefix, name, dims)?.values {
        Values::F64(values) => Ok(values),
        Values::F32(_) => Err(Unusable::damaged(&format!(
            "`{name}` is not of double precision"
        ))),
    };
    Ok(match method {
        Method::None => Fitted::None,
        Method::Affine => Fitted::Affine {
            origins: doubles(ORIGINS, &[n_groups])?,
            factors: doubles(FACTORS, &[n_groups])?,
        },
        Method::Pca => Fitted::Pca {
            means: doubles(MEANS, &[n])?,
            axes: doubles(AXES, &[n, n])?,
        },
    })
}

fn network<T: Real + Pod>(
    layers: &[LayerSpec],
    shape: Shape,
    n_outputs: usize,
    tensors: &HashMap<String, Values>,
) -> Result<Network<T>, Unusable> {
    let mut network = empty_network::<T>(layers, shape, n_outputs, Simd::detect())?;
    let places = places(&network);
    let [parameters, running] = network.state_mut();
    for (name, values) in tensors {
        let (is_running, range) = places[name].clone();
        let all = if is_running {
            &mut *running
        } else {
            &mut *parameters
        };
        values.copy_to(&mut all[range])?;
    }
    Ok(network)
}
