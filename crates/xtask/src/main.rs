//! Chores of the project: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod child;
mod page;
mod search;
mod steps;
mod sweeps;
mod watching;
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
    /// Answers trials of a surrogate: a line of JSON in, a line out
    Bridge,
    /// Measures how soon a search finds good values, beside Optuna's strategies
    Search(search::Searches),
    /// Measures whole sweeps beside Optuna's random sampler with PyTorch
    Sweeps(sweeps::Sweeps),
    /// Measures the page: on long records, in a browser
    Watching(watching::Watching),
}

fn main() -> miette::Result<()> {
    match Arguments::parse().chore {
        Chore::Step(step) => step.run(),
        Chore::Steps(steps) => steps.run(),
        Chore::Bridge => search::bridge(),
        Chore::Search(searches) => searches.run(),
        Chore::Sweeps(sweeps) => sweeps.run(),
        Chore::Watching(watching) => watching.run(),
    }
}
