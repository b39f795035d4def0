//! The end of a step: gradients, and the update rule.

use std::ops::Range;

use super::Training;
use crate::kernel::Real;
use crate::layer::Mover;
use crate::optim::{Optimizer, Part, Step};
use crate::penalty::norm_over_weights;
use crate::threads::Threads;

/// ‖last update‖ and ‖weights before it‖.
pub(super) struct LastUpdate {
    pub(super) update_norm: f64,
    pub(super) weight_norm: f64,
}

impl<T: Real> Training<T> {
    /// Moves the weights and biases by the step whose loss was computed.
    pub(super) fn update(&mut self, step: usize) {
        if self.clipping.is_none() {
            let threads = self.network.threads().clone();
            let step = self.rule_step(step, &threads, false);
            self.optimizer.begin_step();
            let mut moving = Moving {
                optimizer: &mut self.optimizer,
                step,
            };
            self.network.backward_moving(self.batch_size, &mut moving);
            self.bound_norms();
        } else {
            self.network.backward(self.batch_size);
            self.update_by_gradients(step, false);
        }
    }

    /// As [`Training::update`], and tells what it measured.
    pub(super) fn measured_update(&mut self, step: usize) -> LastUpdate {
        let weight_norm =
            norm_over_weights(self.simd, self.network.tensors(), self.network.parameters());
        self.network.backward(self.batch_size);
        self.update_by_gradients(step, true);
        let update = self.network.gradients();
        LastUpdate {
            update_norm: norm_over_weights(self.simd, self.network.tensors(), update),
            weight_norm,
        }
    }

    /// Moves the weights and biases by their gradients, which are replaced by the update if `keep_update`.
    fn update_by_gradients(&mut self, step: usize, keep_update: bool) {
        let threads = self.network.threads().clone();
        let step = self.rule_step(step, &threads, keep_update);
        let (tensors, weights, gradients) = self.network.update_parts();
        self.clipping.apply(self.simd, tensors, gradients);
        self.optimizer.update(step, tensors, weights, gradients);
        self.bound_norms();
    }

    /// What the update rule is told of a step.
    fn rule_step<'a>(&self, step: usize, threads: &'a Threads, keep_update: bool) -> Step<'a> {
        Step {
            simd: self.simd,
            threads,
            learning_rate: self.learning_rate_at(step),
            penalties: self.penalties,
            weight_decay: self.weight_decay,
            keep_update,
        }
    }

    fn bound_norms(&mut self) {
        if let Some(max_norm) = &mut self.max_norm {
            let (tensors, weights, _) = self.network.update_parts();
            max_norm.apply(self.simd, tensors, weights);
        }
    }
}

/// The update rule at a step, for layers that move their weights themselves.
struct Moving<'a, T> {
    optimizer: &'a mut Optimizer<T>,
    step: Step<'a>,
}

impl<T: Real> Mover<T> for Moving<'_, T> {
    fn advance(
        &mut self,
        is_weight: bool,
        place: Range<usize>,
        weights: &mut [T],
        gradients: &mut [T],
    ) {
        self.optimizer.advance(Part {
            step: self.step,
            is_weight,
            place,
            weights,
            gradients,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::Solver;
    use super::super::tests::{config, dataset};
    use crate::config::{ModelKind, OptimizerKind, TrainConfig};
    use crate::history::EpochEnd;
    use crate::kernel::Simd;

    /// Weights moved piece by piece behind their gradients, and by whole gradients that a bound too large to matter has
    /// looked at.
    #[track_caller]
    fn check(simd: Simd, config: &TrainConfig) {
        let mut bounded = config.clone();
        bounded.train.clip_value = Some(1e6);
        let epochs = |config: &TrainConfig| -> Vec<EpochEnd> {
            let mut solver = Solver::on(simd, config, dataset(95, 40), 3).unwrap();
            (0..2).map(|_| solver.train_epoch()).collect()
        };
        assert_eq!(epochs(config), epochs(&bounded), "{:?}", config.train);
    }

    #[test]
    fn weights_moved_as_their_gradients_come_are_the_same() {
        for simd in Simd::available() {
            for optimizer in [
                OptimizerKind::Sgd,
                OptimizerKind::Momentum,
                OptimizerKind::Nesterov,
                OptimizerKind::Adagrad,
                OptimizerKind::Adadelta,
                OptimizerKind::Rmsprop,
                OptimizerKind::Adam,
                OptimizerKind::Adamw,
                OptimizerKind::Nadam,
                OptimizerKind::Lion,
            ] {
                check(
                    *simd,
                    &config(|config| {
                        config.model.kind = ModelKind::Mlp;
                        // 131 × 257 weights are several pieces, the last one short.
                        config.model.hidden = vec![131, 257];
                        config.train.optimizer = optimizer;
                        config.train.l2 = 1e-2;
                        config.train.l1 = 1e-3;
                        config.train.weight_decay = 1e-2;
                    }),
                );
            }
        }
    }
}
