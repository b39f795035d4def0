//! The tables of a small sweep in which everything happens that tables tell.

use std::fs;

use jiff::Timestamp;

use super::{Cell, Kind, Layout, Table, Tables};
use crate::event::{
    Block, Event, Move, MoveKind, ObjectiveSummary, Record, Refinement, RoundPlan, SweepStarted,
    Verdict,
};
use crate::space::{Dimension, Domain, Params, Scale, Space, Value};
use crate::state::State;
use crate::sweep::{
    Goal, Limits, Metric, OnFailure, ProbeUse, Procedure, Prune, PruneRule, SamplerKind, Sanity,
    Stage, Sweep, Widen,
};
use crate::trial::{Outcome, Report, Trial, TrialId};

const COLUMNS: [&str; 6] = [
    "learning_rate",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "update_ratio",
];

fn sweep(metric: &str) -> Sweep {
    let dimension = |key: &str, domain| Dimension {
        key: key.into(),
        domain,
        limits: (0.0, 10.0),
        zero: 0.0,
        order: 1,
        when: Vec::new(),
    };
    let words = ["say \"a,b\"", "relu"].map(|word| Value::Text(word.to_owned()));
    let widths = Value::List(vec![Value::Integer(64), Value::Integer(32)]);
    Sweep {
        name: "small".to_owned(),
        seed: 0,
        metric: Metric {
            name: metric.to_owned(),
            goal: Goal::Maximize,
            target: None,
        },
        settings: toml::Table::new(),
        space: Space(vec![
            dimension(
                "learning_rate",
                Domain::Float {
                    low: 1e-5,
                    high: 0.1,
                    scale: Scale::Log,
                },
            ),
            dimension(
                "activation",
                Domain::Choice {
                    values: words.to_vec(),
                },
            ),
            dimension(
                "hidden",
                Domain::Choice {
                    values: vec![widths],
                },
            ),
        ]),
        procedure: Procedure::Stages(
            ["coarse", "fine"]
                .map(|name| Stage {
                    name: name.to_owned(),
                    trials: 8,
                    epochs: 2,
                    sampler: SamplerKind::Random,
                    keys: vec!["learning_rate".to_owned(), "activation".to_owned()],
                })
                .to_vec(),
        ),
        prune: Prune {
            rule: PruneRule::None,
            min_trials: 8,
            min_epochs: 1,
        },
        sanity: Sanity {
            enabled: true,
            on_failure: OnFailure::Stop,
            probe: ProbeUse::Warn,
        },
        widen: Widen {
            max_rounds: 4,
            tau: 0.15,
            step: 0.5,
        },
        own: crate::sweep::OwnKeys::default(),
        executor: crate::sweep::ExecutorKind::Local,
        after: None,
        limits: Limits {
            trial_seconds: None,
            memory_mb: None,
            gpus: Vec::new(),
            workers: None,
            max_failures: 5,
            sweep_seconds: None,
            keep_bytes: 0,
        },
    }
}

/// A state that grows by events; each is recorded a second and an eighth after the one before.
struct Story {
    state: State,
    at: Timestamp,
}

impl Story {
    fn begin(columns: &[&str]) -> Self {
        let mut story = Self {
            state: State::default(),
            at: "2025-01-31T23:59:58Z".parse().unwrap(),
        };
        story.tell(Event::SweepStarted(Box::new(SweepStarted {
            finetooth: "0.1.0".to_owned(),
            definition: String::new(),
            objective: ObjectiveSummary {
                columns: columns.iter().map(|&name| name.to_owned()).collect(),
                validation_samples: 360,
                data_fingerprint: String::new(),
                instruction_set: String::new(),
                description: Vec::new(),
            },
        })));
        story.run("host-a");
        story.tell(Event::RoundPlanned(Box::new(RoundPlan {
            stage: 0,
            round: 0,
            first: TrialId::from_index(0),
            space: Space::default(),
            fixed: Params::default(),
            continued: Vec::new(),
            blocks: vec![Block {
                trials: 6,
                ..Block::default()
            }],
            floors: Vec::new(),
        })));
        story
    }

    fn tell(&mut self, event: Event) {
        let seq = self.state.next_seq();
        let at = self.at;
        self.at = at
            .checked_add(jiff::SignedDuration::from_millis(1125))
            .unwrap();
        self.state.apply(Record { seq, at, event }).unwrap();
    }

