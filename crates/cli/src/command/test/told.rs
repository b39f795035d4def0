//! What came of a test, for people.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::ledger::{Ledger, Use};
use crate::figures::{brief, counted};
use crate::table::Table;

/// Classes up to which the whole confusion matrix is shown.
const MOST_CLASSES: usize = 20;

/// Figures, members and classes.
pub(super) fn text(known: &Use, ledger: &Ledger) -> String {
    let test = known.test.as_ref().unwrap_or(&Json::Null);
    let mut text = format!("test set: {}\n", figures(test));
    let members: Vec<_> = known
        .members
        .iter()
        .filter(|member| member.weight > 0)
        .collect();
    if known.members.len() > 1 {
        let _ = writeln!(text, "best trial alone: {}", figures(&test["best_alone"]));
        let _ = writeln!(
            text,
            "on the validation set, where they were chosen: {} together, {} alone",
            figures(&known.validation["together"]),
            figures(&known.validation["best_alone"])
        );
    }
    let mut table = Table::new(["trial", "epoch", "metric", "weight"]);
    for member in &members {
        table.push(vec![
            member.name(),
            member.epoch.to_string(),
            member.metric.map_or_else(String::new, brief),
            member.weight.to_string(),
        ]);
    }
    let _ = write!(text, "\n{table}");
    if let Some(classes) = test["classes"].as_array() {
        let _ = write!(text, "\n{}", classes_table(classes));
        if classes.len() <= MOST_CLASSES {
            let _ = write!(
                text,
                "\nhow many of each class (rows) were taken for each (columns)\n{}",
                confusion(test, classes)
            );
        }
    }
    let _ = writeln!(
        text,
        "\nthe test set was used {}; test.json tells",
        counted(ledger.n_uses(), "time")
    );
    text
}

fn number(value: &Json) -> String {
    value.as_f64().map_or("none".to_owned(), brief)
}

/// `accuracy 0.9806 (95 %: 0.9602 to 0.9906), loss 0.05964, 360 samples`.
fn figures(found: &Json) -> String {
    let samples = counted(found["samples"].as_u64().unwrap_or(0) as usize, "sample");
    if found["rmse"].is_number() {
        return format!(
            "rmse {}, mae {}, r2 {}, {samples}",
            number(&found["rmse"]),
            number(&found["mae"]),
            number(&found["r2"])
        );
    }
    format!(
        "accuracy {} (95 %: {} to {}), loss {}, {samples}",
        number(&found["accuracy"]),
        number(&found["interval_95"][0]),
        number(&found["interval_95"][1]),
        number(&found["loss"])
    )
}

fn classes_table(classes: &[Json]) -> Table {
    let mut table = Table::new(["class", "samples", "precision", "recall"]);
    for class in classes {
        table.push(vec![
            class["name"].as_str().unwrap_or_default().to_owned(),
            class["support"].to_string(),
            number(&class["precision"]),
            number(&class["recall"]),
        ]);
    }
    table
}

fn confusion(test: &Json, classes: &[Json]) -> Table {
    let names = || {
        classes
            .iter()
            .map(|class| class["name"].as_str().unwrap_or_default())
    };
    let mut table = Table::new([""].into_iter().chain(names()));
    for (name, row) in names().zip(test["confusion"].as_array().into_iter().flatten()) {
        let cells = row.as_array().into_iter().flatten().map(Json::to_string);
        table.push([name.to_owned()].into_iter().chain(cells).collect());
    }
    table
}
