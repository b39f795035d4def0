//! Conclusions from made-up trials.

use jiff::Timestamp;

use super::edge::{Side, edge};
use super::evidence::Evidence;
use super::{Leaderboard, Next, Ranking, Results, refine, widening_round};
use crate::event::{Block, MoveKind, Refinement, RoundPlan};
use crate::seed::{Purpose, stream, uniform};
use crate::space::{Dimension, Domain, Params, Scale, Space, Value};
use crate::state::{Attempt, Rung, Status, TrialRecord};
use crate::sweep::{Goal, Metric, SamplerKind, Widen};
use crate::trial::{Outcome, Report, Trial, TrialId};

fn leaderboard() -> Leaderboard {
    let metric = Metric {
        name: "val_accuracy".to_owned(),
        goal: Goal::Maximize,
        target: None,
    };
    Leaderboard::new(&metric, &["val_accuracy".to_owned()]).unwrap()
}

/// A trial with this value of key `x` and these accuracies from epoch 1 on.
fn trial(index: usize, x: f64, accuracies: &[f64], outcome: Outcome) -> TrialRecord {
    let report = |(epoch, value): (usize, &f64)| Report {
        epoch: epoch as u32 + 1,
        values: vec![*value],
    };
    TrialRecord {
        trial: Trial {
            id: TrialId::from_index(index),
            stage: 0,
            round: 0,
            seed: 0,
            epochs: 1,
            params: Params::from_iter([("x".into(), Value::Float(x))]),
            parent: None,
        },
        status: Status::Ended,
        rungs: vec![Rung {
            epochs: 1,
            n_reports: accuracies.len(),
            outcome,
        }],
        reports: accuracies.iter().enumerate().map(report).collect(),
        reported_at: vec![Timestamp::UNIX_EPOCH; accuracies.len()],
        attempts: vec![Attempt {
            worker: 0,
            host: String::new(),
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            seconds: None,
            epochs: 1,
        }],
    }
}

fn completed(index: usize, x: f64, accuracy: f64) -> TrialRecord {
    trial(index, x, &[accuracy], Outcome::Completed)
}

fn axis(zero: f64) -> Dimension {
    let domain = Domain::Float {
        low: 0.0,
        high: 1.0,
        scale: Scale::Linear,
    };
    Dimension {
        key: "x".into(),
        domain,
        limits: (-10.0, 10.0),
        zero,
        order: 1,
        when: Vec::new(),
    }
}

fn conclude(trials: &[TrialRecord], dimension: &Dimension, followed: bool) -> Refinement {
    conclude_by(0.5, trials, dimension, followed)
}

fn conclude_by(
    step: f64,
    trials: &[TrialRecord],
    dimension: &Dimension,
    followed: bool,
) -> Refinement {
    let space = Space(vec![dimension.clone()]);
    let plan = RoundPlan {
        stage: 0,
        round: 0,
        first: TrialId::from_index(0),
        space: space.clone(),
        fixed: Params::default(),
        continued: Vec::new(),
        blocks: Vec::new(),
        floors: Vec::new(),
    };
    refine(&Results {
        plan: &plan,
        original: &space,
        drawn: None,
        evidence: &Evidence::new(trials, &leaderboard(), 360),
        best: trials.first().map(|record| &record.trial.params),
        sampler: SamplerKind::Sobol,
        widen: Widen {
            max_rounds: 4,
            tau: 0.15,
            step,
        },
        rounds_left: 4,
        next: if followed {
            Next::Stage
        } else {
            Next::Nothing { of: "stage" }
        },
    })
}

