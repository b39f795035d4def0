//! The configuration of one training: which keys there are, reading them, writing them out.
//!
//! A key's name is the same in the file, in [`KEYS`] and as a field. The configuration knows values
//! and their limits, not data files nor networks.

mod augment;
mod choice;
mod data;
mod error;
mod key;
mod keys;
mod layers;
mod loss;
mod model;
mod optimizer;
mod read;
mod train;
mod write;

#[cfg(test)]
mod tests;

pub use augment::Augment;
pub use data::{
    CsvLabel, CsvOptions, DataConfig, LabelKind, NpzOptions, Preprocess, Share, Source,
};
pub use error::ConfigError;
pub use key::{Key, KeyDefault, Kind, Scale, Table};
pub use keys::KEYS;
pub use layers::{LayerError, LayerSpec, Padding};
pub use loss::{Loss, LossKind};
pub use model::{Activation, Init, InitKind, ModelConfig, ModelKind};
pub use optimizer::OptimizerKind;
pub use read::TrainConfig;
pub use train::{Dtype, ScheduleKind, TrainSettings};
