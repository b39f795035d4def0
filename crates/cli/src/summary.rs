//! What a sweep came to: the winner, the ranges, where the files are.

use std::fmt::Write as _;
use std::path::Path;

use finetooth_scheduler::event::Verdict;
use finetooth_scheduler::space::Dimension;
use finetooth_scheduler::stage::{Best, Leaderboard};
use finetooth_scheduler::state::{Settled, State, TrialRecord};
use finetooth_scheduler::sweep::Sweep;
use finetooth_scheduler::trial::Outcome;
use serde_json::{Value as Json, json};

use crate::figures::{brief, brief_value, counted, range};
use crate::table::Table;

/// A sweep, as far as it was run.
pub(crate) struct Summary<'a> {
    /// The run's directory.
    pub(crate) directory: &'a Path,
    /// The definition.
    pub(crate) sweep: &'a Sweep,
    /// What happened.
    pub(crate) state: &'a State,
    /// Compares its trials.
    pub(crate) leaderboard: &'a Leaderboard,
}

impl Summary<'_> {
    fn winner(&self) -> Option<(Settled<'_>, Best)> {
        self.leaderboard.leader(self.state)
    }

    /// In words, for people.
    pub(crate) fn text(&self) -> String {
        let standing = match self.state.finished() {
            Some((Verdict::Completed, _)) => "is finished",
            Some((Verdict::TooManyFailures { .. }, _)) => "was ended by failures",
            Some((Verdict::TargetReached { .. }, _)) => "reached its target",
            Some((Verdict::SanityFailed { .. }, _)) => "did not begin: a sanity check failed",
            None => "is not finished",
        };
        let mut text = format!("{} {standing}: {}\n", self.sweep.name(), self.counts());
        match self.winner() {
            Some((record, best)) => {
                let _ = writeln!(text, "\nbest: {}\n", self.told(record, best));
                let _ = write!(text, "{}", self.values(record));
            }
            None => {
                text.push_str("\nbest: none, because no trial completed with a finite metric\n");
            }
        }
        let directory = self.directory.display();
        let _ = writeln!(
            text,
            "\n{directory}/ holds trials.csv, epochs.csv, stages.csv (why the ranges moved) and timings.csv"
        );
        let _ = writeln!(text, "look at it: finetooth report {directory}");
        if self.winner().is_some() {
            let _ = if self.sweep.runs_program() {
                writeln!(
                    text,
                    "the best values, and the command that ran with them: {directory}/best.toml"
                )
            } else {
                writeln!(
                    text,
                    "train the best once more: finetooth train {directory}/best.toml"
                )
            };
        }
        text
    }

    /// `56 trials, 2 diverged, 1 failed`.
    pub(crate) fn counts(&self) -> String {
        let trials = self.state.committed();
        let [pruned, diverged, failed] = self.not_completed();
        let mut text = counted(trials.len(), "trial");
        for (n, word) in [
            (pruned, "pruned"),
            (diverged, "diverged"),
            (failed, "failed"),
        ] {
            if n > 0 {
                let _ = write!(text, ", {n} {word}");
            }
        }
        text
    }

    fn not_completed(&self) -> [usize; 3] {
        let count = |is: fn(&Outcome) -> bool| {
            self.state
                .committed()
                .filter(|record| record.outcome.is_some_and(is))
                .count()
        };
        [
            count(|outcome| matches!(outcome, Outcome::Pruned { .. })),
            count(|outcome| matches!(outcome, Outcome::Diverged { .. })),
            count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        ]
    }

    /// `trial 48 (final), val_accuracy 0.9889 at epoch 24 of 27`.
    fn told(&self, record: Settled<'_>, best: Best) -> String {
        let trial = record.trial;
        let stage = self.sweep.stage_name(trial.stage);
        format!(
            "trial {} ({stage}), {} {} at epoch {} of {}",
            trial.id,
            self.sweep.metric().name,
            brief(best.value),
            best.epoch,
            trial.epochs
        )
    }

    /// The winner's values beside the ranges they were found in.
    fn values(&self, record: Settled<'_>) -> Table {
        let mut table = Table::new(["key", "best", "first range", "last range"]);
        for first in &self.sweep.space().0 {
            let value = record
                .trial
                .params
                .get(&first.key)
                .map(brief_value)
                .unwrap_or_default();
            let last = last_range(self.state, &first.key).unwrap_or(first);
            table.push(vec![
                first.key.to_string(),
                value,
                range(first),
                range(last),
            ]);
        }
        table
    }

    /// For programs.
    pub(crate) fn json(&self) -> Json {
        let [pruned, diverged, failed] = self.not_completed();
        let (verdict, reason) = verdict(self.state);
        json!({
            "name": self.sweep.name(),
            "directory": self.directory,
            "verdict": verdict,
            "reason": reason,
            "trials": self.state.committed().len(),
            "pruned": pruned,
            "diverged": diverged,
            "failed": failed,
            "metric": self.sweep.metric().name,
            "goal": self.sweep.metric().goal.as_str(),
            "best": self.winner().map(|(record, best)| trial_json(self.sweep, record, Some(best))),
        })
    }
}

/// How the sweep ended, in a word, and why, where there is something to say.
pub(crate) fn verdict(state: &State) -> (&'static str, Option<&str>) {
    match state.finished() {
        None => ("unfinished", None),
        Some((Verdict::Completed, _)) => ("completed", None),
        Some((Verdict::TooManyFailures { reason, .. }, _)) => ("too_many_failures", Some(reason)),
        Some((Verdict::TargetReached { .. }, _)) => ("target_reached", None),
        Some((Verdict::SanityFailed { reason }, _)) => ("sanity_failed", Some(reason)),
    }
}

/// The range `key` was last drawn from.
pub(crate) fn last_range<'a>(state: &'a State, key: &str) -> Option<&'a Dimension> {
    state.rounds().iter().rev().find_map(|plan| {
        // Of a generation, where most of its new trials were drawn.
        let drawn = plan.blocks.iter().find(|block| block.offset.is_some());
        drawn.map_or(&plan.space, |block| &block.space).get(key)
    })
}

/// A trial for programs.
pub(crate) fn trial_json(sweep: &Sweep, record: Settled<'_>, best: Option<Best>) -> Json {
    let trial = record.trial;
    json!({
        "trial": trial.id,
        "stage": sweep.stage_name(trial.stage),
        "round": trial.round,
        "state": record.outcome.map(Outcome::state),
        "params": trial.params,
        "metric": best.map(|best| best.value),
        "best_epoch": best.map(|best| best.epoch),
        "epochs": record.epochs(),
        "seed": trial.seed,
        "parent": trial.parent,
        "reason": record.outcome.and_then(Outcome::reason),
    })
}

/// Where a trial stands, in the words of the CSV.
pub(crate) fn state_word(record: &TrialRecord) -> &'static str {
    use finetooth_scheduler::state::Status;
    match &record.status {
        Status::Running => "running",
        Status::Interrupted => "interrupted",
        Status::Ended => record.outcome().map_or("", Outcome::state),
    }
}
