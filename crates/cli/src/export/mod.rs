//! A sweep's record in the forms that other programs read, one a file.
//!
//! All are made of the rows of [`finetooth_scheduler::results::Table`], so that they tell the same as the CSV files.

pub(crate) mod csv;
pub(crate) mod json;
mod marker;
pub(crate) mod parquet;
mod place;
mod source;
mod staging;
pub(crate) mod tensorboard;
mod watch;

pub(crate) use place::{Directory, Document};
pub(crate) use source::Source;
pub(crate) use staging::Staging;
pub(crate) use watch::Watch;
