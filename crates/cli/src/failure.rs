//! Why a command did not do what it was asked for.

use std::error::Error;
use std::fmt;

use finetooth_scheduler::journal::JournalError;
use finetooth_scheduler::run::RunError;
use finetooth_scheduler::sweep::Mistakes;

use crate::exit_code::ExitCode;
use crate::mistakes::Drawing;
use crate::screen::Screen;

/// Why a command failed, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    /// Mistakes in a definition file, to be drawn.
    Mistakes {
        file: String,
        text: String,
        mistakes: Mistakes,
    },
    /// Anything that a sentence tells.
    Sentence(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// The command line, the definition or the data are wrong.
    pub(crate) fn usage(problem: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: ExitCode::USAGE,
            problem: Problem::Sentence(problem.into()),
        }
    }

    /// Mistakes in the definition `text` of `file`.
    pub(crate) fn mistakes(file: &str, text: &str, mistakes: Mistakes) -> Self {
        let (file, text) = (file.to_owned(), text.to_owned());
        Self {
            code: ExitCode::USAGE,
            problem: Problem::Mistakes {
                file,
                text,
                mistakes,
            },
        }
    }

    /// Somebody stopped it.
    pub(crate) fn interrupted(problem: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: ExitCode::INTERRUPTED,
            problem: Problem::Sentence(problem.into()),
        }
    }

    /// Something could not be written.
    pub(crate) fn not_written(problem: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: ExitCode::NOT_WRITTEN,
            problem: Problem::Sentence(problem.into()),
        }
    }

    /// Another process has what is wanted.
    pub(crate) fn in_use(problem: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: ExitCode::IN_USE,
            problem: Problem::Sentence(problem.into()),
        }
    }

    /// A record could not be opened to go on with it.
    pub(crate) fn record(error: JournalError) -> Self {
        let code = match error {
            JournalError::InUse { .. } => ExitCode::IN_USE,
            JournalError::Lock { .. } | JournalError::File { .. } => ExitCode::NOT_WRITTEN,
            _ => ExitCode::USAGE,
        };
        Self {
            code,
            problem: Problem::Sentence(error.into()),
        }
    }

    /// The exit code that tells of it.
    pub(crate) fn code(&self) -> ExitCode {
        self.code
    }

    /// The message, ending with a line end, as `screen` shows it best.
    pub(crate) fn drawn(&self, screen: &Screen) -> String {
        match &self.problem {
            Problem::Mistakes {
                file,
                text,
                mistakes,
            } => Drawing {
                file,
                text,
                mistakes,
                screen,
            }
            .to_string(),
            Problem::Sentence(error) => format!("error: {}\n", Chain(error.as_ref())),
        }
    }
}

/// In one line, for who shows it elsewhere.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Mistakes { mistakes, .. } => write!(f, "{mistakes}"),
            Problem::Sentence(error) => write!(f, "{}", Chain(error.as_ref())),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::not_written(error)
    }
}

/// An error with its causes, outermost first.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
