//! Training by the engine as an objective.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use finetooth_engine::config::{ConfigError, LabelKind, Preprocess, TrainConfig};
use finetooth_engine::data::{self, Dataset, PreprocessError, TargetScale, Targets};
use finetooth_engine::model::Model;
use finetooth_engine::solver::{Part, Predictions, Solver, SolverError};
use finetooth_engine::{Simd, SimdError};
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::space::Params;
use finetooth_scheduler::sweep::{Mistakes, Spans, Sweep};
use finetooth_scheduler::trial::{Ended, Trial, TrialId};

use crate::keys::columns_of;
use crate::overlay::{overlay, train_file};
use crate::preflight;
use crate::rung;
use crate::store::Store;

/// The engine on one data set, loaded once and shared by all trials.
#[derive(Debug)]
pub struct Training {
    name: String,
    seed: u32,
    base: toml::Table,
    config: TrainConfig,
    raw: Dataset,
    prepared: Mutex<HashMap<Preprocess, Arc<Dataset>>>,
    summary: ObjectiveSummary,
    simd: Simd,
    trial_seconds: Option<u64>,
    store: Option<Store>,
}

/// A trial's values that no network can be trained with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// The configuration is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigError>),
    /// The data cannot be transformed.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The network cannot be built.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

impl Training {
    /// Loads the data of `sweep` and makes sure that every searched key, at both ends of its range, builds a
    /// network that fits them.
    ///
    /// # Errors
    /// All mistakes that were found, each at the place in the definition that `spans` tells.
    pub fn open(sweep: &Sweep, spans: &Spans) -> Result<Self, Mistakes> {
        let simd = instruction_set().map_err(|error| preflight::instruction_set_mistake(&error))?;
        let config = preflight::configuration(sweep.settings(), spans)?;
        let raw = data::load(&config.data, sweep.seed())
            .map_err(|error| preflight::data_mistake(&error, spans))?;
        let mut training = Self {
            name: sweep.name().to_owned(),
            seed: sweep.seed(),
            base: sweep.settings().clone(),
            prepared: Mutex::default(),
            summary: ObjectiveSummary {
                columns: columns_of(config.data.csv.label_kind),
                validation_samples: raw.validation.len(),
                data_fingerprint: format!("{:016x}", raw.fingerprint()),
                instruction_set: simd.name().to_owned(),
                description: raw.summary(),
            },
            raw,
            config,
            simd,
            trial_seconds: sweep.limits().trial_seconds,
            store: None,
        };
        preflight::networks(&training, sweep, spans)?;
        let described = training.solver(&Params::default(), 0);
        let described = described.map_err(|error| preflight::setup_mistake(&error, spans))?;
        training
            .summary
            .description
            .extend(described.summary().to_string().lines().map(str::to_owned));
        Ok(training)
    }

    /// From now on trials that may be continued keep checkpoints in `directory`, the run's own, of at most `keep_bytes`
    /// together.
    #[must_use]
    pub fn keeping(self, directory: &Path, keep_bytes: u64) -> Self {
        let store = Some(Store::open(directory, keep_bytes));
        Self { store, ..self }
    }

    /// A solver with `params` laid onto the sweep's configuration.
    ///
    /// # Errors
    /// [`SetupError`] where they do not fit together or not the data.
    pub(crate) fn solver(&self, params: &Params, seed: u32) -> Result<Solver, SetupError> {
        let config = TrainConfig::from_toml(&overlay(&self.base, params), Path::new("."))
            .map_err(SetupError::Config)?;
        let data = self.prepared(config.data.preprocess)?;
        Ok(Solver::on(self.simd, &config, data, seed)?)
    }

    /// Makes sure that the metric of `sweep` is one of the numbers that its trials report.
    ///
    /// # Errors
    /// A mistake at the metric, or at the loss where the metric is the default one.
    pub fn check_metric(&self, sweep: &Sweep, spans: &Spans) -> Result<(), Mistakes> {
        preflight::metric(sweep, &self.summary.columns, self.config.train.loss, spans)
    }

    /// The one training that the configuration itself describes, as `finetooth train` runs it: its own epochs and
    /// seed, nothing searched.
    pub fn single(&self) -> Trial {
        Trial {
            id: TrialId::from_index(0),
            stage: 0,
            round: 0,
            seed: self.config.train.seed,
            epochs: self.config.train.epochs,
            params: Params::default(),
            parent: None,
        }
    }

    /// Seconds after which a trial is ended.
    pub(crate) fn trial_seconds(&self) -> Option<u64> {
        self.trial_seconds
    }

    /// Whether classes or numbers are predicted.
    pub(crate) fn label_kind(&self) -> LabelKind {
        self.config.data.csv.label_kind
    }

    /// What is to be predicted of a part of the data.
    pub(crate) fn part(&self, part: Part) -> &Targets {
        match part {
            Part::Training => &self.raw.train.targets,
            Part::Validation => &self.raw.validation.targets,
            Part::Test => &self.raw.test.targets,
        }
    }

    /// What `model` says of each sample of a part.
    pub fn predictions(&self, model: &mut Model, part: Part) -> Predictions {
        model.predict(match part {
            Part::Training => &self.raw.train.features,
            Part::Validation => &self.raw.validation.features,
            Part::Test => &self.raw.test.features,
        })
    }

    /// Whether `model` predicts what is predicted here of such samples.
    pub fn is_for(&self, model: &Model) -> bool {
        let columns = self.raw.columns.as_ref();
        model.shape() == self.raw.shape
            && model.columns() == columns
            && match (model.task().classes(), self.raw.task.classes()) {
                (Some(said), Some(known)) => said == known,
                (said, known) => said.is_none() == known.is_none(),
            }
    }

    /// The unit of the number that is predicted, where it is one.
    pub(crate) fn scale(&self) -> Option<TargetScale> {
        self.raw.task.scale()
    }

    /// Names of the classes that are predicted, in label order, where they are classes.
    pub fn classes(&self) -> Option<&[String]> {
        self.raw.task.classes()
    }

    /// Samples of the test set.
    pub fn n_test(&self) -> usize {
        self.raw.test.len()
    }

    /// Where checkpoints are kept, if they are.
    pub(crate) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The data as the networks see them; each way of preprocessing is computed once.
    pub(crate) fn prepared(&self, preprocess: Preprocess) -> Result<Arc<Dataset>, PreprocessError> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dataset) = prepared.get(&preprocess) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = Arc::new(self.raw.preprocessed(preprocess)?);
        prepared.insert(preprocess, Arc::clone(&dataset));
        Ok(dataset)
    }
}

/// The kernels' instruction set: the fastest of this processor, or the one that FINETOOTH_SIMD names.
fn instruction_set() -> Result<Simd, SimdError> {
    match std::env::var("FINETOOTH_SIMD") {
        Ok(name) if !name.is_empty() => Simd::named(&name),
        _ => Ok(Simd::detect()),
    }
}

impl Objective for Training {
    fn summary(&self) -> ObjectiveSummary {
        self.summary.clone()
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        if let Some(store) = &self.store {
            store.enter(task.trial.id);
        }
        let ended = rung::run(self, task, &context.interrupt, reporter);
        if let Some(store) = &self.store {
            store.leave(task.trial.id);
        }
        ended
    }

    fn forget(&self, trial: TrialId) {
        if let Some(store) = &self.store {
            store.forget(trial);
        }
    }

    fn train_file(&self, trial: &Trial) -> String {
        train_file(&self.name, self.seed, &self.base, trial)
    }
}
