//! All of a model but its tensors, as JSON.

use serde::{Deserialize, Serialize};

use super::error::Unusable;
use super::tensor::Tensor;
use crate::data::{Columns, Shape, TargetScale, Task};

const FORMAT: &str = "finetooth-model";
const VERSION: u32 = 1;

/// What a model file says of itself, under the key [`Description::KEY`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    format: String,
    version: u32,
    program: String,
    sample: Sample,
    pub(super) predicts: Predicts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) columns: Option<Columns>,
    pub(super) members: Vec<Described>,
    /// XXH3 (64 bits) of everything else, tensors too, in hexadecimal digits.
    checksum: String,
}

/// What is read of a description whatever its version.
#[derive(Deserialize)]
struct Beginning {
    format: String,
    version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    height: usize,
    width: usize,
    channels: usize,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Predicts {
    /// One of these classes.
    Classes(Vec<String>),
    /// mean + deviation · score.
    Number { mean: f64, deviation: f64 },
}

/// One network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    pub(super) weight: u32,
    pub(super) dtype: Precision,
    pub(super) preprocessing: Method,
    pub(super) layers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Precision {
    F32,
    F64,
}

/// Which tensors of preprocessing there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    None,
    Affine,
    Pca,
}

impl Description {
    /// Where a file has it among its metadata.
    pub(super) const KEY: &str = "finetooth";

    /// Without a checksum.
    pub(super) fn new(
        shape: Shape,
        task: &Task,
        columns: Option<Columns>,
        members: Vec<Described>,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: concat!("finetooth ", env!("CARGO_PKG_VERSION")).to_owned(),
            sample: Sample {
                height: shape.height,
                width: shape.width,
                channels: shape.channels,
            },
            predicts: match task {
                Task::Classification { classes } => Predicts::Classes(classes.clone()),
                Task::Regression {
                    scale: TargetScale { mean, deviation },
                } => Predicts::Number {
                    mean: *mean,
                    deviation: *deviation,
                },
            },
            columns,
            members,
            checksum: String::new(),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        let Sample {
            height,
            width,
            channels,
        } = self.sample;
        Shape {
            height,
            width,
            channels,
        }
    }

    pub(super) fn task(&self) -> Task {
        match &self.predicts {
            Predicts::Classes(classes) => Task::Classification {
                classes: classes.clone(),
            },
            Predicts::Number { mean, deviation } => Task::Regression {
                scale: TargetScale {
                    mean: *mean,
                    deviation: *deviation,
                },
            },
        }
    }

    /// With the checksum of all of it and `tensors`.
    pub(super) fn signed(mut self, tensors: &[Tensor]) -> Self {
        self.checksum = self.computed(tensors);
        self
    }

    /// Reads what a file says of itself.
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let beginning: Beginning =
            serde_json::from_str(text).map_err(|error| Unusable::damaged(&error))?;
        if beginning.format != FORMAT {
            return Err(Unusable::NotOurs);
        }
        if beginning.version != VERSION {
            return Err(Unusable::Version {
                found: beginning.version,
                accepted: VERSION,
            });
        }
        serde_json::from_str(text).map_err(|error| Unusable::damaged(&error))
    }

    /// Refuses what is not as it was written.
    pub(super) fn check(&self, tensors: &[Tensor]) -> Result<(), Unusable> {
        if self.checksum != self.computed(tensors) {
            return Err(Unusable::damaged(
                &"its numbers are not those that were written",
            ));
        }
        let sizes = [self.sample.height, self.sample.width, self.sample.channels];
        let len = sizes
            .into_iter()
            .try_fold(1_usize, usize::checked_mul)
            .filter(|len| (1..=MAX_FEATURES).contains(len));
        let has_features = match &self.columns {
            Some(columns) => len == Some(columns.n_features()),
            None => len.is_some(),
        };
        let has_classes = match &self.predicts {
            Predicts::Classes(classes) => classes.len() > 1,
            Predicts::Number { mean, deviation } => mean.is_finite() && deviation.is_finite(),
        };
        let counts = self.members.iter().all(|member| member.weight > 0);
        if has_features && has_classes && counts && !self.members.is_empty() {
            Ok(())
        } else {
            Err(Unusable::damaged(&"it describes no network"))
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers can be written")
    }

    fn computed(&self, tensors: &[Tensor]) -> String {
        let unsigned = Self {
            checksum: String::new(),
            ..self.clone()
        };
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(unsigned.json().as_bytes());
        let mut tensors: Vec<&Tensor> = tensors.iter().collect();
        tensors.sort_by_key(|tensor| &tensor.name);
        for Tensor { name, dims, values } in tensors {
            hasher.update(name.as_bytes());
            for size in dims {
                hasher.update(&(*size as u64).to_le_bytes());
            }
            hasher.update(values.bytes());
        }
        format!("{:016x}", hasher.digest())
    }
}

/// Most features of a sample.
const MAX_FEATURES: usize = 1 << 28;
