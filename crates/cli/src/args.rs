//! The command line.

use clap::{ArgAction, Parser, Subcommand};

use crate::command::{
    best, check, export, init, logs, predict, report, rerun, run, serve, shell, show, simulate,
    status, test, train,
};
use crate::worker;

/// Finds the hyperparameters a network trains best with: coarse to fine, widening a range where the best lies on
/// its edge. What was run is recorded and can be resumed at any moment.
#[derive(Debug, Parser)]
#[command(
    name = "finetooth",
    version,
    max_term_width = 100,
    after_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Show more of what is going on (-v ends of stages and trials, -vv epochs); RUST_LOG says it precisely
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

const EXAMPLES: &str = "\
Examples:
  finetooth init                    write finetooth.toml, a definition to begin with
  finetooth check finetooth.toml    is it right? what would be run?
  finetooth run finetooth.toml      run it, or go on with it
  finetooth best                    the best trials, and why the ranges moved
  finetooth serve                   watch it in a browser, live

Exit codes:
  0 done    1 negative verdict    2 definition, usage or data wrong    3 sanity check failed
  4 directory in use    5 record or results could not be written    130 interrupted, can be resumed";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented definition file to begin with
    Init(init::InitArgs),
    /// Say whether a definition is right and what it would run; writes nothing
    Check(check::CheckArgs),
    /// Run a sweep, or resume what was interrupted, to the end
    Run(run::RunArgs),
    /// Tell how far a sweep is
    Status(status::StatusArgs),
    /// Show the best trials of a sweep, and why its ranges moved
    Best(best::BestArgs),
    /// Show one trial: its values and its epochs
    Show(show::ShowArgs),
    /// Print what a trial's program printed
    Logs(logs::LogsArgs),
    /// Write the pictures of a sweep into one HTML file
    Report(report::ReportArgs),
    /// Show the pictures of runs in a browser, live
    Serve(serve::ServeArgs),
    /// Write a sweep's results as CSV, JSON, Parquet or for TensorBoard, or its model as safetensors or ONNX
    Export(export::ExportArgs),
    /// Run the search over synthetic or recorded learning curves: judge its settings before spending a night on them
    Simulate(simulate::SimulateArgs),
    /// Train a trial again and say whether its numbers come out the same
    Rerun(rerun::RerunArgs),
    /// Evaluate the best trial, or several together, on the test set: once
    Test(test::TestArgs),
    /// Train once, with the values of a file
    Train(train::TrainArgs),
    /// Predict from samples with a model file, as CSV
    Predict(predict::PredictArgs),
    /// Print a script that completes finetooth's commands in a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page
    Man,
    /// Run one rung of a trial: what the jobs of a Slurm cluster do
    #[command(hide = true)]
    Worker(worker::WorkerArgs),
}
