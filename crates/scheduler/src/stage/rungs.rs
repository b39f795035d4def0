//! Trials of unequal length side by side: who stands where at each rung, and who is to be continued.

use std::collections::{BTreeMap, BTreeSet};

use super::leaderboard::{Place, Standing};
use super::median::Median;
use crate::trial::TrialId;

/// Of so many trials at a rung one is continued, for as many times the epochs.
const ETA: usize = 3;

/// The epochs at each rung of a full training of `epochs`: ⌈R/27⌉, ⌈R/9⌉, ⌈R/3⌉ and R, equal ones once.
pub fn ladder(epochs: u32) -> Vec<u32> {
    let mut rungs: Vec<u32> = [27, 9, 3, 1]
        .into_iter()
        .map(|share| epochs.div_ceil(share))
        .collect();
    rungs.dedup();
    rungs
}

/// Trials whose checkpoints are kept at the last rung.
const KEPT_AT_THE_END: usize = 3;

/// The trials of a search by rung. Taking a result costs the logarithm of their number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rungs {
    rungs: Vec<Rung>,
    /// The highest rung each trial was seen at.
    highest: BTreeMap<TrialId, Highest>,
}

/// The highest rung a trial was seen at, how it stood there, and at how many rungs it was seen.
#[derive(Debug, Clone, Copy)]
struct Highest {
    rung: usize,
    place: Place,
    n_seen: usize,
}

/// One rung.
#[derive(Debug, Clone, Default)]
struct Rung {
    /// The best ⌊n/η⌋ of all trials seen here.
    top: BTreeSet<Standing>,
    /// The others.
    rest: BTreeSet<Standing>,
    /// Those that can still be continued.
    open: BTreeSet<Standing>,
    /// Those of them that are kept ready for it.
    kept: BTreeSet<Standing>,
    /// Those whose highest rung this is.
    last: BTreeSet<Standing>,
    n_continued: usize,
    /// What the trials seen at the next rung gained there.
    gains: Median,
}

impl Rungs {
    /// `n` rungs, of each of which the best third is continued to the next.
    pub(crate) fn new(n: usize) -> Self {
        Self {
            rungs: vec![Rung::default(); n],
            highest: BTreeMap::new(),
        }
    }

    /// Takes how `trial` stands at `rung`; `completed` is false for one that is over.
    pub(crate) fn take(&mut self, trial: TrialId, rung: usize, place: Place, completed: bool) {
        let standing = Standing(place, trial);
        let before = self.highest.get(&trial).copied();
        let n_seen = before.map_or(0, |before| before.n_seen) + 1;
        let highest = Highest {
            rung,
            place,
            n_seen,
        };
        self.highest.insert(trial, highest);
        if let Some(before) = before {
            let from = &mut self.rungs[before.rung];
            from.last.remove(&Standing(before.place, trial));
            // A trial that went to the last rung at once gained over all the rungs between.
            if let (Place::Scored(before_it), Place::Scored(after)) = (before.place, place)
                && before.rung + 1 == rung
                && (after - before_it).is_finite()
            {
                from.gains.insert(after - before_it);
            }
        }
        let here = &mut self.rungs[rung];
        here.last.insert(standing);
        if completed && matches!(place, Place::Scored(score) if score.is_finite()) {
            here.open.insert(standing);
            here.kept.insert(standing);
        }
        if here.top.last().is_some_and(|worst| standing < *worst) {
            here.top.insert(standing);
        } else {
            here.rest.insert(standing);
        }
        let n_top = (here.top.len() + here.rest.len()) / ETA;
        while here.top.len() > n_top
            && let Some(worst) = here.top.pop_last()
        {
            here.rest.insert(worst);
        }
        while here.top.len() < n_top
            && let Some(best) = here.rest.pop_first()
        {
            here.top.insert(best);
        }
    }

    /// Up to `n` trials of `rung` that are in its best third and have not been continued, best first.
    pub(crate) fn promoted(&self, rung: usize, n: usize) -> Vec<TrialId> {
        let here = &self.rungs[rung];
        let Some(worst) = here.top.last() else {
            return Vec::new();
        };
        let promoted = here.open.range(..=*worst).take(n);
        promoted.map(|Standing(_, trial)| *trial).collect()
    }

