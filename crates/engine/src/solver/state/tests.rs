//! Continued equals uninterrupted, to the bit; what is damaged or of another training is refused.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::tests::{config, dataset};
use super::super::{FitEnd, FitOptions, Precision, Progress};
use super::*;
use crate::Simd;
use crate::config::{
    Augment, Dtype, LayerSpec, ModelKind, OptimizerKind, ScheduleKind, TrainConfig,
};
use crate::history::{Criterion, EpochEnd};

/// A training of few weights, keeping all there is to keep.
fn begin(config: &TrainConfig) -> Solver {
    begin_on(Simd::detect(), config)
}

fn begin_on(simd: Simd, config: &TrainConfig) -> Solver {
    let mut solver = Solver::on(simd, config, dataset(47, 20), 5).unwrap();
    solver.keep_best(Criterion::ValLoss);
    solver.keep_step_losses();
    solver
}

/// A small configuration, changed.
fn small(change: impl FnOnce(&mut TrainConfig)) -> TrainConfig {
    config(|config| {
        config.model.kind = ModelKind::Mlp;
        config.model.hidden = vec![5];
        config.train.epochs = 4;
        change(config);
    })
}

fn bytes(solver: &Solver) -> Vec<u8> {
    let mut bytes = Vec::new();
    solver.write(&mut bytes).unwrap();
    bytes
}

/// A new solver, continued from a checkpoint.
fn continued(simd: Simd, config: &TrainConfig, from: &[u8]) -> Solver {
    let mut solver = begin_on(simd, config);
    let identity = solver.identity();
    solver.restore_from(from, &identity).unwrap();
    solver
}

/// Trains four epochs; then again from the checkpoint of each, on every instruction set. Figures,
/// weights and later checkpoints must be the same bits.
#[track_caller]
fn check(config: &TrainConfig) {
    for simd in Simd::available() {
        check_on(*simd, config);
    }
}

#[track_caller]
fn check_on(simd: Simd, config: &TrainConfig) {
    let mut solver = begin_on(simd, config);
    let mut checkpoints = vec![bytes(&solver)];
    for _ in 0..4 {
        let end = solver.train_epoch();
        assert!(matches!(end, EpochEnd::Completed(_)), "{end:?}");
        checkpoints.push(bytes(&solver));
    }
    for from in 0..4 {
        let mut again = continued(simd, config, &checkpoints[from]);
        for epoch in from..4 {
            again.train_epoch();
            assert!(
                bytes(&again) == checkpoints[epoch + 1],
                "{config:?}: epoch {} differs when continued from {from}",
                epoch + 1
            );
        }
        assert_eq!(again.history(), solver.history());
        assert_eq!(again.restore_best(), solver.restore_best());
    }
}

#[test]
fn every_update_rule_continues_to_the_bit() {
    for name in OptimizerKind::NAMES {
        for dtype in [Dtype::F32, Dtype::F64] {
            check(&small(|config| {
                config.train.optimizer = OptimizerKind::named(name).unwrap();
                config.train.dtype = dtype;
                config.train.learning_rate = 1e-3;
                config.train.weight_decay = 0.1;
                config.train.clip_norm = Some(1.0);
            }));
        }
    }
}

#[test]
fn every_schedule_continues_to_the_bit() {
    for name in ScheduleKind::NAMES {
        for warmup_epochs in [0, 2] {
            check(&small(|config| {
                config.train.schedule = ScheduleKind::named(name).unwrap();
                config.train.warmup_epochs = warmup_epochs;
                config.train.step_epochs = vec![2];
            }));
        }
    }
}

#[test]
fn every_network_continues_to_the_bit() {
    for kind in [
        ModelKind::Softmax,
        ModelKind::Mlp,
        ModelKind::ThreeLayerConvnet,
    ] {
        check(&small(|config| config.model.kind = kind));
        check(&small(|config| {
            config.model.kind = kind;
            config.model.batch_norm = true;
            config.model.dropout = 0.3;
        }));
    }
    let layers = ["conv 3 3", "batch_norm", "relu", "dropout 0.5", "linear 2"];
    check(&small(|config| {
        config.model.kind = ModelKind::Layers;
        let parse = |text: &str| LayerSpec::parse(text).unwrap();
        config.model.layers = layers.map(parse).to_vec();
    }));
}

