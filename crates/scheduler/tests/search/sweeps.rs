//! Sweeps in directories of their own, run to the end on any executor.

use std::fs;
use std::future::pending;
use std::path::Path;

use finetooth_scheduler::event::Event;
use finetooth_scheduler::executor::Executor;
use finetooth_scheduler::journal::Journal;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::observer::Nobody;
use finetooth_scheduler::results::Tables;
use finetooth_scheduler::run::{RunEnd, Storage, run};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::space::{Scale, Value};
use finetooth_scheduler::sweep::{Choice, KeyKind, KeySpec, Purpose, Sweep, changes};

use crate::valley::Valley;

/// Three keys, three stages, one range a decade too low.
pub(crate) const MISPLACED: &str = r#"
name = "valley"
seed = 5
[space.learning_rate]
low = 1e-6
high = 1e-4
scale = "log"
[space.l2]
low = 1e-6
high = 1e-1
scale = "log"
zero = 0.1
[space.optimizer]
values = ["sgd", "adam"]
[[stage]]
name = "coarse"
trials = 24
epochs = 2
[[stage]]
name = "fine"
trials = 12
epochs = 4
[[stage]]
name = "final"
trials = 5
epochs = 6
keys = ["learning_rate"]
"#;

fn key(name: &str, kind: KeyKind, default: Value, limits: Option<(f64, f64)>) -> KeySpec {
    KeySpec {
        table: "train".to_owned(),
        name: name.to_owned(),
        kind,
        default: Some(default),
        limits,
        scale: Scale::Linear,
        searchable: true,
        supported: true,
        doc: "a key".to_owned(),
    }
}

pub(crate) fn keys() -> Vec<KeySpec> {
    let words = ["sgd", "adam"]
        .map(|word| Choice {
            word: word.to_owned(),
            supported: true,
        })
        .to_vec();
    vec![
        key(
            "learning_rate",
            KeyKind::Float,
            Value::Float(1e-3),
            Some((1e-8, 10.0)),
        ),
        key("l2", KeyKind::Float, Value::Float(0.0), Some((0.0, 10.0))),
        key(
            "optimizer",
            KeyKind::Choice(words),
            Value::Text("adam".to_owned()),
            None,
        ),
        key(
            "beta1",
            KeyKind::Float,
            Value::Float(0.9),
            Some((0.0, 0.999)),
        ),
        key(
            "n_filters",
            KeyKind::Integer,
            Value::Integer(16),
            Some((1.0, 512.0)),
        ),
    ]
}

pub(crate) fn sweep(text: &str) -> Sweep {
    let columns = Valley::default().summary().columns;
    let keys = keys();
    let parsed = Sweep::parse(text, &keys, &columns, &[], Path::new("/"), Purpose::Sweep);
    parsed.unwrap_or_else(|mistakes| panic!("{mistakes}")).0
}

/// Runs `text` in `dir`, from wherever its journal stands, to the end or `shutdown`.
pub(crate) fn run_in<E: Executor>(
    dir: &Path,
    text: &str,
    executor: &mut E,
    shutdown: impl Future<Output = ()>,
) -> (Search, RunEnd) {
    let sweep = sweep(text);
    let definition = sweep.to_toml(&keys());
    let objective = Valley::default();
    let summary = objective.summary();
    let opened = Journal::open(&dir.join("journal.jsonl")).unwrap();
    let tables = Tables::new(dir, &sweep, &summary.columns);
    let known = opened
        .records
        .iter()
        .rev()
        .find_map(|record| match &record.event {
            Event::SweepStarted(started) => Some(started.definition.clone()),
            Event::SweepReplanned { definition } => Some(definition.clone()),
            _ => None,
        });
    let mut search = if known.is_some_and(|known| !changes(&known, &definition).is_empty()) {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let fresh = Search::new(sweep, summary).unwrap();
        fresh.replan(opened.records, &definition, now).unwrap()
    } else {
        Search::replay(sweep, summary, opened.records).unwrap()
    };
    search.begin(
        "0.0.0",
        &definition,
        "here",
        executor.workers(),
        jiff::Timestamp::UNIX_EPOCH,
    );
    let mut storage = Storage {
        journal: opened.journal,
        tables,
        dir: dir.to_owned(),
    };
    let train_file = |trial: &finetooth_scheduler::trial::Trial| objective.train_file(trial);
    let mut nobody = Nobody;
    let looped = run(
        &mut search,
        executor,
        Some(&mut storage),
        &train_file,
        &mut nobody,
        shutdown,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let end = runtime.block_on(looped).unwrap();
    (search, end)
}

pub(crate) fn run_to_end<E: Executor>(dir: &Path, text: &str, executor: &mut E) -> Search {
    run_in(dir, text, executor, pending()).0
}

/// The files that must be the same for any number of workers and after any crash.
pub(crate) fn results(dir: &Path) -> Vec<(&'static str, String)> {
    let names = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];
    names
        .map(|name| (name, fs::read_to_string(dir.join(name)).unwrap_or_default()))
        .to_vec()
}

#[track_caller]
pub(crate) fn assert_same_results(one: &Path, other: &Path, what: &str) {
    for ((name, expected), (_, found)) in results(one).into_iter().zip(results(other)) {
        assert!(!expected.is_empty(), "{name} is empty");
        assert!(
            expected == found,
            "{name} differs {what}:\n{expected}\n--- and ---\n{found}"
        );
    }
}
