//! A user's own program as a trial: any language, nothing to import.
//!
//! The program gets the trial's values as arguments and in its environment, prints its numbers, and may keep files to go on
//! from. What is told apart here: the program's verdict on the values (it ran to its end), its failure, and ends that
//! say nothing about either, which are tried again.

mod argv;
mod attempt;
mod json;
mod kept;
mod keys;
mod line;
mod metrics;
mod output;
mod settings;
mod workspace;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::sweep::{Mistakes, Spans, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial, TrialId};

use self::argv::Fill;
use self::attempt::{Done, Files};
use self::kept::Kept;
use self::metrics::Found;
use self::settings::Settings;
use self::workspace::Workspace;
use crate::process::{End, NotStarted, Spec, signal_name};

pub(crate) use keys::{own_table, vocabulary};

/// A user's program, as `[command]` describes it.
#[derive(Debug)]
pub struct Program {
    name: String,
    settings: Settings,
    sweep: Sweep,
    columns: Vec<String>,
    metric: usize,
    supervisor: Vec<OsString>,
    directory: PathBuf,
    kept: Kept,
}

/// What one run of a program came to, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct DryRun {
    /// The command.
    pub argv: Vec<String>,
    /// Reports: the epoch, and a number for each column.
    pub reports: Vec<Report>,
    /// Everything that was read with a number: name, how often, the last value, the first line that held it, whether it is
    /// kept.
    pub seen: Vec<Read>,
    /// Whether it gave a report of an epoch 0, which is none: they begin at 1.
    pub begins_at_zero: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// A name that was read with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The name.
    pub name: String,
    /// How often.
    pub times: u64,
    /// The last value.
    pub last: f64,
    /// The first line that held it.
    pub line: String,
    /// Whether it is a column of the results.
    pub is_kept: bool,
}

impl Program {
    /// The program of `sweep`, run below `directory` (the run's own) by `supervisor`, a command that calls
    /// [`crate::process::supervise`].
    ///
    /// # Errors
    /// All mistakes in `[command]`, each at its place.
    pub fn open(
        sweep: &Sweep,
        spans: &Spans,
        columns: &[String],
        directory: &Path,
        supervisor: Vec<OsString>,
    ) -> Result<Self, Mistakes> {
        let settings = settings::read(sweep, spans)?;
        let metric = &sweep.metric().name;
        let metric = columns.iter().position(|column| column == metric);
        Ok(Self {
            name: sweep.name().to_owned(),
            settings,
            sweep: sweep.clone(),
            columns: columns.to_vec(),
            metric: metric.expect("the metric is one of the columns"),
            supervisor,
            directory: directory.to_owned(),
            kept: Kept::open(directory, u64::MAX),
        })
    }

    /// From now on keeps at most so many bytes of what programs leave to go on from.
    #[must_use]
    pub fn keeping(self, keep_bytes: u64) -> Self {
        let kept = Kept::open(&self.directory, keep_bytes);
        Self { kept, ..self }
    }

    /// Trials that can run at once for want of GPUs; `None`: any number.
    pub fn slots(&self) -> Option<usize> {
        self.settings.gpus.slots()
    }

    /// Threads that a trial is told to use.
    pub fn threads(&self) -> usize {
        self.settings.threads as usize
    }

    /// Runs `trial` once for its epochs, to see what comes out.
    pub fn try_out(&self, trial: &Trial) -> DryRun {
        let mut collected = Collected(Vec::new());
        let task = Task {
            trial: trial.clone(),
            attempt: 1,
            from: 0,
            keep: false,
            watch: Watch::default(),
        };
        let mut taken = Taken::new(&task, &mut collected);
        let workspace = Workspace::new(&self.directory, trial.id);
        let done = self.attempt(&task, &Context::default(), &workspace, false, &mut taken);
        let (has_metric, begins_at_zero) = (taken.has_any, taken.begins_at_zero);
        let (outcome, seen) = match done {
            Ok(done) => {
                let outcome = self.outcome(&done.end, has_metric);
                if let Outcome::Failed { .. } = outcome {
                    tell(&task, &done, "");
                }
                (outcome, self.seen(&done))
            }
            Err(reason) => (Outcome::Failed { reason }, Vec::new()),
        };
        workspace.forget();
        DryRun {
            argv: self.argv(trial),
            reports: collected.0,
            begins_at_zero,
            seen,
            outcome,
        }
    }

