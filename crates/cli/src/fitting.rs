//! A training in a directory of its own: its history, a checkpoint to go on from, and the model of its best epoch.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use finetooth_objective::{Fit, Fitted, Format, MAX_THREADS, Model, export};
use finetooth_scheduler::number::shortest;
use finetooth_scheduler::results::replace_text;
use finetooth_scheduler::space::Params;
use finetooth_scheduler::trial::{Report, Trial};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Of a sweep's winner, below the run's directory.
pub(crate) const FINAL: &str = "final";

const HISTORY: &str = "history.csv";
const CHECKPOINT: &str = "checkpoint";
const MODEL: &str = "model.safetensors";
const RECORD: &str = "fit.json";
const FORMAT: &str = "finetooth-fit";
const VERSION: u32 = 1;

/// What a training came to, in `fit.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FitRecord {
    format: String,
    version: u32,
    /// The winner whose values it has; none of a training for itself.
    pub(crate) winner: Option<Winner>,
    /// Epochs trained.
    pub(crate) epochs: u32,
    /// The epoch whose weights the model has.
    pub(crate) best_epoch: u32,
    /// By which epochs were compared.
    pub(crate) metric: String,
    /// The metric after the best epoch.
    pub(crate) value: f64,
    /// Why it ended: reached, no_longer_improving or diverged.
    ended: String,
    /// CRC-32C of the model's file, in hexadecimal digits.
    pub(crate) model: String,
}

/// A trial, known by more than its number: a sweep that is planned anew gives numbers anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Winner {
    pub(crate) trial: u32,
    pub(crate) seed: u32,
    pub(crate) params: Params,
}

impl Winner {
    pub(crate) fn of(trial: &Trial) -> Self {
        Self {
            trial: trial.id.number(),
            seed: trial.seed,
            params: trial.params.clone(),
        }
    }

    /// Whether it is the same trial, in whatever order a file has its values.
    pub(crate) fn is(&self, trial: &Trial) -> bool {
        let mut params = self.params.iter();
        (self.trial, self.seed) == (trial.id.number(), trial.seed)
            && self.params.iter().len() == trial.params.iter().len()
            && params.all(|(key, value)| trial.params.get(key) == Some(value))
    }
}

/// The directory of a training, locked against others.
pub(crate) struct Home {
    directory: PathBuf,
    _lock: Option<File>,
}

impl Home {
    /// Makes the directory where there is none.
    ///
    /// # Errors
    /// Where it cannot be made, or another training has it.
    pub(crate) fn take(directory: &Path) -> Result<Self, Failure> {
        let name = directory.display();
        fs::create_dir_all(directory).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                Failure::usage(format!("`{name}` is not a directory: name another one"))
            }
            _ => Failure::not_written(format!("`{name}` could not be made: {error}")),
        })?;
        let lock = match File::open(directory).map(|opened| (opened.try_lock(), opened)) {
            Ok((Err(TryLockError::WouldBlock), _)) => {
                return Err(Failure::in_use(format!(
                    "another training writes to `{name}`: wait for it to end, or name another directory"
                )));
            }
            Ok((Ok(()), opened)) => Some(opened),
            // A file system without locks.
            _ => None,
        };
        Ok(Self {
            directory: directory.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.directory.join(CHECKPOINT)
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.directory.join(MODEL)
    }

    /// Takes away what an earlier training left, so that the next one begins anew.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        for name in [RECORD, MODEL, CHECKPOINT, HISTORY] {
            let path = self.directory.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let name = path.display();
                    return Err(Failure::not_written(format!(
                        "`{name}` could not be removed: {error}"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes what the training has come to so far; of one that is over, its model too.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub(crate) fn keep(
        &self,
        fit: Fit,
        columns: &[String],
        ended: &Fitted,
        winner: Option<Winner>,
    ) -> Result<Option<FitRecord>, Failure> {
        let history = fit.history();
        replace_text(&self.directory, HISTORY, &history_text(columns, &history))
            .map_err(Failure::not_written)?;
        let ended = match ended {
            Fitted::Stopped => return Ok(None),
            Fitted::Reached => "reached",
            Fitted::NoLongerImproving => "no_longer_improving",
            Fitted::Diverged { .. } => "diverged",
        };
        let metric = fit.criterion();
        let (Some(best), Some(place)) = (
            fit.best(),
            columns.iter().position(|column| column == metric),
        ) else {
            return Ok(None);
        };
        let Some(model) = fit.into_best() else {
            return Ok(None);
        };
        export::save(&model, Format::Safetensors, &self.model()).map_err(Failure::not_written)?;
        let record = FitRecord {
            format: FORMAT.to_owned(),
            version: VERSION,
            winner,
            epochs: history.last().map_or(0, |report| report.epoch),
            best_epoch: best.epoch,
            metric: metric.to_owned(),
            value: best.values[place],
            ended: ended.to_owned(),
            model: checksum(&self.model()).map_err(Failure::not_written)?,
        };
        let text = serde_json::to_string_pretty(&record).map_err(Failure::not_written)?;
        replace_text(&self.directory, RECORD, &format!("{text}\n"))
            .map_err(Failure::not_written)?;
        Ok(Some(record))
    }
}

/// What the training in `directory` came to, if it is over.
pub(crate) fn record(directory: &Path) -> Option<FitRecord> {
    let text = fs::read_to_string(directory.join(RECORD)).ok()?;
    let record: FitRecord = serde_json::from_str(&text).ok()?;
    (record.format == FORMAT && record.version == VERSION).then_some(record)
}

/// The model of a training that is over.
///
/// # Errors
/// Where it is not the one that the training wrote.
pub(crate) fn model(directory: &Path, record: &FitRecord) -> Result<Model, Failure> {
    let path = directory.join(MODEL);
    let is_its = checksum(&path).is_ok_and(|found| found == record.model);
    if !is_its {
        return Err(Failure::usage(format!(
            "`{}` is not the model that the training wrote there: remove the directory, and `finetooth run` trains it again",
            path.display()
        )));
    }
    export::load(&path).map_err(Failure::usage)
}

/// CRC-32C of a file, in hexadecimal digits.
pub(crate) fn checksum(path: &Path) -> std::io::Result<String> {
    Ok(format!("{:08x}", crc32c::crc32c(&fs::read(path)?)))
}

/// One row an epoch from 1 on, numbers as they read back exactly.
pub(crate) fn history_text(columns: &[String], history: &[Report]) -> String {
    let mut text = format!("epoch,{}\n", columns.join(","));
    for report in history.iter().filter(|report| report.epoch > 0) {
        let values: Vec<String> = report.values.iter().map(|value| shortest(*value)).collect();
        let _ = writeln!(text, "{},{}", report.epoch, values.join(","));
    }
    text
}

/// Threads for a single training: one for each core.
pub(crate) fn one_for_each_core() -> NonZero<usize> {
    let most = NonZero::new(MAX_THREADS).expect("there is room for a thread");
    available_parallelism().map_or(NonZero::<usize>::MIN, |n| n.min(most))
}

/// Reads `--threads`.
pub(crate) fn threads(text: &str) -> Result<NonZero<usize>, String> {
    let n = text.parse().ok().and_then(NonZero::<usize>::new);
    n.filter(|n| n.get() <= MAX_THREADS)
        .ok_or_else(|| format!("the number of threads is a whole number from 1 to {MAX_THREADS}"))
}
