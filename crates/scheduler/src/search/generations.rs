//! The default search: generations of trials that are continued and new ones, as a pure function of what is due.
//!
//! Generation g is planned from the results due by then: those of coarse generations after one, those of a higher
//! rung later, so that workers need not wait for the slowest. Other results may be in; they are not looked at.

mod ending;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Search;
use crate::event::{Continuation, Event, Refinement, RoundPlan, Verdict};
use crate::space::Space;
use crate::stage::{
    Curves, Evidence, Next, Ranking, Results, Rungs, Told, ladder, ranking, refine,
};
use crate::state::{Settled, State, TrialRecord};
use crate::sweep::{Generations, PruneRule, SamplerKind, Sweep};
use crate::trial::{Outcome, TrialId};

/// The stages that a search by generations has.
pub(super) const COARSE: usize = 0;
pub(super) const FINE: usize = 1;
pub(super) const SECOND: usize = 2;
pub(super) const CONFIRM: usize = 3;

/// Trials that are looked at for conclusions, of which about half are counted among the best.
const MOST_LOOKED_AT: usize = 512;

/// How far a search by generations is, beside what the record tells.
#[derive(Debug)]
pub(super) struct Progress {
    settings: Generations,
    /// Epochs at each rung.
    ladder: Vec<u32>,
    /// Generations after its own in which a result of each rung is not looked at yet.
    lag: Vec<usize>,
    has_second: bool,
    by_metric: Rungs,
    by_loss: Rungs,
    ranking: Ranking,
    told: BTreeMap<Arc<str>, Told>,
    curves: Curves,
    /// Results by the generation from whose plan on they are looked at, those taken already left out.
    due: BTreeMap<usize, Vec<Due>>,
    epochs_planned: u64,
    n_finished_before: usize,
    is_coarse: bool,
    is_second: bool,
    /// Points drawn from the sequence of this pass.
    n_drawn: u32,
}

/// A result that is awaited.
#[derive(Debug, Clone, Copy)]
struct Due {
    trial: TrialId,
    /// The rung of the ladder; none for a confirmation, which competes with nobody.
    rung: Option<usize>,
    /// How many of the trial's rungs have ended then.
    n_ended: usize,
}

impl Progress {
    pub(super) fn new(sweep: &Sweep, settings: Generations) -> Self {
        let ladder = ladder(settings.epochs);
        let n_rungs = ladder.len();
        let lags = if settings.parallel <= 4 {
            [1, 1, 1, 1]
        } else {
            [1, 1, 2, 4]
        };
        Self {
            settings,
            lag: lags[..n_rungs].to_vec(),
            has_second: sweep.space().0.iter().any(|dimension| dimension.order > 1),
            by_metric: Rungs::new(n_rungs),
            by_loss: Rungs::new(n_rungs),
            ladder,
            ranking: Ranking::Metric,
            told: BTreeMap::new(),
            curves: Curves::default(),
            due: BTreeMap::new(),
            epochs_planned: 0,
            n_finished_before: 0,
            is_coarse: true,
            is_second: false,
            n_drawn: 0,
        }
    }

    /// Keeps up with a plan that is about to be applied to `state`.
    pub(super) fn planned(&mut self, plan: &RoundPlan, state: &State) {
        let generation = state.rounds().len();
        if plan.round == 0 && (plan.stage == COARSE || plan.stage == SECOND) {
            self.is_coarse = true;
            self.is_second = plan.stage == SECOND;
            self.n_finished_before = self.by_metric.n_finished();
            self.by_metric = Rungs::new(self.ladder.len());
            self.by_loss = Rungs::new(self.ladder.len());
            self.told.clear();
            self.n_drawn = 0;
        } else {
            let widened = state.refinements().last().is_some_and(|last| last.widened);
            self.is_coarse &= widened;
        }
        for Continuation { trial, epochs } in &plan.continued {
            let record = &state.trials()[trial.index()];
            self.epochs_planned += u64::from(epochs - record.trained());
            self.by_metric.carry_on(*trial);
            self.by_loss.carry_on(*trial);
            self.expect(generation, *trial, *epochs, record.rungs.len() + 1);
        }
        let mut index = plan.first.index();
        for block in &plan.blocks {
            let epochs = block.epochs.unwrap_or_default();
            self.epochs_planned += u64::from(epochs) * u64::from(block.trials);
            if let Some(offset) = block.offset {
                self.n_drawn = offset + block.trials;
            }
            for _ in 0..block.trials {
                let trial = TrialId::from_index(index);
                if plan.stage == CONFIRM {
                    let confirmation = Due {
                        trial,
                        rung: None,
                        n_ended: 1,
                    };
                    self.due
                        .entry(generation + 1)
                        .or_default()
                        .push(confirmation);
                } else {
                    self.expect(generation, trial, epochs, 1);
                }
                index += 1;
            }
        }
    }