#[test]
fn varied_images_continue_to_the_bit() {
    check(&small(|config| {
        config.model.kind = ModelKind::ThreeLayerConvnet;
        config.data.augment = Augment {
            flip: true,
            shift: 1,
            crop: 1,
            jitter: 0.2,
            cutout: 2,
        };
    }));
}

#[test]
fn falls_of_a_plateau_continue_to_the_bit() {
    check(&small(|config| {
        config.train.schedule = ScheduleKind::Plateau;
        config.train.patience = 0;
        config.train.learning_rate = 10.0;
    }));
}

#[test]
fn a_training_continues_within_an_epoch() {
    let config = small(|_| {});
    let mut solver = begin(&config);
    let options = FitOptions {
        every_steps: 1,
        ..FitOptions::to_epoch(3)
    };
    let mut checkpoints = Vec::new();
    solver.fit(&options, |solver, progress| {
        if let Progress::Step(step) = progress {
            checkpoints.push((step.step, bytes(solver)));
        }
        ControlFlow::Continue(())
    });
    let last = bytes(&solver);
    // 47 / 10 = 4 steps in each of 3 epochs.
    assert_eq!(checkpoints.last().unwrap().0, 12);
    for (step, from) in &checkpoints {
        let mut again = continued(Simd::detect(), &config, from);
        let end = again.fit(&FitOptions::to_epoch(3), |_, _| ControlFlow::Continue(()));
        assert_eq!(end, FitEnd::Reached);
        assert!(
            bytes(&again) == last,
            "differs when continued from step {step}"
        );
    }
}

#[test]
fn a_solver_that_trained_otherwise_becomes_the_restored_one() {
    let config = small(|_| {});
    let mut solver = begin(&config);
    solver.train_epoch();
    let saved = bytes(&solver);
    solver.train_epoch();
    let later = bytes(&solver);
    let identity = solver.identity();
    solver.restore_best().unwrap();
    solver.restore_from(&saved, &identity).unwrap();
    assert!(bytes(&solver) == saved);
    solver.train_epoch();
    assert!(bytes(&solver) == later);
}

#[test]
fn a_training_may_go_on_for_longer_where_the_schedule_has_no_end() {
    let of = |schedule, epochs| {
        small(|config| {
            config.train.schedule = schedule;
            config.train.epochs = epochs;
        })
    };
    let refuses = |schedule| {
        let saved = bytes(&begin(&of(schedule, 4)));
        let mut longer = begin(&of(schedule, 9));
        let identity = longer.identity();
        longer.restore_from(&saved, &identity).is_err()
    };
    assert!(!refuses(ScheduleKind::Exponential) && !refuses(ScheduleKind::InverseSqrt));
    assert!(refuses(ScheduleKind::Cosine) && refuses(ScheduleKind::OneCycle));
}

/// What is told when the checkpoint of [`small`] is to be continued by another training.
#[track_caller]
fn refused(mut other: Solver, expected: &str) {
    let saved = bytes(&begin(&small(|_| {})));
    let (before, identity) = (bytes(&other), other.identity());
    let error = other.restore_from(&saved, &identity).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "it is of another training: {expected}; take the settings it was written with, or begin anew"
        )
    );
    assert!(bytes(&other) == before, "the training was changed");
}

