//! `finetooth test`: the evaluation on the test set, once.

mod ledger;
mod told;

use std::path::PathBuf;

use clap::Args;
use finetooth_objective::{Part, Predictions, Quality};
use finetooth_scheduler::interrupt::Interrupt;

use crate::chosen::{Finished, Wish};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::screen::Screen;
use crate::signals;
use ledger::{Ledger, Taken, Use};

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth test results/digits                  the final model of [after], else the best trial, on the test set
  finetooth test digits --ensemble 5             the five best different trials together
  finetooth test digits --checkpoints 5          the best trial after its five best epochs, together
  finetooth test digits --model net/model.safetensors
  finetooth test digits --json

Each trial is trained again to its best epoch, to the same numbers, and evaluated on the test set, which nothing was chosen by. That is
an honest measure once: who compares models on the test set and keeps the best one has chosen by it. So the use goes on record in
DIR/test.json, the same question is answered from there, and another one asks for --again.")]
pub(crate) struct TestArgs {
    /// Directory of the sweep, or its name in results/
    dir: PathBuf,
    #[command(flatten)]
    wish: Wish,
    /// Use the test set once more, for another question; both uses stay on record
    #[arg(long)]
    again: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Evaluates the best of a finished sweep on its test set, and puts that on record.
///
/// # Errors
/// Where the sweep is not finished, has no test set or runs a program, the data have changed, or the test set was used for
/// another question.
pub(crate) fn test(args: &TestArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let finished = Finished::open(Some(&args.dir))?;
    let training = &finished.training;
    let directory = &finished.recorded.directory;
    let name = directory.display();
    if training.n_test() == 0 {
        return Err(Failure::usage(format!(
            "the sweep in `{name}` set no test data aside: give [data] a `test` share or a `test_path`, and run it anew"
        )));
    }
    let candidates = finished.candidates(&args.wish)?;
    let mut ledger = Ledger::read(directory)?;
    let asked: Vec<Taken> = candidates.iter().map(Taken::of).collect();
    if let Some(known) = ledger.answered(&asked) {
        screen.line("this was tested before; the test set is not used again");
        return tell(args, known, &ledger);
    }
    if ledger.knows_another(&asked) && !args.again {
        return Err(Failure::usage(format!(
            "the test set of `{name}` was used before, {}: to choose among models by it would make its figures too good; \
             --again uses it once more all the same, and both uses stay on record in test.json",
            ledger.last_told()
        )));
    }
    let interrupt = Interrupt::default();
    signals::raise(interrupt.clone()).map_err(Failure::not_written)?;
    let mut models = finished.train(candidates, &interrupt, screen)?;
    let (ensemble, validation) = finished.weigh(&mut models);
    let mut entry = Use::begin(&asked, &ensemble);
    entry.on_validation(training, &validation, &ensemble);
    // On record before anybody can know what comes of it.
    ledger.push(entry)?;
    let test: Vec<Predictions> = models
        .iter_mut()
        .map(|model| training.predictions(model, Part::Test))
        .collect();
    let worth = |predictions: &Predictions| training.quality(Part::Test, predictions);
    let single: Quality = worth(&test[0]);
    let found = worth(&ensemble.mean(&test));
    ledger.complete(
        &found,
        args.wish.is_ensemble().then_some(&single),
        training.classes(),
    )?;
    let known = ledger.answered(&asked).expect("it was answered just now");
    tell(args, known, &ledger)
}

fn tell(args: &TestArgs, known: &Use, ledger: &Ledger) -> Result<ExitCode, Failure> {
    if args.json {
        output::json(&known.json())?;
    } else {
        output::result(&told::text(known, ledger))?;
    }
    Ok(ExitCode::DONE)
}
