//! A record that holds every kind of event.

use finetooth_scheduler::event::{
    Block, Continuation, Event, Floor, Move, MoveKind, ObjectiveSummary, Record, Refinement,
    RoundPlan, SweepStarted, Verdict,
};
use finetooth_scheduler::gate::{Check, Gate, Probe, ProbedRate, Verdict as CheckVerdict};
use finetooth_scheduler::space::{Dimension, Domain, Params, Scale, Space, Value};
use finetooth_scheduler::trial::{Outcome, Report, Trial, TrialId};

/// Names of the kinds of events; one that is added does not compile until it is named and recorded here.
pub(crate) const KINDS: [&str; 14] = [
    "sweep_started",
    "run_started",
    "sweep_extended",
    "sweep_replanned",
    "gate_checked",
    "round_planned",
    "trial_started",
    "trial_reused",
    "failures_retried",
    "epoch_reported",
    "trial_ended",
    "trial_interrupted",
    "round_refined",
    "sweep_finished",
];

/// Name of an event's kind, as the journal spells it.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::SweepStarted(_) => "sweep_started",
        Event::RunStarted { .. } => "run_started",
        Event::SweepExtended { .. } => "sweep_extended",
        Event::SweepReplanned { .. } => "sweep_replanned",
        Event::GateChecked(_) => "gate_checked",
        Event::RoundPlanned(_) => "round_planned",
        Event::TrialStarted { .. } => "trial_started",
        Event::TrialReused { .. } => "trial_reused",
        Event::FailuresRetried { .. } => "failures_retried",
        Event::EpochReported { .. } => "epoch_reported",
        Event::TrialEnded { .. } => "trial_ended",
        Event::TrialInterrupted { .. } => "trial_interrupted",
        Event::RoundRefined(_) => "round_refined",
        Event::SweepFinished { .. } => "sweep_finished",
    }
}

/// A small sweep with every kind of event, outcome, value, domain and number that JSON does not have.
pub(crate) fn every_event() -> Vec<Record> {
    let [one, two, three] = [1, 2, 3].map(|number| TrialId::new(number).unwrap());
    let records = version_1().into_iter();
    let mut events: Vec<Event> = records.map(|record| record.event).collect();
    let continued = Trial {
        epochs: 6,
        ..trial(one)
    };
    events.extend([
        Event::SweepReplanned {
            definition: "name = \"small\"\nseed = 2\n".to_owned(),
        },
        Event::GateChecked(Box::new(gate())),
        Event::RoundPlanned(Box::new(generation())),
        Event::TrialReused {
            trial: trial(one),
            source: one,
            n_reports: 2,
            outcome: Outcome::Completed,
        },
        Event::TrialStarted {
            trial: continued,
            attempt: 2,
            from: 2,
            worker: 0,
        },
        Event::TrialEnded {
            trial: one,
            attempt: 2,
            outcome: Outcome::Pruned {
                epoch: 3,
                reason: "pruned: below the median".to_owned(),
            },
            seconds: 1.5,
        },
        Event::TrialStarted {
            trial: Trial {
                parent: Some(one),
                ..trial(two)
            },
            attempt: 1,
            from: 0,
            worker: 0,
        },
        Event::FailuresRetried {
            trials: vec![two, three],
        },
        finished(
            Verdict::TooManyFailures {
                last: three,
                rung: 1,
                reason: "5 trials in a row failed".to_owned(),
            },
            Some(one),
        ),
        finished(
            Verdict::SanityFailed {
                reason: "cannot overfit a small subset".to_owned(),
            },
            None,
        ),
        finished(Verdict::TargetReached { last: one, rung: 2 }, Some(one)),
    ]);
    numbered(events)
}

/// Every verdict, and a learning rate that diverged.
fn gate() -> Gate {
    let verdicts = [
        CheckVerdict::Passed,
        CheckVerdict::Warning,
        CheckVerdict::Failed,
        CheckVerdict::Skipped,
    ];
    let check = |verdict: CheckVerdict| Check {
        name: "initial loss".to_owned(),
        verdict,
        measured: "2.303, log 10 = 2.303".to_owned(),
        sentence: String::new(),
    };
    let rate = |(learning_rate, loss)| ProbedRate {
        learning_rate,
        loss,
    };
    Gate {
        checks: verdicts.map(check).to_vec(),
        probe: Some(Probe {
            low: 1e-5,
            high: 1e-2,
            best: 1e-3,
            rates: [(1e-3, 0.125), (10.0, f64::NAN)].map(rate).to_vec(),
        }),
    }
}

