//! `[sanity]`.

use insta::assert_snapshot;

use super::{keys, sweep, told_of};
use crate::sweep::{OnFailure, ProbeUse, Sanity, changes};

#[track_caller]
fn check(lines: &str, enabled: bool, on_failure: OnFailure, probe: ProbeUse) {
    let expected = Sanity {
        enabled,
        on_failure,
        probe,
    };
    assert_eq!(sweep(&format!("name = \"x\"\n{lines}")).sanity(), expected);
}

#[test]
fn the_set_up_is_checked_unless_the_file_says_otherwise() {
    let (stop, warn) = (OnFailure::Stop, OnFailure::Warn);
    check("", true, stop, ProbeUse::Set);
    check("[sanity]", true, stop, ProbeUse::Set);
    check("[sanity]\nenabled = false", false, stop, ProbeUse::Set);
    check("[sanity]\non_failure = \"warn\"", true, warn, ProbeUse::Set);
}

#[test]
fn the_probe_sets_the_range_where_the_file_gives_none() {
    let space = "[space]\nlearning_rate = { low = 1e-5, high = 1e-1 }\n";
    check(space, true, OnFailure::Stop, ProbeUse::Warn);
    let set = format!("{space}[sanity]\nprobe = \"set\"");
    check(&set, true, OnFailure::Stop, ProbeUse::Set);
    check(
        "[sanity]\nprobe = \"warn\"",
        true,
        OnFailure::Stop,
        ProbeUse::Warn,
    );
}

#[test]
fn what_sanity_does_not_take_is_told() {
    assert_snapshot!(told_of("sanity = 1"), @"2:10 sanity takes a table with enabled, on_failure and probe, found 1");
    assert_snapshot!(told_of("[sanity]\nenabled = 1\non_failure = \"wran\"\nclasses = 3"), @r#"
    3:11 sanity.enabled takes true or false, found 1
    4:14 sanity.on_failure takes "stop" or "warn", found "wran"
      help: did you mean "warn"?
    5:1 [sanity] has no key `classes`
      help: [sanity] takes enabled, on_failure, probe
    "#);
}

#[test]
fn a_change_of_it_is_told_but_not_that_an_earlier_version_had_none() {
    let with = |lines: &str| sweep(&format!("name = \"x\"\n{lines}")).to_toml(&keys());
    let warned = with("[sanity]\non_failure = \"warn\"");
    assert_snapshot!(changes(&with(""), &warned).join("\n"), @"sanity.on_failure: stop → warn");
    let table = "[sanity]\nenabled = true\non_failure = \"warn\"\nprobe = \"set\"\n";
    let before = warned.replace(table, "");
    assert_ne!(before, warned);
    assert_snapshot!(changes(&before, &warned).join("\n"), @"");
}
