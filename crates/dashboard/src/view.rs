//! How far a sweep is, as terminal and page show it.

use std::collections::BTreeMap;

use finetooth_scheduler::event::{Event, RoundPlan};
use finetooth_scheduler::stage::{Best, Leaderboard};
use finetooth_scheduler::state::{State, TrialRecord};
use finetooth_scheduler::sweep::{Procedure, Sweep};
use finetooth_scheduler::trial::{Outcome, TrialId};

/// What a view is made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The definition.
    pub sweep: &'a Sweep,
    /// Compares its trials.
    pub leaderboard: &'a Leaderboard,
    /// What happened so far.
    pub state: &'a State,
}

/// Counts of trials and epochs, and the best so far. Taking an event costs the same for the first trial and the
/// millionth.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// Trials planned, and to be planned for the stages to come as far as that is known: without widening.
    pub n_planned: usize,
    /// Trials with an outcome.
    pub n_ended: usize,
    /// The best trial so far; of equals the first by number.
    pub best: Option<(TrialId, Best)>,
    /// Epochs of all trials planned and to be planned.
    pub epochs_planned: u64,
    /// Epochs of all rungs planned so far.
    epochs_told: u64,
    /// Epochs of rungs with an outcome; those that ended early will train no more and count in full.
    epochs_ended: u64,
    /// Epochs of its running rung that each running trial completed, and those of its earlier rungs.
    running: BTreeMap<TrialId, Running>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Running {
    from: u32,
    completed: u32,
}

impl View {
    /// Of a sweep as it stands; nothing runs yet.
    pub fn new(source: Source<'_>) -> Self {
        let mut view = Self::default();
        for record in source.state.trials() {
            for (index, rung) in record.rungs.iter().enumerate() {
                let before = index
                    .checked_sub(1)
                    .map_or(0, |before| record.rungs[before].epochs);
                view.epochs_ended += u64::from(rung.epochs - before);
            }
            if record.outcome().is_some() {
                view.n_ended += 1;
                view.compare(record, source);
            }
        }
        let mut reached = BTreeMap::new();
        for plan in source.state.rounds() {
            view.epochs_told += new_epochs(plan, source.sweep);
            for continued in &plan.continued {
                let first = || {
                    let record = &source.state.trials()[continued.trial.index()];
                    record.rungs.first().map_or(0, |rung| rung.epochs)
                };
                let before = reached
                    .insert(continued.trial, continued.epochs)
                    .unwrap_or_else(first);
                view.epochs_told += u64::from(continued.epochs - before);
            }
        }
        view.plan(source);
        view
    }

    /// Takes an event that `source` includes already.
    pub fn take(&mut self, event: &Event, source: Source<'_>) {
        match event {
            Event::RoundPlanned(plan) => {
                self.epochs_told += new_epochs(plan, source.sweep);
                for continued in &plan.continued {
                    let record = &source.state.trials()[continued.trial.index()];
                    let before = epochs_before(record, continued.epochs);
                    self.epochs_told += u64::from(continued.epochs - before);
                }
                self.plan(source);
            }
            Event::SweepExtended { .. } => self.plan(source),
            Event::TrialStarted { trial, from, .. } => {
                let running = Running {
                    from: *from,
                    completed: 0,
                };
                self.running.insert(trial.id, running);
            }
            Event::EpochReported { trial, report, .. } => {
                if let Some(running) = self.running.get_mut(trial) {
                    running.completed = report.epoch.saturating_sub(running.from);
                }
            }
            Event::TrialEnded { trial, .. } => {
                let running = self.running.remove(trial);
                if let Some(record) = source.state.trials().get(trial.index()) {
                    let from = running.map_or(0, |running| running.from);
                    self.n_ended += usize::from(from == 0);
                    self.epochs_ended += u64::from(record.trial.epochs - from);
                    self.compare(record, source);
                }
            }
            Event::TrialReused { trial, .. } => {
                if let Some(record) = source.state.trials().get(trial.id.index()) {
                    let from = epochs_before(record, trial.epochs);
                    self.n_ended += usize::from(from == 0);
                    self.epochs_ended += u64::from(trial.epochs - from);
                    self.compare(record, source);
                }
            }
            Event::SweepReplanned { .. } | Event::FailuresRetried { .. } => {
                *self = Self::new(source);
            }
            Event::TrialInterrupted { trial, .. } => {
                self.running.remove(trial);
            }
            Event::SweepStarted(_)
            | Event::GateChecked(_)
            | Event::RunStarted { .. }
            | Event::RoundRefined(_)
            | Event::SweepFinished { .. } => {}
        }
    }

    /// Epochs that need not be trained any more.
    pub fn epochs_done(&self) -> u64 {
        self.epochs_ended
            + self
                .running
                .values()
                .map(|running| u64::from(running.completed))
                .sum::<u64>()
    }

    /// Trials running.
    pub fn n_running(&self) -> usize {
        self.running.len()
    }

    /// What is planned, and what is to come as far as that is known.
    fn plan(&mut self, Source { sweep, state, .. }: Source<'_>) {
        (self.n_planned, self.epochs_planned) = (state.n_planned(), self.epochs_told);
        match sweep.procedure() {
            Procedure::Stages(stages) => {
                let next_stage = state.rounds().last().map_or(0, |plan| plan.stage + 1);
                for stage in stages.iter().skip(next_stage) {
                    self.n_planned += stage.trials as usize;
                    self.epochs_planned += u64::from(stage.trials) * u64::from(stage.epochs);
                }
            }
            Procedure::Generations(settings) => {
                let budget = u64::from(settings.budget) * u64::from(settings.epochs);
                if state.finished().is_none() {
                    self.epochs_planned = self.epochs_planned.max(budget);
                }
            }
        }
    }

