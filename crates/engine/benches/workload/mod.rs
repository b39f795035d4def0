//! The networks that are measured: by the bench of steps, and beside PyTorch by `cargo xtask steps`.

use std::path::Path;

use finetooth_engine::config::TrainConfig;
use finetooth_engine::data::{Dataset, Preprocessing, Samples, Shape, Targets, Task};
use finetooth_engine::seed::{Purpose, Stream};

/// A network, the shape of its samples, and how it is trained.
pub(crate) struct Workload {
    /// Name on the command line, here and in xtask's peers/steps.py.
    pub(crate) name: &'static str,
    /// What it is, for the page.
    pub(crate) description: &'static str,
    /// Samples of a step.
    pub(crate) batch_size: usize,
    /// [channels, height, width].
    shape: [usize; 3],
    /// `[model]`.
    model: &'static str,
}

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "w1",
        description: "3×32×32, conv 32 7×7, pool, 100, 10",
        batch_size: 64,
        shape: [3, 32, 32],
        model: "n_filters = 32, filter_size = 7, hidden = 100",
    },
    Workload {
        name: "w2",
        description: "1×8×8, conv 16 3×3, pool, 64, 10",
        batch_size: 64,
        shape: [1, 8, 8],
        model: "n_filters = 16, filter_size = 3, hidden = 64",
    },
    Workload {
        name: "w3",
        description: "784-256-128-10",
        batch_size: 64,
        shape: [784, 1, 1],
        model: "kind = 'mlp', hidden = [256, 128]",
    },
    Workload {
        name: "w4",
        description: "3×32×32, (conv 3×3, batch norm, relu) twice with 32 and pool, twice with 64 and pool, 128, 10",
        batch_size: 64,
        shape: [3, 32, 32],
        model: "kind = 'layers', layers = [
            'conv 32 3x3', 'batch_norm', 'relu', 'conv 32 3x3', 'batch_norm', 'relu', 'max_pool 2',
            'conv 64 3x3', 'batch_norm', 'relu', 'conv 64 3x3', 'batch_norm', 'relu', 'max_pool 2',
            'linear 128', 'relu', 'linear 10']",
    },
    Workload {
        name: "odd-convnet",
        description: "1×28×28, conv 20 5×5, pool, 100, 10; batch 50",
        batch_size: 50,
        shape: [1, 28, 28],
        model: "n_filters = 20, filter_size = 5, hidden = 100",
    },
    Workload {
        name: "odd-mlp",
        description: "784-300-10; batch 50",
        batch_size: 50,
        shape: [784, 1, 1],
        model: "kind = 'mlp', hidden = 300",
    },
    Workload {
        name: "odd-deep",
        description: "3×31×31, conv 24 3×3, relu, conv 40 3×3, relu, pool, 90, 10; batch 50",
        batch_size: 50,
        shape: [3, 31, 31],
        model: "kind = 'layers', layers = [
            'conv 24 3x3', 'relu', 'conv 40 3x3', 'relu', 'max_pool 2', 'linear 90', 'relu', 'linear 10']",
    },
];

impl Workload {
    /// Adam at 1e-4 in single precision.
    ///
    /// # Panics
    /// If the workload is no configuration.
    pub(crate) fn config(&self) -> TrainConfig {
        let text = format!(
            "model = {{ {} }}\ntrain = {{ batch_size = {}, learning_rate = 1e-4 }}",
            self.model.replace('\n', " "),
            self.batch_size
        );
        let table = text.parse().expect("the workloads are TOML");
        TrainConfig::from_toml(&table, Path::new("")).expect("the workloads are valid")
    }

    /// Shape of one sample.
    pub(crate) fn shape(&self) -> Shape {
        let [channels, height, width] = self.shape;
        Shape {
            height,
            width,
            channels,
        }
    }

    /// Samples of an epoch of 64 steps, so that what happens once an epoch weighs as little as it does
    /// in use.
    pub(crate) fn n_samples(&self) -> usize {
        64 * self.batch_size
    }

    /// An epoch's samples of noise in ten classes; the validation set is one sample.
    pub(crate) fn synthetic(&self) -> Dataset {
        let mut stream = Stream::new(1, Purpose::Split);
        let len = self.shape().len();
        let mut part = |n: usize| Samples {
            features: (0..n * len).map(|_| stream.normal() as f32).collect(),
            targets: Targets::Labels((0..n).map(|_| stream.below(10) as u32).collect()),
        };
        Dataset {
            columns: None,
            shape: self.shape(),
            task: Task::Classification {
                classes: (0..10).map(|class| class.to_string()).collect(),
            },
            train: part(self.n_samples()),
            validation: part(1),
            test: part(0),
            preprocessing: Preprocessing::default(),
            notes: Vec::new(),
        }
    }
}
