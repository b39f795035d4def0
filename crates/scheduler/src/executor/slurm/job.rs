//! A job's directory: what it is asked, what it reports, what came of it.
//!
//! `spec.json` is written before the job is submitted. The worker appends to `reports-N.jsonl`, N how often Slurm has started it
//! again, and writes `result.json` once: the first to link it into place wins, whoever else still runs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::objective::Task;
use crate::trial::{Ended, Report};

/// What a job is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The job's unique name, which no other submission has.
    pub job: String,
    /// The run's directory, which holds its definition as sweep.toml.
    pub directory: PathBuf,
    /// The rung to run.
    pub task: Task,
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Result {
    /// The name of the job whose result it is.
    pub job: String,
    /// Everything it reported.
    pub reports: Vec<Report>,
    /// How it ended.
    pub ended: Ended,
    /// Seconds it took.
    pub seconds: f64,
}

/// The directory of a job.
#[derive(Debug, Clone)]
pub struct JobDirectory(PathBuf);

impl JobDirectory {
    /// That of the rung of `task`, in a run's directory: the same in each invocation.
    pub fn of(run: &Path, task: &Task) -> Self {
        let rung = format!("{}-{}-{}", task.trial.id, task.from, task.trial.epochs);
        Self(run.join("jobs").join(rung))
    }

    /// The directory that a worker was told.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What the job was asked; `None` where nothing was, or it cannot be read.
    pub fn spec(&self) -> Option<Spec> {
        read(&self.0.join("spec.json"))
    }

    /// Begins anew: what an earlier job left goes, and `spec` is what the next one is asked.
    ///
    /// # Errors
    /// Where the directory cannot be written.
    pub fn begin(&self, spec: &Spec) -> io::Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&self.0)?,
        }
        let mut file = File::create(self.0.join("spec.json"))?;
        serde_json::to_writer(&mut file, spec)?;
        file.sync_all()
    }

    /// The result, if it is there; that of another job in the same directory is none.
    pub fn result(&self, job: &str) -> Option<Result> {
        read(&self.0.join("result.json")).filter(|result: &Result| result.job == job)
    }

    /// Puts the result in place, unless another one is there already.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(&self, result: &Result, restart: u32) -> io::Result<()> {
        let beside = self.0.join(format!("result-{restart}.part"));
        let mut file = File::create(&beside)?;
        serde_json::to_writer(&mut file, result)?;
        file.sync_all()?;
        match fs::hard_link(&beside, self.0.join("result.json")) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Where the worker appends its reports, a line of JSON each.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn reports(&self, restart: u32) -> io::Result<Reports> {
        let path = self.0.join(format!("reports-{restart}.jsonl"));
        Ok(Reports(File::create(path)?))
    }

    /// All reports so far, of whole lines; of a job that was started again, those of each start.
    pub(super) fn reported(&self) -> Vec<Report> {
        let mut reports = Vec::new();
        for restart in 0.. {
            let Ok(text) = fs::read_to_string(self.0.join(format!("reports-{restart}.jsonl")))
            else {
                break;
            };
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            reports.extend(
                whole
                    .lines()
                    .filter_map(|line| serde_json::from_str::<Report>(line).ok()),
            );
        }
        reports
    }
}

/// Reports on their way to whoever waits for them.
#[derive(Debug)]
pub struct Reports(File);

impl Reports {
    /// Appends one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn append(&mut self, report: &Report) -> io::Result<()> {
        let mut line = serde_json::to_vec(report)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
