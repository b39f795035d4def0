//! Which trials a page holds where there are more than a browser likes.

use finetooth_scheduler::stage::Ranking;

use super::Change;
use super::update::by_trial;
use crate::view::Source;

/// Trials that a page holds, about.
const MOST_TRIALS: usize = 20_000;

/// Numbers of curves that a page holds, about.
const MOST_NUMBERS: usize = 1_200_000;

/// Of the best trials so many are there in any case.
const BEST: usize = 500;

/// Trials to tell of.
pub(super) struct Sample {
    /// Indices of trials whose rows are told.
    pub(super) rows: Vec<u32>,
    /// Trials whose reports are told.
    pub(super) curves: Vec<Change>,
    /// A sentence, where something is left out.
    pub(super) left_out: Option<String>,
}

/// Of the trials that changed, every one, or every 2nd, 4th, 8th … in the order of planning; to whoever has seen nothing,
/// the best besides. What was told once stays: every step holds the trials of the wider ones.
pub(super) fn choose(changes: &[Change], source: Source<'_>, anew: bool) -> Sample {
    let trials = source.state.trials();
    let numbers_of_a_trial = trials.iter().step_by(trials.len() / 64 + 1);
    let (n_looked, n_numbers) = numbers_of_a_trial.fold((0, 0), |(n, numbers), record| {
        let columns = record.reports.first().map_or(0, |first| first.values.len());
        (n + 1, numbers + record.reports.len() * columns)
    });
    let n_numbers = n_numbers * trials.len() / usize::max(n_looked, 1);
    let row_step = step(trials.len(), MOST_TRIALS);
    let curve_step = step(n_numbers, MOST_NUMBERS).max(row_step);
    let mut is_best = vec![
        false;
        if anew && curve_step > 1 {
            trials.len()
        } else {
            0
        }
    ];
    if !is_best.is_empty() {
        let ranked = source.leaderboard.ranked(trials, Ranking::Metric);
        for settled in ranked.iter().take(BEST) {
            is_best[settled.trial.id.index()] = true;
        }
    }
    let best = source.state.finished().and_then(|(_, winner)| winner);
    let is_told = |change: &Change, step: usize| {
        let index = change.trial as usize;
        index.is_multiple_of(step)
            || is_best.get(index).copied().unwrap_or(false)
            || best.is_some_and(|best| best.index() == index)
    };
    let changed = by_trial(changes);
    let told = |step: usize| {
        let changed = changed.iter();
        changed.filter(move |change| is_told(change, step)).copied()
    };
    let left_out = match (row_step, curve_step) {
        (_, 1) => None,
        (1, step) => Some(format!(
            "{} trials: this page holds the curves of one in {step} and of the {BEST} best; epochs.csv holds all",
            trials.len()
        )),
        (rows, curves) => Some(format!(
            "{} trials: this page holds one in {rows} and the {BEST} best, and the curves of one in {curves}; \
             trials.csv and epochs.csv hold all",
            trials.len()
        )),
    };
    Sample {
        rows: told(row_step).map(|change| change.trial).collect(),
        curves: told(curve_step).collect(),
        left_out,
    }
}

/// The least power of two that brings `n` down to `most`.
fn step(n: usize, most: usize) -> usize {
    n.div_ceil(most).max(1).next_power_of_two()
}
