//! The end of a search by generations: the best are trained to their last epoch, confirmed, and one of them wins.

use super::{CONFIRM, Progress, next_fine};
use crate::event::{Block, Continuation, RoundPlan};
use crate::search::Search;
use crate::space::Params;
use crate::state::TrialRecord;
use crate::trial::{Outcome, TrialId};

/// Epochs whose mean is a trial's final score.
const TAIL: usize = 3;

impl Search {
    /// Trains `trials` to the last rung at once.
    pub(super) fn plan_finish(
        &self,
        progress: &Progress,
        last: &RoundPlan,
        trials: &[TrialId],
    ) -> RoundPlan {
        let (stage, round) = next_fine(progress, last);
        let epochs = progress.settings.epochs;
        let continued = trials.iter().map(|trial| Continuation {
            trial: *trial,
            epochs,
        });
        RoundPlan {
            stage,
            round,
            first: TrialId::from_index(self.state.n_planned()),
            space: last.space.clone(),
            fixed: last.fixed.clone(),
            continued: continued.collect(),
            blocks: Vec::new(),
            floors: Vec::new(),
        }
    }

    /// Repeats `best` with other seeds.
    pub(super) fn plan_confirmation(
        &self,
        progress: &Progress,
        last: &RoundPlan,
        best: &[TrialId],
    ) -> RoundPlan {
        let values = |trial: &TrialId| self.state.trials()[trial.index()].trial.params.clone();
        RoundPlan {
            stage: CONFIRM,
            round: 0,
            first: TrialId::from_index(self.state.n_planned()),
            space: last.space.clone(),
            fixed: Params::default(),
            continued: Vec::new(),
            blocks: vec![Block {
                space: last.space.clone(),
                trials: best.len() as u32,
                epochs: Some(progress.settings.epochs),
                points: best.iter().map(values).collect(),
                parents: best.to_vec(),
                ..Block::default()
            }],
            floors: Vec::new(),
        }
    }

    /// The trials that were trained for all `epochs`, best first by the mean score of their last epochs.
    pub(super) fn finalists(&self, epochs: u32) -> Vec<TrialId> {
        let is_final = |record: &&TrialRecord| {
            record.outcome() == Some(&Outcome::Completed) && record.trained() >= epochs
        };
        let trials = self.state.trials().iter().filter(is_final);
        let scored = trials.map(|record| (self.tail_score(record), record.trial.id));
        let mut best: Vec<(f64, TrialId)> = scored.filter(|(score, _)| score.is_finite()).collect();
        best.sort_by(|(one, a), (other, b)| other.total_cmp(one).then(a.cmp(b)));
        best.into_iter().map(|(_, trial)| trial).collect()
    }

    /// The mean score of a trial's last epochs; minus infinity where one of them is no number.
    fn tail_score(&self, record: &TrialRecord) -> f64 {
        let last = &record.reports[record.reports.len().saturating_sub(TAIL)..];
        let scores = last.iter().map(|report| self.leaderboard.score(report));
        match scores.sum::<Option<f64>>() {
            Some(sum) if !last.is_empty() => sum / last.len() as f64,
            _ => f64::NEG_INFINITY,
        }
    }

    /// The confirmed trial whose two runs have the best mean; of equals the first.
    pub(super) fn confirmed(&self) -> Option<TrialId> {
        let confirmations = self.state.trials().iter().filter_map(|record| {
            let parent = record.trial.parent?;
            let again = match record.outcome() {
                Some(Outcome::Completed) => self.tail_score(record),
                _ => f64::NEG_INFINITY,
            };
            let first = self.tail_score(&self.state.trials()[parent.index()]);
            Some((f64::midpoint(first, again), parent))
        });
        let best = confirmations.max_by(|(one, a), (other, b)| one.total_cmp(other).then(b.cmp(a)));
        best.map(|(_, parent)| parent)
    }
}