    /// Runs the program until it has an outcome, again where its end says nothing.
    fn rung(&self, task: &Task, context: &Context, reporter: &mut dyn Reporter) -> Ended {
        let workspace = Workspace::new(&self.directory, task.trial.id);
        let mut taken = Taken::new(task, reporter);
        let mut tries = 0;
        loop {
            let mut resumes = task.from > 0 && workspace.has(task.from);
            if resumes && let Err(error) = workspace.restore(task.from, true) {
                tracing::warn!("trial {} begins anew: {error}", task.trial.id);
                resumes = false;
            }
            let ready = if resumes {
                Ok(())
            } else {
                workspace.restore(0, false)
            };
            taken.begin(resumes);
            let done = match ready {
                Ok(()) => self.attempt(task, context, &workspace, resumes, &mut taken),
                Err(error) => {
                    tracing::warn!(
                        "the files of trial {} could not be made ready: {error}",
                        task.trial.id
                    );
                    Err("setup: the files of the trial could not be written".to_owned())
                }
            };
            let done = match done {
                Ok(done) => done,
                Err(reason) => return Ended::Outcome(Outcome::Failed { reason }),
            };
            let is_whole = taken.last >= task.trial.epochs;
            if taken.decision == Decision::Stop {
                return Ended::Outcome(Outcome::Completed);
            }
            if context.interrupt.is_raised() && !(done.end == End::Exited(0) && is_whole) {
                return Ended::Interrupted { epoch: taken.last };
            }
            // One that has nothing to add beyond what it reported before has come to its end.
            let outcome = self.outcome(&done.end, taken.has_any || task.from > 0);
            if let Outcome::Failed { .. } = &outcome {
                if done.end.may_be_retried() && tries < self.settings.retries {
                    tries += 1;
                    tell(task, &done, ", and is tried again");
                    continue;
                }
                tell(task, &done, "");
            } else if let Err(error) = self.kept.keep(task.trial.id, task.trial.epochs) {
                tracing::warn!(
                    "what trial {} may go on from is not kept: {error}",
                    task.trial.id
                );
            }
            return Ended::Outcome(outcome);
        }
    }

    fn seen(&self, done: &Done) -> Vec<Read> {
        let seen = done.metrics.seen().iter();
        seen.map(|(name, seen)| Read {
            name: name.clone(),
            times: seen.times,
            last: seen.last,
            line: seen.line.clone(),
            is_kept: self.columns.contains(name),
        })
        .collect()
    }

    fn argv(&self, trial: &Trial) -> Vec<String> {
        let passed_as = |key: &str| self.sweep.passed_as(key).to_owned();
        let fill = Fill {
            params: &trial.params,
            passed_as: &passed_as,
            epochs: trial.epochs,
            seed: trial.seed,
            trial: trial.id.number(),
        };
        self.settings.template.filled(self.settings.style, fill)
    }