/// A generation in which trials are continued, drawn, proposed and repeated, and may be stopped.
fn generation() -> RoundPlan {
    let one = TrialId::from_index(0);
    let drawn = Block {
        space: space(),
        trials: 12,
        epochs: Some(1),
        offset: Some(32),
        ..Block::default()
    };
    let repeated = Block {
        space: space(),
        trials: 1,
        epochs: Some(27),
        points: vec![trial(one).params],
        parents: vec![one],
        ..Block::default()
    };
    RoundPlan {
        stage: 1,
        continued: vec![Continuation {
            trial: one,
            epochs: 6,
        }],
        blocks: vec![drawn, repeated],
        floors: vec![Floor {
            epoch: 3,
            metric: 0.5,
            trials: 9,
        }],
        ..plan()
    }
}

/// Those that version 1 had.
pub(crate) fn version_1() -> Vec<Record> {
    let [one, two, three] = [1, 2, 3].map(|number| TrialId::new(number).unwrap());
    numbered(vec![
        started(),
        run_started("host-a"),
        Event::RoundPlanned(Box::new(plan())),
        trial_started(one, 1),
        trial_started(two, 1),
        reported(one, 1, 0, [f64::NAN, 2.375, 0.125]),
        reported(two, 1, 0, [f64::NAN, 2.5, 0.1]),
        reported(one, 1, 1, [2.25, f64::INFINITY, f64::NEG_INFINITY]),
        Event::TrialEnded {
            trial: one,
            attempt: 1,
            outcome: Outcome::Diverged {
                epoch: 2,
                reason: "diverged: the loss was \"NaN\", at learning_rate 0.1 — too high"
                    .to_owned(),
            },
            seconds: 0.25,
        },
        Event::TrialInterrupted {
            trial: two,
            attempt: 1,
            epoch: 0,
        },
        run_started("host-b"),
        trial_started(two, 2),
        reported(two, 2, 1, [1.0, 5e-324, 0.1 + 0.2]),
        Event::TrialEnded {
            trial: two,
            attempt: 2,
            outcome: Outcome::Completed,
            seconds: 1e-9,
        },
        trial_started(three, 1),
        Event::TrialEnded {
            trial: three,
            attempt: 1,
            outcome: Outcome::Failed {
                reason: "panic: a line\nand another".to_owned(),
            },
            seconds: 3600.5,
        },
        Event::RoundRefined(Box::new(refinement())),
        finished(Verdict::Completed, Some(two)),
        Event::SweepExtended {
            definition: "name = \"small\"\nseed = 1\n".to_owned(),
        },
        finished(
            Verdict::TooManyFailures {
                last: three,
                rung: 0,
                reason: "5 trials in a row failed".to_owned(),
            },
            None,
        ),
    ])
}

/// A record of `n` events, each about as long as a trial's report.
pub(crate) fn reports(n: usize) -> Vec<Record> {
    let trial = TrialId::new(1).unwrap();
    let later = (1..n as u32).map(|epoch| reported(trial, 1, epoch, [0.5, 0.25, 0.125]));
    numbered(std::iter::once(started()).chain(later).collect())
}

fn numbered(events: Vec<Event>) -> Vec<Record> {
    let at = "2025-03-04T05:06:07.089Z".parse().unwrap();
    let numbered = events.into_iter().zip(0..);
    numbered
        .map(|(event, seq)| Record { seq, at, event })
        .collect()
}

fn started() -> Event {
    Event::SweepStarted(Box::new(SweepStarted {
        finetooth: "0.1.0".to_owned(),
        definition: "name = \"small\"\n".to_owned(),
        objective: ObjectiveSummary {
            columns: ["train_loss", "val_loss", "val_accuracy"]
                .map(str::to_owned)
                .to_vec(),
            validation_samples: 360,
            data_fingerprint: "00c0ffee".to_owned(),
            instruction_set: "portable".to_owned(),
            description: vec!["1437 images of 1×8×8".to_owned()],
        },
    }))
}