#[test]
fn what_another_training_differs_in_is_told() {
    refused(
        begin(&small(|config| {
            config.train.l2 = 0.5;
            config.train.batch_size = 16;
        })),
        "train.batch_size is 10 there and 16 here, train.l2 is 0.0 there and 0.5 here",
    );
    refused(
        begin(&small(|config| config.model.hidden = vec![5, 6])),
        "model.hidden is 5 there and [5, 6] here",
    );
    refused(
        begin(&small(|config| config.train.dtype = Dtype::F64)),
        "train.dtype is \"f32\" there and \"f64\" here",
    );
    refused(
        begin(&small(|config| config.train.clip_norm = Some(2.0))),
        "train.clip_norm is absent there and 2.0 here",
    );
    let keeping = |mut solver: Solver| {
        solver.keep_best(Criterion::ValLoss);
        solver.keep_step_losses();
        solver
    };
    let data = dataset(47, 20);
    refused(
        keeping(Solver::new(&small(|_| {}), Arc::clone(&data), 6).unwrap()),
        "seed is 5 there and 6 here",
    );
    let mut solver = begin(&small(|_| {}));
    solver.keep_best(Criterion::ValAccuracy);
    refused(
        solver,
        "best weights is val_loss there and val_accuracy here",
    );
    let mut other = Arc::unwrap_or_clone(data);
    let before = other.fingerprint();
    other.train.features[7] += 1.0;
    let after = other.fingerprint();
    refused(
        keeping(Solver::new(&small(|_| {}), Arc::new(other), 5).unwrap()),
        &format!("data is {before:016x} there and {after:016x} here"),
    );
}

#[test]
fn another_instruction_set_has_other_bits_and_is_refused() {
    for simd in Simd::available().split_last().unwrap().1 {
        refused(
            begin_on(*simd, &small(|_| {})),
            &format!(
                "instruction_set is {} there and {} here",
                Simd::detect().name(),
                simd.name()
            ),
        );
    }
}

/// A training in its second epoch, and its checkpoint.
fn under_way() -> (Solver, Vec<u8>) {
    let mut solver = begin(&small(|config| config.model.kind = ModelKind::Softmax));
    solver.train_epoch();
    solver.advance();
    let saved = bytes(&solver);
    (solver, saved)
}

#[test]
fn a_checkpoint_cut_anywhere_is_refused() {
    let (mut solver, saved) = under_way();
    let identity = solver.identity();
    for len in 0..saved.len() {
        assert!(solver.restore_from(&saved[..len], &identity).is_err());
    }
    let longer = [&saved[..], &[0]].concat();
    assert!(solver.restore_from(&longer, &identity).is_err());
    assert!(bytes(&solver) == saved, "the training was changed");
}

#[test]
fn a_checkpoint_with_any_bit_flipped_is_refused() {
    let (mut solver, mut saved) = under_way();
    let (before, identity) = (saved.clone(), solver.identity());
    for place in 0..saved.len() {
        for bit in 0..8 {
            saved[place] ^= 1 << bit;
            assert!(
                solver.restore_from(&saved, &identity).is_err(),
                "bit {bit} of byte {place}"
            );
            saved[place] ^= 1 << bit;
        }
    }
    assert!(bytes(&solver) == before, "the training was changed");
}

