//! Events in words.

use finetooth_scheduler::event::{MoveKind, Refinement, RoundPlan};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::space::{Dimension, Space};
use finetooth_scheduler::stage::Best;
use finetooth_scheduler::state::TrialRecord;
use finetooth_scheduler::sweep::Sweep;
use finetooth_scheduler::trial::{Outcome, TrialId};

use crate::figures::{brief, brief_params, counted, range};
use crate::moves;

/// What a round trains, and from which ranges.
pub(crate) fn planned(plan: &RoundPlan, sweep: &Sweep) -> String {
    let name = sweep.stage_name(plan.stage);
    let own = sweep.stages().get(plan.stage).map(|stage| stage.epochs);
    let epochs = plan.blocks.iter().find_map(|block| block.epochs.or(own));
    let work = format!(
        "{} of {}",
        counted(plan.n_trials(), "trial"),
        counted(epochs.unwrap_or_default() as usize, "epoch")
    );
    let parents: Vec<String> = plan
        .blocks
        .iter()
        .flat_map(|block| &block.parents)
        .map(ToString::to_string)
        .collect();
    if !parents.is_empty() {
        return format!(
            "stage {name}: the best run once more with other seeds, for {}: trials {}",
            counted(epochs.unwrap_or_default() as usize, "epoch"),
            parents.join(", ")
        );
    }
    if !plan.continued.is_empty() {
        let mut parts = Vec::new();
        for group in plan
            .continued
            .chunk_by(|one, other| one.epochs == other.epochs)
        {
            let (n, epochs) = (group.len(), group[0].epochs);
            parts.push(format!("{} to {epochs} epochs", counted(n, "trial")));
        }
        let going_on = format!(
            "stage {name}, round {}: {} go on",
            plan.round,
            parts.join(", ")
        );
        return match plan.n_trials() {
            0 => going_on,
            n => {
                let new = counted(n, "new trial");
                format!(
                    "{going_on}, beside {new} of {}",
                    counted(epochs.unwrap_or_default() as usize, "epoch")
                )
            }
        };
    }
    let slabs: Vec<Dimension> = plan
        .blocks
        .iter()
        .flat_map(|block| slab(&block.space, &plan.space))
        .collect();
    let is_slab = plan.round > 0 && plan.blocks.iter().all(|block| block.offset.is_none());
    if is_slab {
        return format!(
            "stage {name}, widening round {}: {work} in what was added: {}",
            plan.round,
            ranges(&slabs)
        );
    }
    let fixed = match plan.fixed.iter().len() {
        0 => String::new(),
        _ => format!("; fixed: {}", brief_params(&plan.fixed)),
    };
    format!("stage {name}: {work}; {}{fixed}", ranges(&plan.space.0))
}

/// The dimensions of `block` that are not those of the whole `space`.
fn slab(block: &Space, space: &Space) -> Vec<Dimension> {
    block
        .0
        .iter()
        .filter(|dimension| space.get(&dimension.key) != Some(dimension))
        .cloned()
        .collect()
}

fn ranges(dimensions: &[Dimension]) -> String {
    let texts: Vec<String> = dimensions
        .iter()
        .map(|dimension| format!("{} {}", dimension.key, range(dimension)))
        .collect();
    texts.join(", ")
}

/// What became of each range that moved.
pub(crate) fn moved(refinement: &Refinement, sweep: &Sweep) -> impl Iterator<Item = String> {
    moves::worth_telling(refinement, sweep).map(|moved| {
        let word = match moved.kind {
            MoveKind::Kept => "kept",
            MoveKind::Narrowed => "narrowed",
            MoveKind::WidenedLow | MoveKind::WidenedHigh => "widened",
            MoveKind::PinnedLow | MoveKind::PinnedHigh | MoveKind::PinnedZero => "pinned",
        };
        format!("  {} {word}: {}", moved.key, moved.reason)
    })
}

/// How a trial ended: `trial 12: val_accuracy 0.9722 at epoch 3 (learning_rate = 0.0021)`.
pub(crate) fn ended(record: &TrialRecord, search: &Search) -> String {
    let trial = &record.trial;
    let came_to = match record.outcome() {
        Some(Outcome::Completed) => match search.leaderboard().best(record) {
            Some(best) => metric(search.sweep(), best),
            None => "completed without a finite metric".to_owned(),
        },
        Some(Outcome::Diverged { epoch, .. }) => format!("diverged in epoch {epoch}"),
        Some(Outcome::Pruned { epoch, .. }) => format!("pruned after epoch {epoch}"),
        Some(Outcome::Failed { reason }) => format!("failed: {reason}"),
        None => "stopped".to_owned(),
    };
    format!(
        "trial {}: {came_to} ({})",
        trial.id,
        brief_params(&trial.params)
    )
}

/// `val_accuracy 0.9722 at epoch 3`.
fn metric(sweep: &Sweep, best: Best) -> String {
    format!(
        "{} {} at epoch {}",
        sweep.metric().name,
        brief(best.value),
        best.epoch
    )
}

/// `best val_accuracy 0.9722 (trial 12: learning_rate = 0.0021)`.
pub(crate) fn best((id, best): (TrialId, Best), search: &Search) -> String {
    let params = &search.state().trials()[id.index()].trial.params;
    format!(
        "best {} {} (trial {id}: {})",
        search.sweep().metric().name,
        brief(best.value),
        brief_params(params)
    )
}
