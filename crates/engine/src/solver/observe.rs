//! A look into the network while it trains: what its layers put out, and how far a step moves them.

use super::{Solver, Training, with_training};
use crate::kernel::Real;
use crate::layer::Batch;
use crate::network::{Output, Tensor};
use crate::sanity::{DeadUnits, LayerStatistics, Spread, UpdateRatio};

impl Solver {
    /// Statistics of each layer over up to `n_samples` training samples, in batches as in training.
    ///
    /// Ends the training: layers may keep traces of these batches.
    pub(crate) fn into_statistics(mut self, n_samples: usize) -> Vec<LayerStatistics> {
        with_training!(&mut self.training, training => training.statistics(n_samples))
    }

    /// Makes steps, unless the training diverges before all are made.
    pub(crate) fn makes_steps(&mut self, n_steps: usize) -> bool {
        (0..n_steps).all(|_| self.advance().0.loss.is_finite())
    }

    /// Makes `n_steps` steps and tells how far the last one moved each tensor of weights; `None` where
    /// the training diverged before.
    pub(crate) fn step_ratios(&mut self, n_steps: usize) -> Option<Vec<UpdateRatio>> {
        if !self.makes_steps(n_steps.saturating_sub(1)) {
            return None;
        }
        with_training!(&mut self.training, training => training.step_ratios())
    }
}

impl<T: Real> Training<T> {
    fn step_ratios(&mut self) -> Option<Vec<UpdateRatio>> {
        let before = self.network.parameters().to_vec();
        let (record, _) = self.advance();
        if !record.loss.is_finite() {
            return None;
        }
        let ratio = |tensor: &Tensor| {
            let place = tensor.range.clone();
            let moved = self.network.parameters()[place.clone()]
                .iter()
                .zip(&before[place.clone()])
                .map(|(after, before)| after.to_f64() - before.to_f64());
            UpdateRatio {
                tensor: tensor.name.clone(),
                ratio: norm(moved) / norm(before[place].iter().map(|weight| weight.to_f64())),
            }
        };
        let weights = self
            .network
            .tensors()
            .iter()
            .filter(|tensor| tensor.is_weight());
        Some(weights.map(ratio).collect())
    }

