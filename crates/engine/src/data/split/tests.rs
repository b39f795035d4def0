use proptest::prelude::*;

use super::*;

fn names(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|c| c.to_string()).collect()
}

/// Labels with the given number of samples of each class, the classes mixed.
fn labels(counts: &[usize]) -> Vec<u32> {
    let mut left = counts.to_vec();
    let mut labels = Vec::new();
    while left.iter().any(|&n| n > 0) {
        for (label, n) in left.iter_mut().enumerate() {
            if *n > 0 {
                *n -= 1;
                labels.push(label as u32);
            }
        }
    }
    labels
}

fn sizes(validation: Share, test: Share) -> Sizes {
    Sizes {
        validation,
        test: Some(test),
        train_limit: None,
    }
}

fn split_counts(counts: &[usize], sizes: Sizes, seed: u32) -> Result<Split, DataError> {
    split(&labels(counts), &names(counts.len()), sizes, seed)
}

/// Samples of the 1797 digits. Source: np.bincount(sklearn.datasets.load_digits().target)
const DIGITS: [usize; 10] = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];

/// Expects parts of these sizes: training, validation, test.
#[track_caller]
fn check(validation: Share, test: Share, expected: [usize; 3]) {
    let split = split_counts(&DIGITS, sizes(validation, test), 0).unwrap();
    let found = [split.train.len(), split.validation.len(), split.test.len()];
    assert_eq!(found, expected);
}

#[test]
fn fractions_are_rounded_up_and_counts_are_exact() {
    use Share::{Count, Fraction};
    check(Fraction(0.2), Fraction(0.0), [1437, 360, 0]);
    check(Fraction(0.2), Count(0), [1437, 360, 0]);
    check(Fraction(0.2), Fraction(0.2), [1077, 360, 360]);
    check(Count(100), Count(200), [1497, 100, 200]);
    check(Count(10), Count(10), [1777, 10, 10]);
}

#[test]
fn a_fraction_that_only_binary_rounding_puts_above_a_count_is_that_count() {
    assert_eq!(count("test", Share::Fraction(0.07), 100).unwrap(), 7);
    assert_eq!(count("test", Share::Fraction(0.1), 30).unwrap(), 3);
}

#[test]
fn the_test_part_does_not_depend_on_the_validation_part_or_the_limit() {
    let test = |validation, train_limit| {
        let sizes = Sizes {
            train_limit,
            ..sizes(Share::Count(validation), Share::Fraction(0.2))
        };
        split_counts(&DIGITS, sizes, 5).unwrap().test
    };
    assert_eq!(test(100, None), test(700, None));
    assert_eq!(test(100, None), test(100, Some(50)));
}

#[test]
fn the_same_seed_gives_the_same_split_and_another_seed_another() {
    let of_seed =
        |seed| split_counts(&DIGITS, sizes(Share::Count(300), Share::Count(300)), seed).unwrap();
    assert_eq!(of_seed(7), of_seed(7));
    assert_ne!(of_seed(7), of_seed(8));
}

#[test]
fn a_limit_keeps_a_stratified_choice_of_the_training_part() {
    let with_limit = |train_limit| {
        let sizes = Sizes {
            train_limit: Some(train_limit),
            ..sizes(Share::Count(10), Share::Count(0))
        };
        split_counts(&[300, 100], sizes, 1).unwrap().train
    };
    let labels = labels(&[300, 100]);
    let kept = with_limit(40);
    assert_eq!(kept.len(), 40);
    assert_eq!(
        kept.iter().filter(|&&p| labels[p as usize] == 0).count(),
        30
    );
    assert_eq!(with_limit(100_000).len(), 390);
}

