//! The finetooth program: composes the crates, prints, exits.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    expect(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod args;
mod chosen;
mod command;
mod definition;
mod exit_code;
mod export;
mod failure;
mod figures;
mod finale;
mod fitting;
mod gate;
mod logging;
mod mistakes;
mod moves;
mod opened;
mod output;
mod place;
mod progress;
mod record;
mod resume;
mod screen;
mod signals;
mod sparkline;
mod summary;
mod table;
mod wandb;
mod worker;

use clap::Parser;

use crate::args::{Args, Command};
use crate::command::{
    best, check, export as exporting, init, logs, predict, report, rerun, run, serve, shell, show,
    simulate, status, test, train,
};
use crate::screen::Screen;

/// Reads the command line, does what it says and tells how that went.
fn main() -> std::process::ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == opened::SUPERVISE)
    {
        return opened::supervise();
    }
    let args = Args::parse();
    let screen = Screen::detect();
    logging::start(&screen, args.verbose);
    let done = match &args.command {
        Command::Init(args) => init::init(args, &screen),
        Command::Check(args) => check::check(args, &screen),
        Command::Run(args) => run::run(args, &screen),
        Command::Status(args) => status::status(args),
        Command::Best(args) => best::best(args),
        Command::Show(args) => show::show(args),
        Command::Logs(args) => logs::logs(args),
        Command::Report(args) => report::report(args, &screen),
        Command::Serve(args) => serve::serve(args, &screen),
        Command::Export(args) => exporting::export(args, &screen),
        Command::Simulate(args) => simulate::simulate(args, &screen),
        Command::Rerun(args) => rerun::rerun(args, &screen),
        Command::Test(args) => test::test(args, &screen),
        Command::Train(args) => train::train(args, &screen),
        Command::Predict(args) => predict::predict(args, &screen),
        Command::Completions(args) => shell::completions(args),
        Command::Man => shell::man(),
        Command::Worker(args) => worker::worker(args, &screen),
    };
    let code = done.unwrap_or_else(|failure| {
        screen.show(&failure.drawn(&screen));
        failure.code()
    });
    code.into()
}