    fn expect(&mut self, generation: usize, trial: TrialId, epochs: u32, n_ended: usize) {
        let rung = self.ladder.iter().position(|rung| *rung >= epochs);
        let lag = match rung {
            Some(rung) if !self.is_coarse => self.lag[rung],
            _ => 0,
        };
        let due = Due {
            trial,
            rung,
            n_ended,
        };
        self.due.entry(generation + 1 + lag).or_default().push(due);
    }

    /// Whether a result of `trial` is still to be looked at.
    pub(super) fn awaits(&self, trial: TrialId) -> bool {
        let mut awaited = self.due.values().flatten();
        awaited.any(|due| due.trial == trial)
    }

    /// Whether all results that the generation after `state`'s last waits for are in.
    pub(super) fn is_ready(&self, state: &State) -> bool {
        let bound = self.bound(state);
        let mut awaited = self.due.range(..=bound).flat_map(|(_, due)| due);
        awaited.all(|due| {
            let record = state.trials().get(due.trial.index());
            record.is_some_and(|record| record.rungs.len() >= due.n_ended)
        })
    }

    /// The generation whose results are looked at next: all, where a pass ends or has not found its ranges yet.
    fn bound(&self, state: &State) -> usize {
        let Some(last) = state.rounds().last() else {
            return 0;
        };
        if self.is_coarse || self.is_over() || is_ending(last) {
            usize::MAX
        } else {
            state.rounds().len()
        }
    }

    /// Takes the results that are due.
    pub(super) fn take_due(&mut self, search: &Search) {
        let state = &search.state;
        let later = match self.bound(state) {
            usize::MAX => BTreeMap::new(),
            bound => self.due.split_off(&(bound + 1)),
        };
        let due = std::mem::replace(&mut self.due, later);
        for Due {
            trial,
            rung,
            n_ended,
        } in due.into_values().flatten()
        {
            let record = &state.trials()[trial.index()];
            let settled = record.after(n_ended);
            if let Some(rung) = rung {
                self.take(search, settled, rung, record.after(n_ended - 1).epochs());
            }
        }
    }

    fn take(&mut self, search: &Search, record: Settled<'_>, rung: usize, from: u32) {
        let leaderboard = &search.leaderboard;
        let (trial, completed) = (record.trial.id, record.outcome == Some(&Outcome::Completed));
        let place = |ranking| leaderboard.standing(record, ranking).0;
        self.by_metric
            .take(trial, rung, place(Ranking::Metric), completed);
        self.by_loss
            .take(trial, rung, place(Ranking::LossFall), completed);
        if search.sweep.prune().rule == PruneRule::Median {
            self.curves.take(leaderboard, record, from);
        }
        let failed = matches!(record.outcome, Some(Outcome::Failed { .. }));
        if self.by_metric.n_seen(trial) > 1 || failed {
            return;
        }
        for (key, value) in record.trial.params.iter() {
            let Some(dimension) = search.sweep.space().get(key) else {
                continue;
            };
            let told = self.told.entry(Arc::clone(&dimension.key)).or_default();
            told.values += 1;
            told.positions += usize::from(dimension.position(value).is_some());
        }
    }

    /// Epochs that the first or second pass may plan, those of earlier ones included.
    fn limit(&self, is_second: bool) -> u64 {
        let Generations {
            budget,
            confirm,
            first_order,
            epochs,
            ..
        } = self.settings;
        let trainings = if self.has_second && !is_second {
            first_order
        } else {
            budget.saturating_sub(confirm)
        };
        u64::from(trainings.max(1)) * u64::from(epochs)
    }

    fn left(&self) -> u64 {
        self.limit(self.is_second)
            .saturating_sub(self.epochs_planned)
    }

    /// Whether this pass can plan no further new trial.
    fn is_over(&self) -> bool {
        self.left() < u64::from(self.ladder[0])
    }

    fn rungs(&self) -> &Rungs {
        match self.ranking {
            Ranking::Metric => &self.by_metric,
            Ranking::LossFall => &self.by_loss,
        }
    }

    /// The trials that need not be kept ready to be continued any more.
    pub(super) fn release(&mut self) -> Vec<TrialId> {
        self.by_loss.release();
        self.by_metric.release()
    }
}

/// Whether no new trials for the search itself came with `plan`: trials were trained to the end, or confirmed.
fn is_ending(plan: &RoundPlan) -> bool {
    plan.stage == CONFIRM || plan.blocks.is_empty()
}

impl Search {
    /// One step: what follows from the results that are due, or the plan of the next generation.
    pub(super) fn conclude_generation(&mut self, progress: &mut Progress) -> Event {
        if self.state.refinements().len() < self.state.rounds().len() {
            progress.take_due(self);
            return Event::RoundRefined(Box::new(self.refine_generation(progress)));
        }
        self.plan_generation(progress, None)
    }

