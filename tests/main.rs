//! Workspace tests: the binary from outside, and the architecture's invariants.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod architecture;
mod book;
mod commands;
mod crash;
mod data_messages;
mod export;
mod guide;
mod help;
mod init;
mod messages;
mod models;
mod page;
mod programs;
mod regression;
mod rerun;
mod sandbox;
mod sanity;
mod simulate;
mod slurm;
mod sweeps;
mod testing;
mod training;
mod tutorial;
mod wandb;
