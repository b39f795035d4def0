//! Trained networks as files: safetensors, for other programs' tensors, and ONNX, for other programs' runtimes.
//!
//! `parts` takes a model apart into a description and named tensors, and puts it together again; `safetensors` and `onnx` are two
//! ways to lay these into a file. Both hold the whole model and are read back by [`load`].

mod description;
mod error;
mod onnx;
mod parts;
mod safetensors;
mod tensor;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

pub use error::{ModelError, Unusable};

use crate::checkpoint::replace;
use crate::model::Model;
use parts::Parts;

/// Largest file that is read.
const MAX_BYTES: u64 = 8 << 30;

/// How a model is laid into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The weights under their names, the rest as metadata. Source: the safetensors format, version of the crate.
    Safetensors,
    /// A graph with preprocessing inside, operator set 17. Source: the ONNX specification, IR version 8.
    Onnx,
}

impl Format {
    /// The format that a file's name ends with: `.safetensors` or `.onnx`.
    pub fn named(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "safetensors" => Some(Self::Safetensors),
            "onnx" => Some(Self::Onnx),
            _ => None,
        }
    }
}

/// Writes a model into the file `path`, which is replaced as a whole.
///
/// The same model gives the same bytes.
///
/// # Errors
/// Where the file cannot be written; what was there before is whole then.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use finetooth_engine::export::{self, Format};
/// use finetooth_engine::{config::TrainConfig, data, solver::Solver};
///
/// let config = TrainConfig::default();
/// let raw = data::load(&config.data, 0)?;
/// let digits = raw.preprocessed(config.data.preprocess)?;
/// let mut model = Solver::new(&config, Arc::new(digits), 0)?.model();
///
/// let directory = tempfile::tempdir()?;
/// for (name, format) in [("model.safetensors", Format::Safetensors), ("model.onnx", Format::Onnx)] {
///     let path = directory.path().join(name);
///     export::save(&model, format, &path)?;
///     let mut again = export::load(&path)?;
///     let samples = &raw.validation.features;
///     assert_eq!(again.predict(samples), model.predict(samples));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(model: &Model, format: Format, path: &Path) -> Result<(), ModelError> {
    let parts = Parts::of(model);
    let bytes = match format {
        Format::Safetensors => safetensors::bytes(&parts),
        Format::Onnx => onnx::bytes(&parts.in_single_precision()),
    };
    bytes
        .and_then(|bytes| replace(path, |out| out.write_all(&bytes)))
        .map_err(|reason| ModelError::Unwritable {
            path: path.to_owned(),
            reason,
        })
}

/// Reads a model that [`save`] wrote, in whichever format.
///
/// # Errors
/// See [`Unusable`].
pub fn load(path: &Path) -> Result<Model, ModelError> {
    read(path)
        .and_then(|bytes| from_bytes(&bytes))
        .map_err(|reason| ModelError::Unusable {
            path: path.to_owned(),
            reason,
        })
}

fn from_bytes(bytes: &[u8]) -> Result<Model, Unusable> {
    let parts = if safetensors::begins_as_one(bytes) {
        safetensors::parts(bytes)?
    } else if onnx::begins_as_one(bytes) {
        onnx::parts(bytes)?
    } else {
        return Err(Unusable::Foreign);
    };
    parts.model()
}

fn read(path: &Path) -> Result<Vec<u8>, Unusable> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unusable::NotAFile);
    }
    if metadata.len() > MAX_BYTES {
        return Err(Unusable::TooLarge {
            bytes: metadata.len(),
            limit: MAX_BYTES,
        });
    }
    // Enough to see what it is, so that a file of another kind is not read in whole.
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(64).read_to_end(&mut bytes)?;
    if !safetensors::begins_as_one(&bytes) && !onnx::begins_as_one(&bytes) {
        return Err(Unusable::Foreign);
    }
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