    fn run(&mut self, host: &str) {
        let host = host.to_owned();
        self.tell(Event::RunStarted { host, workers: 2 });
    }

    fn start(&mut self, number: u32, attempt: u32, round: usize, learning_rate: f64, word: &str) {
        let widths = Value::List(vec![Value::Integer(64), Value::Integer(32)]);
        let params = [
            ("learning_rate", Value::Float(learning_rate)),
            ("activation", Value::Text(word.to_owned())),
            ("hidden", widths),
        ];
        let trial = Trial {
            id: TrialId::new(number).unwrap(),
            stage: round,
            round,
            seed: 1000 + number,
            epochs: 2,
            params: params
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
            parent: None,
        };
        let worker = number as usize % 2;
        self.tell(Event::TrialStarted {
            trial,
            attempt,
            from: 0,
            worker,
        });
    }

    fn report(&mut self, number: u32, attempt: u32, epoch: u32, values: &[f64]) {
        self.tell(Event::EpochReported {
            trial: TrialId::new(number).unwrap(),
            attempt,
            report: Report {
                epoch,
                values: values.to_vec(),
            },
        });
    }

    fn end(&mut self, number: u32, attempt: u32, outcome: Outcome, seconds: f64) {
        self.tell(Event::TrialEnded {
            trial: TrialId::new(number).unwrap(),
            attempt,
            outcome,
            seconds,
        });
    }
}

/// Trial 1 completes, 2 is interrupted and begun again and diverges, 3 fails, 4 reports no number, 5 still runs,
/// 6 has completed after it.
fn story() -> Story {
    let nan = f64::NAN;
    let mut story = Story::begin(&COLUMNS);
    story.start(1, 1, 0, 0.001, "say \"a,b\"");
    story.report(1, 1, 0, &[nan, nan, nan, 2.5, 0.1, nan]);
    story.report(1, 1, 1, &[0.001, 1.5, 0.5, 1.25, 0.75, 0.002]);
    story.start(2, 1, 0, 0.1, "relu");
    story.report(2, 1, 1, &[0.1, 9.0, 0.1, 9.0, 0.1, 0.5]);
    story.tell(Event::TrialInterrupted {
        trial: TrialId::new(2).unwrap(),
        attempt: 1,
        epoch: 1,
    });
    story.report(1, 1, 2, &[0.00095, 1.0, 0.625, 1.5, 0.75, 0.001]);
    story.end(1, 1, Outcome::Completed, 0.5);
    story.run("host, b");
    story.start(2, 2, 0, 0.1, "relu");
    story.report(2, 2, 1, &[0.1, 1e12, 0.1, f64::INFINITY, 0.125, 0.5]);
    let outcome = Outcome::Diverged {
        epoch: 2,
        reason: "diverged: the loss left the finite numbers in epoch 2".to_owned(),
    };
    story.end(2, 2, outcome, 0.25);
    story.start(3, 1, 1, 1e-5, "relu");
    let outcome = Outcome::Failed {
        reason: "panic: \"index out of bounds\",\nas it says".to_owned(),
    };
    story.end(3, 1, outcome, 0.0);
    story.start(4, 1, 1, 5e-324, "relu");
    story.report(4, 1, 1, &[5e-324, nan, 0.1, nan, nan, 0.0]);
    story.end(4, 1, Outcome::Completed, 0.1);
    story.start(5, 1, 1, 0.01, "relu");
    story.report(5, 1, 1, &[0.01, 1.0, 1.0, 1.0, 1.0, 1.0]);
    story.start(6, 1, 1, 0.02, "relu");
    story.report(6, 1, 1, &[0.01, 1.0, 1.0, 1.0, 1.0, 1.0]);
    story.end(6, 1, Outcome::Completed, 0.125);
    let learning_rate = Move {
        key: "learning_rate".to_owned(),
        low: Some(Value::Float(1e-5)),
        high: Some(Value::Float(0.1)),
        scale: Some(Scale::Log),
        best: Some(Value::Float(0.001)),
        kind: MoveKind::WidenedHigh,
        next_low: Some(Value::Float(1e-5)),
        next_high: Some(Value::Float(10.0)),
        reason: "the best 4 of 8 lie at the high end, widened to 10".to_owned(),
    };
    let activation = Move {
        key: "activation".to_owned(),
        low: None,
        high: None,
        scale: None,
        best: Some(Value::Text("say \"a,b\"".to_owned())),
        kind: MoveKind::Kept,
        next_low: None,
        next_high: None,
        reason: "a list never widens".to_owned(),
    };
    story.tell(Event::RoundRefined(Box::new(Refinement {
        stage: 0,
        round: 0,
        widened: true,
        moves: vec![learning_rate, activation],
        next: Space::default(),
    })));
    story
}

