//! Definitions written out read back to the same value.

use std::path::Path;

use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{Purpose, columns, keys, sweep};
use crate::space::Scale;
use crate::sweep::{KeyKind, Sweep};

#[track_caller]
fn check(text: &str) {
    let sweep = sweep(text);
    let written = sweep.to_toml(&keys());
    // From another directory: paths are absolute by then.
    let base = Path::new("/elsewhere");
    let read = Sweep::parse(&written, &keys(), &columns(), &[], base, Purpose::Sweep);
    let read = read
        .unwrap_or_else(|mistakes| panic!("{mistakes}\n{written}"))
        .0;
    assert_eq!(read, sweep, "{written}");
    assert_eq!(read.to_toml(&keys()), written);
}

#[test]
fn keys_of_programs_that_are_not_bare_are_quoted() {
    let mut keys = keys();
    for name in ["learning rate", "a.b", "say \"x\"", "größe"] {
        let mut spec = keys[0].clone();
        spec.name = name.to_owned();
        spec.kind = KeyKind::Float;
        (spec.limits, spec.default) = (None, None);
        spec.scale = Scale::Linear;
        spec.searchable = true;
        spec.supported = true;
        keys.push(spec);
    }
    let text = r#"
        name = "x"
        space."learning rate" = { low = 0.1, high = 1 }
        space."a.b" = { values = [1, 2] }
        space."say \"x\"" = { low = 1, high = 2, when = { "a.b" = [2] } }
        space."größe" = { low = 1, high = 2 }
    "#;
    let read = |text: &str| {
        let base = Path::new("/");
        let parsed = Sweep::parse(text, &keys, &columns(), &[], base, Purpose::Sweep);
        parsed
            .unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"))
            .0
    };
    let sweep = read(text);
    assert_eq!(read(&sweep.to_toml(&keys)), sweep);
}

