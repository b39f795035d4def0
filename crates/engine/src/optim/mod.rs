//! Update rules: how gradients become steps. Each takes the learning rate as an argument and owns
//! only its own memory.
//!
//! A rule's file has its formula for one weight, as a [`Rule`] that the kernel runs over all of
//! them. In the formulas g includes the gradient of the penalties, λ₁ sign(w) + λ₂ w; weight decay takes η δ w
//! from the weight apart from the rule, as in I. Loshchilov and F. Hutter, "Decoupled Weight Decay
//! Regularization", 2019. Neither acts on biases.

#![expect(
    clippy::inline_always,
    reason = "a rule is compiled for an instruction set by being inlined into the kernel"
)]

mod adadelta;
mod adagrad;
mod adam;
mod lion;
mod memory;
mod momentum;
mod nadam;
mod nesterov;
mod rmsprop;
mod sgd;

use std::ops::Range;

use crate::config::{OptimizerKind, TrainSettings};
use crate::kernel::{Real, Rule, Simd, WeightUpdate};
use crate::network::Tensor;
use crate::penalty::Penalties;
use crate::threads::Threads;

use adadelta::Adadelta;
use adagrad::Adagrad;
use adam::Adam;
use lion::Lion;
use memory::{Memory, MemoryMut, MemoryRef};
use momentum::Momentum;
use nadam::Nadam;
use nesterov::Nesterov;
use rmsprop::Rmsprop;

/// One step's arguments, the same for all weights and biases.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Instruction set.
    pub(crate) simd: Simd,
    /// Who works on it.
    pub(crate) threads: &'a Threads,
    /// η, learning rate of this step.
    pub(crate) learning_rate: f64,
    /// λ₁ and λ₂, penalties' strengths; they act on weights, not on biases.
    pub(crate) penalties: Penalties,
    /// δ, decoupled weight decay; acts on weights, not on biases.
    pub(crate) weight_decay: f64,
    /// Whether the update itself is wanted, to be measured.
    pub(crate) keep_update: bool,
}

/// A tensor, or a piece of one, that takes the step.
pub(crate) struct Part<'a, T> {
    /// The step.
    pub(crate) step: Step<'a>,
    /// Whether penalties and decay act on it.
    pub(crate) is_weight: bool,
    /// Its place among all weights and biases, and so in the rule's memory.
    pub(crate) place: Range<usize>,
    /// It.
    pub(crate) weights: &'a mut [T],
    /// Gradients of the data loss by it; replaced by the update if the step keeps it.
    pub(crate) gradients: &'a mut [T],
}

impl<T: Real> Part<'_, T> {
    /// Moves every weight and bias of it by a rule; each of `memory` is laid out as all of them.
    fn apply<R: Rule<T, N>, const N: usize>(self, rule: R, mut memory: [&mut [T]; N]) {
        let step = self.step;
        let of_weights = |strength: f64| {
            if self.is_weight {
                T::from_f64(strength)
            } else {
                T::ZERO
            }
        };
        let (l1, l2) = (of_weights(step.penalties.l1), of_weights(step.penalties.l2));
        let decay = of_weights(step.learning_rate * step.weight_decay);
        let threads = step.threads.worth(OPERATIONS_PER_WEIGHT * self.place.len());
        let per = if threads.count() == 1 {
            self.place.len().max(1)
        } else {
            WEIGHTS_PER_PIECE
        };
        let mut memory = memory
            .each_mut()
            .map(|memory| memory[self.place.clone()].chunks_mut(per));
        let pieces = self
            .weights
            .chunks_mut(per)
            .zip(self.gradients.chunks_mut(per))
            .map(|(weights, gradients)| {
                let memory = memory.each_mut().map(|memory| {
                    let piece = memory.next();
                    piece.expect("memory is laid out as the weights")
                });
                (weights, gradients, memory)
            });
        threads.each(pieces, |(weights, gradients, memory)| {
            step.simd.run(WeightUpdate {
                rule,
                weights,
                gradients,
                memory,
                l1,
                l2,
                decay,
                keep_update: step.keep_update,
            });
        });
    }
}

/// Weights that one thread moves at a time.
const WEIGHTS_PER_PIECE: usize = 16 << 10;
/// What a weight costs, in operations of a product: updates are bound by memory.
const OPERATIONS_PER_WEIGHT: usize = 100;

/// An update rule with its memory.
pub(crate) enum Optimizer<T> {
    /// Plain gradient descent.
    Sgd,
    /// Gradient descent with a velocity.
    Momentum(Momentum<T>),
    /// Gradient descent with a velocity, one step ahead.
    Nesterov(Nesterov<T>),
    /// Gradients by the root of their sum of squares.
    Adagrad(Adagrad<T>),
    /// Steps in units of past steps.
    Adadelta(Adadelta<T>),
    /// Gradients by their root mean square.
    Rmsprop(Rmsprop<T>),
    /// Adaptive moments; also adamw.
    Adam(Adam<T>),
    /// Adaptive moments, one step ahead.
    Nadam(Nadam<T>),
    /// The sign of a momentum.
    Lion(Lion<T>),
}

