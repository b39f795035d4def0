//! What is searched: the synthetic surrogate, or a real network on the digits.

use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use finetooth_objective::synthetic::{Misplacement, Simulation, Surrogate};
use finetooth_objective::{Training, columns, key_specs};
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::sweep::{Purpose, Spans, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Report, Trial, TrialId};
use serde::{Deserialize, Serialize};

use super::{BUDGET, EPOCHS};

/// Trainings whose mean says what values are worth, where that is not known without noise.
const FRESH: u32 = 5;
/// Their seeds begin here, far from those of any search.
const FIRST_FRESH_SEED: u32 = 1_000_000_000;

/// A kind of objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The built-in function of `finetooth simulate`: optimum, cliff and noise drawn from the seed
    Surrogate,
    /// A multilayer perceptron on the embedded digits, split by the seed
    Digits,
}

/// One objective of its kind, with its search space.
pub(crate) struct Problem {
    sweep: Sweep,
    function: Function,
}

enum Function {
    Surrogate(Box<Surrogate>),
    Digits(Box<Training>),
}

impl Kind {
    /// Name of its section of the page.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Surrogate => "search",
            Self::Digits => "search-digits",
        }
    }

    /// The range of learning rates, `decades` below one that holds the best.
    pub(crate) fn learning_rates(self, decades: f64) -> (f64, f64) {
        match self {
            // The surrogate's optimum moves instead.
            Self::Surrogate => (1e-4, 1e-2),
            // The best is near 1e-2: from half a decade above it down, moved by whole decades beyond that.
            Self::Digits if decades == 0.0 => (1e-4, 1e-1),
            Self::Digits => {
                let high = 1e-2 * 10_f64.powf(-decades);
                (high / 100.0, high)
            }
        }
    }

    fn definition(self, seed: u32, decades: f64) -> String {
        let (low, high) = self.learning_rates(decades);
        let model = match self {
            Self::Surrogate => "",
            Self::Digits => "[data]\nsource = \"digits\"\n[model]\nkind = \"mlp\"\nhidden = 64\n",
        };
        format!(
            "name = \"search\"\nseed = {seed}\n{model}[space]\n\
             learning_rate = {{ low = {low:e}, high = {high:e}, scale = \"log\" }}\nlr_decay = {{ low = 0.8, high = 1.0 }}\n\
             l2 = {{ low = 1e-6, high = 1e-1, scale = \"log\" }}\n[search]\nepochs = {EPOCHS}\nbudget = {BUDGET}\n\
             [sanity]\nenabled = false\n"
        )
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, seed: u32, decades: f64) -> Self {
        let text = kind.definition(seed, decades);
        let (keys, columns, here) = (key_specs(), columns(), Path::new("/"));
        let parsed = Sweep::parse(&text, &keys, &columns, &[], here, Purpose::Sweep);
        let (sweep, spans) = parsed.expect("the definition is right");
        let function = Function::new(kind, &sweep, &spans, decades);
        Self { sweep, function }
    }

    pub(crate) fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// The metric after each epoch of a full training with `params`.
    pub(crate) fn curve(&self, params: &Params, seed: u32) -> Vec<f64> {
        let mut curve = Curve {
            column: self.metric(),
            values: Vec::new(),
        };
        let task = Task {
            trial: Trial {
                id: TrialId::from_index(0),
                stage: 0,
                round: 0,
                seed,
                epochs: EPOCHS,
                params: params.clone(),
                parent: None,
            },
            attempt: 1,
            from: 0,
            keep: false,
            watch: Watch::default(),
        };
        self.run(&task, Context::default(), &mut curve);
        curve.values
    }

    /// What `params` are worth in the metric: without noise where that is known, else the mean over trainings with seeds
    /// that no search uses. `None` where they diverge.
    pub(crate) fn worth(&self, params: &Params) -> Option<f64> {
        let worth = match &self.function {
            Function::Surrogate(surrogate) => surrogate.worth(params),
            Function::Digits(_) => {
                let best = |seed| {
                    let curve = self.curve(params, FIRST_FRESH_SEED + seed);
                    curve.into_iter().fold(0.0, f64::max)
                };
                (0..FRESH).map(best).sum::<f64>() / f64::from(FRESH)
            }
        };
        worth.is_finite().then_some(worth)
    }

    /// The best worth there is, where it is known.
    pub(crate) fn best(&self) -> Option<f64> {
        match &self.function {
            Function::Surrogate(surrogate) => Some(surrogate.best()),
            Function::Digits(_) => None,
        }
    }

    /// Place of the metric among a report's values.
    pub(crate) fn metric(&self) -> usize {
        let columns = self.summary().columns;
        let place = columns.iter().position(|column| column == "val_accuracy");
        place.expect("both report the validation accuracy")
    }
}

impl Function {
    fn new(kind: Kind, sweep: &Sweep, spans: &Spans, decades: f64) -> Self {
        match kind {
            Kind::Surrogate => {
                let misplacement = Misplacement {
                    decades,
                    ..Misplacement::default()
                };
                Self::Surrogate(Box::new(Surrogate::new(sweep, sweep.seed(), misplacement)))
            }
            Kind::Digits => {
                let training = Training::open(sweep, spans);
                Self::Digits(Box::new(training.expect("the digits are embedded")))
            }
        }
    }

    fn objective(&self) -> &dyn Objective {
        match self {
            Self::Surrogate(surrogate) => &**surrogate,
            Self::Digits(training) => &**training,
        }
    }
}

impl Objective for Problem {
    fn summary(&self) -> ObjectiveSummary {
        self.function.objective().summary()
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        self.function.objective().run(task, context, reporter)
    }

    fn train_file(&self, trial: &Trial) -> String {
        self.function.objective().train_file(trial)
    }
}

/// The values of the searched keys.
pub(crate) fn params<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a f64)>) -> Params {
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value)| (Arc::from(key.as_str()), Value::Float(*value)))
        .collect()
}

struct Curve {
    column: usize,
    values: Vec<f64>,
}

impl Reporter for Curve {
    fn report(&mut self, report: Report) -> Decision {
        if report.epoch > 0 {
            self.values.extend(report.values.get(self.column));
        }
        Decision::Continue
    }
}
