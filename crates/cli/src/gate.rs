//! The sanity checks and the probe, in words.

use std::fmt::Write as _;

use finetooth_scheduler::gate::{Check, Gate, Verdict};
use finetooth_scheduler::sweep::Sweep;
use indicatif::ProgressBar;
use serde_json::{Value as Json, json};

use crate::opened::Opened;
use crate::screen::Screen;
use crate::table::Table;

/// One line a check, and a sentence for each that did not pass.
pub(crate) fn text(gate: &Gate) -> String {
    let mut table = Table::new(["check", "result", "measured"]);
    for check in &gate.checks {
        table.push(vec![
            check.name.clone(),
            check.verdict.as_str().to_owned(),
            check.measured.clone(),
        ]);
    }
    let mut text = table.to_string();
    for check in gate.checks.iter().filter(|check| is_told(check)) {
        let word = match check.verdict {
            Verdict::Skipped => "not made",
            verdict => verdict.as_str(),
        };
        let _ = writeln!(text, "  {} {word}: {}", check.name, check.sentence);
    }
    text
}

fn is_told(check: &Check) -> bool {
    check.verdict != Verdict::Passed && !check.sentence.is_empty()
}

/// For programs.
pub(crate) fn json(gate: &Gate) -> Json {
    json!({ "checks": gate.checks, "probe": gate.probe })
}

/// Checks the set-up, telling on a terminal what is being looked at.
pub(crate) fn checks(opened: &Opened, sweep: &Sweep, screen: &Screen) -> Option<Gate> {
    let Opened::Training(training) = opened else {
        // What a program does is its own affair.
        return None;
    };
    let bar = if screen.is_terminal() {
        screen.bars().add(ProgressBar::new_spinner())
    } else {
        ProgressBar::hidden()
    };
    let mut go_on = |part: &str| {
        bar.set_message(format!("checking the set-up: {part}"));
        bar.tick();
        true
    };
    let found = training.gate(sweep, &mut go_on);
    bar.finish_and_clear();
    found
}
