//! The moving average of the weights: what is evaluated and kept in their place where it is asked for.

use super::Training;
use crate::kernel::{Aligned, Real};
use crate::network::Network;

/// An exponential moving average of all weights, biases and running statistics over the steps.
///
/// After step t = 1, 2, …: w̄ ← d·w̄ + (1 − d)·w with d = min(`decay`, (1 + t)/(10 + t)), so that the first steps, far from
/// the end, are soon forgotten.
///
/// Source: B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992; the rising decay as
/// TensorFlow's `ExponentialMovingAverage` with a number of updates.
pub(super) struct Average<T> {
    decay: f64,
    pub(super) parameters: Aligned<T>,
    pub(super) running_statistics: Aligned<T>,
}

impl<T: Real> Average<T> {
    /// Of the weights that a network has.
    pub(super) fn new(decay: f64, network: &Network<T>) -> Self {
        let mut parameters = Aligned::zeros(network.parameters().len());
        parameters.copy_from_slice(network.parameters());
        let mut running_statistics = Aligned::zeros(network.running().len());
        running_statistics.copy_from_slice(network.running());
        Self {
            decay,
            parameters,
            running_statistics,
        }
    }

    /// Takes the weights after step `step`, counted from 1 over the whole training.
    fn follow(&mut self, step: u64, network: &Network<T>) {
        let t = step as f64;
        let decay = self.decay.min((1.0 + t) / (10.0 + t));
        let (decay, share) = (T::from_f64(decay), T::from_f64(1.0 - decay));
        let parts = [
            (&mut self.parameters, network.parameters()),
            (&mut self.running_statistics, network.running()),
        ];
        for (average, weights) in parts {
            for (average, weight) in average.iter_mut().zip(weights) {
                *average = decay * *average + share * *weight;
            }
        }
    }

    /// Changes places with the weights of the network.
    fn swap(&mut self, network: &mut Network<T>) {
        let [parameters, running_statistics] = network.state_mut();
        parameters.swap_with_slice(&mut self.parameters);
        running_statistics.swap_with_slice(&mut self.running_statistics);
    }
}

impl<T: Real> Training<T> {
    /// Has the average take the weights that the step of this epoch led to.
    pub(super) fn average(&mut self, step: usize) {
        let steps_before = u64::from(self.epoch - 1) * self.n_steps() as u64;
        if let Some(average) = &mut self.average {
            average.follow(steps_before + step as u64 + 1, &self.network);
        }
    }

    /// Does something with the weights that are evaluated in their place: the average, where there is one.
    pub(super) fn evaluated<R>(&mut self, evaluate: impl FnOnce(&mut Self) -> R) -> R {
        let Some(mut average) = self.average.take() else {
            return evaluate(self);
        };
        average.swap(&mut self.network);
        let result = evaluate(self);
        average.swap(&mut self.network);
        self.average = Some(average);
        result
    }

    /// The weights and running statistics that are evaluated.
    pub(super) fn evaluated_state(&self) -> [&[T]; 2] {
        match &self.average {
            Some(average) => [&average.parameters, &average.running_statistics],
            None => [self.network.parameters(), self.network.running()],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::config::TrainConfig;
    use crate::data::Dataset;
    use crate::solver::tests::{config, dataset};
    use crate::solver::{Part, Solver};

    fn averaged(decay: f64) -> TrainConfig {
        config(|config| {
            config.train.ema_decay = Some(decay);
            config.model.batch_norm = true;
        })
    }

    fn data() -> Arc<Dataset> {
        dataset(95, 40)
    }

    #[test]
    fn a_decay_of_0_is_no_average() {
        let figures = |config: &TrainConfig| {
            let mut solver = Solver::new(config, data(), 3).unwrap();
            (0..3).map(|_| solver.train_epoch()).collect::<Vec<_>>()
        };
        let mut without = averaged(0.0);
        without.train.ema_decay = None;
        assert_eq!(figures(&averaged(0.0)), figures(&without));
    }

    #[test]
    fn the_training_goes_its_way_and_the_average_is_what_is_evaluated() {
        let mut plain = averaged(0.0);
        plain.train.ema_decay = None;
        let mut solver = Solver::new(&averaged(0.9), data(), 3).unwrap();
        let mut alone = Solver::new(&plain, data(), 3).unwrap();
        assert_eq!(solver.untrained().val_loss, alone.untrained().val_loss);
        for _ in 0..3 {
            let (averaged, plain) = (
                *solver.train_epoch().record(),
                *alone.train_epoch().record(),
            );
            assert_eq!(averaged.train_loss, plain.train_loss);
            assert_eq!(averaged.update_ratio, plain.update_ratio);
            assert_ne!(averaged.val_loss, plain.val_loss);
        }
        let said = solver.predictions(Part::Validation);
        assert_ne!(said, alone.predictions(Part::Validation));
        assert_eq!(solver.model().predict(&data().validation.features), said);
    }

    #[test]
    fn the_average_of_one_weight_is_what_is_computed_by_hand() {
        use super::Average;
        use crate::kernel::Simd;
        use crate::model::empty_network;

        let layers = [crate::config::LayerSpec::Linear { outputs: 2 }];
        let shape = crate::data::Shape {
            height: 1,
            width: 1,
            channels: 1,
        };
        let mut network = empty_network::<f64>(&layers, shape, 2, Simd::detect()).unwrap();
        let mut average = Average::new(0.25, &network);
        network.state_mut()[0][0] = 11.0;
        average.follow(1, &network);
        // d = min(1/4, 2/11): 9/11 of the way from 0 to 11.
        assert!((average.parameters[0] - 9.0).abs() < 1e-12);
        average.follow(2, &network);
        // d = min(1/4, 3/12): three quarters of the way from 9 to 11.
        assert!((average.parameters[0] - 10.5).abs() < 1e-12);
    }

    #[test]
    fn the_best_average_is_kept_and_a_checkpoint_has_it() {
        use crate::history::Criterion;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("checkpoint");
        let new = || {
            let mut solver = Solver::new(&averaged(0.95), data(), 3).unwrap();
            solver.keep_best(Criterion::ValLoss);
            solver
        };
        let mut solver = new();
        for _ in 0..2 {
            solver.train_epoch();
        }
        solver.save(&path).unwrap();
        let mut continued = new();
        continued.restore(&path).unwrap();
        for _ in 0..3 {
            assert_eq!(solver.train_epoch(), continued.train_epoch());
        }
        let said = |solver: &mut Solver| solver.predictions(Part::Validation);
        assert_eq!(said(&mut solver), said(&mut continued));
        let best = solver.restore_best().unwrap();
        assert_eq!(solver.untrained().val_loss, best.val_loss);
        continued.restore_best().unwrap();
        assert_eq!(said(&mut solver), said(&mut continued));
    }
}