fn run_started(host: &str) -> Event {
    Event::RunStarted {
        host: host.to_owned(),
        workers: 2,
    }
}

fn trial_started(id: TrialId, attempt: u32) -> Event {
    Event::TrialStarted {
        trial: trial(id),
        attempt,
        from: 0,
        worker: 1,
    }
}

fn trial(id: TrialId) -> Trial {
    let params = [
        ("learning_rate", Value::Float(1e-7)),
        ("l2", Value::Float(0.0)),
        ("n_filters", Value::Integer(-3)),
        ("momentum", Value::Float(0.9)),
        (
            "hidden",
            Value::List(vec![Value::Integer(64), Value::Integer(32)]),
        ),
        ("activation", Value::Text("relu".to_owned())),
        ("batch_norm", Value::Bool(true)),
    ];
    let params = params.map(|(key, value)| (key.into(), value));
    Trial {
        id,
        stage: 0,
        round: 0,
        seed: 0x7fff_ffff,
        epochs: 2,
        params: params.into_iter().collect(),
        parent: None,
    }
}

fn reported(trial: TrialId, attempt: u32, epoch: u32, values: [f64; 3]) -> Event {
    Event::EpochReported {
        trial,
        attempt,
        report: Report {
            epoch,
            values: values.to_vec(),
        },
    }
}

fn finished(verdict: Verdict, winner: Option<TrialId>) -> Event {
    Event::SweepFinished { verdict, winner }
}

fn space() -> Space {
    let dimension = |key: &str, zero, domain| Dimension {
        key: key.into(),
        domain,
        limits: (-1e300, 1e300),
        zero,
        order: 1,
        when: Vec::new(),
    };
    Space(vec![
        dimension(
            "learning_rate",
            0.1,
            Domain::Float {
                low: 1e-5,
                high: 0.1,
                scale: Scale::Log,
            },
        ),
        dimension(
            "n_filters",
            0.0,
            Domain::Integer {
                low: -8,
                high: 8,
                step: 1,
                scale: Scale::Linear,
            },
        ),
        dimension(
            "momentum",
            0.0,
            Domain::Stepped {
                low: 0.5,
                high: 0.9,
                step: 0.1,
            },
        ),
        dimension(
            "activation",
            0.0,
            Domain::Choice {
                values: ["relu", "tanh"]
                    .map(|word| Value::Text(word.to_owned()))
                    .to_vec(),
            },
        ),
    ])
}

fn plan() -> RoundPlan {
    let mut fixed = Params::default();
    fixed.push("dropout".into(), Value::Float(0.5));
    RoundPlan {
        stage: 0,
        round: 0,
        first: TrialId::from_index(0),
        space: space(),
        fixed,
        continued: Vec::new(),
        blocks: vec![Block {
            space: space(),
            trials: 3,
            ..Block::default()
        }],
        floors: Vec::new(),
    }
}

fn refinement() -> Refinement {
    let kinds = [
        MoveKind::Kept,
        MoveKind::Narrowed,
        MoveKind::WidenedLow,
        MoveKind::WidenedHigh,
        MoveKind::PinnedLow,
        MoveKind::PinnedHigh,
        MoveKind::PinnedZero,
    ];
    let moves = kinds.map(|kind| Move {
        key: "learning_rate".to_owned(),
        low: Some(Value::Float(1e-5)),
        high: Some(Value::Float(0.1)),
        scale: Some(Scale::Log),
        best: Some(Value::Float(0.003)),
        kind,
        next_low: Some(Value::Integer(8)),
        next_high: None,
        reason: "a sentence, with 50 % of \\signs".to_owned(),
    });
    let of_a_list = Move {
        key: "activation".to_owned(),
        low: None,
        high: None,
        scale: None,
        best: None,
        ..moves[0].clone()
    };
    Refinement {
        stage: 0,
        round: 0,
        widened: false,
        moves: moves.into_iter().chain([of_a_list]).collect(),
        next: space(),
    }
}
