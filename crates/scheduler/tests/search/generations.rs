//! The default search: generations.

use std::fs;
use std::sync::Arc;

use finetooth_scheduler::event::Verdict;
use finetooth_scheduler::executor::{Inline, Pool, Simulated};
use finetooth_scheduler::journal::{Journal, read};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::state::TrialRecord;
use finetooth_scheduler::trial::Outcome;
use tempfile::TempDir;

use crate::fate;
use crate::sweeps::{assert_same_results, run_in, run_to_end};
use crate::valley::Valley;

/// One range a decade too low, no stages.
const MISPLACED: &str = r#"
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
"#;

/// Integers, lists, zeros, a key that only one rule has, keys that are opened later, pruning; proposals by a process.
const EVERYTHING: &str = r#"
name = "everything"
seed = 7
[space.learning_rate]
low = 1e-5
high = 1e-2
scale = "log"
[space.l2]
low = 1e-6
high = 1e-1
scale = "log"
zero = 0.2
[space.optimizer]
values = ["sgd", "adam"]
[space.beta1]
low = 0.8
high = 0.99
when = { optimizer = "adam" }
order = 2
[space.n_filters]
low = 4
high = 32
order = 2
[search]
epochs = 18
budget = 50
parallel = 8
proposals = "gp"
[prune]
rule = "median"
min_trials = 4
"#;

fn both() -> [String; 3] {
    let random = EVERYTHING.replace("\"gp\"", "\"random\"");
    [MISPLACED.to_owned(), EVERYTHING.to_owned(), random]
}

fn reference(text: &str) -> (TempDir, Search) {
    let dir = TempDir::new().unwrap();
    let search = run_to_end(dir.path(), text, &mut Inline::new(Valley::default()));
    (dir, search)
}

#[test]
fn finds_its_way_from_a_misplaced_range_within_its_budget() {
    let (dir, search) = reference(MISPLACED);
    assert_eq!(
        search.state().finished().map(|(verdict, _)| verdict),
        Some(&Verdict::Completed)
    );
    let winner = search.winner().unwrap();
    let rate = winner
        .trial
        .params
        .get("learning_rate")
        .unwrap()
        .as_f64()
        .unwrap();
    assert!((1e-3..1e-2).contains(&rate), "winner at {rate}");
    let trained: u32 = search
        .state()
        .trials()
        .iter()
        .map(TrialRecord::epochs)
        .sum();
    assert!((18 * 27..=21 * 27).contains(&trained), "{trained} epochs");
    let trials = fs::read_to_string(dir.path().join("trials.csv")).unwrap();
    println!("{trials}");
    println!(
        "{}",
        fs::read_to_string(dir.path().join("stages.csv")).unwrap()
    );
    for stage in ["coarse", "fine", "confirm"] {
        assert!(trials.contains(&format!(",{stage},")), "{stage}");
    }
    let continued = search
        .state()
        .trials()
        .iter()
        .filter(|record| record.rungs.len() > 1);
    assert!(continued.count() > 20);
}

#[test]
fn results_are_the_same_bytes_for_any_executor() {
    for text in both() {
        check_executors(&text);
    }
}

#[track_caller]
fn check_executors(text: &str) {
    let (expected, _) = reference(text);
    for workers in [1, 2, 5, 16] {
        let dir = TempDir::new().unwrap();
        let objective = Arc::new(Valley {
            sleep_us: 100,
            ..Valley::default()
        });
        run_to_end(
            dir.path(),
            text,
            &mut Pool::new(objective, workers).unwrap(),
        );
        assert_same_results(
            expected.path(),
            dir.path(),
            &format!("with {workers} workers"),
        );
    }
    for workers in [1, 2, 5, 16, 64] {
        let dir = TempDir::new().unwrap();
        let mut executor = Simulated::new(Valley::default(), workers, fate);
        run_to_end(dir.path(), text, &mut executor);
        assert_same_results(
            expected.path(),
            dir.path(),
            &format!("with {workers} simulated"),
        );
    }
}

#[test]
fn goes_on_after_any_of_its_records() {
    for text in both() {
        let (expected, _) = reference(&text);
        let journal = fs::read(expected.path().join("journal.jsonl")).unwrap();
        let is_end = |at: &usize| journal[*at] == b'\n';
        let ends: Vec<usize> = (0..journal.len()).filter(is_end).collect();
        for end in ends.iter().step_by(53) {
            let dir = TempDir::new().unwrap();
            fs::write(dir.path().join("journal.jsonl"), &journal[..=*end]).unwrap();
            let mut executor = Simulated::new(Valley::default(), 3, fate);
            run_to_end(dir.path(), &text, &mut executor);
            let what = format!("after byte {end}");
            assert_same_results(expected.path(), dir.path(), &what);
        }
    }
}