#[test]
fn every_default_is_written_out() {
    let text = r#"
        name = "digits"
        [data]
        path = "some \"data\" here"
        missing = ["", "NA\u007f"]
        [space]
        l2 = { low = 1e-6, high = 1e-1, zero = 0.1 }
        batch_size = { low = 8, high = 64, step = 8 }
        shift = { low = -1, high = 1 }
        hidden = { values = [64, [64, 32]] }
        [[stage]]
        name = "only"
        trials = 4
        epochs = 1
    "#;
    check(text);
    let mut keys = keys();
    for spec in &mut keys {
        spec.doc = format!("what {} does", spec.name);
    }
    assert_snapshot!(sweep(text).to_toml(&keys), @r#"
    # The definition as run, every default written out.
    name = "digits"
    seed = 0
    metric = { name = "val_accuracy", goal = "maximize" }

    [data]
    source = "digits"               # what source does
    path = "/home/lab/some \"data\" here"  # what path does
    validation = 0.2                # what validation does
    preprocess = "standardize_channel"  # what preprocess does
    label = -1                      # what label does
    header = "auto"                 # what header does
    missing = ["", "NA\u007f"]      # what missing does

    [model]
    n_filters = 16                  # what n_filters does
    hidden = 64                     # what hidden does
    bias = true                     # what bias does

    [train]
    epochs = 27                     # what epochs does
    optimizer = "adam"              # what optimizer does
    learning_rate = 0.001           # what learning_rate does
    lr_decay = 0.95                 # what lr_decay does
    l2 = 0.0                        # what l2 does
    batch_size = 64                 # what batch_size does
    dtype = "f32"                   # what dtype does

    [space.l2]
    low = 1e-6
    high = 0.1
    scale = "log"
    limits = [0.0, inf]
    zero = 0.1

    [space.batch_size]
    low = 8
    high = 64
    scale = "linear"
    step = 8
    limits = [1, 65536]

    [space.shift]
    low = -1.0
    high = 1.0
    scale = "linear"
    limits = [-inf, inf]

    [space.hidden]
    values = [64, [64, 32]]

    [[stage]]
    name = "only"
    trials = 4
    epochs = 1
    sampler = "sobol"
    keys = ["l2", "batch_size", "shift", "hidden"]

    [widen]
    max_rounds = 4
    tau = 0.15
    step = 0.5

    [prune]
    rule = "none"
    min_trials = 8
    min_epochs = 1

    [sanity]
    enabled = true
    on_failure = "stop"
    probe = "warn"

    [executor]
    kind = "local"

    [limits]
    workers = "auto"
    max_failures = 5
    keep_bytes = "10GB"
    "#);
}

#[test]
fn every_default_of_generations_is_written_out() {
    let text = r#"
        name = "x"
        metric = { target = 0.98 }
        [space.l2]
        low = 1e-6
        high = 1e-1
        order = 2
        when = { optimizer = "adam", hidden = [64, [64, 32]] }
        [space.optimizer]
        values = ["sgd", "adam"]
        [space.hidden]
        values = [64, [64, 32]]
        [search]
        epochs = 9
        [prune]
        rule = "median"
        [limits]
        sweep_seconds = 3600
        keep_bytes = 1500000
    "#;
    check(text);
    let written = sweep(text).to_toml(&keys());
    let (top, rest) = written.split_once("[data]").unwrap();
    let space = &rest[rest.find("[space").unwrap()..];
    assert_snapshot!(format!("{top}{space}"), @r#"
    # The definition as run, every default written out.
    name = "x"
    seed = 0
    metric = { name = "val_accuracy", goal = "maximize", target = 0.98 }

    [space.l2]
    low = 1e-6
    high = 0.1
    scale = "log"
    limits = [0.0, inf]
    order = 2
    when = { optimizer = ["adam"], hidden = [64, [64, 32]] }

    [space.optimizer]
    values = ["sgd", "adam"]

    [space.hidden]
    values = [64, [64, 32]]

    [search]
    epochs = 9
    budget = 20
    parallel = 4
    proposals = "random"
    n0 = 32
    explore = 0.1
    first_order = 10
    confirm = 3

    [widen]
    max_rounds = 4
    tau = 0.15
    step = 0.5

    [prune]
    rule = "median"
    min_trials = 8
    min_epochs = 1

    [sanity]
    enabled = true
    on_failure = "stop"
    probe = "warn"

    [executor]
    kind = "local"

    [limits]
    workers = "auto"
    max_failures = 5
    sweep_seconds = 3600
    keep_bytes = "1500KB"
    "#);
}

#[test]
fn odd_texts_survive() {
    for label in [
        "\\\"",
        "'",
        "\\n\\t",
        "\\u0000\\u007f",
        "é #",
        "",
        "C:\\\\dir",
    ] {
        check(&format!("name = \"x\"\n[data]\nlabel = \"{label}\""));
    }
}

#[test]
fn the_smallest_numbers_survive() {
    for limits in [
        "[0, 1e-300]",
        "[0, inf]",
        "[5e-324, 1]",
        "[0, 2.2250738585072014e-308]",
    ] {
        check(&format!(
            "name = \"x\"\n[space.shift]\nlow = 5e-324\nhigh = 1e-308\nscale = \"log\"\nlimits = {limits}"
        ));
    }
}

/// A finite number above 0, of any size and with all its digits.
fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![
        (1e-300..1e300_f64),
        (0.0..1.0_f64).prop_map(|u| 10_f64.powf(-12.0 * u)),
        select(vec![1e-5, 0.1, 0.3, 1.0, 5e-324, f64::MIN_POSITIVE, 1e15]),
    ]
    .prop_filter("above 0", |number| *number > 0.0)
}

fn float_range(key: &'static str) -> impl Strategy<Value = String> {
    let number = prop_oneof![positive(), positive().prop_map(|number| -number)];
    let log = (positive(), positive(), any::<bool>(), 0.0..0.999_f64);
    let log = log.prop_map(move |(a, b, limited, zero)| {
        let (low, high) = (a.min(b), a.max(b));
        let limits = if limited {
            format!("limits = [0, {high:?}]\n")
        } else {
            String::new()
        };
        format!("low = {low:?}\nhigh = {high:?}\nscale = \"log\"\nzero = {zero:?}\n{limits}")
    });
    let linear = (number.clone(), number, any::<bool>()).prop_map(|(a, b, limited)| {
        let (low, high) = (a.min(b), a.max(b));
        let limits = if limited {
            format!("limits = [{low:?}, inf]\n")
        } else {
            String::new()
        };
        format!("low = {low:?}\nhigh = {high:?}\nscale = \"linear\"\n{limits}")
    });
    let stepped = (positive(), 1..50_u32).prop_map(|(step, n)| {
        let high = step * f64::from(n);
        format!("low = 0\nhigh = {high:?}\nstep = {step:?}\n")
    });
    prop_oneof![log, linear, stepped].prop_map(move |lines| format!("[space.{key}]\n{lines}"))
}

fn integer_range(key: &'static str) -> impl Strategy<Value = String> {
    let ends = (
        1..2000_i64,
        1..200_i64,
        1..10_i64,
        select(vec!["linear", "log"]),
    );
    ends.prop_map(move |(low, n, step, scale)| {
        let step = if scale == "log" { 1 } else { step };
        let high = low + n * step;
        let step = if step == 1 {
            String::new()
        } else {
            format!("step = {step}\n")
        };
        format!("[space.{key}]\nlow = {low}\nhigh = {high}\nscale = \"{scale}\"\n{step}")
    })
}

fn values(key: &'static str, of: &'static [&'static str]) -> impl Strategy<Value = String> {
    subsequence(of, 1..=of.len())
        .prop_map(move |values| format!("[space.{key}]\nvalues = [{}]\n", values.join(", ")))
}

fn search() -> impl Strategy<Value = String> {
    let search = (
        1..1_000_000_u32,
        6..1_000_000_u32,
        1..=1024_u32,
        select(vec!["random", "gp"]),
        8..1_000_000_u32,
        0.001..0.999_f64,
    );
    let search = search.prop_map(|(epochs, budget, parallel, proposals, n0, explore)| {
        format!(
            "[search]\nepochs = {epochs}\nbudget = {budget}\nparallel = {parallel}\n\
             proposals = \"{proposals}\"\nn0 = {n0}\nexplore = {explore:?}\nconfirm = {}\nfirst_order = {}\n",
            budget / 3,
            budget - 1
        )
    });
    prop_oneof![Just(String::new()), search]
}

fn stages() -> impl Strategy<Value = String> {
    let stage = (
        1..1_000_000_u32,
        1..1_000_000_u32,
        select(vec!["sobol", "random"]),
    );
    vec(stage, 0..4).prop_map(|stages| {
        let stage = |(index, (trials, epochs, sampler))| {
            format!(
                "[[stage]]\nname = \"s{index}\"\ntrials = {trials}\nepochs = {epochs}\n\
                 sampler = \"{sampler}\"\n"
            )
        };
        stages.into_iter().enumerate().map(stage).collect()
    })
}

prop_compose! {
    fn definition()(
        seed in 0..=i32::MAX,
        decay in 1e-6..1.0_f64,
        shift in -1e9..1e9_f64,
        space in (
            prop::option::of(float_range("shift")),
            prop::option::of(float_range("l2").prop_filter("l2 is never negative", |lines| !lines.contains("= -"))),
            prop::option::of(integer_range("n_filters")),
            prop::option::of(integer_range("hidden")),
            prop::option::of(values("optimizer", &["\"sgd\"", "\"momentum\"", "\"adam\""])),
            prop::option::of(values("bias", &["true", "false"])),
            prop::option::of(values("lr_decay", &["1", "0.30000000000000004", "1e-3"])),
        ),
        procedure in prop_oneof![stages(), search()],
        target in prop::option::of(-1e9..1e9_f64),
        bytes in 0..=i64::MAX,
        when in any::<bool>(),
        tau in 0.001..0.499_f64,
        step in 0.001..4.0_f64,
        workers in prop::option::of(1..=1024_usize),
    ) -> String {
        let space: Vec<String> = [space.0, space.1, space.2, space.3, space.4, space.5, space.6]
            .into_iter()
            .flatten()
            .collect();
        let target = target.map_or(String::new(), |target| format!("metric = {{ target = {target:?} }}\n"));
        let when = if when { "when = { batch_size = [8, 16] }\n" } else { "" };
        let batches = "[space.batch_size]\nvalues = [8, 16, 32]\n";
        let workers = workers.map_or(String::new(), |workers| format!("workers = {workers}\n"));
        format!(
            "name = \"x\"\nseed = {seed}\n{target}[train]\nlr_decay = {decay:?}\nshift = {shift:?}\n{batches}{}{when}\
             {procedure}[widen]\ntau = {tau:?}\nstep = {step:?}\n[limits]\nkeep_bytes = {bytes}\n{workers}",
            space.join(when)
        )
    }
}

proptest! {
    #[test]
    fn any_definition_reads_back_to_the_bit(text in definition()) {
        // Two draws may be equal or too far apart for a range.
        prop_assume!(super::parse(&text).is_ok());
        check(&text);
    }
}
