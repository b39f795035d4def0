//! Events for `tracing`, with the names of the CSVs' columns.

use finetooth_scheduler::event::Event;
use finetooth_scheduler::search::Search;
use finetooth_scheduler::trial::Outcome;
use tracing::{debug, info};

/// Ends of rounds and trials at info, the rest at debug.
pub(super) fn event(event: &Event, search: &Search) {
    let stage_name = |index: usize| search.sweep().stage_name(index);
    match event {
        Event::RoundPlanned(plan) => {
            let (stage, round, trials) = (stage_name(plan.stage), plan.round, plan.n_trials());
            info!(stage, round, trials, "round planned");
        }
        Event::RoundRefined(refinement) => {
            let (stage, round) = (stage_name(refinement.stage), refinement.round);
            info!(stage, round, widened = refinement.widened, "round over");
        }
        Event::TrialStarted {
            trial,
            attempt,
            from,
            worker,
        } => {
            debug!(trial = trial.id.number(), attempt, from, to = trial.epochs, worker, params = %trial.params, "trial started");
        }
        Event::EpochReported { trial, report, .. } => {
            debug!(trial = trial.number(), epoch = report.epoch, values = ?report.values, "epoch");
        }
        Event::TrialEnded {
            trial,
            outcome,
            seconds,
            ..
        } => {
            let reason = outcome.reason().map(tracing::field::display);
            info!(
                trial = trial.number(),
                state = Outcome::state(outcome),
                reason,
                seconds,
                "trial ended"
            );
        }
        Event::TrialReused { trial, source, .. } => {
            info!(
                trial = trial.id.number(),
                source = source.number(),
                epochs = trial.epochs,
                "result of an earlier plan"
            );
        }
        Event::TrialInterrupted { trial, epoch, .. } => {
            info!(trial = trial.number(), epoch, "trial interrupted");
        }
        Event::SweepStarted(_)
        | Event::GateChecked(_)
        | Event::RunStarted { .. }
        | Event::SweepExtended { .. }
        | Event::SweepReplanned { .. }
        | Event::FailuresRetried { .. }
        | Event::SweepFinished { .. } => {
            debug!(?event, "sweep");
        }
    }
}
