//! A definition file, read and checked against the objective's keys.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use finetooth_objective::{Program, Training, Vocabulary, every_key};
use finetooth_scheduler::sweep::{Mistakes, Override, Purpose, Spans, Sweep};

use crate::failure::Failure;
use crate::opened::{Opened, supervisor};

/// A definition with the text it came from, for mistakes that are found later.
#[derive(Debug)]
pub(crate) struct Definition {
    /// What it says.
    pub(crate) sweep: Sweep,
    file: String,
    text: String,
    spans: Spans,
    purpose: Purpose,
    vocabulary: Vocabulary,
}

impl Definition {
    /// Reads the definition in `file` with `overrides` put onto it.
    ///
    /// # Errors
    /// Where the file cannot be read, or has mistakes; all of them are told.
    pub(crate) fn read(
        file: &Path,
        purpose: Purpose,
        overrides: &[Override],
    ) -> Result<Self, Failure> {
        let text = text(file)?;
        let name = file.display().to_string();
        let base = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let vocabulary = Vocabulary::of(&text, base);
        let (keys, columns) = (&vocabulary.keys, &vocabulary.columns);
        match Sweep::parse(&text, keys, columns, overrides, base, purpose) {
            Ok((sweep, spans)) => Ok(Self {
                vocabulary,
                sweep,
                file: name,
                text,
                spans,
                purpose,
            }),
            Err(mistakes) => Err(Failure::mistakes(&name, &text, mistakes)),
        }
    }

    /// Whether `text` is a definition of runs of a program, wherever it is put: all that can be said before one is run.
    ///
    /// # Errors
    /// All its mistakes.
    pub(crate) fn check_program(text: &str) -> Result<(), Mistakes> {
        let base = Path::new(".");
        let Vocabulary { keys, columns, .. } = &Vocabulary::of(text, base);
        let (sweep, spans) = Sweep::parse(text, keys, columns, &[], base, Purpose::Sweep)?;
        Program::open(&sweep, &spans, columns, base, Vec::new()).map(|_| ())
    }

    /// Reads a definition out of a record, where it is written out whole.
    ///
    /// # Errors
    /// Where this version does not understand it.
    pub(crate) fn recorded(
        text: &str,
        columns: &[String],
        directory: &Path,
    ) -> Result<Self, Failure> {
        let purpose = Purpose::Sweep;
        let vocabulary = Vocabulary::of(text, Path::new("/"));
        let parsed = Sweep::parse(
            text,
            &vocabulary.keys,
            columns,
            &[],
            Path::new("/"),
            purpose,
        );
        let (sweep, spans) = parsed.map_err(|mistakes| {
            Failure::usage(format!(
                "the definition recorded in `{}` cannot be read by this version of finetooth ({}): use the version that \
                 began the sweep",
                directory.display(),
                mistakes
            ))
        })?;
        Ok(Self {
            vocabulary,
            sweep,
            file: directory.join("sweep.toml").display().to_string(),
            text: text.to_owned(),
            spans,
            purpose,
        })
    }

    /// Makes its trials ready to run: training, or a program that is run below `directory`.
    ///
    /// # Errors
    /// Where that cannot be; drawn where the definition says so.
    pub(crate) fn open(&self, directory: &Path) -> Result<Opened, Failure> {
        if !self.vocabulary.is_command {
            return Ok(Opened::Training(Box::new(self.open_training()?)));
        }
        let supervisor = supervisor().map_err(|error| {
            Failure::usage(format!(
                "the system does not tell where finetooth itself is: {error}"
            ))
        })?;
        let columns = &self.vocabulary.columns;
        Program::open(&self.sweep, &self.spans, columns, directory, supervisor)
            .map(|program| Opened::Program(Box::new(program)))
            .map_err(|mistakes| Failure::mistakes(&self.file, &self.text, mistakes))
    }

    /// Loads its data and makes sure that all its networks can be built, and that those of a sweep report its
    /// metric.
    ///
    /// # Errors
    /// Where they cannot or do not; drawn where the definition says so.
    pub(crate) fn open_training(&self) -> Result<Training, Failure> {
        if self.vocabulary.is_command {
            let message = format!(
                "`{}` describes runs of a program: start that program itself to train once",
                self.file
            );
            return Err(Failure::usage(message));
        }
        let opened = Training::open(&self.sweep, &self.spans).and_then(|training| {
            if self.purpose == Purpose::Sweep {
                training.check_metric(&self.sweep, &self.spans)?;
            }
            Ok(training)
        });
        opened.map_err(|mistakes| Failure::mistakes(&self.file, &self.text, mistakes))
    }
}

/// `sweep` with every default written out, as it is recorded.
pub(crate) fn written(sweep: &Sweep) -> String {
    sweep.to_toml(&every_key())
}

/// Longest definition that is read; one of thousands of values is a hundredth of it.
const MOST_BYTES: u64 = 4 << 20;

/// The bytes of `file`, one more than [`MOST_BYTES`] at most: it may be a device that never ends.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the `--seed` of a command line; how large it may be is said where it is put onto the definition.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "a seed is a whole number from 0 to 2147483647".to_owned())
}

fn text(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let bytes = read(file).map_err(|error| {
        Failure::usage(match error.kind() {
            ErrorKind::NotFound => format!(
                "there is no file `{name}`; `finetooth init {name}` writes one to begin with"
            ),
            _ if file.is_dir() && file.join("sweep.toml").is_file() => format!(
                "`{name}` is the directory of a sweep; its definition is the file `{}`",
                file.join("sweep.toml").display()
            ),
            _ if file.is_dir() => {
                format!("`{name}` is a directory; name the definition file in it")
            }
            _ => format!("`{name}` could not be read: {error}"),
        })
    })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::usage(format!(
            "`{name}` is not a definition file: it is longer than 4 MiB"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        Failure::usage(format!(
            "`{name}` is not a definition file: line {line} is not UTF-8 text; save it as UTF-8"
        ))
    })
}
