//! Which rounds and trials there are: a pure function of the definition and the outcomes of whole rounds.

use jiff::Timestamp;

use super::Search;
use super::generations::{COARSE, SECOND};
use crate::event::{Event, Floor, Refinement, RoundPlan, Verdict};
use crate::sampler::{self, Address};
use crate::seed;
use crate::space::{Dimension, Params, Space};
use crate::stage::{Evidence, Next, Results, first_round, refine, widening_round};
use crate::sweep::SamplerKind;
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
        for (block_idx, block) in plan.blocks.iter().enumerate() {
            if offset < block.trials as usize {
                return self.draw(index, plan, block_idx, offset);
            }
            offset -= block.trials as usize;
        }
        None
    }

    /// Trial `index`, which is number `offset` of a block.
    fn draw(
        &self,
        index: usize,
        plan: &RoundPlan,
        block_idx: usize,
        offset: usize,
    ) -> Option<Trial> {
        let block = &plan.blocks[block_idx];
        let stage = self.sweep.stages().get(plan.stage);
        let params = match block.points.get(offset) {
            Some(point) => point.clone(),
            None => self.sample(plan, block_idx, offset as u32),
        };
        let id = TrialId::from_index(index);
        let parent = block.parents.get(offset).copied();
        Some(Trial {
            id,
            stage: plan.stage,
            round: plan.round,
            seed: match parent {
                Some(parent) => seed::confirmation_seed(self.sweep.seed(), parent.number()),
                None => seed::trial_seed(self.sweep.seed(), id.number()),
            },
            epochs: block.epochs.or(stage.map(|stage| stage.epochs))?,
            params,
            parent,
        })
    }

    /// Point `offset` of a block that is drawn evenly.
    fn sample(&self, plan: &RoundPlan, block_idx: usize, offset: u32) -> Params {
        let block = &plan.blocks[block_idx];
        // One sequence runs through all generations of a pass.
        let pass = if plan.stage == SECOND { SECOND } else { COARSE };
        let (stage, round, number, index) = match block.offset {
            Some(first) => (pass, 0, 0, first + offset),
            None => (plan.stage, plan.round, block_idx, offset),
        };
        let address = Address {
            seed: self.sweep.seed(),
            stage,
            round,
            block: number,
        };
        let stage = self.sweep.stages().get(plan.stage);
        let kind = stage.map_or(SamplerKind::Sobol, |stage| stage.sampler);
        let drawn = sampler::of(kind).sample(&block.space, address, index, block.trials);
        self.complete(&drawn, &plan.fixed)
    }

    /// Every searched key that is active, in the definition's order: as drawn, or as held fixed by the stage.
    pub(super) fn complete(&self, drawn: &Params, fixed: &Params) -> Params {
        let dimensions = self.space.0.iter();
        let pairs = dimensions.filter_map(|dimension| {
            let value = drawn
                .get(&dimension.key)
                .or_else(|| fixed.get(&dimension.key))?;
            Some((dimension.key.clone(), value.clone()))
        });
        self.sweep.space().prune(&pairs.collect())
    }

    /// The trial of the next rung to be handed out; none where all that are planned were.
    pub(super) fn next_rung(&self) -> Option<Trial> {
        let next = self.state.rungs().get(self.n_started)?;
        if next.rung == 0 {
            return self.trial(next.trial.index());
        }
        let round = self.round_of(self.n_started);
        let continued = &self.state.rounds()[round].continued;
        let trial = &self.state.trials()[next.trial.index()].trial;
        Some(Trial {
            epochs: continued[self.n_started - self.round_starts[round]].epochs,
            ..trial.clone()
        })
    }

    /// The round that planned the rung at `index`.
    pub(super) fn round_of(&self, index: usize) -> usize {
        self.round_starts.partition_point(|start| *start <= index) - 1
    }

    /// Below which metric the rung at `index`, of a trial of `epochs`, is stopped: what its round was planned with,
    /// for the epochs before its last.
    pub(super) fn floors(&self, index: usize, epochs: u32) -> Vec<Floor> {
        let floors = &self.state.rounds()[self.round_of(index)].floors;
        floors
            .iter()
            .filter(|floor| floor.epoch < epochs)
            .copied()
            .collect()
    }

    /// Whether the next step can be concluded.
    pub(super) fn is_ready(&self) -> bool {
        match &self.progress {
            Some(progress) => {
                // A plan follows at once from what was concluded; that waits for what is due.
                self.state.refinements().len() == self.state.rounds().len()
                    || progress.is_ready(&self.state)
            }
            None => self.open.is_empty(),
        }
    }

    /// Whether the round after `refinement` waited for all trials before it.
    pub fn is_barrier(&self, refinement: &Refinement) -> bool {
        self.progress.is_none() || refinement.stage == COARSE || refinement.moves.is_empty()
    }

    /// One step: what follows from the round that is over, or the plan of the next.
    pub(super) fn conclude(&mut self, now: Timestamp) {
        if let Some(mut progress) = self.progress.take() {
            let event = self.conclude_generation(&mut progress);
            self.progress = Some(progress);
            self.record(event, now);
            return;
        }
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
            winner: self.winner().map(|winner| winner.trial.id),
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
        for dimension in &self.space.0 {
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
        first_round(stage_idx, stage, first, Space(space).given(&fixed), fixed)
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
        let evidence = Evidence::new(
            &trials[original.first.index()..],
            &self.leaderboard,
            self.objective.validation_samples,
        );
        refine(&Results {
            plan,
            original: &original.space,
            drawn: None,
            evidence: &evidence,
            best: self
                .leaderboard
                .winner(trials)
                .map(|(record, _)| &record.trial.params),
            sampler: self.sweep.stages()[plan.stage].sampler,
            widen: self.sweep.widen(),
            rounds_left: self.sweep.widen().max_rounds.saturating_sub(widened),
            next: if plan.stage + 1 < self.sweep.stages().len() {
                Next::Stage
            } else {
                Next::Nothing { of: "stage" }
            },
        })
    }
}
