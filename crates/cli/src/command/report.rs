//! `finetooth report`: the pictures of a sweep as one file.

use std::path::{Path, PathBuf};

use clap::Args;
use finetooth_dashboard::{Live, report as page};
use finetooth_scheduler::results::replace_text;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::record::{JOURNAL, directory_of, read_definition};
use crate::screen::Screen;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  finetooth report                       of the sweep in results/ that was written to last
  finetooth report results/digits        writes results/digits/report.html
  finetooth report digits --out mail.html

The file holds all that it shows and asks no server for anything: open it from disk, or mail it.")]
pub(crate) struct ReportArgs {
    /// Directory of the sweep, or its name in results/ [default: the one written to last]
    dir: Option<PathBuf>,
    /// Where to write it [default: report.html in the directory of the sweep]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the page of a sweep as it stands.
///
/// # Errors
/// Where there is no record, it cannot be read, or the file cannot be written.
pub(crate) fn report(args: &ReportArgs, screen: &Screen) -> Result<ExitCode, Failure> {
    let directory = directory_of(args.dir.as_deref())?;
    let mut live = Live::new(&directory.join(JOURNAL));
    live.read_all(&read_definition);
    live.weigh();
    let html = page(&live).map_err(Failure::usage)?;
    let Some(html) = html else {
        let why = live.problem().unwrap_or("no sweep has begun there");
        let directory = directory.display();
        return Err(Failure::usage(format!(
            "`{directory}` has nothing to show: {why}"
        )));
    };
    if let Some(problem) = live.problem() {
        screen.line(&format!(
            "warning: the report shows what stands before this: {problem}"
        ));
    }
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| directory.join("report.html"));
    let (parent, name) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    );
    let name = name.ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is no name of a file: --out names one",
            path.display()
        ))
    })?;
    let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
    replace_text(parent.unwrap_or(Path::new(".")), name, &html).map_err(Failure::not_written)?;
    output::result(&format!("{}\n", path.display()))?;
    Ok(ExitCode::DONE)
}