    /// Runs the program once; a sentence where that could not even be tried.
    fn attempt(
        &self,
        task: &Task,
        context: &Context,
        workspace: &Workspace,
        resumes: bool,
        taken: &mut Taken<'_>,
    ) -> Result<Done, String> {
        let files = Files::of(workspace.directory());
        let prepared = workspace.prepare(resumes).and_then(|()| {
            let passed_as = |key: &str| self.sweep.passed_as(key).to_owned();
            std::fs::write(
                &files.params,
                argv::params_json(&task.trial.params, &passed_as),
            )
        });
        let told = |error: &dyn std::error::Error| {
            tracing::warn!(
                trial = task.trial.id.number(),
                "{error}: {:?}",
                error.source()
            );
            "setup: the files of the trial could not be written".to_owned()
        };
        prepared.map_err(|error| told(&error))?;
        let spec = Spec {
            argv: self.argv(&task.trial),
            directory: self.settings.directory.clone(),
            grace_seconds: self.settings.grace_seconds,
            seconds: self.settings.trial_seconds,
            memory_bytes: self.settings.memory_mb.map(|mebibytes| mebibytes << 20),
        };
        let environment = self.environment(task, context, &files, workspace, resumes);
        attempt::run(
            &spec,
            &self.supervisor,
            &environment,
            &files,
            (&self.columns, self.metric),
            &context.interrupt,
            &mut |found| taken.take(found),
        )
        .map_err(|error| told(&error))
    }

    fn environment(
        &self,
        task: &Task,
        context: &Context,
        files: &Files,
        workspace: &Workspace,
        resumes: bool,
    ) -> Vec<(String, OsString)> {
        let trial = &task.trial;
        let threads = self.settings.threads.to_string();
        let mut environment: Vec<(String, OsString)> = Vec::new();
        let mut set = |name: &str, value: OsString| environment.push((name.to_owned(), value));
        for pool in ["OMP", "MKL", "OPENBLAS", "RAYON"] {
            set(&format!("{pool}_NUM_THREADS"), threads.clone().into());
        }
        if let Some(visible) = self.settings.gpus.visible(context.worker) {
            set("CUDA_VISIBLE_DEVICES", visible.into());
        }
        set("FINETOOTH_TRIAL", trial.id.to_string().into());
        set("FINETOOTH_SEED", trial.seed.to_string().into());
        set("FINETOOTH_EPOCHS", trial.epochs.to_string().into());
        set("FINETOOTH_PARAMS", files.params.clone().into());
        set("FINETOOTH_METRICS", files.metrics.clone().into());
        set("FINETOOTH_ERROR", files.error.clone().into());
        set("FINETOOTH_CHECKPOINT_DIR", workspace.checkpoints().into());
        set("FINETOOTH_RESUME", if resumes { "1" } else { "" }.into());
        for (name, value) in &self.settings.env {
            set(name, value.into());
        }
        environment
    }

    /// What the end of a program means for the trial.
    fn outcome(&self, end: &End, has_metric: bool) -> Outcome {
        let metric = &self.sweep.metric().name;
        let reason = match end {
            End::Exited(0) if has_metric => return Outcome::Completed,
            End::Exited(0) => format!("no metric: the program ended well and gave no {metric}"),
            End::Exited(code) => format!("exit: the program ended with exit code {code}"),
            End::Signalled(number) => match signal_name(*number) {
                Some(name) => format!("signal: the program was ended by {name}"),
                None => format!("signal: the program was ended by signal {number}"),
            },
            End::NotStarted(why) => match why {
                NotStarted::NoProgram => "start: there is no such program".to_owned(),
                NotStarted::NoDirectory => "start: its working directory is not there".to_owned(),
                NotStarted::NotExecutable => "start: the program may not be executed".to_owned(),
                NotStarted::Refused => "start: the system does not start the program".to_owned(),
            },
            End::TimedOut => format!(
                "time: the program ran longer than trial_seconds = {}",
                self.settings.trial_seconds.unwrap_or_default()
            ),
            End::OutOfMemory => format!(
                "memory: the program used more than memory_mb = {}",
                self.settings.memory_mb.unwrap_or_default()
            ),
            End::Terminated => "stopped: the program was told to end".to_owned(),
            End::Lost => "lost: the program's supervisor was gone".to_owned(),
        };
        Outcome::Failed { reason }
    }
}

