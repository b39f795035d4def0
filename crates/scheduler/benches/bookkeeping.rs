//! What a trial costs besides its training: planning, events, record and tables, per trial.
//!
//! The objective reports at once, so that all the time is the scheduler's. `memory` leaves nothing behind;
//! `record` appends every event to a journal before acting on it and writes the tables, as `finetooth run` does;
//! `generations` is the default search of about as many trials;
//! `proposals` compares a search with random proposals and one with a Gaussian process, by generation;
//! `tables` writes the four tables once; `replay` reads the journal and takes the sweep up from it.
//! Aims: 10 µs a trial in memory and the same for any number of trials, 50 µs on record.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::future::pending;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::executor::Inline;
use finetooth_scheduler::journal::{Journal, read};
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::observer::Nobody;
use finetooth_scheduler::results::Tables;
use finetooth_scheduler::run::{Storage, run};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::space::{Params, Scale, Value};
use finetooth_scheduler::sweep::{KeyKind, KeySpec, Purpose, Sweep};
use finetooth_scheduler::trial::{Ended, Outcome, Report, Trial};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const N_TRIALS: [u32; 3] = [1_000, 10_000, 100_000];
const KEYS: [&str; 4] = ["learning_rate", "lr_decay", "l2", "dropout"];
const COLUMNS: [&str; 6] = [
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "update_ratio",
];

/// Reports the untrained network and one epoch; the accuracy is a fixed function of the learning rate.
struct AtOnce;

impl Objective for AtOnce {
    fn summary(&self) -> ObjectiveSummary {
        ObjectiveSummary {
            columns: COLUMNS.map(str::to_owned).to_vec(),
            validation_samples: 360,
            data_fingerprint: "00c0ffee".to_owned(),
            instruction_set: "none".to_owned(),
            description: Vec::new(),
        }
    }

    fn run(&self, task: &Task, _: Context, reporter: &mut dyn Reporter) -> Ended {
        let learning_rate = learning_rate(&task.trial.params);
        let first = if task.from == 0 { 0 } else { task.from + 1 };
        for epoch in first..=task.trial.epochs {
            let quality = 1.0 - 3.0 * (learning_rate - 0.01).abs();
            let accuracy = quality * f64::from(epoch) / (1.0 + f64::from(epoch));
            let values = vec![learning_rate, 1.0, accuracy, 1.5, accuracy, 1e-3];
            reporter.report(Report { epoch, values });
        }
        Ended::Outcome(Outcome::Completed)
    }

    fn train_file(&self, trial: &Trial) -> String {
        trial.params.to_string()
    }
}

fn learning_rate(params: &Params) -> f64 {
    params.get(KEYS[0]).and_then(Value::as_f64).unwrap()
}

/// A search in generations of about so many trials: one is trained for some three epochs on average.
fn generations(n_trials: u32) -> Sweep {
    let budget = (n_trials / 9).max(6);
    parsed(&format!("[search]\nbudget = {budget}\n"))
}

fn sweep(n_trials: u32) -> Sweep {
    parsed(&format!(
        "[[stage]]\nname = \"one\"\ntrials = {n_trials}\nepochs = 1\n"
    ))
}

/// Searches in generations, nearly all of them fine ones behind 350 results: proposals drawn at random, and
/// from a Gaussian process over four keys.
fn proposals(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let mut group = criterion.benchmark_group("proposals");
    let n_generations = u64::from(search_of_generations(&runtime, "random"));
    group
        .sample_size(10)
        .throughput(Throughput::Elements(n_generations));
    for kind in ["random", "gp"] {
        group.bench_function(kind, |bencher| {
            bencher.iter(|| search_of_generations(&runtime, kind));
        });
    }
    group.finish();
}

/// Number of generations of the search.
fn search_of_generations(runtime: &Runtime, proposals: &str) -> u32 {
    let mut search = search(parsed(&format!(
        "dropout = {{ low = 0.0, high = 0.6 }}\n[search]\nbudget = 300\nproposals = \"{proposals}\"\n"
    )));
    finish(runtime, &mut search, None);
    search.state().rounds().len() as u32
}

