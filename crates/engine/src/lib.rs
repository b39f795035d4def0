//! Trains one network on the CPU, fast and reproducibly. Knows no search.
//!
//! One training is a function of (configuration, data, seed): the same bits every time on the same
//! kind of processor, alone or beside others. A [`solver::Solver`] runs on the calling thread and
//! allocates nothing while it trains; told to use several threads, it computes the same bits.

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