#[test]
fn order_two_keys_are_opened_later_and_conditions_hold() {
    let (dir, search) = reference(EVERYTHING);
    let trials = search.state().trials();
    let stage = |record: &TrialRecord| search.sweep().stage_name(record.trial.stage).to_owned();
    let mut n_pruned = 0;
    for record in trials {
        let value = |key: &str| record.trial.params.get(key).map(ToString::to_string);
        assert_eq!(
            value("beta1").is_some(),
            value("optimizer").unwrap() == "adam"
        );
        if matches!(stage(record).as_str(), "coarse" | "fine") {
            assert_eq!(value("n_filters").unwrap(), "16");
        }
        n_pruned += usize::from(matches!(record.outcome(), Some(Outcome::Pruned { .. })));
    }
    assert!(n_pruned > 3, "{n_pruned} pruned");
    let second = trials.iter().filter(|record| stage(record) == "second");
    assert!(second.count() > 60);
    let csv = fs::read_to_string(dir.path().join("stages.csv")).unwrap();
    assert!(csv.contains("second,0,n_filters,4,32,"), "{csv}");
}

#[test]
fn a_larger_budget_ends_as_if_it_had_been_asked_for_at_first() {
    let larger = MISPLACED.replace("seed = 5", "seed = 5\n[search]\nbudget = 30\n");
    let larger = larger.replace("[space.learning_rate]", "\n[space.learning_rate]");
    let (expected, _) = reference(&larger);
    let dir = TempDir::new().unwrap();
    run_to_end(dir.path(), MISPLACED, &mut Inline::new(Valley::default()));
    let before = fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let started = |journal: &str| journal.matches("\"trial_started\"").count();
    run_to_end(dir.path(), &larger, &mut Inline::new(Valley::default()));
    assert_same_results(expected.path(), dir.path(), "after --extend");
    let after = fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let all = fs::read_to_string(expected.path().join("journal.jsonl")).unwrap();
    let n_new = started(&after) - started(&before);
    assert!(
        n_new < started(&all) - started(&before) + 40,
        "{n_new} rungs were trained"
    );
    assert!(after.matches("\"trial_reused\"").count() > 200);
    // and is taken up again as any other
    run_to_end(dir.path(), &larger, &mut Inline::new(Valley::default()));
    assert_same_results(expected.path(), dir.path(), "once more");
}

#[test]
fn a_target_ends_the_sweep_at_the_first_that_reaches_it() {
    let text = MISPLACED.replace(
        "seed = 5",
        "seed = 5\nmetric = { name = \"val_accuracy\", target = 0.8 }",
    );
    let (expected, search) = reference(&text);
    let Some((Verdict::TargetReached { last, .. }, Some(winner))) = search.state().finished()
    else {
        panic!("{:?}", search.state().finished())
    };
    assert_eq!(*last, winner);
    let csv = fs::read_to_string(expected.path().join("trials.csv")).unwrap();
    assert!(csv.lines().count() < 170, "{csv}");
    for workers in [3, 16] {
        let dir = TempDir::new().unwrap();
        let mut executor = Simulated::new(Valley::default(), workers, fate);
        run_to_end(dir.path(), &text, &mut executor);
        assert_same_results(expected.path(), dir.path(), "with a target");
    }
}

#[test]
fn failures_are_tried_again_where_nothing_rests_on_them() {
    let (expected, _) = reference(MISPLACED);
    let dir = TempDir::new().unwrap();
    let failing = Valley {
        failing: |number| (40..=44).contains(&number),
        ..Valley::default()
    };
    let search = run_to_end(dir.path(), MISPLACED, &mut Inline::new(failing));
    let verdict = search
        .state()
        .finished()
        .map(|(verdict, _)| verdict.clone());
    let Some(Verdict::TooManyFailures { reason, .. }) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        reason,
        "4 of the 16 trials of stage coarse, round 1 failed, a fifth of it (all the same way: panic: told to fail)"
    );
    let records = read(&dir.path().join("journal.jsonl")).unwrap().records;
    let objective = search.state().started().unwrap().objective.clone();
    let mut search = Search::replay(search.sweep().clone(), objective, records).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(search.retry_failed(now).len(), 4);
    let journal = dir.path().join("journal.jsonl");
    let mut opened = Journal::open(&journal).unwrap().journal;
    opened.append(&search.take_records()).unwrap();
    drop(opened);
    run_to_end(dir.path(), MISPLACED, &mut Inline::new(Valley::default()));
    assert_same_results(expected.path(), dir.path(), "after --retry-failed");
}

#[test]
fn interrupted_again_and_again_it_ends_in_the_same_bytes() {
    let (expected, _) = reference(MISPLACED);
    let dir = TempDir::new().unwrap();
    for n_runs in 1.. {
        let objective = Arc::new(Valley {
            sleep_us: 200,
            ..Valley::default()
        });
        let mut pool = Pool::new(objective, 3).unwrap();
        let wait = std::time::Duration::from_millis(8 + n_runs / 10);
        let soon = async { tokio::time::sleep(wait).await };
        let (search, _) = run_in(dir.path(), MISPLACED, &mut pool, soon);
        if search.state().finished().is_some() {
            break;
        }
        assert!(n_runs < 1000, "the sweep makes no progress");
    }
    assert_same_results(expected.path(), dir.path(), "after interruptions");
}
