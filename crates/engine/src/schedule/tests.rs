//! Learning rates against their published formulas.

use proptest::prelude::{ProptestConfig, Strategy, proptest};
use proptest::sample::select;

use super::*;

fn schedule(course: Course, warmup_epochs: u32, epochs: u32) -> LrSchedule {
    LrSchedule {
        course,
        warmup_epochs,
        epochs,
    }
}

/// The rate at a step of an epoch of 4 steps, with η = 0.1.
#[track_caller]
fn check(schedule: &LrSchedule, epoch: u32, step: usize, expected: f64) {
    let moment = Moment {
        epoch,
        step,
        steps_per_epoch: 4,
        n_falls: 0,
    };
    let found = schedule.at(0.1, moment);
    assert!(
        (found - expected).abs() < 1e-15,
        "{found} is not {expected}"
    );
}

#[test]
fn a_constant_rate_stays() {
    let constant = schedule(Course::Constant, 0, 27);
    check(&constant, 1, 0, 0.1);
    check(&constant, 1000, 3, 0.1);
}

#[test]
fn an_exponential_rate_is_multiplied_once_an_epoch() {
    // 0.1 · 0.9ᵉ⁻¹ by hand.
    let exponential = schedule(Course::Exponential { decay: 0.9 }, 0, 27);
    check(&exponential, 1, 3, 0.1);
    check(&exponential, 2, 0, 0.09);
    check(&exponential, 2, 3, 0.09);
    check(&exponential, 4, 0, 0.072_9);
}

#[test]
fn no_decay_is_constant() {
    check(
        &schedule(Course::Exponential { decay: 1.0 }, 0, 27),
        50,
        0,
        0.1,
    );
}

#[test]
fn the_untrained_network_has_the_first_rate() {
    check(
        &schedule(Course::Exponential { decay: 0.5 }, 0, 27),
        0,
        0,
        0.1,
    );
    check(&schedule(Course::Constant, 2, 27), 0, 0, 0.1 / 8.0);
}

#[test]
fn steps_fall_after_every_so_many_epochs() {
    let step = Course::Step {
        every: 3,
        factor: 0.5,
    };
    let step = schedule(step, 0, 5);
    check(&step, 3, 3, 0.1);
    check(&step, 4, 0, 0.05);
    check(&step, 6, 3, 0.05);
    check(&step, 7, 0, 0.025);
}

#[test]
fn multiple_steps_fall_after_the_given_epochs() {
    let steps = Course::MultiStep {
        after: vec![1, 4],
        factor: 0.1,
    };
    let steps = schedule(steps, 0, 27);
    check(&steps, 1, 3, 0.1);
    check(&steps, 2, 0, 0.01);
    check(&steps, 4, 3, 0.01);
    check(&steps, 5, 0, 0.001);
    check(&steps, 500, 0, 0.001);
}

#[test]
fn a_line_falls_with_every_step_and_stays_at_its_last() {
    // 5 epochs of 4 steps: 0.1 (1 − k/20).
    let linear = schedule(Course::Linear, 0, 5);
    check(&linear, 1, 0, 0.1);
    check(&linear, 1, 1, 0.095);
    check(&linear, 3, 2, 0.05);
    check(&linear, 5, 3, 0.005);
    check(&linear, 6, 0, 0.005);
    check(&linear, 1_000_000, 3, 0.005);
}

#[test]
fn a_cosine_falls_with_every_step_and_stays_at_its_last() {
    // Python: for k in (0, 1, 8, 10, 19): print(0.05 * (1 + math.cos(math.pi * k / 20)))
    let cosine = schedule(Course::Cosine, 0, 5);
    check(&cosine, 1, 0, 0.1);
    check(&cosine, 1, 1, 0.099_384_417_029_756_9);
    check(&cosine, 3, 0, 0.065_450_849_718_747_37);
    check(&cosine, 3, 2, 0.05);
    check(&cosine, 5, 3, 0.000_615_582_970_243_117_1);
    check(&cosine, 9, 2, 0.000_615_582_970_243_117_1);
}

#[test]
fn an_inverse_root_begins_its_epochs_at_roots_of_their_number() {
    let roots = schedule(Course::InverseSqrt, 0, 5);
    check(&roots, 1, 0, 0.1);
    check(&roots, 4, 0, 0.05);
    // After t = 1.25 epochs 0.1 / √2.25; no end is planned.
    check(&roots, 2, 1, 0.1 / 1.5);
    check(&roots, 100, 0, 0.01);
}

#[test]
fn an_inverse_root_after_a_warm_up_is_that_of_the_transformer() {
    // min(k^-0.5, k w^-1.5) with w = 2 epochs of 4 steps = 8, scaled to 0.1 at k = 8: 0.1 k/8 up to
    // there, then 0.1 √(8/k). Steps k count from 1 in the warm-up and from 0 after it, where step 8
    // has the peak again.
    let roots = schedule(Course::InverseSqrt, 2, 5);
    check(&roots, 1, 0, 0.012_5);
    check(&roots, 2, 3, 0.1);
    check(&roots, 3, 0, 0.1);
    check(&roots, 9, 0, 0.05);
}

