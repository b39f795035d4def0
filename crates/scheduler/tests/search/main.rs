//! The search from outside: same results for any executor and after any crash, honest conclusions.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod generations;
mod sweeps;
mod valley;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use finetooth_scheduler::event::{MoveKind, Verdict};
use finetooth_scheduler::executor::{Fate, Inline, Pool, Simulated};
use finetooth_scheduler::objective::Task;
use finetooth_scheduler::run::RunEnd;
use finetooth_scheduler::search::Search;
use sweeps::{MISPLACED, assert_same_results, run_in, run_to_end};
use tempfile::TempDir;
use valley::Valley;

fn reference() -> (TempDir, Search) {
    let dir = TempDir::new().unwrap();
    let search = run_to_end(dir.path(), MISPLACED, &mut Inline::new(Valley::default()));
    (dir, search)
}

#[test]
fn results_are_the_same_bytes_for_any_number_of_workers_and_sleeps() {
    let (expected, _) = reference();
    for workers in [1, 2, 3, 8] {
        let dir = TempDir::new().unwrap();
        let objective = Arc::new(Valley {
            sleep_us: 500,
            ..Valley::default()
        });
        run_to_end(
            dir.path(),
            MISPLACED,
            &mut Pool::new(objective, workers).unwrap(),
        );
        assert_same_results(
            expected.path(),
            dir.path(),
            &format!("with {workers} workers"),
        );
    }
}

/// A worker in ten takes twenty times as long, one in six is lost after a few epochs (the first two attempts).
pub(crate) fn fate(task: &Task) -> Fate {
    let salt = task.trial.seed.wrapping_add(task.attempt * 77);
    Fate {
        seconds_per_epoch: if salt.is_multiple_of(10) {
            20.0
        } else {
            1.0 + f64::from(salt % 7) / 10.0
        },
        lost_after: (salt.is_multiple_of(6) && task.attempt < 3).then_some((salt % 4) as usize),
    }
}

#[test]
fn results_are_the_same_bytes_with_stragglers_and_lost_workers() {
    let (expected, _) = reference();
    for workers in [1, 3, 16, 64] {
        let dir = TempDir::new().unwrap();
        let mut executor = Simulated::new(Valley::default(), workers, fate);
        let search = run_to_end(dir.path(), MISPLACED, &mut executor);
        assert_same_results(
            expected.path(),
            dir.path(),
            &format!("with {workers} simulated workers"),
        );
        let lost = search
            .state()
            .trials()
            .iter()
            .filter(|record| record.attempts.len() > 1)
            .count();
        assert!(lost > 3, "the simulation lost only {lost} workers");
        assert!(executor.utilisation() > 0.0 && executor.utilisation() <= 1.0);
    }
}

#[test]
fn the_journal_may_be_cut_at_every_byte_of_its_last_three_records() {
    let (expected, _) = reference();
    let journal = fs::read(expected.path().join("journal.jsonl")).unwrap();
    let mut starts: Vec<usize> = (1..journal.len())
        .filter(|at| journal[at - 1] == b'\n')
        .collect();
    starts.pop_if(|start| *start == journal.len());
    for cut in starts[starts.len() - 3]..=journal.len() {
        resume_from(&journal[..cut], expected.path());
    }
}

#[test]
fn a_sweep_goes_on_after_any_of_its_records() {
    let (expected, _) = reference();
    let journal = fs::read(expected.path().join("journal.jsonl")).unwrap();
    for (at, _) in journal
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
    {
        resume_from(&journal[..=at], expected.path());
    }
}

#[track_caller]
fn resume_from(journal: &[u8], expected: &Path) {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("journal.jsonl"), journal).unwrap();
    let search = run_to_end(dir.path(), MISPLACED, &mut Inline::new(Valley::default()));
    assert_same_results(
        expected,
        dir.path(),
        &format!("after {} bytes of the journal", journal.len()),
    );
    let ended = |record: &finetooth_scheduler::state::TrialRecord| record.outcome().is_some();
    assert!(search.state().trials().iter().all(ended));
}