    fn compare(
        &mut self,
        record: &TrialRecord,
        Source {
            sweep, leaderboard, ..
        }: Source<'_>,
    ) {
        if record.outcome() != Some(&Outcome::Completed) {
            return;
        }
        let score = |best: &Best| sweep.metric().goal.score(best.value);
        let Some(best) = leaderboard
            .best(record)
            .filter(|best| best.value.is_finite())
        else {
            return;
        };
        let is_better = match &self.best {
            Some((id, known)) if score(&best) == score(known) => record.trial.id < *id,
            Some((_, known)) => score(&best) > score(known),
            None => true,
        };
        if is_better {
            self.best = Some((record.trial.id, best));
        }
    }
}

/// Epochs of the rung of a trial before the one that reaches `epochs`, whatever has happened since.
fn epochs_before(record: &TrialRecord, epochs: u32) -> u32 {
    let rungs = record.rungs.iter().map(|rung| rung.epochs);
    rungs.filter(|earlier| *earlier < epochs).max().unwrap_or(0)
}

/// Epochs of the new trials of a round.
fn new_epochs(plan: &RoundPlan, sweep: &Sweep) -> u64 {
    let own = sweep
        .stages()
        .get(plan.stage)
        .map_or(0, |stage| stage.epochs);
    let blocks = plan.blocks.iter();
    blocks
        .map(|block| u64::from(block.trials) * u64::from(block.epochs.unwrap_or(own)))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use finetooth_scheduler::event::ObjectiveSummary;
    use finetooth_scheduler::search::{Ask, Search};
    use finetooth_scheduler::space::{Scale, Value};
    use finetooth_scheduler::sweep::{KeyKind, KeySpec, Purpose};
    use finetooth_scheduler::trial::{Ended, Report};
    use jiff::Timestamp;

    use super::*;

    const SWEEP: &str = "name = \"x\"\nspace.rate = { low = 0.0, high = 1.0 }\n\
        stage = [{ name = \"a\", trials = 3, epochs = 2 }, { name = \"b\", trials = 1, epochs = 5 }]";

    fn search() -> Search {
        let key = KeySpec {
            table: "train".to_owned(),
            name: "rate".to_owned(),
            kind: KeyKind::Float,
            default: Some(Value::Float(0.5)),
            limits: Some((0.0, 1.0)),
            scale: Scale::Linear,
            searchable: true,
            supported: true,
            doc: String::new(),
        };
        let columns = vec!["val_accuracy".to_owned()];
        let sweep = Sweep::parse(SWEEP, &[key], &columns, &[], Path::new("/"), Purpose::Sweep)
            .unwrap()
            .0;
        let objective = ObjectiveSummary {
            columns,
            validation_samples: 0,
            data_fingerprint: String::new(),
            instruction_set: String::new(),
            description: Vec::new(),
        };
        let mut search = Search::replay(sweep, objective, Vec::new()).unwrap();
        search.begin("0", "", "here", 2, Timestamp::UNIX_EPOCH);
        search
    }

    fn source(search: &Search) -> Source<'_> {
        Source {
            sweep: search.sweep(),
            leaderboard: search.leaderboard(),
            state: search.state(),
        }
    }

    /// Asks for the next trial and reports these accuracies, from epoch 1 on.
    fn run(search: &mut Search, accuracies: &[f64], outcome: Option<Outcome>) {
        let now = Timestamp::UNIX_EPOCH;
        let Ask::Run(task) = search.ask(0, now) else {
            panic!("a trial is planned")
        };
        for (index, accuracy) in accuracies.iter().enumerate() {
            let report = Report {
                epoch: index as u32 + 1,
                values: vec![*accuracy],
            };
            search.report(task.trial.id, 1, report, now);
        }
        if let Some(outcome) = outcome {
            search.tell(task.trial.id, 1, Ended::Outcome(outcome), 0.0, now);
        }
    }

    #[test]
    fn following_the_events_and_looking_at_the_end_agree() {
        let mut search = search();
        let mut view = View::new(source(&search));
        assert_eq!((view.n_planned, view.epochs_planned), (4, 3 * 2 + 5));
        run(&mut search, &[0.5, 0.7], Some(Outcome::Completed));
        run(&mut search, &[0.7, f64::NAN], Some(Outcome::Completed));
        let reason = String::new();
        run(
            &mut search,
            &[0.9],
            Some(Outcome::Diverged { epoch: 2, reason }),
        );
        for record in search.take_records() {
            view.take(&record.event, source(&search));
        }
        // equal metrics: the first by number; a diverged trial is no best one, and will train no more
        assert_eq!(
            view.best,
            Some((
                TrialId::from_index(0),
                Best {
                    epoch: 2,
                    value: 0.7
                }
            ))
        );
        assert_eq!(
            (view.n_ended, view.epochs_done(), view.n_running()),
            (3, 6, 0)
        );
        assert_eq!(view, View::new(source(&search)));
    }

    #[test]
    fn counts_the_epochs_of_running_trials() {
        let mut search = search();
        let mut view = View::new(source(&search));
        run(&mut search, &[0.5], None);
        for record in search.take_records() {
            view.take(&record.event, source(&search));
        }
        assert_eq!(
            (view.n_ended, view.epochs_done(), view.n_running()),
            (0, 1, 1)
        );
    }
}