#[test]
fn one_cycle_is_that_of_pytorch() {
    // Python, by the source of torch.optim.lr_scheduler.OneCycleLR (pct_start 0.3, div_factor 25,
    // final_div_factor 1e4, cosine, two phases), max_lr = 0.1 and total_steps = 20:
    //   def anneal(a, b, p): return b + (a - b) / 2 * (1 + math.cos(math.pi * p))
    //   top, low, last = 0.1, 0.1 / 25, 0.1 / 25 / 1e4
    //   e1, e2 = 0.3 * 20 - 1, 19
    //   for k in (0, 2, 5, 12, 19):
    //       print(anneal(low, top, k / e1) if k <= e1 else anneal(top, last, (k - e1) / (e2 - e1)))
    let cycle = schedule(Course::OneCycle, 0, 5);
    check(&cycle, 1, 0, 0.004);
    check(&cycle, 1, 2, 0.037_167_184_270_002_52);
    check(&cycle, 2, 1, 0.1);
    check(&cycle, 4, 0, 0.050_000_2);
    check(&cycle, 5, 3, 4e-7);
    check(&cycle, 50, 0, 4e-7);
}

#[test]
fn one_cycle_of_very_few_steps_is_finite() {
    for steps_per_epoch in 1..30 {
        for step in 0..steps_per_epoch {
            let moment = Moment {
                epoch: 1,
                step,
                steps_per_epoch,
                n_falls: 0,
            };
            let rate = schedule(Course::OneCycle, 0, 1).at(0.1, moment);
            assert!(
                rate > 0.0 && rate <= 0.1,
                "{step} of {steps_per_epoch}: {rate}"
            );
        }
    }
}

#[test]
fn a_warm_up_rises_by_steps_and_the_course_begins_after_it() {
    let exponential = schedule(Course::Exponential { decay: 0.5 }, 2, 5);
    check(&exponential, 1, 0, 0.012_5);
    check(&exponential, 1, 3, 0.05);
    check(&exponential, 2, 3, 0.1);
    check(&exponential, 3, 0, 0.1);
    check(&exponential, 4, 0, 0.05);
    // 4 epochs of 4 steps are left for the line: 0.1 (1 − k/16).
    let linear = schedule(Course::Linear, 1, 5);
    check(&linear, 1, 3, 0.1);
    check(&linear, 2, 0, 0.1);
    check(&linear, 3, 0, 0.075);
    check(&linear, 5, 3, 0.1 / 16.0);
    check(&linear, 6, 0, 0.1 / 16.0);
}

#[test]
fn a_warm_up_of_one_cycle_rises_to_its_first_value() {
    let cycle = schedule(Course::OneCycle, 1, 5);
    check(&cycle, 1, 0, 0.001);
    check(&cycle, 1, 3, 0.004);
    check(&cycle, 2, 0, 0.004);
}

#[test]
fn a_warm_up_longer_than_the_training_only_rises() {
    check(&schedule(Course::Cosine, 10, 5), 5, 3, 0.05);
}

#[test]
fn a_plateau_falls_as_often_as_it_is_told_and_forgets_the_warm_up() {
    let plateau = schedule(
        Course::Plateau {
            patience: 0,
            factor: 0.5,
        },
        2,
        27,
    );
    let mut seen = Plateau::default();
    let mut rates = Vec::new();
    for (epoch, val_loss) in (1..).zip([1.0, 1.0, 1.0, 1.0, 0.5, 0.5]) {
        rates.push(plateau.at(
            0.1,
            Moment {
                epoch,
                step: 3,
                steps_per_epoch: 4,
                n_falls: seen.n_falls,
            },
        ));
        seen = plateau.after_epoch(seen, epoch, val_loss);
    }
    // Two epochs of warm-up, 0.05 and 0.1 in their last steps; the first loss after it is an
    // improvement, the second is not, and the rate of the epoch after that has fallen.
    assert_eq!(rates, [0.05, 0.1, 0.1, 0.1, 0.05, 0.05]);
    assert_eq!(seen.n_falls, 2);
    let constant = schedule(Course::Constant, 0, 27);
    assert_eq!(constant.after_epoch(seen, 9, 1.0), seen);
}

fn all() -> Vec<Course> {
    vec![
        Course::Constant,
        Course::Exponential { decay: 0.9 },
        Course::Step {
            every: 3,
            factor: 0.5,
        },
        Course::MultiStep {
            after: vec![2, 7],
            factor: 0.5,
        },
        Course::Linear,
        Course::Cosine,
        Course::InverseSqrt,
        Course::OneCycle,
        Course::Plateau {
            patience: 3,
            factor: 0.5,
        },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_rate_is_above_zero_and_at_most_the_given_one(
        course in select(all()),
        warmup_epochs in 0_u32..50,
        epochs in 1_u32..50,
        epoch in 0_u32..100,
        steps_per_epoch in 1_usize..50,
        place in 0.0_f64..1.0,
    ) {
        let step = (place * steps_per_epoch as f64) as usize;
        let moment = Moment { epoch, step, steps_per_epoch, n_falls: epoch / 4 };
        let rate = schedule(course, warmup_epochs, epochs).at(0.1, moment);
        assert!(rate > 0.0 && rate <= 0.1 * (1.0 + 1e-12), "{rate}");
    }

    #[test]
    fn no_rate_rises_after_the_warm_up_but_that_of_one_cycle(
        course in select(all()).prop_filter("one_cycle", |course| *course != Course::OneCycle),
        warmup_epochs in 0_u32..5,
        epochs in 5_u32..20,
        steps_per_epoch in 1_usize..20,
    ) {
        let schedule = schedule(course, warmup_epochs, epochs);
        let rates: Vec<f64> = (warmup_epochs + 1..30)
            .flat_map(|epoch| (0..steps_per_epoch).map(move |step| (epoch, step)))
            .map(|(epoch, step)| schedule.at(0.1, Moment { epoch, step, steps_per_epoch, n_falls: epoch / 4 }))
            .collect();
        assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
    }
}
