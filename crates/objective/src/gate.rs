//! The sanity gate: is the set-up sound, and which learning rates are worth searching, before trials are run?

use std::sync::Arc;

use finetooth_engine::config::{LayerSpec, LossKind, ModelKind, TrainConfig};
use finetooth_engine::data::Dataset;
use finetooth_engine::sanity::{self, Overfit};
use finetooth_scheduler::gate::{Check, Gate, Probe, ProbedRate, Verdict};
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::sweep::Sweep;

use crate::overlay::overlay;
use crate::train::Training;

/// Learning rates at which overfitting is tried, at most: those of the probe's lowest losses.
const MOST_RATES: usize = 5;

impl Training {
    /// Checks the configuration of `sweep` with its own values, without what is searched, and probes its learning
    /// rate; a function of definition, data and seed alone. A searched key without a value of its own has the middle
    /// of its range, if that fits the rest.
    ///
    /// `go_on` is asked before each part, with its name, and before each learning rate tried in "overfit"; `None`
    /// where it said no.
    pub fn gate(&self, sweep: &Sweep, go_on: &mut dyn FnMut(&str) -> bool) -> Option<Gate> {
        let (config, dataset) = match self.set_up(sweep) {
            Ok(set_up) => set_up,
            Err(reason) => {
                return Some(Gate {
                    checks: vec![check("set-up", Verdict::Failed, "", &reason)],
                    probe: None,
                });
            }
        };
        let set_up = SetUp {
            config,
            dataset,
            seed: sweep.seed(),
        };
        let mut checks = Vec::new();
        let parts: [(&str, Part); 4] = [
            ("data", SetUp::data),
            ("initial loss", SetUp::initial_loss),
            ("regularization", SetUp::regularization),
            ("gradients", SetUp::gradients),
        ];
        for (name, part) in parts {
            if !go_on(name) {
                return None;
            }
            checks.push(part(&set_up));
        }
        if !go_on("learning rate") {
            return None;
        }
        let (learning_rate, probed) = set_up.learning_rate(sweep);
        let rates = rates(probed.as_ref(), set_up.config.train.learning_rate);
        checks.push(set_up.overfit(&rates, go_on)?);
        checks.push(learning_rate);
        Some(Gate {
            checks,
            probe: probed,
        })
    }

    fn set_up(&self, sweep: &Sweep) -> Result<(TrainConfig, Arc<Dataset>), String> {
        let dimensions = sweep.space().0.iter();
        let middles = dimensions
            .filter(|dimension| sweep.base(&dimension.key).is_none())
            .map(|dimension| (dimension.key.clone(), dimension.domain.at(0.5)));
        let middles: Params = middles.collect();
        let fits = self.solver(&middles, sweep.seed()).is_ok();
        let params = if fits { middles } else { Params::default() };
        let settings = overlay(sweep.settings(), &params);
        let config =
            TrainConfig::from_toml(&settings, std::path::Path::new(".")).map_err(|errors| {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                errors.join("; ")
            })?;
        let dataset = self.prepared(config.data.preprocess);
        Ok((config, dataset.map_err(|error| error.to_string())?))
    }
}

type Part = fn(&SetUp) -> Check;

/// What is checked.
struct SetUp {
    config: TrainConfig,
    dataset: Arc<Dataset>,
    seed: u32,
}

fn check(name: &str, verdict: Verdict, measured: &str, sentence: &str) -> Check {
    Check {
        name: name.to_owned(),
        verdict,
        measured: measured.to_owned(),
        sentence: sentence.to_owned(),
    }
}

/// A check that could not be made.
fn broken(name: &str, error: &dyn std::error::Error) -> Check {
    check(name, Verdict::Failed, "", &error.to_string())
}

fn verdict(verdict: sanity::Verdict) -> Verdict {
    match verdict {
        sanity::Verdict::Passed => Verdict::Passed,
        sanity::Verdict::Warned => Verdict::Warning,
        sanity::Verdict::Failed => Verdict::Failed,
    }
}