/// Tells people why a program failed.
fn tell(task: &Task, done: &Done, then: &str) {
    let trial = task.trial.id.number();
    let said = done
        .error
        .as_deref()
        .map_or(String::new(), |error| format!("\nit says: {error}"));
    let lines = match done.last_lines.as_slice() {
        [] => "\nit printed nothing".to_owned(),
        lines => format!("\nits last lines:\n  {}", lines.join("\n  ")),
    };
    let how = match &done.end {
        End::Exited(code) => format!("ended with exit code {code}"),
        End::Signalled(number) => format!("was ended by signal {number}"),
        End::NotStarted(_) => "could not be started".to_owned(),
        End::TimedOut => "ran too long".to_owned(),
        End::OutOfMemory => "used too much memory".to_owned(),
        End::Terminated => "was told to end".to_owned(),
        End::Lost => "was lost".to_owned(),
    };
    tracing::warn!("the program of trial {trial} {how}{then}{said}{lines}");
}

/// Passes a program's reports on: each epoch once, and none that is on record or beyond what was asked for.
struct Taken<'a> {
    reporter: &'a mut dyn Reporter,
    from: u32,
    to: u32,
    last: u32,
    /// Epoch of the report before, counted where the program does not name it.
    counted: u32,
    has_any: bool,
    begins_at_zero: bool,
    decision: Decision,
}

impl<'a> Taken<'a> {
    fn new(task: &Task, reporter: &'a mut dyn Reporter) -> Self {
        Self {
            reporter,
            from: task.from,
            to: task.trial.epochs,
            last: task.from,
            counted: 0,
            has_any: false,
            begins_at_zero: false,
            decision: Decision::Continue,
        }
    }

    /// The next attempt begins at its first epoch, or behind `from`.
    fn begin(&mut self, resumes: bool) {
        self.counted = if resumes { self.from } else { 0 };
    }

    fn take(&mut self, found: Found) -> bool {
        self.counted += 1;
        if let Some(epoch) = found.epoch {
            self.counted = epoch;
        }
        let epoch = self.counted;
        self.begins_at_zero |= epoch == 0;
        if epoch <= self.last || epoch > self.to {
            return true;
        }
        self.last = epoch;
        self.has_any = true;
        self.decision = self.reporter.report(Report {
            epoch,
            values: found.values,
        });
        self.decision == Decision::Continue
    }
}

struct Collected(Vec<Report>);

impl Reporter for Collected {
    fn report(&mut self, report: Report) -> Decision {
        self.0.push(report);
        Decision::Continue
    }
}

impl Objective for Program {
    fn summary(&self) -> ObjectiveSummary {
        ObjectiveSummary {
            columns: self.columns.clone(),
            validation_samples: 0,
            data_fingerprint: String::new(),
            instruction_set: "none".to_owned(),
            description: Vec::new(),
        }
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        self.kept.enter(task.trial.id);
        let ended = self.rung(task, &context, reporter);
        self.kept.leave(task.trial.id);
        ended
    }

    fn forget(&self, trial: TrialId) {
        self.kept.forget(trial);
    }

    fn train_file(&self, trial: &Trial) -> String {
        let list = |texts: &[String]| {
            let texts = texts
                .iter()
                .map(|text| toml::Value::String(text.clone()).to_string());
            texts.collect::<Vec<_>>().join(", ")
        };
        let mut text = format!(
            "# The values that trained best in the sweep {}, trial {}, and the command that ran with them.\n\
             seed = {}\nepochs = {}\nargv = [{}]\n\n[params]\n",
            self.name,
            trial.id,
            trial.seed,
            trial.epochs,
            list(&self.argv(trial))
        );
        for (key, value) in trial.params.iter() {
            let key = toml::Value::String(key.to_owned());
            writeln!(text, "{key} = {}", value.to_toml()).expect("a string takes everything");
        }
        text
    }
}
