//! Chores of the project: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod child;
mod page;
mod steps;
mod sweeps;
#[path = "../../engine/benches/workload/mod.rs"]
mod workload;

use clap::{Parser, Subcommand};

/// Measurements of finetooth beside other tools, written into docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measures one network's training steps in this process; prints a line of JSON
    Step(steps::Step),
    /// Measures training steps beside PyTorch, one after the other on one core
    Steps(steps::Steps),
    /// Measures whole sweeps beside Optuna's random sampler with PyTorch
    Sweeps(sweeps::Sweeps),
}

fn main() -> miette::Result<()> {
    match Arguments::parse().chore {
        Chore::Step(step) => step.run(),
        Chore::Steps(steps) => steps.run(),
        Chore::Sweeps(sweeps) => sweeps.run(),
    }
}
