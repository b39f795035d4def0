//! Trains one network on the CPU, fast and reproducibly. Knows no search.
//!
//! One training is a function of (configuration, data, seed): the same bits every time on the same
//! kind of processor, alone or beside others. A [`solver::Solver`] runs on the calling thread and
//! allocates nothing while it trains; told to use several threads, it computes the same bits.
//!
//! From a file to a network, in order: [`config`] reads the keys, [`data`] loads and splits the samples, [`sanity`] looks whether the
//! set-up can work, [`solver`] trains, [`history`] is what training leaves behind, [`evaluation`] measures on the test set,
//! [`model`] is what is left to predict with, and [`export`] makes a file of it.
//!
//! Samples are rows, (N, D); images are height × width × channels, channels varying fastest. Losses are in nats, means over
//! samples; a learning rate is per step, an epoch counts from 1 = epochs completed, and 0 is the untrained network.
//!
//! # Example
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use finetooth_engine::config::TrainConfig;
//! use finetooth_engine::data;
//! use finetooth_engine::evaluation::Classified;
//! use finetooth_engine::solver::{FitOptions, Part, Solver};
//!
//! let text = "[model]\nkind = \"softmax\"\n[train]\nepochs = 5\nlearning_rate = 1e-2";
//! let config = TrainConfig::from_toml(&text.parse()?, Path::new(".")).expect("these are keys, and their values are accepted");
//!
//! // The digits: 1797 images of ten classes; a fifth is set aside for validation, another for the test.
//! let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
//! assert_eq!((digits.train.len(), digits.validation.len()), (1077, 360));
//!
//! let digits = Arc::new(digits);
//! let mut solver = Solver::new(&config, Arc::clone(&digits), 0)?;
//! // An untrained network guesses among ten classes, which costs log 10 = 2.30 nats.
//! assert!((solver.untrained().val_loss - 10_f64.ln()).abs() < 1.0);
//! solver.fit(&FitOptions::to_epoch(5), |_, _| ControlFlow::Continue(()));
//!
//! let labels = digits.test.targets.labels().expect("the digits have classes");
//! let tested = Classified::of(&solver.predictions(Part::Test), labels);
//! assert!(tested.accuracy > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod checkpoint;
pub mod config;
pub mod data;
pub mod evaluation;
pub mod export;
pub mod gradcheck;
pub mod history;
pub mod model;
pub mod network;
pub mod sanity;
pub mod schedule;
pub mod seed;
pub mod solver;

mod clip;
mod init;
mod kernel;
mod layer;
mod loss;
mod max_norm;
mod optim;
mod penalty;
mod threads;

pub use kernel::{Simd, SimdError};
pub use threads::{MAX_THREADS, ThreadsError};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/tutorial/1-train.md")]
mod tutorial {}
