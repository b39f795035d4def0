//! `finetooth init`: a definition file to begin with.

mod from;

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use finetooth_scheduler::results::replace_text;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::screen::Screen;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth init                          write finetooth.toml: digits, which come with the program
  finetooth init wine.toml --template csv a table of your own
  finetooth init net.toml --template command   a program of your own, in any language
  finetooth init net.toml --template slurm     its trials as jobs of a cluster
  finetooth init net.toml --from wandb.yaml    a sweep of Weights & Biases, with what became of each part of it")]
pub(crate) struct InitArgs {
    /// The file to write
    #[arg(default_value = "finetooth.toml")]
    file: PathBuf,
    /// What to begin with
    #[arg(long, default_value = "digits")]
    template: Template,
    /// Begin with a sweep configuration of Weights & Biases (YAML or JSON), and tell what became of each part of it
    #[arg(long, value_name = "WANDB_YAML", conflicts_with = "template")]
    from: Option<PathBuf>,
    /// Replace the file where there is one
    #[arg(long)]
    force: bool,
}

/// What a definition file can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Template {
    Digits,
    Csv,
    Command,
    Slurm,
}

impl Template {
    /// The file's text.
    fn text(self) -> &'static str {
        match self {
            Self::Digits => include_str!("templates/digits.toml"),
            Self::Csv => include_str!("templates/csv.toml"),
            Self::Command => include_str!("templates/command.toml"),
            Self::Slurm => include_str!("templates/slurm.toml"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Csv => "csv",
            Self::Command => "command",
            Self::Slurm => "slurm",
        }
    }
}

impl ValueEnum for Template {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Digits, Self::Csv, Self::Command, Self::Slurm]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()))
    }
}

/// Writes a template.
///
/// # Errors
/// Where the file exists and may not be replaced, or cannot be written.
pub(crate) fn init(args: &InitArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let name = args.file.display();
    let converted = match &args.from {
        Some(from) => Some(from::read(from, &args.file)?),
        None => None,
    };
    let text = match &converted {
        Some(converted) => converted.text.clone(),
        None => named_after(&args.file, args.template.text()),
    };
    write(&args.file, &text, args.force).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "`{name}` exists and is left as it is; name another file, or replace it with --force"
        )),
        ErrorKind::NotFound => Failure::usage(format!(
            "`{name}` could not be written: its directory does not exist"
        )),
        _ => Failure::not_written(format!("`{name}` could not be written: {error}")),
    })?;
    if let Some(converted) = &converted {
        from::tell(converted, screen);
    }
    screen.line(&format!(
        "wrote {name}; next: finetooth check {name}, then finetooth run {name}"
    ));
    Ok(ExitCode::DONE)
}

fn write(file: &Path, text: &str, force: bool) -> io::Result<()> {
    if let (true, Some(name)) = (
        force && file.exists(),
        file.file_name().and_then(|name| name.to_str()),
    ) {
        let directory = file
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        return replace_text(directory.unwrap_or(Path::new(".")), name, text)
            .map_err(|error| error.source);
    }
    let mut created = File::options().write(true).create_new(true).open(file)?;
    created.write_all(text.as_bytes())?;
    created.sync_all()
}

/// `template` with the file's name for the sweep's, so that two definitions do not share a directory of results.
fn named_after(file: &Path, template: &str) -> String {
    let stem = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let is_usable =
        (1..=64).contains(&stem.len()) && stem.bytes().all(is_name) && !stem.starts_with('.');
    if !is_usable || stem == "finetooth" {
        return template.to_owned();
    }
    let line = |line: &str| {
        if line.starts_with("name = ") {
            let given = format!("name = \"{stem}\"");
            format!("{given:<28} # results go to results/NAME\n")
        } else {
            format!("{line}\n")
        }
    };
    template.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::named_after;

    #[track_caller]
    fn check(file: &str, expected: &str) {
        let text = named_after(Path::new(file), "# a\nname = \"digits\"\nseed = 0\n");
        let name = text
            .lines()
            .nth(1)
            .unwrap()
            .split('#')
            .next()
            .unwrap()
            .trim_end();
        assert_eq!(name, format!("name = \"{expected}\""));
    }

    #[test]
    fn a_sweep_is_named_after_its_file() {
        check("wine.toml", "wine");
        check("some/where/wine-2.toml", "wine-2");
        check("finetooth.toml", "digits");
        check("Große Suche.toml", "digits");
        check(".hidden", "digits");
    }
}