    fn statistics(&mut self, n_samples: usize) -> Vec<LayerStatistics> {
        let mut layers: Vec<Observed> = Vec::new();
        if self.running.is_none() {
            self.begin_epoch();
        }
        let n_batches = n_samples.div_ceil(self.batch_size).clamp(1, self.n_steps());
        for step in 0..n_batches {
            self.begin_step(step);
            self.network.backward(self.batch_size);
            let outputs = self.network.outputs();
            if layers.is_empty() {
                layers = outputs.map(|(output, ..)| Observed::new(output)).collect();
            }
            for (layer, (_, values, gradients)) in layers.iter_mut().zip(self.network.outputs()) {
                layer.add(self.batch_size, values, gradients);
            }
        }
        layers.into_iter().map(Observed::statistics).collect()
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// One layer, batch by batch.
struct Observed {
    output: Output,
    activations: Sums,
    gradients: Sums,
    /// Which units were above 0 for some sample.
    is_alive: Vec<bool>,
}

impl Observed {
    fn new(output: &Output) -> Self {
        Self {
            output: output.clone(),
            activations: Sums::default(),
            gradients: Sums::default(),
            is_alive: vec![false; output.n_units],
        }
    }

    fn add<T: Real>(&mut self, n: usize, values: &Batch<T>, gradients: &Batch<T>) {
        for sample in 0..n {
            self.activations.add(values.row(sample));
            self.gradients.add(gradients.row(sample));
            // Pixels hold one value for each channel.
            for pixel in values.row(sample).chunks(self.output.n_units) {
                for (is_alive, value) in self.is_alive.iter_mut().zip(pixel) {
                    *is_alive |= *value != T::ZERO;
                }
            }
        }
    }

    fn statistics(self) -> LayerStatistics {
        LayerStatistics {
            activations: self.activations.spread(),
            gradients: self.gradients.spread(),
            dead: self.output.is_rectified.then(|| DeadUnits {
                n_dead: self.is_alive.iter().filter(|is_alive| !**is_alive).count(),
                n_units: self.output.n_units,
            }),
            layer: self.output.layer,
        }
    }
}

/// Sums over many values, in `f64`.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: usize,
    n_zeros: usize,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add<T: Real>(&mut self, values: &[T]) {
        for value in values {
            let value = value.to_f64();
            self.n_zeros += usize::from(value == 0.0);
            self.sum += value;
            self.squares += value * value;
        }
        self.n += values.len();
    }

    fn spread(self) -> Spread {
        let n = self.n as f64;
        let mean = self.sum / n;
        // Rounding can leave a little less than nothing; not-a-number stays.
        let variance = self.squares / n - mean * mean;
        Spread {
            mean,
            deviation: if variance < 0.0 { 0.0 } else { variance.sqrt() },
            zeros: self.n_zeros as f64 / n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, dataset};
    use super::super::{Precision, Solver};
    use super::*;
    use crate::config::{Dtype, ModelKind, OptimizerKind, TrainConfig};
    use crate::sanity::{Layers, Verdict};

    /// A training in double precision, with its biases put to a value.
    fn with_biases(config: &TrainConfig, bias: f64) -> Solver {
        let mut solver = Solver::new(config, dataset(95, 40), 5).unwrap();
        let Precision::F64(training) = &mut solver.training else {
            unreachable!("the precision is f64")
        };
        let (tensors, weights, _) = training.network.update_parts();
        for tensor in tensors.iter().filter(|tensor| !tensor.is_weight()) {
            weights[tensor.range.clone()].fill(bias);
        }
        solver
    }

    fn mlp() -> TrainConfig {
        config(|config| {
            config.model.kind = ModelKind::Mlp;
            config.model.hidden = vec![30];
            config.train.dtype = Dtype::F64;
            config.train.optimizer = OptimizerKind::Sgd;
        })
    }

    #[test]
    fn rectifiers_with_biases_far_below_zero_are_dead() {
        for kind in [ModelKind::Mlp, ModelKind::ThreeLayerConvnet] {
            let config = config(|config| {
                config.model.kind = kind;
                config.train.dtype = Dtype::F64;
            });
            let layers = with_biases(&config, -100.0).into_statistics(1000);
            let found = Layers {
                n_steps: 1,
                layers,
                updates: Some(Vec::new()),
            };
            assert_eq!(found.verdict(), Verdict::Failed);
            assert!(found.to_string().contains("dead"), "{found}");
            let first = &found.layers[0];
            assert_eq!(first.dead.unwrap().share(), 1.0);
            assert_eq!((first.activations.zeros, first.gradients.zeros), (1.0, 1.0));
            assert_eq!(found.layers.last().unwrap().dead, None);
        }
    }

    #[test]
    fn statistics_are_those_of_the_values() {
        let mut sums = Sums::default();
        sums.add(&[1.0_f32, 0.0, 3.0]);
        sums.add(&[4.0_f64]);
        // Mean 2; squares −1, −2, 1, 2 give a variance of 10 / 4.
        let expected = Spread {
            mean: 2.0,
            deviation: 2.5_f64.sqrt(),
            zeros: 0.25,
        };
        assert_eq!(sums.spread(), expected);
        sums.add(&[f64::NAN]);
        assert!(sums.spread().deviation.is_nan());
    }

    #[test]
    fn the_ratio_of_all_tensors_is_that_of_the_epochs_record() {
        // One step is the epoch; of one layer, its tensor is all weights.
        let config = config(|config| {
            config.model.kind = ModelKind::Softmax;
            config.train.batch_size = 95;
        });
        let mut solver = Solver::new(&config, dataset(95, 40), 5).unwrap();
        let ratios = solver.step_ratios(1).unwrap();
        let record = solver.history().epochs[0];
        assert_eq!(ratios.len(), 1);
        assert!(
            (ratios[0].ratio / record.update_ratio - 1.0).abs() < 1e-4,
            "{ratios:?}"
        );
    }

    #[test]
    fn half_of_the_units_with_random_weights_are_above_zero() {
        let layers = with_biases(&mlp(), 0.0).into_statistics(1000);
        assert_eq!(layers[0].layer, "linear_1");
        assert!(
            (0.3..0.7).contains(&layers[0].activations.zeros),
            "{layers:?}"
        );
        assert_eq!(layers[0].dead.unwrap().n_units, 30);
    }
}