#[test]
fn no_finished_trial_runs_twice_and_none_is_lost() {
    let (expected, reference) = reference();
    let dir = TempDir::new().unwrap();
    // Interrupted again and again after a few milliseconds, until it is done; a little later each time, so that it
    // gets on however slow the machine is.
    let mut n_runs = 0;
    loop {
        n_runs += 1;
        let objective = Arc::new(Valley {
            sleep_us: 300,
            ..Valley::default()
        });
        let mut pool = Pool::new(objective, 3).unwrap();
        let wait = std::time::Duration::from_millis(4 + n_runs / 10);
        let soon = async { tokio::time::sleep(wait).await };
        let (search, end) = run_in(dir.path(), MISPLACED, &mut pool, soon);
        if let RunEnd::Finished(verdict) = end {
            assert_eq!(verdict, Verdict::Completed);
            let n_ended = search.state().trials().len();
            assert_eq!(n_ended, reference.state().trials().len());
            break;
        }
        assert!(n_runs < 1000, "the sweep makes no progress");
    }
    assert!(n_runs > 3, "it was interrupted only {n_runs} times");
    assert_same_results(expected.path(), dir.path(), "after interruptions");
    let journal = fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let n_outcomes = journal
        .lines()
        .filter(|line| line.contains("\"trial_ended\""))
        .count();
    assert_eq!(n_outcomes, reference.state().trials().len());
}

#[test]
fn widens_past_the_edge_the_best_sit_on_and_says_so() {
    let (dir, search) = reference();
    let moves: Vec<_> = search
        .state()
        .refinements()
        .iter()
        .flat_map(|refinement| &refinement.moves)
        .collect();
    let widened: Vec<_> = moves
        .iter()
        .filter(|taken| taken.kind == MoveKind::WidenedHigh)
        .collect();
    assert!(!widened.is_empty() && widened.iter().all(|taken| taken.key == "learning_rate"));
    assert!(
        widened[0].reason.contains("moved from 0.0001 to 0.001"),
        "{}",
        widened[0].reason
    );
    let winner = search.winner().unwrap();
    let rate = winner
        .trial
        .params
        .get("learning_rate")
        .unwrap()
        .as_f64()
        .unwrap();
    assert!((3e-4..5e-2).contains(&rate), "winner at {rate}");
    let stages = fs::read_to_string(dir.path().join("stages.csv")).unwrap();
    assert!(stages.contains("widened_high"));
}

#[test]
fn a_range_without_any_signal_is_ranked_by_the_fall_of_the_loss() {
    let dir = TempDir::new().unwrap();
    let text = MISPLACED.replace("low = 1e-6\nhigh = 1e-4", "low = 1e-8\nhigh = 1e-6");
    let mut executor = Inline::new(Valley {
        peak: -2.0,
        ..Valley::default()
    });
    let search = run_to_end(dir.path(), &text, &mut executor);
    let first = &search.state().refinements()[0].moves[0];
    assert_eq!(first.kind, MoveKind::WidenedHigh, "{}", first.reason);
    assert!(
        first.reason.contains("fall of the validation loss"),
        "{}",
        first.reason
    );
}

#[test]
fn a_range_that_diverges_everywhere_is_widened_downwards() {
    let dir = TempDir::new().unwrap();
    let text = MISPLACED.replace("low = 1e-6\nhigh = 1e-4", "low = 0.05\nhigh = 5.0");
    let search = run_to_end(dir.path(), &text, &mut Inline::new(Valley::default()));
    let first = &search.state().refinements()[0].moves[0];
    assert_eq!(first.kind, MoveKind::WidenedLow, "{}", first.reason);
}

#[test]
fn widening_stops_after_its_rounds_and_at_limits() {
    let dir = TempDir::new().unwrap();
    let never = format!("{MISPLACED}\n[widen]\nmax_rounds = 0\n");
    let search = run_to_end(dir.path(), &never, &mut Inline::new(Valley::default()));
    assert_eq!(search.state().rounds().len(), 3);
    assert_eq!(search.state().trials().len(), 24 + 12 + 5);
    let limited = MISPLACED.replace("high = 1e-4\n", "high = 1e-4\nlimits = [1e-6, 1e-4]\n");
    let dir = TempDir::new().unwrap();
    let search = run_to_end(dir.path(), &limited, &mut Inline::new(Valley::default()));
    let first = &search.state().refinements()[0].moves[0];
    assert_eq!(first.kind, MoveKind::PinnedHigh, "{}", first.reason);
}

