//! Event files for TensorBoard, read byte by byte.

use std::collections::BTreeMap;
use std::fs;

use prost::Message;

use super::{export, number, odd, rows};
use crate::sandbox::Sandbox;

/// tensorboard.Event, as far as it is looked at.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    values: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryValue {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// The events of a file, every check of which must hold.
#[track_caller]
fn events(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        check_crc(&bytes[..8], &bytes[8..12]);
        let (data, rest) = bytes[12..].split_at(length);
        check_crc(data, &rest[..4]);
        events.push(Event::decode(data).unwrap());
        bytes = &rest[4..];
    }
    events
}

#[track_caller]
fn check_crc(data: &[u8], told: &[u8]) {
    let masked = u32::from_le_bytes(told.try_into().unwrap());
    // tensorflow/core/lib/hash/crc32c.h, Unmask.
    let rotated = masked.wrapping_sub(0xa282_ead8);
    assert_eq!(rotated.rotate_left(15), crc32c::crc32c(data));
}

/// The one file in a run's directory.
fn file(sandbox: &Sandbox, run: &str) -> Vec<u8> {
    let names = sandbox.names(run);
    let files: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with("events.out.tfevents."))
        .collect();
    assert_eq!(files.len(), 1, "{names:?}");
    fs::read(sandbox.path().join(run).join(files[0])).unwrap()
}

/// Numbers by tag and step; of the tags `_hparams_/…` that only the HPARAMS tab reads, the names.
type Curves = BTreeMap<(String, i64), f32>;

#[track_caller]
fn read(sandbox: &Sandbox, run: &str) -> (Curves, Vec<String>) {
    let events = events(&file(sandbox, run));
    assert_eq!(events[0].file_version.as_deref(), Some("brain.Event:2"));
    assert!(events.iter().all(|event| event.wall_time > 1.7e9));
    let (mut curves, mut plugin) = (Curves::new(), Vec::new());
    for event in events {
        for value in event.summary.into_iter().flat_map(|summary| summary.values) {
            match value.simple_value {
                Some(real) => {
                    let before = curves.insert((value.tag, event.step), real);
                    assert_eq!(before, None, "one number a tag and step");
                }
                None => plugin.push(value.tag),
            }
        }
    }
    (curves, plugin)
}

#[track_caller]
fn check(sandbox: &Sandbox, name: &str, metric: &str, best: &str) {
    export(sandbox, name, "tensorboard");
    let log = format!("results/{name}/export/tensorboard");
    let (curves, plugin) = read(sandbox, &log);
    assert!(curves.is_empty());
    assert_eq!(plugin, ["_hparams_/experiment"]);
    let (names, epochs) = rows(sandbox, &format!("results/{name}/epochs.csv"));
    let (columns, trials) = rows(sandbox, &format!("results/{name}/trials.csv"));
    let column = |wanted: &str| columns.iter().position(|name| name == wanted).unwrap();
    for trial in &trials {
        let number_of_trial: u32 = trial[0].parse().unwrap();
        let (mut curves, plugin) = read(sandbox, &format!("{log}/trial-{number_of_trial:04}"));
        assert_eq!(
            plugin,
            ["_hparams_/session_start_info", "_hparams_/session_end_info"]
        );
        for row in epochs.iter().filter(|row| row[0] == trial[0]) {
            for (name, cell) in names.iter().zip(row).skip(3) {
                let found = curves.remove(&(name.clone(), row[2].parse().unwrap()));
                let expected = Some(cell).filter(|cell| !cell.is_empty());
                let expected = expected.map(|cell| (number(cell) as f32).to_bits());
                // Of a NaN, any bits.
                let is_nan = found.is_some_and(f32::is_nan) && cell == "NaN";
                assert!(is_nan || found.map(f32::to_bits) == expected, "{name}");
            }
        }
        let best_epoch = &trial[column("best_epoch")];
        if !best_epoch.is_empty() {
            let at_best = (best.to_owned(), best_epoch.parse().unwrap());
            let found = curves.remove(&at_best).unwrap();
            assert_eq!(found, number(&trial[column(metric)]) as f32);
        }
        // What is named like a column of the table of epochs is not in it.
        curves.retain(|(tag, _), _| tag != "trial");
        assert!(curves.is_empty(), "{curves:?}");
    }
}

#[test]
fn event_files_are_records_whose_checks_hold_and_tell_what_epochs_csv_tells() {
    check(
        &Sandbox::with_small_run(),
        "small",
        "val_accuracy",
        "best/val_accuracy",
    );
    let metric = "val/acc \"é\" ✓";
    // A program's own number has the name that the best would have.
    check(&odd(), "odd", metric, &format!("best/best/{metric}"));
}