impl SetUp {
    fn data(&self) -> Check {
        let found = sanity::data(&self.dataset);
        let verdict = verdict(found.verdict());
        let measured = format!(
            "{} training and {} validation samples, {} of these in both",
            self.dataset.train.len(),
            found.n_validation,
            found.n_shared
        );
        let is_of_numbers = self.dataset.task.classes().is_none();
        let sentence = if is_of_numbers && verdict == Verdict::Passed {
            "all values are finite".to_owned()
        } else {
            found.to_string()
        };
        check("data", verdict, &measured, &sentence)
    }

    fn initial_loss(&self) -> Check {
        let name = "initial loss";
        match sanity::initial_loss(&self.config, &self.dataset, self.seed) {
            Ok(Some(found)) => {
                let measured = format!(
                    "{:.3}, where guessing costs {:.3}",
                    found.loss, found.log_classes
                );
                check(
                    name,
                    verdict(found.verdict()),
                    &measured,
                    &found.to_string(),
                )
            }
            Ok(None) => {
                let sentence = format!(
                    "what guessing costs is known for loss = \"softmax\" alone, not for \"{}\"",
                    self.config.train.loss.kind().name()
                );
                check(name, Verdict::Skipped, "", &sentence)
            }
            Err(error) => broken(name, &error),
        }
    }

    fn regularization(&self) -> Check {
        let name = "regularization";
        match sanity::regularization(&self.config, &self.dataset, self.seed) {
            Ok(found) => {
                let measured = format!("raises the loss by {:.4}", found.raised_by);
                check(
                    name,
                    verdict(found.verdict()),
                    &measured,
                    &found.to_string(),
                )
            }
            Err(error) => broken(name, &error),
        }
    }

    fn gradients(&self) -> Check {
        let name = "gradients";
        match sanity::gradients(&self.config, &self.dataset, self.seed) {
            Ok(found) => {
                let n: usize = found.tensors.iter().map(|tensor| tensor.n_checked).sum();
                let errors = found.tensors.iter().map(|tensor| tensor.max_error);
                let measured = match errors.fold(0.0, f64::max) {
                    // The bound; what rounding leaves below it differs between processors.
                    error if error < 1e-6 => format!("{n} weights, relative error below 1e-6"),
                    error => format!("{n} weights, relative error up to {error:.0e}"),
                };
                check(
                    name,
                    verdict(found.verdict()),
                    &measured,
                    &found.to_string(),
                )
            }
            Err(error) => broken(name, &error),
        }
    }

    /// Whether the network is one linear map, which need not be able to learn samples by heart.
    fn is_linear(&self) -> bool {
        let model = &self.config.model;
        let bends = |layer: &LayerSpec| {
            matches!(
                layer,
                LayerSpec::Activation(_) | LayerSpec::MaxPool { .. } | LayerSpec::LayerNorm
            )
        };
        match model.kind {
            ModelKind::Softmax => true,
            ModelKind::Layers => !model.layers.iter().any(bends),
            ModelKind::Mlp | ModelKind::ThreeLayerConvnet => false,
        }
    }

    /// Tries the `rates` one after the other; `None` where `go_on` said no.
    fn overfit(&self, rates: &[f64], go_on: &mut dyn FnMut(&str) -> bool) -> Option<Check> {
        let name = "overfit";
        let mut all = sanity::Overfitted {
            n_samples: 0,
            n_contradictions: 0,
            attempts: Vec::new(),
        };
        for rate in rates {
            if !go_on(name) {
                return None;
            }
            let overfit = Overfit {
                learning_rates: vec![*rate],
                ..Overfit::new(&self.config)
            };
            let found = match overfit.run(&self.config, &self.dataset, self.seed) {
                Ok(found) => found,
                Err(error) => return Some(broken(name, &error)),
            };
            let is_learnt = found.verdict() == sanity::Verdict::Passed;
            all.attempts.extend(&found.attempts);
            (all.n_samples, all.n_contradictions) = (found.n_samples, found.n_contradictions);
            if is_learnt {
                break;
            }
        }
        Some(self.overfitted(&all))
    }