fn parsed(procedure: &str) -> Sweep {
    let text = format!(
        "name = \"bench\"\n[widen]\nmax_rounds = 0\n\
         [space]\nlearning_rate = {{ low = 1e-5, high = 1e-1, scale = \"log\" }}\n\
         lr_decay = {{ low = 0.8, high = 1.0 }}\nl2 = {{ low = 1e-6, high = 1e-1, scale = \"log\" }}\n{procedure}"
    );
    let keys = KEYS.map(|name| KeySpec {
        table: "train".to_owned(),
        name: name.to_owned(),
        kind: KeyKind::Float,
        default: Some(Value::Float(0.5)),
        limits: Some((0.0, 10.0)),
        scale: Scale::Linear,
        searchable: true,
        supported: true,
        doc: String::new(),
    });
    let columns = COLUMNS.map(str::to_owned);
    let here = Path::new(".");
    let parsed = Sweep::parse(&text, &keys, &columns, &[], here, Purpose::Sweep);
    parsed.unwrap().0
}

/// A search that has begun.
fn search(sweep: Sweep) -> Search {
    let mut search = Search::replay(sweep, AtOnce.summary(), Vec::new()).unwrap();
    search.begin("bench", "", "host", 1, Timestamp::UNIX_EPOCH);
    search
}

/// Where a run writes; the directory lives as long as it.
fn storage(sweep: &Sweep) -> (Storage, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().to_owned();
    let storage = Storage {
        journal: Journal::open(&dir.join("journal.jsonl")).unwrap().journal,
        tables: Tables::new(&dir, sweep, &COLUMNS.map(str::to_owned)),
        dir,
    };
    (storage, directory)
}

/// Runs `search` to its end.
fn finish(runtime: &Runtime, search: &mut Search, storage: Option<&mut Storage>) {
    let train_file = |trial: &Trial| AtOnce.train_file(trial);
    let mut executor = Inline::new(AtOnce);
    let mut nobody = Nobody;
    let whole = run(
        search,
        &mut executor,
        storage,
        &train_file,
        &mut nobody,
        pending(),
    );
    runtime.block_on(whole).unwrap();
}

fn bookkeeping(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let mut group = criterion.benchmark_group("bookkeeping");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500));
    for n_trials in N_TRIALS {
        group.throughput(Throughput::Elements(u64::from(n_trials)));
        group.bench_function(BenchmarkId::new("memory", n_trials), |bencher| {
            bencher.iter_batched(
                || search(sweep(n_trials)),
                |mut search| {
                    finish(&runtime, &mut search, None);
                    search
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("record", n_trials), |bencher| {
            bencher.iter_batched(
                || (search(sweep(n_trials)), storage(&sweep(n_trials))),
                |(mut search, mut kept)| {
                    finish(&runtime, &mut search, Some(&mut kept.0));
                    (search, kept)
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("generations", n_trials), |bencher| {
            bencher.iter_batched(
                || search(generations(n_trials)),
                |mut search| {
                    finish(&runtime, &mut search, None);
                    search
                },
                BatchSize::PerIteration,
            );
        });
        let sweep = sweep(n_trials);
        let mut search = search(sweep.clone());
        let (mut storage, directory) = storage(&sweep);
        finish(&runtime, &mut search, Some(&mut storage));
        group.bench_function(BenchmarkId::new("tables", n_trials), |bencher| {
            bencher.iter(|| storage.tables.write(search.state()).unwrap());
        });
        group.bench_function(BenchmarkId::new("replay", n_trials), |bencher| {
            bencher.iter(|| {
                let records = read(&directory.path().join("journal.jsonl"))
                    .unwrap()
                    .records;
                Search::replay(sweep.clone(), AtOnce.summary(), records).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bookkeeping, proposals);
criterion_main!(benches);
