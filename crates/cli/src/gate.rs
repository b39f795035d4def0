//! The sanity checks and the probe, in words.

use std::fmt::Write as _;

use finetooth_scheduler::gate::{Check, Gate, Verdict};
use serde_json::{Value as Json, json};

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
