//! Sweep configurations of Weights & Biases, turned into definitions of ours.
//!
//! `yaml` reads a file into a tree whose nodes know their places, `word` its plain words. `parameter` reads what is searched, by
//! `distribution` and `choice`, and `space` writes it, its values as `literal` spells them; `metric` reads the metric, `command` makes the
//! arguments, `search` the procedure. `convert` puts the definition together, and `told` keeps what a person has to know of it. Nothing here
//! touches files or the screen.
//!
//! Source: the documentation of W&B, "Sweep configuration options", and the schema and samplers of github.com/wandb/sweeps.

mod choice;
mod command;
mod convert;
mod distribution;
mod literal;
mod metric;
mod parameter;
mod search;
mod space;
mod told;
mod word;
mod yaml;

pub(crate) use convert::{Converted, convert};
pub(crate) use told::Note;