/// Expects this split to be refused.
#[track_caller]
fn check_refused(counts: &[usize], sizes: Sizes, expected: &str) {
    let error = split_counts(counts, sizes, 0).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn impossible_splits_are_refused() {
    use Share::{Count, Fraction};
    check_refused(
        &DIGITS,
        sizes(Count(0), Count(0)),
        "validation = 0 leaves 0 for the validation",
    );
    check_refused(
        &DIGITS,
        sizes(Count(9), Count(0)),
        "validation = 9 leaves 9",
    );
    check_refused(
        &DIGITS,
        sizes(Count(20), Count(5)),
        "test = 5 leaves 5 for the test part",
    );
    check_refused(
        &DIGITS,
        sizes(Count(1797), Count(0)),
        "validation = 1797 leaves 0 for the training",
    );
    check_refused(
        &DIGITS,
        sizes(Count(usize::MAX), Count(usize::MAX)),
        "for the training",
    );
    check_refused(
        &DIGITS,
        sizes(Fraction(0.5), Fraction(0.6)),
        "test = 0.6 leaves 0 for the training",
    );
    check_refused(
        &DIGITS,
        sizes(Fraction(1.0), Count(0)),
        "validation = 1; accepted: a fraction",
    );
    check_refused(
        &DIGITS,
        sizes(Fraction(f64::NAN), Count(0)),
        "validation = NaN",
    );
    check_refused(
        &[50, 1],
        sizes(Count(10), Count(0)),
        "class \"1\" has 1; accepted: at least 2",
    );
    check_refused(
        &[50, 2],
        sizes(Count(10), Count(10)),
        "class \"1\" has 2; accepted: at least 3",
    );
    check_refused(&[50, 0], sizes(Count(10), Count(10)), "class \"1\" has 0");
    let limited = Sizes {
        train_limit: Some(1),
        ..sizes(Count(10), Count(0))
    };
    check_refused(&[50, 50], limited, "train_limit = 1 leaves 1");
}

#[test]
fn rare_classes_are_in_every_part() {
    let split = split_counts(&[1000, 3], sizes(Share::Count(100), Share::Count(100)), 0).unwrap();
    let labels = labels(&[1000, 3]);
    for part in [split.train, split.validation, split.test] {
        assert_eq!(part.iter().filter(|&&p| labels[p as usize] == 1).count(), 1);
    }
}

#[test]
fn largest_remainders_get_what_rounding_leaves() {
    // Shares of 10 by 5 : 3 : 1 are 5.56, 3.33 and 1.11; the first has the largest remainder.
    assert_eq!(apportion(10, &[50, 30, 10], &[50, 30, 10]), [6, 3, 1]);
    // 1.5 and 1.5: the tie goes to the first.
    assert_eq!(apportion(3, &[5, 5], &[5, 5]), [2, 1]);
    // 0.1 becomes 1, taken from the class that is least short.
    assert_eq!(apportion(10, &[99, 1], &[99, 1]), [9, 1]);
}

proptest! {
    #[test]
    fn parts_are_disjoint_exact_and_stratified(
        counts in prop::collection::vec(3_usize..200, 2..12),
        validation in 0.1_f64..0.4,
        test in 0.1_f64..0.4,
        seed in 0_u32..1000,
    ) {
        let n: usize = counts.iter().sum();
        let asked = sizes(Share::Fraction(validation), Share::Fraction(test));
        let Ok(parts) = split_counts(&counts, asked, seed) else {
            // Refused only where some part is smaller than the number of classes.
            prop_assert!((0.1 * n as f64) < counts.len() as f64 + 1.0);
            return Ok(());
        };
        let mut all = [parts.train.clone(), parts.validation.clone(), parts.test.clone()].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..n as u32).collect::<Vec<_>>());
        prop_assert_eq!(parts.test.len(), (test * n as f64).ceil() as usize);
        let labels = labels(&counts);
        for part in [&parts.train, &parts.validation, &parts.test] {
            for (label, &count) in counts.iter().enumerate() {
                let found = part.iter().filter(|&&p| labels[p as usize] as usize == label).count();
                prop_assert!(found >= 1);
                let share = part.len() as f64 * count as f64 / n as f64;
                // Off by more than rounding only where rare classes must be in every part.
                let slack = if counts.iter().all(|&c| c as f64 * 0.1 > 1.0) { 2.0 } else { counts.len() as f64 };
                prop_assert!((found as f64 - share).abs() <= slack, "{found} for {share}");
            }
        }
    }
}
