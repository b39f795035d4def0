//! Which trials a page holds where there are more than a browser likes.

use finetooth_scheduler::stage::Ranking;

use super::Change;
use super::update::by_trial;
use crate::view::Source;

/// How much a page holds, about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Trials.
    pub(super) trials: usize,
    /// Numbers of curves.
    pub(super) numbers: usize,
    /// Of the best trials so many are there in any case.
    pub(super) best: usize,
}

/// What a browser takes with ease.
pub(super) const ROOM: Room = Room {
    trials: 20_000,
    numbers: 1_200_000,
    best: 500,
};

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
pub(super) fn choose(changes: &[Change], source: Source<'_>, anew: bool, room: Room) -> Sample {
    let trials = source.state.trials();
    let numbers_of_a_trial = trials.iter().step_by(trials.len() / 64 + 1);
    let (n_looked, n_numbers) = numbers_of_a_trial.fold((0, 0), |(n, numbers), record| {
        let columns = record.reports.first().map_or(0, |first| first.values.len());
        (n + 1, numbers + record.reports.len() * columns)
    });
    let n_numbers = n_numbers * trials.len() / usize::max(n_looked, 1);
    let row_step = step(trials.len(), room.trials);
    let curve_step = step(n_numbers, room.numbers).max(row_step);
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
        for settled in ranked.iter().take(room.best) {
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
            "{} trials: this page holds the curves of one in {step} and of the {} best; epochs.csv holds all",
            trials.len(),
            room.best
        )),
        (rows, curves) => Some(format!(
            "{} trials: this page holds one in {rows} and the {} best, and the curves of one in {curves}; \
             trials.csv and epochs.csv hold all",
            trials.len(),
            room.best
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

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn steps_are_powers_of_two_so_that_wider_ones_lie_in_narrower_ones() {
        let steps = [0, 1, 20_000, 20_001, 40_000, 40_001, 100_000, 1_000_000];
        assert_eq!(steps.map(|n| step(n, 20_000)), [1, 1, 1, 2, 2, 4, 8, 64]);
    }
}
