//! test.json: every use of the test set, what was asked and what came of it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use finetooth_objective::{Classified, Ensemble, Part, Predictions, Quality, Training};
use finetooth_scheduler::results::replace_text;
use finetooth_scheduler::stage::Best;
use finetooth_scheduler::state::Settled;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::failure::Failure;

const NAME: &str = "test.json";
const FORMAT: &str = "finetooth-test";
const VERSION: u32 = 1;

/// The uses of a test set so far.
#[derive(Debug)]
pub(super) struct Ledger {
    directory: PathBuf,
    file: File,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    uses: Vec<Use>,
}

/// A use of the test set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Use {
    at: Timestamp,
    /// The trials that were asked for, best first.
    asked: Vec<u32>,
    /// Those trials with how much each counts.
    pub(super) members: Vec<Taken>,
    /// Figures of the best alone and of all together, on the validation set.
    pub(super) validation: Json,
    /// What came of it; null where the program was killed before it could be told.
    pub(super) test: Option<Json>,
}

/// A trial that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    pub(super) trial: u32,
    /// Epoch whose weights predict.
    pub(super) epoch: u32,
    /// The sweep's metric after it.
    pub(super) metric: f64,
    /// How often it was taken.
    pub(super) weight: u32,
}

impl Taken {
    pub(super) fn of(record: Settled<'_>, best: Best, weight: u32) -> Self {
        Self {
            trial: record.trial.id.number(),
            epoch: best.epoch,
            metric: best.value,
            weight,
        }
    }
}

impl Use {
    pub(super) fn begin(asked: &[u32], members: Vec<Taken>) -> Self {
        Self {
            at: Timestamp::now(),
            asked: asked.to_vec(),
            members,
            validation: Json::Null,
            test: None,
        }
    }

    /// Puts down what the ensemble gains where it was chosen.
    pub(super) fn on_validation(
        &mut self,
        training: &Training,
        members: &[Predictions],
        ensemble: &Ensemble,
    ) {
        let figures =
            |predictions: &Predictions| figures(&training.quality(Part::Validation, predictions));
        self.validation = json!({"best_alone": figures(&members[0]), "together": figures(&ensemble.mean(members))});
    }

    pub(super) fn json(&self) -> Json {
        json!(self)
    }
}

impl Ledger {
    /// The uses that `directory` tells of.
    ///
    /// # Errors
    /// Where its file cannot be read or is none of ours.
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(NAME);
        let wrong = |problem: String| {
            Failure::usage(format!(
                "`{}` tells how often the test set was used, and cannot be read ({problem}): restore it from a copy; without \
                 it nobody knows",
                path.display()
            ))
        };
        let file = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => File {
                format: FORMAT.to_owned(),
                version: VERSION,
                uses: Vec::new(),
            },
            Err(error) => return Err(wrong(error.to_string())),
        };
        if file.format != FORMAT || file.version != VERSION {
            return Err(wrong(format!("format {} {}", file.format, file.version)));
        }
        Ok(Self {
            directory: directory.to_owned(),
            file,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.file.uses.is_empty()
    }

    pub(super) fn n_uses(&self) -> usize {
        self.file.uses.len()
    }

    /// The use that asked for the same trials and was answered.
    pub(super) fn answered(&self, asked: &[u32]) -> Option<&Use> {
        let is_same = |one: &&Use| one.asked == asked && one.test.is_some();
        self.file.uses.iter().rev().find(is_same)
    }

    /// `on 2026-11-27 for trial 12`.
    pub(super) fn last_told(&self) -> String {
        self.file.uses.last().map_or(String::new(), |last| {
            let day = last.at.strftime("%Y-%m-%d");
            let trials: Vec<String> = last.asked.iter().map(u32::to_string).collect();
            let plural = if trials.len() == 1 { "" } else { "s" };
            format!("on {day} for trial{plural} {}", trials.join(", "))
        })
    }

    /// Puts a use on record.
    pub(super) fn push(&mut self, entry: Use) -> Result<(), Failure> {
        self.file.uses.push(entry);
        self.write()
    }

    /// Puts down what came of the last use; of an ensemble also what the best trial alone came to.
    pub(super) fn complete(
        &mut self,
        found: &Quality,
        alone: Option<&Quality>,
        classes: Option<&[String]>,
    ) -> Result<(), Failure> {
        let mut test = figures(found);
        if let Quality::Classes(classified) = found {
            test["classes"] = classes_json(classified, classes.unwrap_or_default());
            test["confusion"] = json!(classified.confusion);
        }
        if let Some(alone) = alone {
            test["best_alone"] = figures(alone);
        }
        if let Some(last) = self.file.uses.last_mut() {
            last.test = Some(test);
        }
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.file).map_err(Failure::not_written)?;
        replace_text(&self.directory, NAME, &format!("{text}\n")).map_err(Failure::not_written)
    }
}

/// What predictions are worth, in numbers.
fn figures(quality: &Quality) -> Json {
    match quality {
        Quality::Classes(found) => json!({
            "samples": found.n_samples,
            "accuracy": found.accuracy,
            "interval_95": [found.interval.0, found.interval.1],
            "loss": found.loss,
        }),
        Quality::Number(found) => json!({
            "samples": found.n_samples,
            "rmse": found.rmse,
            "mae": found.mae,
            "r2": found.r2,
        }),
    }
}

fn classes_json(found: &Classified, names: &[String]) -> Json {
    let classes = found.classes().into_iter().zip(names);
    classes
        .map(|(of, name)| json!({"name": name, "support": of.support, "precision": of.precision, "recall": of.recall}))
        .collect()
}