    /// What follows from the results that are due.
    pub(super) fn refine_generation(&self, progress: &mut Progress) -> Refinement {
        let rounds = self.state.rounds();
        let plan = rounds.last().expect("called after a round");
        let ranked = |rungs: &Rungs| -> Vec<Settled<'_>> {
            let trials = rungs.ranked().map(|standing| standing.1);
            let settled = trials.map(|trial| {
                let record: &TrialRecord = &self.state.trials()[trial.index()];
                record.after(rungs.n_seen(trial))
            });
            let spoke =
                |record: &Settled<'_>| !matches!(record.outcome, Some(Outcome::Failed { .. }));
            settled.filter(spoke).take(MOST_LOOKED_AT).collect()
        };
        if is_ending(plan) {
            return Refinement {
                stage: plan.stage,
                round: plan.round,
                widened: false,
                moves: Vec::new(),
                next: Space::default(),
            };
        }
        let by_metric = ranked(&progress.by_metric);
        let samples = self.objective.validation_samples;
        progress.ranking = ranking(
            &by_metric,
            &by_metric[..by_metric.len().min(64)],
            &self.leaderboard,
            samples,
        );
        let ranked = match progress.ranking {
            Ranking::Metric => by_metric,
            Ranking::LossFall => ranked(&progress.by_loss),
        };
        let best = ranked.first().map(|record| &record.trial.params);
        let evidence = Evidence::ranked(ranked, progress.ranking, &progress.told);
        let widened = self
            .state
            .refinements()
            .iter()
            .filter(|earlier| earlier.widened);
        let is_last = progress.is_over() && (progress.is_second || !progress.has_second);
        let drawn = self.state.refinements().last().map(|last| &last.next);
        refine(&Results {
            plan,
            original: &self.space,
            drawn,
            evidence: &evidence,
            best,
            sampler: SamplerKind::Sobol,
            widen: self.sweep.widen(),
            rounds_left: self
                .sweep
                .widen()
                .max_rounds
                .saturating_sub(widened.count() as u32),
            next: match (is_last, progress.is_coarse) {
                (true, _) => Next::Nothing { of: "generation" },
                (false, true) => Next::Coarse,
                (false, false) => Next::Generation,
            },
        })
    }

    /// The plan of the next generation, or the end. Where it is `recorded` already, points that were proposed are
    /// taken from there.
    pub(super) fn plan_generation(
        &self,
        progress: &Progress,
        recorded: Option<&RoundPlan>,
    ) -> Event {
        let (Some(last), Some(refinement)) =
            (self.state.rounds().last(), self.state.refinements().last())
        else {
            return planned(self.plan_coarse(progress, COARSE, &self.first_order_space()));
        };
        if last.stage == CONFIRM {
            return finished(self.confirmed());
        }
        let whole = widened(&last.space, refinement);
        if !is_ending(last) && !progress.is_over() {
            return planned(if progress.is_coarse && refinement.widened {
                self.plan_slabs(progress, last, refinement, whole)
            } else {
                self.plan_fine(progress, last, refinement, whole, recorded)
            });
        }
        if progress.has_second && !progress.is_second {
            let space = self.second_order_space(&refinement.next);
            return planned(self.plan_coarse(progress, SECOND, &space));
        }
        let n_finished = progress.n_finished_before + progress.by_metric.n_finished();
        let missing = (progress.settings.confirm.max(1) as usize).saturating_sub(n_finished);
        let unfinished = progress.rungs().unfinished(missing);
        if !unfinished.is_empty() {
            return planned(self.plan_finish(progress, last, &unfinished));
        }
        let best = self.finalists(progress.settings.epochs);
        let n_confirmed = best.len().min(progress.settings.confirm as usize);
        if n_confirmed > 0 {
            return planned(self.plan_confirmation(progress, last, &best[..n_confirmed]));
        }
        finished(
            best.first()
                .copied()
                .or_else(|| self.winner().map(|winner| winner.trial.id)),
        )
    }
}

/// Stage and round of the generation after `last`.
fn next_fine(progress: &Progress, last: &RoundPlan) -> (usize, usize) {
    let stage = if progress.is_second { SECOND } else { FINE };
    let round = if last.stage == stage {
        last.round + 1
    } else {
        0
    };
    (stage, round)
}

/// The ranges after `refinement`: widened where it widened them, not narrowed.
fn widened(space: &Space, refinement: &Refinement) -> Space {
    let is_widened = |key: &str| {
        let taken = refinement.moves.iter().find(|taken| taken.key == key);
        taken.is_some_and(|taken| taken.kind.is_widening())
    };
    let dimensions = space.0.iter().map(|dimension| {
        let next = refinement.next.get(&dimension.key);
        next.filter(|_| is_widened(&dimension.key))
            .unwrap_or(dimension)
            .clone()
    });
    Space(dimensions.collect())
}

fn planned(plan: RoundPlan) -> Event {
    Event::RoundPlanned(Box::new(plan))
}

fn finished(winner: Option<TrialId>) -> Event {
    Event::SweepFinished {
        verdict: Verdict::Completed,
        winner,
    }
}