#[test]
fn a_sweep_with_further_stages_ends_as_if_they_had_been_asked_for_at_first() {
    let (expected, _) = reference();
    let dir = TempDir::new().unwrap();
    let shorter = &MISPLACED[..MISPLACED.rfind("[[stage]]").unwrap()];
    run_to_end(dir.path(), shorter, &mut Inline::new(Valley::default()));
    let before = fs::read_to_string(dir.path().join("trials.csv")).unwrap();
    let search = run_to_end(dir.path(), MISPLACED, &mut Inline::new(Valley::default()));
    assert_same_results(expected.path(), dir.path(), "after --extend");
    let after = fs::read_to_string(dir.path().join("trials.csv")).unwrap();
    assert!(after.starts_with(&before), "finished trials stay");
    assert!(
        search
            .state()
            .trials()
            .iter()
            .all(|record| record.attempts.len() == 1)
    );
}

#[track_caller]
fn check_failures(failing: fn(u32) -> bool, expected_last: Option<u32>) {
    let mut tables = Vec::new();
    for workers in [1, 4] {
        let dir = TempDir::new().unwrap();
        let objective = Arc::new(Valley {
            failing,
            sleep_us: 200,
            ..Valley::default()
        });
        let search = run_to_end(
            dir.path(),
            MISPLACED,
            &mut Pool::new(objective, workers).unwrap(),
        );
        let last = match search.state().finished() {
            Some((Verdict::TooManyFailures { last, .. }, _)) => Some(last.number()),
            _ => None,
        };
        assert_eq!(last, expected_last);
        let trials = fs::read_to_string(dir.path().join("trials.csv")).unwrap();
        if let Some(last) = expected_last {
            assert_eq!(trials.lines().count(), last as usize + 1, "{trials}");
            assert!(trials.contains("panic: told to fail"), "{trials}");
        }
        tables.push(sweeps::results(dir.path()));
    }
    assert!(
        tables[0] == tables[1],
        "failures depend on the number of workers"
    );
}

#[test]
fn failures_in_a_row_end_the_sweep_at_the_same_trial_for_any_number_of_workers() {
    check_failures(|number| (7..=11).contains(&number), Some(11));
    check_failures(|number| (7..=10).contains(&number), None);
}

#[test]
fn failures_of_a_fifth_of_a_stage_end_the_sweep() {
    // a fifth of 24 is 4.8: the fifth failure
    check_failures(|number| number.is_multiple_of(4), Some(20));
}

#[track_caller]
fn check_refused(change: impl Fn(&str) -> String, expected: &str) {
    let (dir, search) = reference();
    let journal = fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let changed = change(&journal);
    assert_ne!(journal, changed);
    let path = dir.path().join("changed.jsonl");
    fs::write(&path, changed).unwrap();
    let records = finetooth_scheduler::journal::read(&path).unwrap().records;
    let objective = search.state().started().unwrap().objective.clone();
    let error = Search::replay(sweeps::sweep(MISPLACED), objective, records).unwrap_err();
    let told = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_record_with_another_plan_than_the_definitions_is_refused() {
    let plan = "round 0 of stage coarse was recorded with other ranges or trials";
    check_refused(
        |text| text.replacen("\"trials\":24", "\"trials\":4000000000", 1),
        plan,
    );
    // a range upside down, from which nothing can be drawn
    let low = |text: &str| {
        text.replace(
            "\"low\":1e-6,\"high\":0.0001",
            "\"low\":0.5,\"high\":0.0001",
        )
    };
    check_refused(
        |text| {
            low(&text.replace(
                "\"low\":0.000001,\"high\":0.0001",
                "\"low\":1e-6,\"high\":0.0001",
            ))
        },
        plan,
    );
}

#[test]
fn a_report_without_its_numbers_is_refused() {
    let empty = |text: &str| {
        let (before, rest) = text.split_once("\"epoch\":1,\"values\":[").unwrap();
        let (_, after) = rest.split_once(']').unwrap();
        format!("{before}\"epoch\":1,\"values\":[]{after}")
    };
    check_refused(empty, "it reports 0 numbers where the sweep has");
}
