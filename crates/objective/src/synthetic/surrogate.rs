//! A noisy quadratic in place of a network, placed so that a sweep's ranges fit it, or do not.

use std::f64::consts::LN_10;

use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::space::{Dimension, Domain, Params, Scale, Value};
use finetooth_scheduler::sweep::{Goal, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial};

use super::draws::{Purpose, Stream};
use super::effects::Effect;
use super::length::full_training;
use super::quadratic::{Quadratic, Risk, Settings, power_of_ten};
use super::simulation::Simulation;
use crate::overlay::train_file;

/// Accuracy of guessing, and how far training can lift it.
const CHANCE: f64 = 0.1;
const GAIN: f64 = 0.87;
/// Names of what is always reported, in order.
const COLUMNS: [&str; 3] = ["train_loss", "val_loss", "val_accuracy"];
/// The keys that stand for the regularization, the first that is searched.
const REGULARIZATION: [&str; 2] = ["l2", "weight_decay"];

/// How a [`Surrogate`] differs from the usual one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Misplacement {
    /// Decades by which the best learning rate lies outside of its range, on a side that the seed decides; 0: inside.
    pub decades: f64,
    /// Standard deviation of a trial's accuracy.
    pub noise: f64,
}

impl Default for Misplacement {
    fn default() -> Self {
        Self {
            decades: 0.0,
            noise: 0.006,
        }
    }
}

/// Gradient descent on a random quadratic, told as if a network were trained: `learning_rate`, `lr_decay` and `l2` (or
/// `weight_decay`) are its own; every other searched key has a mild effect.
///
/// A function of the surrogate's seed, a trial's values and the trial's seed alone.
#[derive(Debug, Clone)]
pub struct Surrogate {
    name: String,
    sweep_seed: u32,
    settings: toml::Table,
    goal: Goal,
    metric: usize,
    columns: Vec<String>,
    quadratic: Quadratic,
    optimum: Settings,
    rate: Option<Factor>,
    decay: Option<Decay>,
    regularization: Option<Factor>,
    effects: Vec<Effect>,
    noise: f64,
    epochs: u32,
    seed: u32,
}

/// A key whose values are the quadratic's times a factor.
#[derive(Debug, Clone)]
struct Factor {
    key: &'static str,
    factor: f64,
}

/// How 1 − decay of the sweep's key becomes that of the quadratic.
#[derive(Debug, Clone)]
struct Decay {
    factor: f64,
}

impl Surrogate {
    /// The surrogate number `seed` for `sweep`.
    pub fn new(sweep: &Sweep, seed: u32, misplacement: Misplacement) -> Self {
        let quadratic = Quadratic::draw(seed);
        let epochs = full_training(sweep);
        let space = sweep.space();
        let searched = |key: &str| space.get(key).filter(|dimension| is_numeric(dimension));
        let mut draws = Stream::new(seed, Purpose::Placement, [0; 2]);
        let (place, side) = (draws.uniform(0.3, 0.7), draws.coin());
        let (decay_place, regularization_place) =
            (draws.uniform(0.25, 0.75), draws.uniform(0.25, 0.75));
        let least_decay = searched("lr_decay").map_or(0.3, |decay| decay.limits.0.max(0.3));
        let optimum = quadratic.optimum(epochs, least_decay, seed);
        let rate = searched("learning_rate").map(|dimension| {
            let best = match (misplacement.decades > 0.0, side) {
                (false, _) => value_at(dimension, place),
                (true, true) => value_at(dimension, 1.0) * power_of_ten(misplacement.decades),
                (true, false) => value_at(dimension, 0.0) / power_of_ten(misplacement.decades),
            };
            let best = best.clamp(
                dimension.limits.0.max(f64::MIN_POSITIVE),
                dimension.limits.1,
            );
            Factor {
                key: "learning_rate",
                factor: optimum.learning_rate / best,
            }
        });
        let regularization = REGULARIZATION.into_iter().find_map(|key| {
            let dimension = searched(key)?;
            Some(Factor {
                key,
                factor: optimum.regularization / value_at(dimension, regularization_place),
            })
        });
        let decay = searched("lr_decay").map(|dimension| {
            let (low, high) = (value_at(dimension, 0.0), value_at(dimension, 1.0));
            let inside = value_at(dimension, decay_place);
            let is_apart = optimum.decay < low && inside < 1.0 && high <= 1.0;
            Decay {
                factor: if is_apart {
                    (1.0 - optimum.decay) / (1.0 - inside)
                } else {
                    1.0
                },
            }
        });
        let is_own = |key: &str| {
            let of = |factor: &Option<Factor>| factor.as_ref().is_some_and(|own| own.key == key);
            of(&rate) || of(&regularization) || (key == "lr_decay" && decay.is_some())
        };
        let effects = space.0.iter().enumerate();
        let effects = effects
            .filter(|(_, dimension)| !is_own(&dimension.key))
            .map(|(index, dimension)| Effect::draw(dimension, seed, index))
            .collect();
        let mut columns = COLUMNS.map(str::to_owned).to_vec();
        let metric = sweep.metric();
        let known = columns.iter().position(|column| *column == metric.name);
        let place = known.unwrap_or_else(|| {
            columns.push(metric.name.clone());
            columns.len() - 1
        });
        Self {
            name: sweep.name().to_owned(),
            sweep_seed: sweep.seed(),
            settings: sweep.settings().clone(),
            goal: metric.goal,
            metric: place,
            columns,
            quadratic,
            optimum,
            rate,
            decay,
            regularization,
            effects,
            noise: misplacement.noise,
            epochs,
            seed,
        }
    }

