//! Whether a record can be gone on with: it must be of the same definition, data and numbers.

use std::path::Path;

use finetooth_scheduler::event::{Event, ObjectiveSummary, Record, SweepStarted, Verdict};
use finetooth_scheduler::sweep::{Sweep, changes, extends};

use crate::definition::Definition;
use crate::failure::Failure;
use crate::screen::Screen;

/// What is to be run, and where.
pub(crate) struct Wanted<'a> {
    /// The definition.
    pub(crate) sweep: &'a Sweep,
    /// The same as text, every default written out.
    pub(crate) definition: &'a str,
    /// What its objective tells of itself.
    pub(crate) summary: &'a ObjectiveSummary,
    /// The run's directory.
    pub(crate) directory: &'a Path,
    /// Whether another plan is welcome.
    pub(crate) extend: bool,
}

/// How what is wanted follows from what is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resumption {
    /// Nothing is recorded.
    Begins,
    /// The same sweep; `[limits]` may differ.
    GoesOn,
    /// Another plan, for which the results so far count.
    Extends,
}

/// Compares `records` with what is wanted.
///
/// # Errors
/// Where they belong to something else; the message says what differs and what can be done.
pub(crate) fn compare(
    records: &[Record],
    wanted: &Wanted<'_>,
    screen: &Screen,
) -> Result<Resumption, Failure> {
    let Some(Record {
        event: Event::SweepStarted(started),
        ..
    }) = records.first()
    else {
        return Ok(Resumption::Begins);
    };
    let extended = records.iter().rev().find_map(|record| match &record.event {
        Event::SweepExtended { definition } | Event::SweepReplanned { definition } => {
            Some(definition)
        }
        _ => None,
    });
    let known = extended.unwrap_or(&started.definition);
    let differences = changes(known, wanted.definition);
    if differences.is_empty() {
        check_objective(started, wanted.summary, wanted.sweep, wanted.directory)?;
        if !is_finished(records) {
            compare_kernels(started, wanted, screen);
        }
        return Ok(Resumption::GoesOn);
    }
    let directory = wanted.directory.display();
    let listed = format!("\n  {}", differences.join("\n  "));
    if wanted.extend {
        let columns = &started.objective.columns;
        let old = Definition::recorded(known, columns, wanted.directory)?;
        if extends(&old.sweep, wanted.sweep) {
            check_objective(started, wanted.summary, wanted.sweep, wanted.directory)?;
            compare_kernels(started, wanted, screen);
            return Ok(Resumption::Extends);
        }
        return Err(Failure::usage(format!(
            "--extend plans anew and keeps the results in `{directory}`, so that data, model, training, metric and seed \
             must stay; these changed:{listed}\nto begin anew, run with --fresh: it moves the old directory aside; or \
             name another directory with --out"
        )));
    }
    Err(Failure::usage(format!(
        "`{directory}` holds a sweep of another definition; these changed:{listed}\nto begin anew, run with --fresh: it \
         moves the old directory aside; to keep both, name another directory with --out; if the trials are \
         the same and there are to be more or others of them, run with --extend"
    )))
}

/// Whether `records` tell of another definition than `wanted` whose sanity checks failed: nothing was searched, so that
/// there is nothing to keep.
pub(crate) fn never_began(records: &[Record], wanted: &str) -> bool {
    let Some(Event::SweepStarted(started)) = records.first().map(|record| &record.event) else {
        return false;
    };
    let verdict = records.iter().rev().find_map(|record| match &record.event {
        Event::SweepFinished { verdict, .. } => Some(verdict),
        _ => None,
    });
    matches!(verdict, Some(Verdict::SanityFailed { .. }))
        && !changes(&started.definition, wanted).is_empty()
}

/// Whether nothing is left to run: a verdict stands, and nothing was planned after it.
fn is_finished(records: &[Record]) -> bool {
    let last = records.iter().rev().find_map(|record| match record.event {
        Event::SweepFinished { .. } => Some(true),
        Event::SweepExtended { .. }
        | Event::SweepReplanned { .. }
        | Event::FailuresRetried { .. } => Some(false),
        _ => None,
    });
    last == Some(true)
}

/// The numbers must be the ones that were recorded: same data, same columns.
///
/// # Errors
/// Where they are not.
pub(crate) fn check_objective(
    started: &SweepStarted,
    is: &ObjectiveSummary,
    sweep: &Sweep,
    directory: &Path,
) -> Result<(), Failure> {
    let was = &started.objective;
    let directory = directory.display();
    if was.data_fingerprint != is.data_fingerprint {
        return Err(Failure::usage(format!(
            "the data are not those that `{directory}` was begun with: {} changed (checksum {}, recorded {}); put the \
             old data back, or begin anew with --fresh, which moves the old directory aside",
            data_name(sweep),
            is.data_fingerprint,
            was.data_fingerprint
        )));
    }
    if was.columns != is.columns {
        return Err(Failure::usage(format!(
            "`{directory}` was begun by finetooth {}, which reported other numbers ({}); finish it with that version, \
             or begin anew with --fresh",
            started.finetooth,
            was.columns.join(", ")
        )));
    }
    Ok(())
}

/// Other kernels add in another order, which is no mistake but has to be said.
fn compare_kernels(started: &SweepStarted, wanted: &Wanted<'_>, screen: &Screen) {
    let (was, is) = (&started.objective, wanted.summary);
    if was.instruction_set != is.instruction_set {
        screen.line(&format!(
            "warning: the sweep was begun with kernels for {} and goes on with those for {}: the last digits of its \
             results may differ from those of an uninterrupted run",
            was.instruction_set, is.instruction_set
        ));
    }
}

/// What the data are, for a message.
fn data_name(sweep: &Sweep) -> String {
    let path = |key: &str| sweep.settings().get("data")?.get(key)?.as_str();
    let paths: Vec<String> = ["path", "label_path", "test_path"]
        .iter()
        .filter_map(|key| path(key))
        .map(|path| format!("`{path}`"))
        .collect();
    if paths.is_empty() {
        "the embedded data or their split".to_owned()
    } else {
        paths.join(" or ")
    }
}