    /// Up to `n` of the best trials, by aligned score, that can still be continued and are not at the last rung.
    pub(crate) fn unfinished(&self, n: usize) -> Vec<TrialId> {
        let is_unfinished = |trial: &TrialId| {
            let Highest { rung, place, .. } = self.highest[trial];
            rung + 1 < self.rungs.len() && self.rungs[rung].open.contains(&Standing(place, *trial))
        };
        let trials = self.ranked().map(|Standing(_, trial)| trial);
        trials.filter(is_unfinished).take(n).collect()
    }

    /// From here on `trial` is being continued from its highest rung.
    pub(crate) fn carry_on(&mut self, trial: TrialId) {
        let Some(Highest { rung, place, .. }) = self.highest.get(&trial).copied() else {
            return;
        };
        let here = &mut self.rungs[rung];
        here.open.remove(&Standing(place, trial));
        here.kept.remove(&Standing(place, trial));
        here.n_continued += 1;
    }

    /// At how many rungs `trial` was seen.
    pub(crate) fn n_seen(&self, trial: TrialId) -> usize {
        self.highest.get(&trial).map_or(0, |highest| highest.n_seen)
    }

    /// How many trials were trained to the last rung.
    pub(crate) fn n_finished(&self) -> usize {
        self.rungs.last().map_or(0, |rung| rung.open.len())
    }

    /// All trials from best to worst by aligned score: the score at the highest rung plus, over the higher ones, the
    /// median gain of those that were continued there.
    pub(crate) fn ranked(&self) -> impl Iterator<Item = Standing> {
        let merged = self.merged(|rung| rung.last.iter());
        merged.map(|(standing, _)| standing)
    }

    /// All results from best to worst by aligned score, those of trials that were seen at higher rungs too included;
    /// with the rung of each.
    pub(crate) fn results(&self) -> impl Iterator<Item = (Standing, usize)> {
        self.merged(|rung| rung.top.iter().chain(&rung.rest))
    }