    /// What the quadratic is descended with for `params`.
    fn own(&self, params: &Params) -> Settings {
        let number = |key: &str| params.get(key).and_then(Value::as_f64);
        let scaled = |own: &Option<Factor>, otherwise: f64| {
            own.as_ref().map_or(otherwise, |own| {
                number(own.key).map_or(otherwise, |value| value * own.factor)
            })
        };
        let decay = self.decay.as_ref().and_then(|own| {
            let value = number("lr_decay")?;
            Some((1.0 - (1.0 - value) * own.factor).clamp(0.0, 1.0))
        });
        Settings {
            learning_rate: scaled(&self.rate, self.optimum.learning_rate),
            decay: decay.unwrap_or(self.optimum.decay),
            regularization: scaled(&self.regularization, self.optimum.regularization),
        }
    }

    /// The numbers of a report, in the order of the columns; `noise` of accuracy and, relatively, of losses.
    fn values(&self, risk: Risk, cost: f64, noise: [f64; 3]) -> Vec<f64> {
        let clean = accuracy(risk.validation, cost);
        let lift = ((clean - CHANCE) / 0.3).clamp(0.0, 1.0);
        let accuracy = (clean + noise[0] * lift + noise[1]).clamp(0.0, 1.0);
        let val_loss = loss(risk.validation, cost) * (1.0 + 3.0 * noise[2]);
        let mut values = vec![loss(risk.training, cost), val_loss, accuracy];
        if self.metric == values.len() {
            values.push(match self.goal {
                Goal::Maximize => accuracy,
                Goal::Minimize => val_loss,
            });
        }
        values
    }

    /// The numbers of the epoch in which the descent diverged.
    fn diverged(&self) -> Vec<f64> {
        let number = |column: &String| match column.as_str() {
            "train_loss" | "val_loss" => f64::INFINITY,
            _ if *column == COLUMNS[2] || self.goal == Goal::Maximize => CHANCE,
            _ => f64::INFINITY,
        };
        self.columns.iter().map(number).collect()
    }

    fn cost(&self, params: &Params) -> f64 {
        let costs = self.effects.iter().map(|effect| effect.cost(params));
        costs.sum::<f64>().min(1.0)
    }
}

impl Objective for Surrogate {
    fn summary(&self) -> ObjectiveSummary {
        // So many samples measure an accuracy of 0.9 with that deviation.
        let samples = 0.09 / (self.noise * self.noise);
        ObjectiveSummary {
            columns: self.columns.clone(),
            validation_samples: samples.clamp(1.0, 1e9) as usize,
            data_fingerprint: format!("surrogate-{:08x}", self.seed),
            instruction_set: "none".to_owned(),
            description: vec![format!(
                "simulated: gradient descent on a random quadratic, number {}",
                self.seed
            )],
        }
    }