/// The table `name` of `state`, for a sweep by `metric` whose objective reports `columns`.
fn table(name: &str, state: &State, metric: &str, columns: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    let tables = Tables::new(directory.path(), &sweep(metric), &columns);
    tables.write(state).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
    fs::read_to_string(directory.path().join(name)).unwrap()
}

#[test]
fn trials_tell_the_best_epoch_and_stop_at_the_first_that_is_open() {
    insta::assert_snapshot!(table("trials.csv", &story().state, "val_accuracy", &COLUMNS), @r#"
    trial,stage,round,state,learning_rate,activation,hidden,val_accuracy,best_epoch,epochs,train_loss,train_accuracy,val_loss,seed,parent,reason
    1,coarse,0,completed,0.001,"say ""a,b""","[64,32]",0.75,1,2,1.5,0.5,1.25,1001,,
    2,coarse,0,diverged,0.1,relu,"[64,32]",0.125,1,1,1000000000000.0,0.1,Inf,1002,,diverged: the loss left the finite numbers in epoch 2
    3,fine,1,failed,1e-5,relu,"[64,32]",,,0,,,,1003,,"panic: ""index out of bounds"",
    as it says"
    4,fine,1,completed,5e-324,relu,"[64,32]",NaN,,1,NaN,0.1,NaN,1004,,
    "#);
}

#[test]
fn epochs_tell_every_report_of_the_last_attempt() {
    insta::assert_snapshot!(table("epochs.csv", &story().state, "val_accuracy", &COLUMNS), @r#"
    trial,stage,epoch,learning_rate,train_loss,train_accuracy,val_loss,val_accuracy,update_ratio
    1,coarse,1,0.001,1.5,0.5,1.25,0.75,0.002
    1,coarse,2,0.00095,1.0,0.625,1.5,0.75,0.001
    2,coarse,1,0.1,1000000000000.0,0.1,Inf,0.125,0.5
    4,fine,1,5e-324,NaN,0.1,NaN,NaN,0.0
    "#);
}

#[test]
fn stages_tell_how_the_ranges_moved() {
    insta::assert_snapshot!(table("stages.csv", &story().state, "val_accuracy", &COLUMNS), @r#"
    stage,round,key,low,high,scale,best,move,next_low,next_high,reason
    coarse,0,learning_rate,1e-5,0.1,log,0.001,widened_high,1e-5,10.0,"the best 4 of 8 lie at the high end, widened to 10"
    coarse,0,activation,,,choice,"say ""a,b""",kept,,,a list never widens
    "#);
}

#[test]
fn timings_tell_every_attempt() {
    insta::assert_snapshot!(table("timings.csv", &story().state, "val_accuracy", &COLUMNS), @r#"
    trial,attempt,worker,host,started_at,finished_at,seconds,epochs_per_second
    1,1,1,host-a,2025-02-01T00:00:01.375Z,2025-02-01T00:00:09.250Z,0.5,4.0
    2,1,0,host-a,2025-02-01T00:00:04.750Z,2025-02-01T00:00:07.000Z,,
    2,2,0,"host, b",2025-02-01T00:00:11.500Z,2025-02-01T00:00:13.750Z,0.25,4.0
    3,1,1,"host, b",2025-02-01T00:00:14.875Z,2025-02-01T00:00:16.000Z,0.0,
    4,1,0,"host, b",2025-02-01T00:00:17.125Z,2025-02-01T00:00:19.375Z,0.1,10.0
    5,1,1,"host, b",2025-02-01T00:00:20.500Z,,,
    6,1,0,"host, b",2025-02-01T00:00:22.750Z,2025-02-01T00:00:25.000Z,0.125,8.0
    "#);
}

#[test]
fn columns_have_kinds_that_take_their_cells() {
    let state = story().state;
    let layout = Layout::new(&sweep("val_accuracy"), &COLUMNS.map(str::to_owned));
    let takes = |kind: Kind, cell: Cell<'_>| match cell {
        Cell::Missing => true,
        Cell::Flag(_) => matches!(kind, Kind::Flag | Kind::Text),
        Cell::Whole(_) => matches!(kind, Kind::Whole | Kind::Real | Kind::Text),
        Cell::Real(_) => matches!(kind, Kind::Real | Kind::Text),
        Cell::Text(_) | Cell::List(_) => kind == Kind::Text,
        Cell::Time(_) => kind == Kind::Time,
    };
    for table in Table::ALL {
        let columns = table.columns(&layout, &state);
        let mut n_rows = 0;
        let rows = table.rows(&layout, &state, |row| {
            n_rows += 1;
            assert_eq!(row.len(), columns.len());
            for (column, cell) in columns.iter().zip(row) {
                assert!(takes(column.kind, *cell), "{column:?} {cell:?}");
            }
            Ok::<(), ()>(())
        });
        rows.unwrap();
        assert_eq!(n_rows, table.n_rows(&state));
    }
    let keys = &Table::Trials.columns(&layout, &state)[4..7];
    let kinds: Vec<Kind> = keys.iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [Kind::Real, Kind::Text, Kind::Text]);
}

#[test]
fn when_each_report_was_recorded_stands_beside_it() {
    let state = story().state;
    for record in state.committed() {
        assert_eq!(record.reported_at.len(), record.reports.len());
        assert!(record.reported_at.is_sorted());
        // The second trial was interrupted: those of the attempt that counts are later than its begin.
        let attempts = &state.trials()[record.trial.id.index()].attempts;
        let begun = attempts.last().unwrap().started_at;
        assert!(record.reported_at.iter().all(|at| *at > begun));
    }
}

#[test]
fn nothing_recorded_gives_tables_of_names() {
    let empty = State::default();
    for name in ["trials.csv", "epochs.csv", "stages.csv", "timings.csv"] {
        let table = table(name, &empty, "val_accuracy", &COLUMNS);
        assert_eq!(table.lines().count(), 1, "{table}");
    }
}

#[test]
fn what_a_program_reports_has_columns_and_none_twice() {
    let columns = ["f1", "epoch", "reason", "hidden", "score"];
    let mut story = Story::begin(&columns);
    story.start(1, 1, 0, 0.5, "relu");
    story.report(1, 1, 1, &[0.25, 1.0, 7.0, 8.0, 0.5]);
    story.end(1, 1, Outcome::Completed, 1.0);
    insta::assert_snapshot!(table("trials.csv", &story.state, "score", &columns), @r#"
    trial,stage,round,state,learning_rate,activation,hidden,score,best_epoch,epochs,f1,epoch,seed,parent,reason
    1,coarse,0,completed,0.5,relu,"[64,32]",0.5,1,1,0.25,1.0,1001,,
    "#);
    insta::assert_snapshot!(table("epochs.csv", &story.state, "score", &columns), @r#"
    trial,stage,epoch,f1,reason,hidden,score
    1,coarse,1,0.25,7.0,8.0,0.5
    "#);
}

#[test]
fn a_verdict_cuts_the_tables_where_it_fell() {
    let mut story = story();
    story.tell(Event::SweepFinished {
        verdict: Verdict::TooManyFailures {
            last: TrialId::new(3).unwrap(),
            rung: 0,
            reason: "1 trial in a row failed".to_owned(),
        },
        winner: None,
    });
    let trials = table("trials.csv", &story.state, "val_accuracy", &COLUMNS);
    let mut reader = csv::Reader::from_reader(trials.as_bytes());
    assert_eq!(reader.records().count(), 3);
}

#[test]
fn every_number_reads_back_to_the_same_bits() {
    let values = [
        5e-324,
        0.1 + 0.2,
        1.0 / 3.0,
        f64::MAX,
        -0.0,
        f64::NEG_INFINITY,
    ];
    let mut story = Story::begin(&COLUMNS);
    story.start(1, 1, 0, 0.5, "relu");
    story.report(1, 1, 1, &values);
    story.end(1, 1, Outcome::Completed, 1.0);
    let epochs = table("epochs.csv", &story.state, "val_accuracy", &COLUMNS);
    let mut reader = csv::Reader::from_reader(epochs.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    let read: Vec<u64> = row
        .iter()
        .skip(3)
        .map(|cell| cell.parse::<f64>().unwrap().to_bits())
        .collect();
    assert_eq!(read, values.map(f64::to_bits));
}
