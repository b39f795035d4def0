//! `finetooth test`: the evaluation on the test set, once.

mod ledger;
mod told;

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use finetooth_objective::{Ensemble, Member, MemberError, Part, Predictions, Quality, Training};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::stage::{Best, Ranking};
use finetooth_scheduler::state::Settled;
use finetooth_scheduler::trial::Outcome;
use indicatif::{ProgressBar, ProgressStyle};

use crate::definition::Definition;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::output;
use crate::record::Recorded;
use crate::resume;
use crate::screen::Screen;
use crate::signals;
use ledger::{Ledger, Taken, Use};

/// Most members of an ensemble.
const MOST_MEMBERS: u64 = 100;

/// Arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth test results/digits                  the best trial, on the test set
  finetooth test digits --ensemble 5             the five best different trials together
  finetooth test digits --json

Each is trained again to its best epoch, to the same numbers, and evaluated on the test set, which nothing was chosen by. That is
an honest measure once: who compares models on the test set and keeps the best one has chosen by it. So the use goes on record in
DIR/test.json, the same question is answered from there, and another one asks for --again.")]
pub(crate) struct TestArgs {
    /// Directory of the sweep, or its name in results/
    dir: PathBuf,
    /// So many of the best different trials, averaged: those of them, as often as it helps on the validation set
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_MEMBERS))]
    ensemble: usize,
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
    let recorded = Recorded::read(Some(&args.dir))?;
    let directory = recorded.directory.display();
    if recorded.state.finished().is_none() {
        return Err(Failure::usage(format!(
            "the sweep in `{directory}` is not finished: let `finetooth run` finish it first, so that nothing more is chosen \
             after the test"
        )));
    }
    let started = recorded
        .state
        .started()
        .expect("a finished sweep has begun");
    let definition = Definition::recorded(
        &started.definition,
        &started.objective.columns,
        &recorded.directory,
    )?;
    let training = definition.open_training()?;
    resume::check_objective(
        started,
        &training.summary(),
        &definition.sweep,
        &recorded.directory,
    )?;
    if training.n_test() == 0 {
        return Err(Failure::usage(format!(
            "the sweep in `{directory}` set no test data aside: give [data] a `test` share or a `test_path`, and run it anew"
        )));
    }
    let candidates = candidates(&recorded, args.ensemble);
    if candidates.is_empty() {
        return Err(Failure::usage(format!(
            "no trial in `{directory}` completed with a finite metric: there is nothing to test"
        )));
    }
    let mut ledger = Ledger::read(&recorded.directory)?;
    let asked: Vec<Taken> = candidates
        .iter()
        .map(|(record, best)| Taken::of(*record, *best))
        .collect();
    if let Some(known) = ledger.answered(&asked) {
        screen.line("this was tested before; the test set is not used again");
        return tell(args, known, &ledger);
    }
    if ledger.knows_another(&asked) && !args.again {
        return Err(Failure::usage(format!(
            "the test set of `{directory}` was used before, {}: to choose among models by it would make its figures too good; \
             --again uses it once more all the same, and both uses stay on record in test.json",
            ledger.last_told()
        )));
    }
    let mut members = train(&training, &recorded, &candidates, screen)?;
    let validation: Vec<Predictions> = members
        .iter_mut()
        .map(|member| member.predictions(Part::Validation))
        .collect();
    let quality =
        |predictions: &Predictions| training.quality(Part::Validation, predictions).figures();
    let ensemble = match args.ensemble {
        1 => Ensemble::of_one(members.len()),
        _ => Ensemble::select(&validation, &quality),
    };
    let mut entry = Use::begin(&asked, &ensemble);
    entry.on_validation(&training, &validation, &ensemble);
    // On record before anybody can know what comes of it.
    ledger.push(entry)?;
    let test: Vec<Predictions> = members
        .iter_mut()
        .map(|member| member.predictions(Part::Test))
        .collect();
    let worth = |predictions: &Predictions| training.quality(Part::Test, predictions);
    let single: Quality = worth(&test[0]);
    let found = worth(&ensemble.mean(&test));
    ledger.complete(
        &found,
        (args.ensemble > 1).then_some(&single),
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

/// The best trials of different values, best first.
fn candidates(recorded: &Recorded, n: usize) -> Vec<(Settled<'_>, Best)> {
    let ranked = recorded
        .leaderboard
        .ranked(recorded.ended(), Ranking::Metric);
    let winner = recorded.best().map(|(record, _)| record);
    let mut chosen: Vec<(Settled<'_>, Best)> = Vec::new();
    for record in winner.into_iter().chain(ranked) {
        let Some(best) = recorded
            .leaderboard
            .best(record)
            .filter(|best| best.value.is_finite())
        else {
            continue;
        };
        let is_known = chosen
            .iter()
            .any(|(known, _)| known.trial.params == record.trial.params);
        if record.outcome == Some(&Outcome::Completed) && !is_known && chosen.len() < n {
            chosen.push((record, best));
        }
    }
    chosen
}

/// Trains the candidates again, each to its best epoch. Ctrl-C ends it; nothing is on record by then.
fn train(
    training: &Training,
    recorded: &Recorded,
    candidates: &[(Settled<'_>, Best)],
    screen: &Screen,
) -> Result<Vec<Member>, Failure> {
    let epochs: u64 = candidates
        .iter()
        .map(|(_, best)| u64::from(best.epoch))
        .sum();
    let bar = if screen.is_terminal() {
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} epochs {eta}")
            .expect("the template is right");
        screen
            .bars()
            .add(ProgressBar::new(epochs).with_style(style))
    } else {
        ProgressBar::hidden()
    };
    let interrupt = Interrupt::default();
    signals::raise(interrupt.clone())
        .map_err(|error| Failure::usage(format!("the system gives no signals: {error}")))?;
    let column = recorded.leaderboard.columns().metric;
    let mut members = Vec::new();
    for (record, best) in candidates {
        let id = record.trial.id;
        bar.set_message(format!("training trial {id} again"));
        let mut go_on = || {
            bar.inc(1);
            !interrupt.is_raised()
        };
        let member = training
            .member(record.trial, best.epoch, &mut go_on)
            .map_err(|error| match error {
                MemberError::Interrupted => {
                    Failure::interrupted("interrupted: the test set was not used")
                }
                other => {
                    Failure::usage(format!("trial {id} did not come to where it was: {other}"))
                }
            })?;
        if member.values[column].to_bits() != best.value.to_bits() {
            screen.line(&format!(
                "warning: trial {id} came to {} {} where {} was recorded: another kind of processor, or another version of finetooth",
                recorded.sweep.metric().name,
                brief(member.values[column]),
                brief(best.value)
            ));
        }
        members.push(member);
    }
    bar.finish_and_clear();
    if !screen.is_terminal() {
        screen.line(&format!(
            "trained {} again, {}",
            counted(candidates.len(), "trial"),
            counted(epochs as usize, "epoch")
        ));
    }
    Ok(members)
}
