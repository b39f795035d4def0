//! The safetensors format, as its authors' crate reads and writes it.

use std::collections::HashMap;
use std::io;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::description::Description;
use super::error::Unusable;
use super::parts::Parts;
use super::tensor::{Tensor, Values};

/// Whether bytes begin as such a file: the length of the header, then a JSON object.
pub(super) fn begins_as_one(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// The file. It has one entry of metadata, so that the same model gives the same bytes.
pub(super) fn bytes(parts: &Parts) -> io::Result<Vec<u8>> {
    let views: Result<Vec<_>, _> = parts
        .tensors
        .iter()
        .map(|Tensor { name, dims, values }| {
            let dtype = match values {
                Values::F32(_) => Dtype::F32,
                Values::F64(_) => Dtype::F64,
            };
            TensorView::new(dtype, dims.clone(), values.bytes()).map(|view| (name.as_str(), view))
        })
        .collect();
    let metadata = HashMap::from([(Description::KEY.to_owned(), parts.description.json())]);
    views
        .and_then(|views| serialize(views, Some(metadata)))
        .map_err(io::Error::other)
}

/// What a file holds.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts, Unusable> {
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| Unusable::damaged(&error))?;
    let description = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(Description::KEY))
        .ok_or(Unusable::NotOurs)?;
    let description = Description::parse(description)?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| Unusable::damaged(&error))?;
    let tensors: Result<Vec<Tensor>, Unusable> = file
        .iter()
        .map(|(name, view)| {
            let values = match view.dtype() {
                Dtype::F32 => Values::f32s(view.data()),
                Dtype::F64 => Values::f64s(view.data()),
                other => {
                    return Err(Unusable::damaged(&format!(
                        "`{name}` has numbers of type {other}"
                    )));
                }
            };
            Ok(Tensor {
                name: name.to_owned(),
                dims: view.shape().to_vec(),
                values,
            })
        })
        .collect();
    Ok(Parts {
        description,
        tensors: tensors?,
    })
}