#[test]
fn ranks_numbers_then_late_divergence_then_failure_and_ties_by_id() {
    let failed = || Outcome::Failed {
        reason: String::new(),
    };
    let diverged = |epoch| Outcome::Diverged {
        epoch,
        reason: String::new(),
    };
    let records = [
        trial(0, 0.0, &[], failed()),
        trial(1, 0.0, &[0.9], diverged(2)),
        completed(2, 0.0, f64::NAN),
        completed(3, 0.0, 0.5),
        trial(4, 0.0, &[0.1, 0.2], diverged(3)),
        trial(5, 0.0, &[f64::NAN, 0.7, 0.6], Outcome::Completed),
        completed(6, 0.0, 0.5),
        completed(7, 0.0, f64::NEG_INFINITY),
    ];
    let order = leaderboard().ranked(&records, Ranking::Metric);
    let order: Vec<u32> = order
        .iter()
        .map(|record| record.trial.id.number())
        .collect();
    assert_eq!(order, [6, 4, 7, 8, 5, 2, 3, 1]);
    assert_eq!(
        leaderboard().best(&records[5]).map(|best| best.epoch),
        Some(2)
    );
    assert_eq!(leaderboard().best(&records[2]), None);
    assert_eq!(
        leaderboard()
            .winner(&records)
            .map(|(record, _)| record.trial.id.number()),
        Some(6)
    );
}

#[track_caller]
fn check_edge(xs: &[f64], expected: Option<Side>) {
    let records: Vec<_> = xs
        .iter()
        .enumerate()
        .map(|(i, x)| completed(i, *x, 1.0 - 0.01 * i as f64))
        .collect();
    let evidence = Evidence::new(&records, &leaderboard(), 360);
    assert_eq!(
        edge(&evidence, &axis(0.0), 0.15).map(|edge| edge.side),
        expected
    );
}

#[test]
fn sees_the_best_at_an_end_from_eight_trials_on() {
    check_edge(
        &[0.9, 0.95, 0.85, 0.99, 0.1, 0.2, 0.3, 0.4],
        Some(Side::High),
    );
    check_edge(
        &[0.1, 0.05, 0.15, 0.01, 0.9, 0.2, 0.3, 0.4],
        Some(Side::Low),
    );
    check_edge(&[0.1, 0.05, 0.15, 0.01, 0.9, 0.2, 0.3], None);
    check_edge(&[0.5, 0.05, 0.6, 0.99, 0.9, 0.2, 0.3, 0.4], None);
    // below 24 trials a fifth of the range counts as the edge
    check_edge(&[0.19; 8], Some(Side::Low));
    check_edge(&[0.21; 8], None);
    check_edge(&[0.16; 24], None);
}

#[test]
fn seldom_takes_an_unimportant_key_for_an_edge() {
    // For independent uniform positions, by simulation in Python (200,000 draws): v = sorted(random() for _ in
    // range(4)); m = (v[1] + v[2]) / 2; the share of m <= .15 or m >= .85 is 4.6 %.
    let n_cases = 2000;
    let alarms = (0..n_cases)
        .filter(|case| {
            let mut numbers = stream(*case, Purpose::Points, [0; 4]);
            let records: Vec<_> = (0..32)
                .map(|i| completed(i, uniform(&mut numbers), uniform(&mut numbers)))
                .collect();
            let evidence = Evidence::new(&records, &leaderboard(), 360);
            edge(&evidence, &axis(0.0), 0.15).is_some()
        })
        .count();
    assert!(alarms < n_cases as usize * 6 / 100, "{alarms} of {n_cases}");
}

#[test]
fn pins_a_key_whose_best_are_zeros() {
    let records: Vec<_> = (0..16)
        .map(|i| completed(i, if i < 5 { 0.0 } else { 0.5 }, 1.0 - 0.01 * i as f64))
        .collect();
    let refinement = conclude(&records, &axis(0.1), true);
    assert_eq!(refinement.moves[0].kind, MoveKind::PinnedZero);
    assert_eq!(refinement.next.0[0], axis(0.1));
}

