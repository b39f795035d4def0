//! The generations' plans: coarse ones, those in what a widening added, and fine ones.

use std::sync::Arc;

use super::{Progress, SECOND, next_fine};
use crate::event::{Block, Continuation, Floor, Refinement, RoundPlan};
use crate::proposal::{MOST_ROWS, Row, propose};
use crate::search::Search;
use crate::seed::{self, Purpose};
use crate::space::{Dimension, Params, Space};
use crate::stage::{Place, Standing, slabs};
use crate::sweep::{Proposals, PruneRule};
use crate::trial::TrialId;

impl Search {
    /// The keys of the first pass.
    pub(super) fn first_order_space(&self) -> Space {
        let first = |dimension: &&Dimension| dimension.order <= 1;
        Space(self.space.0.iter().filter(first).cloned().collect())
    }

    /// All keys: those of the first pass with the ranges they have come to, the others whole.
    pub(super) fn second_order_space(&self, settled: &Space) -> Space {
        let dimensions = self.space.0.iter();
        let settled =
            |dimension: &Dimension| settled.get(&dimension.key).unwrap_or(dimension).clone();
        Space(dimensions.map(settled).collect())
    }

    /// The first generation of a pass.
    pub(super) fn plan_coarse(
        &self,
        progress: &Progress,
        stage: usize,
        space: &Space,
    ) -> RoundPlan {
        let mut fixed = Params::default();
        for dimension in &self.space.0 {
            if space.get(&dimension.key).is_none() {
                let base = self.sweep.base(&dimension.key);
                let value = base.unwrap_or_else(|| dimension.domain.at(0.5));
                fixed.push(Arc::clone(&dimension.key), value);
            }
        }
        let space = space.given(&fixed);
        let rung = progress.ladder[0];
        let limit = progress.limit(stage == SECOND);
        let left = limit.saturating_sub(progress.epochs_planned);
        let n_fitting = (left / u64::from(rung)).max(1);
        let trials = u64::from(progress.settings.n0).min(n_fitting) as u32;
        RoundPlan {
            stage,
            round: 0,
            first: TrialId::from_index(self.state.n_planned()),
            fixed,
            continued: Vec::new(),
            blocks: vec![drawn(space.clone(), trials, rung, 0)],
            space,
            floors: self.median_floors(progress),
        }
    }

    /// Further coarse trials, in what a widening added.
    pub(super) fn plan_slabs(
        &self,
        progress: &Progress,
        last: &RoundPlan,
        refinement: &Refinement,
        whole: Space,
    ) -> RoundPlan {
        let n0 = progress.settings.n0;
        let mut blocks = slabs(&last.space, &self.space, n0, &refinement.moves, &whole);
        for block in &mut blocks {
            block.epochs = Some(progress.ladder[0]);
        }
        RoundPlan {
            stage: last.stage,
            round: last.round + 1,
            first: TrialId::from_index(self.state.n_planned()),
            space: whole,
            fixed: last.fixed.clone(),
            continued: Vec::new(),
            blocks,
            floors: self.median_floors(progress),
        }
    }

    /// A generation: the best third of each rung goes on, the longest first, and new trials are drawn, most of them
    /// from the narrowed ranges.
    pub(super) fn plan_fine(
        &self,
        progress: &Progress,
        last: &RoundPlan,
        refinement: &Refinement,
        whole: Space,
        recorded: Option<&RoundPlan>,
    ) -> RoundPlan {
        let Progress {
            settings, ladder, ..
        } = progress;
        let mut left = progress.left();
        let mut continued = Vec::new();
        for rung in (0..ladder.len() - 1).rev() {
            let cost = u64::from(ladder[rung + 1] - ladder[rung]);
            let promoted = progress.rungs().promoted(rung, (left / cost) as usize);
            left -= cost * promoted.len() as u64;
            continued.extend(promoted.into_iter().map(|trial| Continuation {
                trial,
                epochs: ladder[rung + 1],
            }));
        }
        let rung = ladder[0];
        let mut blocks = Vec::new();
        if refinement.widened && !progress.is_coarse {
            let half = settings.n0.div_ceil(2);
            blocks = slabs(&last.space, &self.space, half, &refinement.moves, &whole);
            for block in &mut blocks {
                block.epochs = Some(rung);
            }
        }
        let n_new = u64::from(settings.n_new()).min(left / u64::from(rung)) as u32;
        let n_explored =
            ((settings.explore * f64::from(n_new)).round() as u32).clamp(1, n_new.max(1));
        let n_explored = n_explored.min(n_new);
        let n_proposed = n_new - n_explored;
        if n_proposed > 0 {
            let narrowed = drawn(refinement.next.clone(), n_proposed, rung, progress.n_drawn);
            blocks.push(match settings.proposals {
                Proposals::Random => narrowed,
                Proposals::Gp => self.proposed(progress, narrowed, last, &whole, recorded),
            });
        }
        if n_explored > 0 {
            let offset = progress.n_drawn + n_proposed;
            blocks.push(drawn(whole.clone(), n_explored, rung, offset));
        }
        let (stage, round) = next_fine(progress, last);
        RoundPlan {
            stage,
            round,
            first: TrialId::from_index(self.state.n_planned()),
            space: whole,
            fixed: last.fixed.clone(),
            continued,
            blocks,
            floors: self.median_floors(progress),
        }
    }

    /// `block` with points from a Gaussian process; where they are `recorded` already, those.
    fn proposed(
        &self,
        progress: &Progress,
        block: Block,
        last: &RoundPlan,
        whole: &Space,
        recorded: Option<&RoundPlan>,
    ) -> Block {
        let known = recorded.and_then(|plan| {
            let mut blocks = plan.blocks.iter();
            blocks.find(|block| !block.points.is_empty())
        });
        let points = known.map_or_else(
            || self.propose(progress, &block, last, whole),
            |known| known.points.clone(),
        );
        Block {
            trials: points.len() as u32,
            points,
            ..block
        }
    }

    fn propose(
        &self,
        progress: &Progress,
        block: &Block,
        last: &RoundPlan,
        whole: &Space,
    ) -> Vec<Params> {
        let spoke = progress
            .rungs()
            .results()
            .filter(|(Standing(place, _), _)| *place != Place::Failed);
        let rows: Vec<Row<'_>> = spoke
            .take(MOST_ROWS)
            .map(|(Standing(place, trial), rung)| Row {
                params: &self.state.trials()[trial.index()].trial.params,
                epochs: progress.ladder[rung],
                place,
            })
            .collect();
        let generation = self.state.rounds().len() as u32;
        let seed = self.sweep.seed();
        let mut numbers = seed::stream(seed, Purpose::Proposals, [generation, 0, 0, 0]);
        let full = progress.settings.epochs;
        let n = block.trials as usize;
        let points = propose(&block.space, whole, &rows, full, n, &mut numbers);
        let complete = |point: &Params| self.complete(point, &last.fixed);
        points.iter().map(complete).collect()
    }

    fn median_floors(&self, progress: &Progress) -> Vec<Floor> {
        let prune = self.sweep.prune();
        match prune.rule {
            PruneRule::None => Vec::new(),
            PruneRule::Median => progress.curves.floors(&self.leaderboard, &prune),
        }
    }
}

fn drawn(space: Space, trials: u32, epochs: u32, offset: u32) -> Block {
    Block {
        space,
        trials,
        epochs: Some(epochs),
        offset: Some(offset),
        ..Block::default()
    }
}
