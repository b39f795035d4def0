//! Real trainings on any number of workers, in any order of completion, leave the same bytes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use finetooth_objective::{Training, columns, key_specs};
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::executor::Pool;
use finetooth_scheduler::journal::Journal;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::observer::Nobody;
use finetooth_scheduler::results::Tables;
use finetooth_scheduler::run::{RunEnd, Storage, run};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::sweep::{Purpose, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Report, Trial};
use jiff::Timestamp;
use tempfile::TempDir;

/// Every kind of range and sampler, stages of some keys only, and a learning rate that has to be widened.
const SWEEP: &str = r#"
name = "small"
seed = 11
[model]
kind = "mlp"
[space.learning_rate]
low = 1e-6
high = 1e-4
[space.l2]
low = 1e-6
high = 1e-1
zero = 0.2
[space.optimizer]
values = ["sgd", "momentum", "adam"]
[space.hidden]
values = [8, [12, 8], []]
[space.batch_size]
low = 32
high = 96
step = 32
[space.lr_decay]
low = 0.7
high = 1.0
step = 0.1
[[stage]]
name = "coarse"
trials = 16
epochs = 2
[[stage]]
name = "grid"
trials = 12
epochs = 1
sampler = "grid"
keys = ["optimizer", "batch_size", "l2"]
[[stage]]
name = "plain"
trials = 9
epochs = 3
sampler = "random"
"#;

/// Training with a pause after every report, its length drawn from the salt, the trial and the epoch.
struct Paused {
    training: Training,
    salt: u64,
}

impl Paused {
    /// Up to 5 ms.
    fn pause(&self, trial: u32, epoch: u32) -> Duration {
        // The mixing step of SplitMix64.
        let key = self.salt << 40 | u64::from(trial) << 20 | u64::from(epoch);
        let mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Duration::from_micros((mixed ^ (mixed >> 27)) % 5000)
    }
}

struct PausedReporter<'a> {
    reporter: &'a mut dyn Reporter,
    objective: &'a Paused,
    trial: u32,
}

impl Reporter for PausedReporter<'_> {
    fn report(&mut self, report: Report) -> Decision {
        sleep(self.objective.pause(self.trial, report.epoch));
        self.reporter.report(report)
    }
}

impl Objective for Paused {
    fn summary(&self) -> ObjectiveSummary {
        self.training.summary()
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        let mut paused = PausedReporter {
            reporter,
            objective: self,
            trial: task.trial.id.number(),
        };
        self.training.run(task, context, &mut paused)
    }

    fn train_file(&self, trial: &Trial) -> String {
        self.training.train_file(trial)
    }
}

/// The four files that must be the same, after a run on `workers` threads; and the order in which trials ended.
fn results(workers: usize) -> ([(&'static str, String); 4], Vec<u32>) {
    let dir = TempDir::new().unwrap();
    let (keys, columns, base) = (key_specs(), columns(), Path::new("/"));
    let (sweep, spans) = Sweep::parse(SWEEP, &keys, &columns, &[], base, Purpose::Sweep).unwrap();
    let objective = Arc::new(Paused {
        training: Training::open(&sweep, &spans).unwrap(),
        salt: workers as u64,
    });
    let (definition, summary) = (sweep.to_toml(&keys), objective.summary());
    let path = dir.path().join("journal.jsonl");
    let mut storage = Storage {
        journal: Journal::open(&path).unwrap().journal,
        tables: Tables::new(dir.path(), &sweep, &summary.columns),
        dir: dir.path().to_owned(),
    };
    let mut search = Search::replay(sweep, summary, Vec::new()).unwrap();
    search.begin("0.0.0", &definition, "here", workers, Timestamp::UNIX_EPOCH);
    let mut pool = Pool::new(Arc::clone(&objective), workers).unwrap();
    let train_file = |trial: &Trial| objective.train_file(trial);
    let mut nobody = Nobody;
    let looped = run(
        &mut search,
        &mut pool,
        Some(&mut storage),
        &train_file,
        &mut nobody,
        pending(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let end = runtime.block_on(looped).unwrap();
    assert!(matches!(end, RunEnd::Finished(_)));
    let mut ended: Vec<_> = search
        .state()
        .trials()
        .iter()
        .map(|record| (record.attempts[0].finished_at, record.trial.id.number()))
        .collect();
    ended.sort();
    let names = ["trials.csv", "epochs.csv", "stages.csv", "best.toml"];
    let files = names.map(|name| (name, fs::read_to_string(dir.path().join(name)).unwrap()));
    (files, ended.into_iter().map(|(_, id)| id).collect())
}

#[test]
fn real_trainings_leave_the_same_bytes_on_any_number_of_workers() {
    let (expected, in_order) = results(1);
    assert!(in_order.is_sorted());
    let [(_, trials), (_, epochs), (_, stages), (_, best)] = &expected;
    assert!(trials.lines().count() > 38, "{trials}");
    assert!(stages.contains("widened_high"), "{stages}");
    assert!(epochs.lines().count() > trials.lines().count() && best.contains("[train]"));
    let mut was_shuffled = false;
    for workers in [2, 3, 8] {
        let (found, order) = results(workers);
        was_shuffled |= !order.is_sorted();
        for ((name, expected), (_, found)) in expected.iter().zip(&found) {
            assert!(
                expected == found,
                "{name} differs with {workers} workers:\n{expected}\n--- and ---\n{found}"
            );
        }
    }
    assert!(was_shuffled, "no trial overtook another: nothing was tried");
}
