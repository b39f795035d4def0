//! Where the loop ends, and what it tells.

use super::super::tests::{config, dataset};
use super::*;
use crate::config::OptimizerKind;

fn solver() -> Solver {
    Solver::new(&config(|_| {}), dataset(95, 40), 5).unwrap()
}

/// Epochs and steps told by a run with these options, which the callback breaks off at `stop`.
#[track_caller]
fn check(options: FitOptions, stop: Option<(char, u64)>, expected: FitEnd, told: &[(char, u64)]) {
    let mut solver = solver();
    let mut found = Vec::new();
    let end = solver.fit(&options, |_, progress| {
        found.push(place(progress));
        if stop == Some(place(progress)) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(end, expected);
    assert_eq!(found, told);
}

fn place(progress: Progress) -> (char, u64) {
    match progress {
        Progress::Step(step) => ('s', step.step),
        Progress::Epoch(epoch) => ('e', u64::from(epoch.epoch)),
    }
}

#[test]
fn epochs_and_every_so_manyth_step_are_told() {
    // 95 samples in batches of 10: 9 steps an epoch.
    let options = FitOptions {
        every_steps: 6,
        ..FitOptions::to_epoch(2)
    };
    let told = [('s', 6), ('e', 1), ('s', 12), ('s', 18), ('e', 2)];
    check(options, None, FitEnd::Reached, &told);
    check(
        FitOptions::to_epoch(2),
        None,
        FitEnd::Reached,
        &[('e', 1), ('e', 2)],
    );
    check(FitOptions::to_epoch(0), None, FitEnd::Reached, &[]);
    check(options, Some(('s', 12)), FitEnd::Stopped, &told[..3]);
    // The last step of an epoch ends it, whoever asked to stop.
    check(options, Some(('s', 18)), FitEnd::Stopped, &told);
}

#[test]
fn a_fit_in_two_parts_is_one_of_both() {
    let (mut whole, mut parts) = (solver(), solver());
    whole.keep_step_losses();
    parts.keep_step_losses();
    whole.fit(&FitOptions::to_epoch(3), |_, _| ControlFlow::Continue(()));
    let options = FitOptions {
        every_steps: 13,
        ..FitOptions::to_epoch(3)
    };
    let mut n_parts = 0;
    while parts.fit(&options, |_, _| ControlFlow::Break(())) == FitEnd::Stopped {
        n_parts += 1;
    }
    // Broken off after steps 13 and 26 and after each epoch.
    assert_eq!(n_parts, 5);
    assert_eq!(whole.history(), parts.history());
    assert_eq!(whole.history().step_losses.len(), 27);
}

#[test]
fn patience_ends_what_no_longer_improves() {
    // At a rate of 0 every epoch is as good as the first.
    let still = config(|config| {
        config.train.optimizer = OptimizerKind::Sgd;
        config.train.learning_rate = 0.0;
    });
    for (patience, epochs) in [(1, 2), (3, 4)] {
        let mut solver = Solver::new(&still, dataset(95, 40), 5).unwrap();
        let options = FitOptions {
            patience: NonZeroU32::new(patience),
            ..FitOptions::to_epoch(10)
        };
        let end = solver.fit(&options, |_, _| ControlFlow::Continue(()));
        assert_eq!((end, solver.epoch()), (FitEnd::NoLongerImproving, epochs));
        let end = solver.fit(&options, |_, _| ControlFlow::Continue(()));
        assert_eq!((end, solver.epoch()), (FitEnd::NoLongerImproving, epochs));
    }
}

#[test]
fn a_divergence_ends_it() {
    let config = config(|config| {
        config.train.optimizer = OptimizerKind::Sgd;
        config.train.learning_rate = 10.0;
        config.train.l2 = 1e6;
    });
    let mut solver = Solver::new(&config, dataset(95, 40), 5).unwrap();
    let end = solver.fit(&FitOptions::to_epoch(3), |_, progress| {
        panic!("no epoch was completed: {progress:?}")
    });
    assert!(matches!(end, FitEnd::Diverged(record) if record.epoch == 1));
    assert_eq!(solver.epoch(), 0);
}

#[test]
fn the_best_weights_are_those_of_the_best_epoch() {
    for criterion in [Criterion::ValAccuracy, Criterion::ValLoss] {
        let mut solver = solver();
        assert_eq!(solver.restore_best(), None);
        solver.keep_best(criterion);
        assert_eq!(solver.restore_best(), None);
        solver.fit(&FitOptions::to_epoch(8), |_, _| ControlFlow::Continue(()));
        let best = solver.restore_best().unwrap();
        assert_eq!(Some(&best), solver.history().best(criterion));
        let evaluated = solver.untrained();
        assert_eq!(
            (evaluated.val_loss, evaluated.val_accuracy),
            (best.val_loss, best.val_accuracy)
        );
    }
}
