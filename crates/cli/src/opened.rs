//! What a definition's trials are, ready to run.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use finetooth_objective::{Program, Training};
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::trial::{Ended, Trial, TrialId};

/// Training by the engine, or a user's program.
#[derive(Debug)]
pub(crate) enum Opened {
    /// Training by the engine.
    Training(Box<Training>),
    /// A user's program.
    Program(Box<Program>),
}

/// The hidden command that keeps a program in check.
pub(crate) const SUPERVISE: &str = "supervise-program";

/// This program as a supervisor of another.
///
/// # Errors
/// Where the system does not tell what runs.
pub(crate) fn supervisor() -> io::Result<Vec<OsString>> {
    Ok(vec![env::current_exe()?.into_os_string(), SUPERVISE.into()])
}

/// Keeps a program in check for another finetooth; started by it, never by hand.
pub(crate) fn supervise() -> std::process::ExitCode {
    match finetooth_objective::process::supervise() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("this command is started by finetooth itself, to run a program: {error}");
            std::process::ExitCode::from(2)
        }
    }
}

impl Opened {
    /// From now on what trials go on from is kept in `directory`, of at most `keep_bytes` together.
    pub(crate) fn keeping(self, directory: &Path, keep_bytes: u64) -> Self {
        match self {
            Self::Training(training) => {
                Self::Training(Box::new(training.keeping(directory, keep_bytes)))
            }
            Self::Program(program) => Self::Program(Box::new(program.keeping(keep_bytes))),
        }
    }

    fn objective(&self) -> &dyn Objective {
        match self {
            Self::Training(training) => &**training,
            Self::Program(program) => &**program,
        }
    }
}

impl Objective for Opened {
    fn summary(&self) -> ObjectiveSummary {
        self.objective().summary()
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        self.objective().run(task, context, reporter)
    }

    fn forget(&self, trial: TrialId) {
        self.objective().forget(trial);
    }

    fn train_file(&self, trial: &Trial) -> String {
        self.objective().train_file(trial)
    }
}