#[expect(clippy::too_many_lines, reason = "one forgery after the other")]
#[test]
fn positions_and_sections_that_no_training_has_are_refused() {
    let (mut solver, saved) = under_way();
    let identity = solver.identity();
    let Precision::F32(training) = &solver.training else {
        unreachable!("the precision is f32")
    };
    let forged = |change: &dyn Fn(&mut Writer<&mut Vec<u8>>), without: &[&str]| {
        let mut forged = Vec::new();
        let mut writer = Writer::new(&mut forged).unwrap();
        change(&mut writer);
        let mut sections = Sections::parse(&saved).unwrap();
        let mut copy = |name: &str| {
            if without.contains(&name) {
                return;
            }
            if name == IDENTITY {
                let values = sections.take::<u8>(name).unwrap().to_vec();
                writer.section(name, &values).unwrap();
            } else if [POSITION, PLATEAU, "n_steps"].contains(&name) {
                let values = sections.take::<u64>(name).unwrap().to_vec();
                writer.section(name, &values).unwrap();
            } else if let Some((_, values)) = training.buffers().iter().find(|b| b.0 == name) {
                writer.section(name, values).unwrap();
            } else {
                let values = sections.take::<f64>(name).unwrap().to_vec();
                writer.section(name, &values).unwrap();
            }
        };
        for name in [
            IDENTITY,
            POSITION,
            RUNNING_SUMS,
            PLATEAU,
            PLATEAU_BEST,
            EPOCHS,
            STEP_LOSSES,
            BEST_EPOCH,
            "n_steps",
            "parameters",
            "running_statistics",
            "first_moment",
            "second_moment",
            "best_parameters",
            "best_running_statistics",
        ] {
            copy(name);
        }
        writer.finish().unwrap();
        forged
    };
    let position = |values: [u64; 3]| {
        forged(
            &move |writer| writer.section(POSITION, &values).unwrap(),
            &[POSITION],
        )
    };
    let cases = [
        (position([1, 4, 0]), "its section `position` holds numbers"),
        (position([0, 1, 0]), "its section `position` holds numbers"),
        (
            position([1 << 32, 0, 0]),
            "its section `position` holds numbers",
        ),
        (
            position([1, u64::MAX, 0]),
            "its section `position` holds numbers",
        ),
        (
            forged(&|writer| writer.section(EPOCHS, &[1.0]).unwrap(), &[EPOCHS]),
            "its section `epochs` holds numbers",
        ),
        (
            forged(
                &|writer| writer.section(PLATEAU, &[1_u64 << 32, 0]).unwrap(),
                &[PLATEAU],
            ),
            "its section `plateau` holds numbers",
        ),
        (
            forged(&|_| (), &["second_moment"]),
            "its section `second_moment` is missing",
        ),
        (
            forged(
                &|writer| writer.section("velocity", &[1.0_f32]).unwrap(),
                &[],
            ),
            "its section `velocity` with 1 elements has no place in this training",
        ),
        (
            forged(
                &|writer| writer.section("parameters", &[1.0_f32; 3]).unwrap(),
                &["parameters"],
            ),
            "its section `parameters` holds 3 f32, not",
        ),
    ];
    solver
        .restore_from(&forged(&|_| (), &[]), &identity)
        .unwrap();
    for (forged, expected) in cases {
        let error = solver.restore_from(&forged, &identity).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(bytes(&solver) == saved, "the training was changed");
    }
}

#[test]
fn files_are_written_and_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint");
    let (solver, saved) = under_way();
    solver.save(&path).unwrap();
    assert!(checkpoint::read(&path).unwrap() == saved);
    let mut again = begin(&small(|config| config.model.kind = ModelKind::Softmax));
    again.restore(&path).unwrap();
    assert!(bytes(&again) == saved);
    checkpoint::replace(&path, |out| out.write_all(b"epoch,loss")).unwrap();
    let error = again.restore(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "continue from the checkpoint {}: it is no checkpoint of finetooth; name the file that a training was saved to",
            path.display()
        )
    );
    let missing = directory.path().join("missing/checkpoint");
    let error = solver.save(&missing).unwrap_err().to_string();
    assert!(
        error.starts_with("write the checkpoint ") && error.ends_with("there is still whole"),
        "{error}"
    );
}

#[test]
fn a_training_that_ended_is_not_saved() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint");
    let (mut solver, _) = under_way();
    assert_eq!(solver.restore_best().map(|best| best.epoch), Some(1));
    let error = solver.save(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        "write a checkpoint: the best weights are in place; save before they are put there"
    );
    let mut solver = begin(&small(|config| {
        config.train.optimizer = OptimizerKind::Sgd;
        config.train.learning_rate = 10.0;
        config.train.l2 = 1e6;
    }));
    assert!(matches!(solver.train_epoch(), EpochEnd::Diverged(_)));
    let error = solver.save(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        "write a checkpoint: the training diverged in epoch 1; lower its learning rate"
    );
    assert!(!path.exists());
}
