//! Which rounds and trials there are: a pure function of the definition and the outcomes of whole rounds.

use jiff::Timestamp;

use super::Search;
use crate::event::{Event, Refinement, RoundPlan, Verdict};
use crate::sampler::{self, Address};
use crate::seed;
use crate::space::{Dimension, Params, Space};
use crate::stage::{Results, first_round, refine, widening_round};
use crate::trial::{Trial, TrialId};

impl Search {
    /// Trial `index`, counted from 0 in planning order; `None` where none is planned there.
    pub fn trial(&self, index: usize) -> Option<Trial> {
        let plan = self
            .state
            .rounds()
            .iter()
            .rev()
            .find(|plan| plan.first.index() <= index)?;
        let mut offset = index - plan.first.index();
        let stage = self.sweep.stages().get(plan.stage)?;
        for (block_idx, block) in plan.blocks.iter().enumerate() {
            if offset < block.trials as usize {
                let address = Address {
                    seed: self.sweep.seed(),
                    stage: plan.stage,
                    round: plan.round,
                    block: block_idx,
                };
                let sampler = sampler::of(stage.sampler);
                let drawn = sampler.sample(&block.space, address, offset as u32, block.trials);
                let id = TrialId::from_index(index);
                return Some(Trial {
                    id,
                    stage: plan.stage,
                    round: plan.round,
                    seed: seed::trial_seed(self.sweep.seed(), id.number()),
                    epochs: stage.epochs,
                    params: self.complete(&drawn, &plan.fixed),
                });
            }
            offset -= block.trials as usize;
        }
        None
    }

    /// Every searched key in the definition's order: as drawn, or as held fixed by the stage.
    fn complete(&self, drawn: &Params, fixed: &Params) -> Params {
        let dimensions = self.sweep.space().0.iter();
        let pairs = dimensions.filter_map(|dimension| {
            let value = drawn
                .get(&dimension.key)
                .or_else(|| fixed.get(&dimension.key))?;
            Some((dimension.key.clone(), value.clone()))
        });
        pairs.collect()
    }

    /// One step at a barrier: what follows from the round that is over, or the plan of the next.
    pub(super) fn conclude(&mut self, now: Timestamp) {
        let event = match self.state.rounds().last() {
            None => Event::RoundPlanned(Box::new(self.plan_stage(0))),
            Some(plan) if self.state.refinements().len() < self.state.rounds().len() => {
                Event::RoundRefined(Box::new(self.refine(plan)))
            }
            Some(plan) => self.after(plan),
        };
        self.record(event, now);
    }

    pub(super) fn after(&self, plan: &RoundPlan) -> Event {
        let refinement = self
            .state
            .refinements()
            .last()
            .expect("one for each round that is over");
        if refinement.widened {
            let first = TrialId::from_index(self.state.n_planned());
            let original = self.original(plan.stage);
            let round = widening_round(plan, original, &refinement.moves, &refinement.next, first);
            return Event::RoundPlanned(Box::new(round));
        }
        if plan.stage + 1 < self.sweep.stages().len() {
            return Event::RoundPlanned(Box::new(self.plan_stage(plan.stage + 1)));
        }
        Event::SweepFinished {
            verdict: Verdict::Completed,
            winner: self.winner().map(|record| record.trial.id),
        }
    }

    pub(super) fn plan_stage(&self, stage_idx: usize) -> RoundPlan {
        let stage = &self.sweep.stages()[stage_idx];
        let winner = self
            .leaderboard
            .winner(self.state.trials())
            .map(|(record, _)| &record.trial.params);
        let mut space = Vec::new();
        let mut fixed = Params::default();
        for dimension in &self.sweep.space().0 {
            let key = &*dimension.key;
            if stage.keys.iter().any(|searched| searched == key) {
                space.push(self.latest_range(key).unwrap_or(dimension).clone());
            } else {
                let held = winner.and_then(|params| params.get(key)).cloned();
                // Without any trial yet: the configuration's own value, else the middle of the range.
                let value = held
                    .or_else(|| self.sweep.base(key))
                    .unwrap_or_else(|| dimension.domain.at(0.5));
                fixed.push(dimension.key.clone(), value);
            }
        }
        let first = TrialId::from_index(self.state.n_planned());
        first_round(stage_idx, stage, first, Space(space), fixed)
    }

    /// The range of `key` after the last round that searched it.
    fn latest_range(&self, key: &str) -> Option<&Dimension> {
        self.state
            .refinements()
            .iter()
            .rev()
            .find_map(|refinement| refinement.next.get(key))
    }

    pub(super) fn original(&self, stage: usize) -> &RoundPlan {
        let first = |plan: &&RoundPlan| plan.stage == stage && plan.round == 0;
        self.state
            .rounds()
            .iter()
            .find(first)
            .expect("a stage begins with round 0")
    }

    fn refine(&self, plan: &RoundPlan) -> Refinement {
        let original = self.original(plan.stage);
        let trials = self.state.trials();
        let widened: u32 = self
            .state
            .refinements()
            .iter()
            .map(|earlier| u32::from(earlier.widened))
            .sum();
        refine(&Results {
            plan,
            original: &original.space,
            trials: &trials[original.first.index()..],
            best: self
                .leaderboard
                .winner(trials)
                .map(|(record, _)| &record.trial.params),
            sampler: self.sweep.stages()[plan.stage].sampler,
            widen: self.sweep.widen(),
            rounds_left: self.sweep.widen().max_rounds.saturating_sub(widened),
            followed: plan.stage + 1 < self.sweep.stages().len(),
            leaderboard: self.leaderboard,
            validation_samples: self.objective.validation_samples,
        })
    }
}
