//! What the network as it stands says of samples.

use super::{Precision, Solver, Training, load, with_training};
use crate::config::ModelConfig;
use crate::data::Samples;
use crate::kernel::Real;
use crate::model::{AnyNetwork, Member, Model, empty_network, push_predictions};
use crate::network::{Network, layers_of};

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What the network learns from.
    Training,
    /// What choices are made by.
    Validation,
    /// What is looked at once.
    Test,
}

/// What a network says of N samples, in the order of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// (N, C) row-major: of classes the probabilities of each (softmax of the scores; of a hinge loss they rank the classes
    /// and promise nothing), of a number the number, in the label's unit.
    pub values: Vec<f64>,
    /// C; 1 of a number.
    pub n_outputs: usize,
}

impl Predictions {
    /// Number of samples N.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_outputs
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is said of each sample: C values.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone {
        self.values.chunks_exact(self.n_outputs)
    }
}

impl Solver {
    /// What the network as it stands says of each sample of a part, evaluated as validation is: running statistics, no
    /// dropout. Changes nothing; the training may go on.
    pub fn predictions(&mut self, part: Part) -> Predictions {
        let threads = &self.threads;
        with_training!(&mut self.training, training => threads.run(|| training.evaluated(|training| training.predictions(part))))
    }

    /// The network as it stands, for predictions alone; the training may go on.
    pub fn model(&self) -> Model {
        let (dataset, network) = match &self.training {
            Precision::F32(training) => (
                &training.dataset,
                AnyNetwork::F32(training.copy(&self.config.model)),
            ),
            Precision::F64(training) => (
                &training.dataset,
                AnyNetwork::F64(training.copy(&self.config.model)),
            ),
        };
        let member = Member {
            weight: 1,
            layers: layers_of(&self.config.model, dataset.task.n_outputs()),
            preprocessing: dataset.preprocessing.clone(),
            network,
        };
        let (columns, task) = (dataset.columns.clone(), dataset.task.clone());
        Model::of(dataset.shape, columns, task, vec![member])
    }
}

impl<T: Real> Training<T> {
    /// A network of its own with the weights as they are.
    fn copy(&self, model: &ModelConfig) -> Network<T> {
        let (shape, n_outputs) = (self.dataset.shape, self.dataset.task.n_outputs());
        let layers = layers_of(model, n_outputs);
        let mut network = empty_network(&layers, shape, n_outputs, self.simd)
            .expect("a network that is trained can be built without what training takes");
        let [parameters, running] = network.state_mut();
        let [of_parameters, of_running] = self.evaluated_state();
        parameters.copy_from_slice(of_parameters);
        running.copy_from_slice(of_running);
        network
    }

    fn predictions(&mut self, part: Part) -> Predictions {
        let samples: &Samples = match part {
            Part::Training => &self.dataset.train,
            Part::Validation => &self.dataset.validation,
            Part::Test => &self.dataset.test,
        };
        let n_outputs = self.dataset.task.n_outputs();
        let mut values = Vec::with_capacity(samples.len() * n_outputs);
        for first in (0..samples.len()).step_by(self.capacity) {
            let batch = first..samples.len().min(first + self.capacity);
            let (network, targets) = (&mut self.network, &mut self.targets);
            load(network, targets, &self.dataset, samples, batch.clone());
            network.evaluate(batch.len());
            push_predictions(network, batch.len(), &self.dataset.task, &mut values);
        }
        Predictions { values, n_outputs }
    }
}
