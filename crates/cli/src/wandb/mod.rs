//! Sweep definitions of Weights & Biases, turned into ours: `yaml` reads the file, `distribution` says what becomes of a parameter's,
//! `convert` of
//! everything else, `spelling` how words stand in a file of ours.
//!
//! Source: the documentation of W&B sweep configurations, "Sweep configuration options".

mod convert;
mod distribution;
mod spelling;
mod yaml;

pub(crate) use convert::{Converted, convert};
pub(crate) use yaml::{YamlError, parse};