    fn run(&self, task: &Task, _: Context, reporter: &mut dyn Reporter) -> Ended {
        let trial = &task.trial;
        let cost = self.cost(&trial.params);
        let descent = self
            .quadratic
            .descend(self.own(&trial.params), trial.epochs);
        let untrained = Risk {
            training: 1.0,
            validation: 1.0,
        };
        let offset = self.noise * Stream::new(self.seed, Purpose::Noise, [trial.seed, 0]).normal();
        let risks = std::iter::once(&untrained).chain(&descent.risks);
        for (epoch, risk) in (0..).zip(risks) {
            if epoch < task.from || (epoch == task.from && epoch > 0) {
                continue;
            }
            let mut draws = Stream::new(self.seed, Purpose::Noise, [trial.seed, epoch + 1]);
            let noise = [
                offset,
                0.6 * self.noise * draws.normal(),
                self.noise * draws.normal(),
            ];
            let values = self.values(*risk, cost, noise);
            match reporter.report(Report { epoch, values }) {
                Decision::Interrupt => return Ended::Interrupted { epoch },
                Decision::Stop => return Ended::Outcome(Outcome::Completed),
                Decision::Continue => {}
            }
        }
        if !descent.diverged {
            return Ended::Outcome(Outcome::Completed);
        }
        let epoch = descent.risks.len() as u32 + 1;
        let values = self.diverged();
        reporter.report(Report { epoch, values });
        Ended::Outcome(Outcome::Diverged {
            epoch,
            reason: format!("diverged: the loss was no finite number in epoch {epoch}"),
        })
    }

    fn train_file(&self, trial: &Trial) -> String {
        train_file(&self.name, self.sweep_seed, &self.settings, trial)
    }
}

impl Simulation for Surrogate {
    fn worth(&self, params: &Params) -> f64 {
        let risk = self.quadratic.last_risk(self.own(params), self.epochs);
        self.metric_of(risk, self.cost(params))
    }

    fn best(&self) -> f64 {
        let risk = self.quadratic.last_risk(self.optimum, self.epochs);
        self.metric_of(risk, 0.0)
    }
}

impl Surrogate {
    fn metric_of(&self, risk: f64, cost: f64) -> f64 {
        let is_accuracy = match self.columns[self.metric].as_str() {
            "val_accuracy" => true,
            "train_loss" | "val_loss" => false,
            _ => self.goal == Goal::Maximize,
        };
        if is_accuracy {
            accuracy(risk, cost)
        } else {
            loss(risk, cost)
        }
    }
}

fn accuracy(risk: f64, cost: f64) -> f64 {
    CHANCE + GAIN * libm::exp(-2.5 * libm::pow(risk.min(50.0), 0.7)) * (1.0 - cost)
}

/// log 10 where nothing was learned, as of ten classes.
fn loss(risk: f64, cost: f64) -> f64 {
    LN_10 * (libm::pow(risk, 0.7) + 0.4 * cost)
}

/// Whether the key's values are numbers.
fn is_numeric(dimension: &Dimension) -> bool {
    match &dimension.domain {
        Domain::Choice { values } => values.iter().all(|value| value.as_f64().is_some()),
        _ => true,
    }
}

/// The number at a position of the key's range, or of the numbers that it may be; above 0.
fn value_at(dimension: &Dimension, position: f64) -> f64 {
    let (low, high, scale) = dimension.domain.range().unwrap_or_else(|| {
        let Domain::Choice { values } = &dimension.domain else {
            return (1.0, 1.0, Scale::Linear);
        };
        let numbers = values.iter().filter_map(Value::as_f64);
        let (low, high) = numbers
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
                (low.min(number), high.max(number))
            });
        (low, high, Scale::Linear)
    });
    let value = match scale {
        Scale::Linear => low + position * (high - low),
        Scale::Log => {
            let (low, high) = (libm::log(low), libm::log(high));
            libm::exp(low + position * (high - low))
        }
    };
    value.max(1e-300)
}
