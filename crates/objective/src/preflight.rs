//! What must hold before the first trial: every key at both ends of its range builds a network that fits the data.

use std::path::Path;

use finetooth_engine::SimdError;
use finetooth_engine::config::{ConfigError, LabelKind, Loss, TrainConfig};
use finetooth_engine::data::DataError;
use finetooth_engine::solver::SolverError;
use finetooth_scheduler::space::{Domain, Params, Value};
use finetooth_scheduler::sweep::{Mistake, Mistakes, Spans, Sweep};

use crate::train::{SetupError, Training};

/// The configuration without any searched key.
pub(crate) fn configuration(
    settings: &toml::Table,
    spans: &Spans,
) -> Result<TrainConfig, Mistakes> {
    TrainConfig::from_toml(settings, Path::new("."))
        .map_err(|errors| config_mistakes(&errors, spans))
}

/// Builds a network at every end of every searched key, the other keys as the configuration has them.
pub(crate) fn networks(training: &Training, sweep: &Sweep, spans: &Spans) -> Result<(), Mistakes> {
    if let Err(error) = training.solver(&Params::default(), 0) {
        return Err(setup_mistake(&error, spans));
    }
    let mut mistakes = Vec::new();
    for dimension in &sweep.space().0 {
        for value in extremes(&dimension.domain) {
            let params = Params::from_iter([(dimension.key.clone(), value.clone())]);
            if let Err(error) = training.solver(&params, 0) {
                let message = format!(
                    "no network can be built with {} = {value}: {error}",
                    dimension.key
                );
                let path = format!("space.{}", dimension.key);
                let help =
                    "narrow the range, or change the model or data it does not fit".to_owned();
                mistakes.push(spans.mistake(
                    &path,
                    &message,
                    "this value does not fit",
                    Some(help),
                ));
                break;
            }
        }
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(Mistakes(mistakes))
    }
}

/// The metric is one of the `columns` that trials with this loss report.
pub(crate) fn metric(
    sweep: &Sweep,
    columns: &[String],
    loss: Loss,
    spans: &Spans,
) -> Result<(), Mistakes> {
    let (metric, loss) = (&sweep.metric().name, loss.kind());
    if columns.contains(metric) {
        return Ok(());
    }
    let (path, default) = if spans.contains("metric") {
        ("metric.name", "")
    } else {
        ("train.loss", ", the default metric,")
    };
    let message = format!(
        "loss = \"{}\" has no {metric}{default} to rank trials by",
        loss.name()
    );
    let ranks = |name: &&str| name.starts_with("val_");
    let known: Vec<&str> = columns.iter().map(String::as_str).filter(ranks).collect();
    let example = match loss.label_kind() {
        LabelKind::Class => "val_accuracy",
        LabelKind::Number => "val_rmse",
    };
    let help = format!(
        "write metric = {{ name = \"{example}\" }}, or another of {}",
        known.join(", ")
    );
    Err(Mistakes(vec![spans.mistake(
        path,
        &message,
        "here",
        Some(help),
    )]))
}

fn extremes(domain: &Domain) -> Vec<Value> {
    match domain {
        Domain::Choice { values } => values.clone(),
        _ => domain
            .ends()
            .map(|(low, high)| vec![low, high])
            .unwrap_or_default(),
    }
}

/// Errors of the configuration, each at the key that it names.
pub(crate) fn config_mistakes(errors: &[ConfigError], spans: &Spans) -> Mistakes {
    let mistake = |error: &ConfigError| {
        let path = match &error.key {
            Some(key) => format!("{}.{key}", error.table),
            None => error.table.clone(),
        };
        let message = format!("{path}: {}", error.message);
        spans.mistake(&path, &message, "here", error.help.clone())
    };
    Mistakes(errors.iter().map(mistake).collect())
}

/// An error of the data, at the key that leads to them.
pub(crate) fn data_mistake(error: &DataError, spans: &Spans) -> Mistakes {
    let path = format!("data.{}", error.key());
    Mistakes(vec![spans.mistake(
        &path,
        &format!("failed to {error}"),
        "from here",
        None,
    )])
}

/// A network that cannot be built from the configuration.
pub(crate) fn setup_mistake(error: &SetupError, spans: &Spans) -> Mistakes {
    match error {
        SetupError::Config(errors) => config_mistakes(errors, spans),
        SetupError::Preprocess(error) => Mistakes(vec![spans.mistake(
            "data.preprocess",
            &format!("data.preprocess: {error}"),
            "here",
            None,
        )]),
        SetupError::Solver(SolverError::Augment(error)) => {
            let path = format!("data.{}", error.key());
            let message = format!("data.{error}");
            Mistakes(vec![spans.mistake(&path, &message, "here", None)])
        }
        SetupError::Solver(error) => Mistakes(vec![spans.mistake(
            "model",
            &format!("no network can be built: {error}"),
            "from here",
            None,
        )]),
    }
}

/// FINETOOTH_SIMD names what there is not.
pub(crate) fn instruction_set_mistake(error: &SimdError) -> Mistakes {
    Mistakes(vec![Mistake {
        message: format!("in the environment variable FINETOOTH_SIMD: {error}"),
        span: None,
        label: String::new(),
        other: None,
        help: Some("unset it: the fastest instruction set is then taken".to_owned()),
    }])
}