    fn overfitted(&self, found: &sanity::Overfitted) -> Check {
        let best = found.attempts.iter().map(|attempt| attempt.accuracy);
        let best = best.fold(f64::NAN, f64::max);
        let is_class = matches!(
            self.config.train.loss.kind(),
            LossKind::Softmax | LossKind::Hinge
        );
        let n_rates = found.attempts.len();
        let reached = if is_class {
            format!("{:.0} % right", 100.0 * best)
        } else {
            format!("R² {best:.2}")
        };
        let measured = format!(
            "{reached} of {} samples after {n_rates} learning rate{}",
            found.n_samples,
            if n_rates == 1 { "" } else { "s" }
        );
        let verdict = match verdict(found.verdict()) {
            // Numbers with noise and linear networks: not to learn by heart is their nature.
            Verdict::Failed if self.is_linear() || !is_class => Verdict::Warning,
            // Hard samples are left over; the network does learn.
            Verdict::Failed if best >= 0.8 => Verdict::Warning,
            verdict => verdict,
        };
        check("overfit", verdict, &measured, &found.to_string())
    }

    /// The check of the learning rate of `sweep`, and the range found where there is one.
    fn learning_rate(&self, sweep: &Sweep) -> (Check, Option<Probe>) {
        let name = "learning rate";
        let found = match sanity::probe(&self.config, &self.dataset, self.seed) {
            Ok(found) => found,
            Err(error) => return (broken(name, &error), None),
        };
        let (Some(best), Some((low, high))) = (found.best(), found.range()) else {
            return (check(name, Verdict::Failed, "", &found.to_string()), None);
        };
        let limits = sweep
            .space()
            .get("learning_rate")
            .map_or((1e-8, 10.0), |dimension| dimension.limits);
        let end = |value: f64| four_digits(value).clamp(limits.0, limits.1);
        let probe = Probe {
            low: end(low),
            high: end(high),
            best: four_digits(best.learning_rate),
            rates: found
                .rates
                .iter()
                .map(|rate| ProbedRate {
                    learning_rate: four_digits(rate.learning_rate),
                    loss: if rate.loss.is_finite() {
                        rate.loss
                    } else {
                        f64::INFINITY
                    },
                })
                .collect(),
        };
        let measured = format!("best {:.1e}", probe.best);
        let warning = outside(sweep, &probe);
        let (verdict, sentence) = match warning {
            Some(sentence) => (Verdict::Warning, sentence),
            None => (Verdict::Passed, found.to_string()),
        };
        (check(name, verdict, &measured, &sentence), Some(probe))
    }
}

/// What is to be said where the probe's best is not among the sweep's learning rates.
fn outside(sweep: &Sweep, probe: &Probe) -> Option<String> {
    let Probe {
        low, high, best, ..
    } = probe;
    let Some(dimension) = sweep.space().get("learning_rate") else {
        let own = sweep
            .base("learning_rate")
            .as_ref()
            .and_then(Value::as_f64)?;
        return (own < *low || own > *high).then(|| {
            format!(
                "learning_rate = {own:?} is not searched, and a short probe finds {best:.1e} best: take a value from \
                 {low:.1e} to {high:.1e}, or search it"
            )
        });
    };
    let (least, most) = match &dimension.domain {
        finetooth_scheduler::space::Domain::Choice { values } => {
            let values = values.iter().filter_map(Value::as_f64);
            values.fold((f64::INFINITY, 0.0), |(least, most), value| {
                (f64::min(least, value), f64::max(most, value))
            })
        }
        domain => domain.range().map(|(least, most, _)| (least, most))?,
    };
    (*best < least || *best > most).then(|| {
        format!(
            "learning_rate is searched from {least:.1e} to {most:.1e}, and a short probe finds {best:.1e} best: consider \
             {low:.1e} to {high:.1e}"
        )
    })
}

/// Rates of the probe that lowered the loss most, the best first; `own` where none did.
fn rates(probe: Option<&Probe>, own: f64) -> Vec<f64> {
    let Some(probe) = probe else {
        return vec![own];
    };
    let mut rates = probe.rates.clone();
    rates.sort_by(|a, b| a.loss.total_cmp(&b.loss));
    let finite = rates.iter().filter(|rate| rate.loss.is_finite());
    finite
        .take(MOST_RATES)
        .map(|rate| rate.learning_rate)
        .collect()
}

fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}