    /// What `members` gives of each rung, from best to worst by aligned score, with the rung.
    fn merged<'a, I: Iterator<Item = &'a Standing>>(
        &'a self,
        members: impl Fn(&'a Rung) -> I,
    ) -> impl Iterator<Item = (Standing, usize)> {
        let mut to_come = 0.0;
        let mut heads: Vec<_> = self
            .rungs
            .iter()
            .enumerate()
            .rev()
            .map(|(index, rung)| {
                to_come += rung.gains.get();
                let shift = to_come;
                let aligned = move |standing: &Standing| match *standing {
                    Standing(Place::Scored(score), trial) => {
                        (Standing(Place::Scored(score + shift), trial), index)
                    }
                    other => (other, index),
                };
                members(rung).map(aligned).peekable()
            })
            .collect();
        std::iter::from_fn(move || {
            let best = heads
                .iter_mut()
                .enumerate()
                .filter_map(|(index, head)| Some((*head.peek()?, index)))
                .min()?;
            heads[best.1].next()
        })
    }

    /// Trials that are not kept ready any more: those outside the best half of their rung, which hardly come to its
    /// best third. Each is told once.
    pub(crate) fn release(&mut self) -> Vec<TrialId> {
        let last = self.rungs.len().saturating_sub(1);
        let mut released = Vec::new();
        for (index, rung) in self.rungs.iter_mut().enumerate() {
            let n = rung.top.len() + rung.rest.len();
            let most = if index == last {
                KEPT_AT_THE_END
            } else {
                n.div_ceil(2).saturating_sub(rung.n_continued)
            };
            while rung.kept.len() > most
                && let Some(Standing(_, trial)) = rung.kept.pop_last()
            {
                released.push(trial);
            }
        }
        released
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> TrialId {
        TrialId::new(number).unwrap()
    }

    fn take(rungs: &mut Rungs, rung: usize, scores: &[(u32, f64)]) {
        for (trial, score) in scores {
            rungs.take(id(*trial), rung, Place::Scored(*score), true);
        }
    }

    fn numbers(trials: impl IntoIterator<Item = TrialId>) -> Vec<u32> {
        trials.into_iter().map(TrialId::number).collect()
    }

    /// Continues the best third of `rung` and tells which.
    fn promote(rungs: &mut Rungs, rung: usize) -> Vec<u32> {
        let promoted = rungs.promoted(rung, usize::MAX);
        for trial in &promoted {
            rungs.carry_on(*trial);
        }
        numbers(promoted)
    }

    fn ranked(rungs: &Rungs) -> Vec<u32> {
        numbers(rungs.ranked().map(|Standing(_, trial)| trial))
    }

    #[test]
    fn each_rung_has_three_times_the_epochs_of_the_one_below() {
        assert_eq!(ladder(27), [1, 3, 9, 27]);
        assert_eq!(ladder(100), [4, 12, 34, 100]);
        assert_eq!(ladder(5), [1, 2, 5]);
        assert_eq!(ladder(1), [1]);
    }

    #[test]
    fn the_best_third_of_old_and_new_goes_on_once() {
        let mut rungs = Rungs::new(3);
        take(
            &mut rungs,
            0,
            &[(1, 0.1), (2, 0.5), (3, 0.3), (4, 0.4), (5, 0.2), (6, 0.0)],
        );
        assert_eq!(promote(&mut rungs, 0), [2, 4]);
        assert!(promote(&mut rungs, 0).is_empty());
        // three more: the best third is now of nine, and an earlier one comes to it
        take(&mut rungs, 0, &[(7, 0.05), (8, 0.02), (9, 0.01)]);
        assert_eq!(promote(&mut rungs, 0), [3]);
    }

    #[test]
    fn what_is_over_or_diverged_counts_and_does_not_go_on() {
        let mut rungs = Rungs::new(2);
        rungs.take(id(1), 0, Place::Scored(0.9), false);
        rungs.take(id(2), 0, Place::Diverged(1, 0.0), false);
        take(&mut rungs, 0, &[(3, 0.5), (4, 0.4), (5, 0.3), (6, 0.2)]);
        assert_eq!(promote(&mut rungs, 0), [3]);
        assert_eq!(ranked(&rungs), [1, 3, 4, 5, 6, 2]);
    }

    #[test]
    fn trials_of_unequal_length_are_compared_by_what_the_others_gained() {
        let mut rungs = Rungs::new(2);
        take(&mut rungs, 0, &[(1, 0.5), (2, 0.4), (3, 0.3), (4, 0.45)]);
        take(&mut rungs, 1, &[(1, 0.6), (2, 0.58), (3, 0.35)]);
        // gains 0.1, 0.18, 0.05: median 0.1, so trial 4 counts as 0.55
        assert_eq!(ranked(&rungs), [1, 2, 4, 3]);
        assert_eq!(rungs.n_finished(), 3);
        assert_eq!(numbers(rungs.unfinished(3)), [4]);
        rungs.carry_on(id(4));
        assert!(rungs.unfinished(3).is_empty());
        assert_eq!(rungs.n_seen(id(1)), 2);
    }

    #[test]
    fn what_lies_outside_the_best_half_is_released() {
        let mut rungs = Rungs::new(2);
        take(
            &mut rungs,
            0,
            &[(1, 0.6), (2, 0.5), (3, 0.4), (4, 0.3), (5, 0.2), (6, 0.1)],
        );
        assert_eq!(promote(&mut rungs, 0), [1, 2]);
        assert_eq!(numbers(rungs.release()), [6, 5, 4]);
        assert!(rungs.release().is_empty());
    }

    #[test]
    fn agrees_with_sorting_everything_anew() {
        // 300 scores in a scrambled order, promoted after every seventh
        let mut rungs = Rungs::new(2);
        let mut seen: Vec<(f64, u32)> = Vec::new();
        let mut continued = BTreeSet::new();
        for number in 1..=300_u32 {
            let score = f64::from(number.wrapping_mul(2_654_435_761) >> 16);
            take(&mut rungs, 0, &[(number, score)]);
            seen.push((-score, number));
            if number % 7 == 0 {
                seen.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.cmp(other)));
                let best = seen[..seen.len() / ETA].iter().map(|(_, trial)| *trial);
                let expected: Vec<u32> = best.filter(|trial| continued.insert(*trial)).collect();
                assert_eq!(promote(&mut rungs, 0), expected);
            }
        }
    }
}