impl<T: Real> Optimizer<T> {
    /// The rule that the settings name, for `n` weights and biases.
    pub(crate) fn new(settings: &TrainSettings, n: usize) -> Self {
        let TrainSettings {
            momentum,
            beta1,
            beta2,
            rho,
            eps,
            ..
        } = *settings;
        match settings.optimizer {
            OptimizerKind::Sgd => Self::Sgd,
            OptimizerKind::Momentum => Self::Momentum(Momentum::new(momentum, n)),
            OptimizerKind::Nesterov => Self::Nesterov(Nesterov::new(momentum, n)),
            OptimizerKind::Adagrad => Self::Adagrad(Adagrad::new(eps, n)),
            OptimizerKind::Adadelta => Self::Adadelta(Adadelta::new(rho, eps, n)),
            OptimizerKind::Rmsprop => Self::Rmsprop(Rmsprop::new(rho, eps, n)),
            OptimizerKind::Adam | OptimizerKind::Adamw => {
                Self::Adam(Adam::new(beta1, beta2, eps, n))
            }
            OptimizerKind::Nadam => Self::Nadam(Nadam::new(beta1, beta2, eps, n)),
            OptimizerKind::Lion => Self::Lion(Lion::new(beta1, beta2, n)),
        }
    }

    /// Buffers of the size of all weights that a rule keeps.
    pub(crate) fn n_buffers(kind: OptimizerKind) -> usize {
        match kind {
            OptimizerKind::Sgd => 0,
            OptimizerKind::Momentum
            | OptimizerKind::Nesterov
            | OptimizerKind::Adagrad
            | OptimizerKind::Rmsprop
            | OptimizerKind::Lion => 1,
            OptimizerKind::Adadelta
            | OptimizerKind::Adam
            | OptimizerKind::Adamw
            | OptimizerKind::Nadam => 2,
        }
    }

    /// Moves all weights and biases, whose tensors these are, by one step; `gradients` are laid out as they, and replaced
    /// by the update if the step keeps it.
    pub(crate) fn update(
        &mut self,
        step: Step<'_>,
        tensors: &[Tensor],
        weights: &mut [T],
        gradients: &mut [T],
    ) {
        self.begin_step();
        for tensor in tensors {
            self.advance(Part {
                step,
                is_weight: tensor.is_weight(),
                place: tensor.range.clone(),
                weights: &mut weights[tensor.range.clone()],
                gradients: &mut gradients[tensor.range.clone()],
            });
        }
    }

    /// Begins a step, which each weight and bias then takes once by [`Optimizer::advance`], in any order.
    pub(crate) fn begin_step(&mut self) {
        match self {
            Self::Adam(adam) => adam.begin_step(),
            Self::Nadam(nadam) => nadam.begin_step(),
            Self::Sgd
            | Self::Momentum(_)
            | Self::Nesterov(_)
            | Self::Adagrad(_)
            | Self::Adadelta(_)
            | Self::Rmsprop(_)
            | Self::Lion(_) => {}
        }
    }

    /// Moves a part of the weights or biases by the step that was begun.
    pub(crate) fn advance(&mut self, part: Part<'_, T>) {
        match self {
            Self::Sgd => sgd::update(part),
            Self::Momentum(momentum) => momentum.update(part),
            Self::Nesterov(nesterov) => nesterov.update(part),
            Self::Adagrad(adagrad) => adagrad.update(part),
            Self::Adadelta(adadelta) => adadelta.update(part),
            Self::Rmsprop(rmsprop) => rmsprop.update(part),
            Self::Adam(adam) => adam.update(part),
            Self::Nadam(nadam) => nadam.update(part),
            Self::Lion(lion) => lion.update(part),
        }
    }

    /// What the rule remembers, to be saved.
    pub(crate) fn memory(&self) -> MemoryRef<'_, T> {
        match self {
            Self::Sgd => Memory::none(),
            Self::Momentum(momentum) => momentum.memory(),
            Self::Nesterov(nesterov) => nesterov.memory(),
            Self::Adagrad(adagrad) => adagrad.memory(),
            Self::Adadelta(adadelta) => adadelta.memory(),
            Self::Rmsprop(rmsprop) => rmsprop.memory(),
            Self::Adam(adam) => adam.memory(),
            Self::Nadam(nadam) => nadam.memory(),
            Self::Lion(lion) => lion.memory(),
        }
    }

    /// What the rule remembers, to be restored.
    pub(crate) fn memory_mut(&mut self) -> MemoryMut<'_, T> {
        match self {
            Self::Sgd => Memory::none(),
            Self::Momentum(momentum) => momentum.memory_mut(),
            Self::Nesterov(nesterov) => nesterov.memory_mut(),
            Self::Adagrad(adagrad) => adagrad.memory_mut(),
            Self::Adadelta(adadelta) => adadelta.memory_mut(),
            Self::Rmsprop(rmsprop) => rmsprop.memory_mut(),
            Self::Adam(adam) => adam.memory_mut(),
            Self::Nadam(nadam) => nadam.memory_mut(),
            Self::Lion(lion) => lion.memory_mut(),
        }
    }
}

#[cfg(test)]
mod reference_steps;
#[cfg(test)]
mod tests;
