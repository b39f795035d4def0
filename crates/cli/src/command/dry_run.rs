//! One short run of a user's program, before a search: what is read out of it?

use std::fmt::Write as _;

use finetooth_objective::{DryRun, Program, Read};
use finetooth_scheduler::sweep::Sweep;
use finetooth_scheduler::trial::{Outcome, Trial};
use indicatif::ProgressBar;
use serde_json::json;

use crate::figures::{brief, counted};
use crate::screen::Screen;
use crate::table::Table;

/// Names that are shown; a program may print thousands.
const MOST_NAMES: usize = 40;
/// Characters of a line that are shown.
const LINE: usize = 60;

/// Runs `trial` once.
pub(super) fn of(program: &Program, trial: &Trial, screen: &Screen) -> DryRun {
    let bar = if screen.is_terminal() {
        screen.bars().add(ProgressBar::new_spinner())
    } else {
        ProgressBar::hidden()
    };
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar.set_message(format!(
        "dry run of {}",
        counted(trial.epochs as usize, "epoch")
    ));
    let done = program.try_out(trial);
    bar.finish_and_clear();
    done
}

/// In words and a table.
pub(super) fn text(done: &DryRun, sweep: &Sweep) -> String {
    let words: Vec<String> = done.argv.iter().map(|word| shown(word)).collect();
    let mut text = format!("  ran      {}\n", words.join(" "));
    let how = match &done.outcome {
        Outcome::Failed { reason } => format!("failed: {reason}"),
        _ => "well".to_owned(),
    };
    let _ = writeln!(text, "  ended    {how}");
    let epochs: Vec<String> = done
        .reports
        .iter()
        .map(|report| report.epoch.to_string())
        .collect();
    let metric = &sweep.metric().name;
    let _ = match epochs.as_slice() {
        [] => writeln!(
            text,
            "  reports  none: no line held {metric}=NUMBER, {metric}: NUMBER or JSON with it"
        ),
        [one] => writeln!(text, "  reports  1, of epoch {one}"),
        many => writeln!(text, "  reports  {}, of epochs {}", many.len(), range(many)),
    };
    if done.begins_at_zero {
        text += "  warning  it counts epochs from 0: the report of epoch 0 is not kept; count from 1, up to FINETOOTH_EPOCHS\n";
    }
    if !done.seen.is_empty() {
        let mut table = Table::new(["name", "times", "last", "kept", "first line"]);
        for read in done.seen.iter().take(MOST_NAMES) {
            table.push(vec![
                read.name.clone(),
                read.times.to_string(),
                brief(read.last),
                what_for(read, metric).to_owned(),
                shown(&read.line.chars().take(LINE).collect::<String>()),
            ]);
        }
        let _ = write!(text, "\n{table}");
        if done.seen.len() > MOST_NAMES {
            let _ = writeln!(text, "  and {} more names", done.seen.len() - MOST_NAMES);
        }
        if done.seen.iter().any(|read| what_for(read, metric) == "no") {
            text += "  to keep others, write [command] metrics = [\"NAME\"]\n";
        }
    }
    text
}

/// What becomes of a name's numbers.
fn what_for(read: &Read, metric: &str) -> &'static str {
    if read.name == metric {
        "the metric"
    } else if read.is_kept {
        "yes"
    } else if read.name.eq_ignore_ascii_case("epoch") {
        "as the epoch"
    } else {
        "no"
    }
}

/// As JSON.
pub(super) fn json(done: &DryRun) -> serde_json::Value {
    let reason = match &done.outcome {
        Outcome::Failed { reason } => Some(reason),
        _ => None,
    };
    let read = done.seen.iter().map(|read| {
        json!({
            "name": read.name,
            "times": read.times,
            "last": read.last.is_finite().then_some(read.last),
            "kept": read.is_kept,
            "first_line": read.line,
        })
    });
    json!({
        "argv": done.argv,
        "failed": reason,
        "epochs": done.reports.iter().map(|report| report.epoch).collect::<Vec<_>>(),
        "read": read.collect::<Vec<_>>(),
    })
}

/// Text of a program, fit for a terminal.
fn shown(text: &str) -> String {
    let safe = text.chars().map(|character| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    });
    safe.collect::<String>().trim().to_owned()
}

/// `1 to 9`, or each of them where they do not follow one another.
fn range(epochs: &[String]) -> String {
    let numbers: Vec<u32> = epochs
        .iter()
        .filter_map(|epoch| epoch.parse().ok())
        .collect();
    let follows = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) if follows => format!("{first} to {last}"),
        _ => epochs
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join(", "),
    }
}