#[test]
fn keeps_everything_where_no_trial_tells_anything() {
    let failed = |i| {
        trial(
            i,
            0.5,
            &[],
            Outcome::Failed {
                reason: String::new(),
            },
        )
    };
    for records in [Vec::new(), (0..10).map(failed).collect()] {
        let refinement = conclude(&records, &axis(0.0), true);
        assert_eq!(refinement.moves[0].kind, MoveKind::Kept);
        assert!(!refinement.widened);
    }
}

#[test]
fn narrows_for_the_next_stage_and_not_after_the_last() {
    let records: Vec<_> = (0..40)
        .map(|i| {
            let x = (f64::from(i as u32) + 0.5) / 40.0;
            completed(i, x, 1.0 - (x - 0.5).abs())
        })
        .collect();
    let narrowed = &conclude(&records, &axis(0.0), true).moves[0];
    assert_eq!(narrowed.kind, MoveKind::Narrowed);
    // the floor: half of the range around the middle of the best, which lie from 0.4375 to 0.5625
    assert_eq!(narrowed.next_low, Some(Value::Float(0.25)));
    assert_eq!(narrowed.next_high, Some(Value::Float(0.75)));
    let last = &conclude(&records, &axis(0.0), false).moves[0];
    assert_eq!((last.kind, &last.next_low), (MoveKind::Kept, &None));
}

#[test]
fn a_list_keeps_the_values_seen_among_the_best() {
    let domain = Domain::Choice {
        values: [0.1, 0.2, 0.3].map(Value::Float).to_vec(),
    };
    let dimension = Dimension {
        key: "x".into(),
        domain,
        limits: (0.0, 1.0),
        zero: 0.0,
        order: 1,
        when: Vec::new(),
    };
    let records: Vec<_> = (0..16)
        .map(|i| {
            let x = if i < 5 { 0.3 } else { [0.1, 0.2][i % 2] };
            completed(i, x, 1.0 - 0.01 * i as f64)
        })
        .collect();
    let refinement = conclude(&records, &dimension, true);
    assert_eq!(refinement.moves[0].kind, MoveKind::Narrowed);
    assert!(
        refinement.moves[0]
            .reason
            .contains("the last value of the list, 0.3")
    );
    let Domain::Choice { values } = &refinement.next.0[0].domain else {
        panic!("still a list")
    };
    assert_eq!(values, &[Value::Float(0.3)]);
}

fn list(values: [f64; 3]) -> Dimension {
    Dimension {
        domain: Domain::Choice {
            values: values.map(Value::Float).to_vec(),
        },
        ..axis(0.0)
    }
}

#[test]
fn a_list_keeps_the_values_that_no_trial_tried() {
    let refinement = conclude(&[completed(0, 0.2, 0.9)], &list([0.1, 0.2, 0.3]), true);
    assert_eq!(refinement.moves[0].kind, MoveKind::Kept);
    assert_eq!(refinement.next.0[0], list([0.1, 0.2, 0.3]));
    assert!(
        refinement.moves[0]
            .reason
            .ends_with("no trial tells of the others")
    );
    // 0.2 was tried and is not among the five best
    let tried: Vec<_> = (0..16)
        .map(|i| completed(i, if i < 8 { 0.3 } else { 0.2 }, 1.0 - 0.01 * i as f64))
        .collect();
    let kept = &conclude(&tried, &list([0.1, 0.2, 0.3]), true).next.0[0].domain;
    let values = [0.1, 0.3].map(Value::Float).to_vec();
    assert_eq!(kept, &Domain::Choice { values });
}

#[test]
fn says_when_only_diverged_trials_tell_where_to_look() {
    let diverged = |i: usize| {
        let reason = String::new();
        let epoch = 16 - i as u32;
        trial(i, i as f64 / 16.0, &[], Outcome::Diverged { epoch, reason })
    };
    let records: Vec<_> = (0..16).map(diverged).collect();
    let refinement = conclude(&records, &axis(0.0), true);
    // the four that held out longest lie at 0, 1/16, 2/16 and 3/16
    assert_eq!(refinement.moves[0].kind, MoveKind::WidenedLow);
    assert!(
        refinement.moves[0]
            .reason
            .starts_with("no trial completed, so those that diverged last count as the best; ")
    );
}

