//! test.json: every use of the test set, what was asked and what came of it.

use std::fs::{self, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use finetooth_objective::{Classified, Ensemble, Part, Predictions, Quality, Training};
use finetooth_scheduler::results::replace_text;
use finetooth_scheduler::space::Params;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::chosen::Candidate;
use crate::failure::Failure;

const NAME: &str = "test.json";
const FORMAT: &str = "finetooth-test";
const VERSION: u32 = 1;

/// The uses of a test set so far; the directory is locked against other tests.
#[derive(Debug)]
pub(super) struct Ledger {
    directory: PathBuf,
    file: File,
    _lock: Option<fs::File>,
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
    /// The trials that were asked for, best first, with how much each counts.
    pub(super) members: Vec<Taken>,
    /// Figures of the best alone and of all together, on the validation set.
    pub(super) validation: Json,
    /// What came of it; null where the program was stopped before it could be told.
    pub(super) test: Option<Json>,
}

/// A network that was asked for. A trial's number alone does not tell which it is: a sweep that is planned anew gives numbers anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    /// 0 of a model file.
    pub(super) trial: u32,
    seed: u32,
    params: Params,
    /// Epoch whose weights predict; 0 of a model file.
    pub(super) epoch: u32,
    /// The sweep's metric after it; null where nobody knows.
    pub(super) metric: Option<f64>,
    /// Checksum of the file that it is, where it is one: of the final training, or any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    /// How often it was taken.
    pub(super) weight: u32,
}

impl Taken {
    pub(super) fn of(candidate: &Candidate<'_>) -> Self {
        let trial = candidate.trial;
        Self {
            trial: trial.map_or(0, |trial| trial.id.number()),
            seed: trial.map_or(0, |trial| trial.seed),
            params: trial.map_or_else(Params::default, |trial| trial.params.clone()),
            epoch: candidate.epoch,
            metric: candidate.metric,
            model: candidate.model.as_ref().map(|(id, _)| id.clone()),
            weight: 0,
        }
    }

    /// How people are told of it.
    pub(super) fn name(&self) -> String {
        match (&self.model, self.trial) {
            (Some(id), 0) => format!("model {id}"),
            (Some(_), trial) => format!("{trial}, final"),
            (None, trial) => trial.to_string(),
        }
    }

    /// Whether it is the same network, however much it counts.
    fn is(&self, other: &Self) -> bool {
        let of = |one: &Self| {
            let metric = one.metric.map(f64::to_bits);
            (one.trial, one.seed, one.epoch, metric, one.model.clone())
        };
        // In whatever order a file has them.
        let mut params = self.params.iter();
        of(self) == of(other)
            && self.params.iter().len() == other.params.iter().len()
            && params.all(|(key, value)| other.params.get(key) == Some(value))
    }
}

impl Use {
    pub(super) fn begin(asked: &[Taken], ensemble: &Ensemble) -> Self {
        let members = asked.iter().zip(&ensemble.weights);
        let members = members.map(|(taken, weight)| Taken {
            weight: *weight,
            ..taken.clone()
        });
        Self {
            at: Timestamp::now(),
            members: members.collect(),
            validation: Json::Null,
            test: None,
        }
    }

    fn asks_for(&self, asked: &[Taken]) -> bool {
        self.members.len() == asked.len()
            && self
                .members
                .iter()
                .zip(asked)
                .all(|(one, other)| one.is(other))
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
    /// Where its file cannot be read or is none of ours, or another test is under way.
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(NAME);
        let lock = lock(directory)?;
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
            _lock: lock,
        })
    }

    pub(super) fn n_uses(&self) -> usize {
        self.file.uses.len()
    }

    /// The use that asked for the same trials and was answered.
    pub(super) fn answered(&self, asked: &[Taken]) -> Option<&Use> {
        let uses = self.file.uses.iter().rev();
        uses.filter(|one| one.test.is_some())
            .find(|one| one.asks_for(asked))
    }

    /// Whether something else was asked before.
    pub(super) fn knows_another(&self, asked: &[Taken]) -> bool {
        self.file.uses.iter().any(|one| !one.asks_for(asked))
    }

    /// `on 2026-11-27 for trial 12`.
    pub(super) fn last_told(&self) -> String {
        self.file.uses.last().map_or(String::new(), |last| {
            let day = last.at.strftime("%Y-%m-%d");
            let trials: Vec<String> = last.members.iter().map(Taken::name).collect();
            let plural = if trials.len() == 1 { "" } else { "s" };
            format!("on {day} for trial{plural} {}", trials.join(", "))
        })
    }

    /// Puts a use on record, in the place of one that was stopped before anybody knew what came of it.
    pub(super) fn push(&mut self, entry: Use) -> Result<(), Failure> {
        let is_stopped = |one: &Use| one.test.is_none() && one.asks_for(&entry.members);
        self.file.uses.retain(|one| !is_stopped(one));
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

/// Locks the directory itself; none where the file system has no locks.
fn lock(directory: &Path) -> Result<Option<fs::File>, Failure> {
    let Ok(opened) = fs::File::open(directory) else {
        return Ok(None);
    };
    match opened.try_lock() {
        Ok(()) => Ok(Some(opened)),
        Err(TryLockError::WouldBlock) => Err(Failure::in_use(format!(
            "another test of `{}` is under way: wait for it to end",
            directory.display()
        ))),
        Err(TryLockError::Error(_)) => Ok(None),
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