#[test]
fn a_lattice_that_ends_at_its_limit_is_pinned_and_not_widened_by_a_rounding_error() {
    let steps = Dimension {
        domain: Domain::Stepped {
            low: 0.1,
            high: 0.3,
            step: 0.1,
        },
        limits: (0.1, 0.3),
        ..axis(0.0)
    };
    // 0.1 + 2 · 0.1 is 0.30000000000000004
    let records: Vec<_> = (0..16).map(|i| completed(i, 0.3, 0.9)).collect();
    let refinement = conclude(&records, &steps, true);
    assert_eq!(refinement.moves[0].kind, MoveKind::PinnedHigh);
    assert_eq!(refinement.next.0[0], steps);
}

#[track_caller]
fn check_slab(domain: &Domain, trials: u32, expected: u32) {
    let dimension = Dimension {
        domain: domain.clone(),
        limits: (1.0, 1000.0),
        ..axis(0.0)
    };
    let (_, high) = domain.ends().unwrap();
    let best: Vec<_> = (0..16)
        .map(|i| completed(i, high.as_f64().unwrap(), 0.9))
        .collect();
    let refinement = conclude(&best, &dimension, true);
    assert_eq!(refinement.moves[0].kind, MoveKind::WidenedHigh);
    let space = Space(vec![dimension]);
    let plan = RoundPlan {
        stage: 0,
        round: 0,
        first: TrialId::from_index(0),
        blocks: vec![Block {
            space: space.clone(),
            trials,
            ..Block::default()
        }],
        space,
        fixed: Params::default(),
        continued: Vec::new(),
        floors: Vec::new(),
    };
    let first = TrialId::from_index(trials as usize);
    let round = widening_round(&plan, &plan, &refinement.moves, &refinement.next, first);
    assert_eq!(round.n_trials(), expected as usize);
}

#[test]
fn a_slab_gets_trials_in_proportion_to_what_was_added() {
    // 1…2 to 1…2.5: half of the first width, of 40 trials
    let (low, high, scale) = (1.0, 2.0, Scale::Linear);
    check_slab(&Domain::Float { low, high, scale }, 40, 20);
    // 8…16 to 8…20: the end moves by 4 of the first 8 steps, and 17, 18, 19, 20 are new
    let (low, high, step) = (8, 16, 1);
    check_slab(
        &Domain::Integer {
            low,
            high,
            step,
            scale,
        },
        40,
        20,
    );
    let (low, high, step) = (1.0, 2.0, 0.25);
    check_slab(&Domain::Stepped { low, high, step }, 40, 20);
    check_slab(&Domain::Stepped { low, high, step }, 6, 4);
}

#[test]
fn an_end_that_a_tiny_step_does_not_move_is_not_widened() {
    let records: Vec<_> = (0..16).map(|i| completed(i, 1.0, 0.9)).collect();
    let refinement = conclude_by(1e-17, &records, &axis(0.0), false);
    assert!(!refinement.widened);
    assert!(refinement.moves[0].reason.contains("step is too small"));
}

#[test]
fn of_trials_that_diverge_in_the_same_epoch_the_lower_learning_rate_is_better() {
    let diverged = |index: usize, rate: f64, epoch: u32| {
        let reason = String::new();
        let mut record = trial(index, 0.0, &[], Outcome::Diverged { epoch, reason });
        record.trial.params = Params::from_iter([("lr".into(), Value::Float(rate))]);
        record
    };
    let records = [
        diverged(0, 1.0, 1),
        diverged(1, 0.1, 1),
        diverged(2, 10.0, 2),
    ];
    let order = leaderboard().ranked(&records, Ranking::Metric);
    let order: Vec<u32> = order
        .iter()
        .map(|record| record.trial.id.number())
        .collect();
    assert_eq!(order, [3, 2, 1]);
}
