//! Training, validation and test part of one file: seeded, stratified, of exactly the sizes asked for.

use super::DataError;
use crate::config::Share;
use crate::seed::{Purpose, Stream};

/// Sizes asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) validation: Share,
    /// `None` where the data bring a test set of their own.
    pub(super) test: Option<Share>,
    /// At most this many of what is left for training.
    pub(super) train_limit: Option<usize>,
}

/// Positions of the samples of each part, in random order; no position is in two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) train: Vec<u32>,
    pub(super) validation: Vec<u32>,
    pub(super) test: Vec<u32>,
}

/// Splits samples by their labels (N), each an index into `classes`.
///
/// A fraction f takes ⌈f·N⌉ of all samples. Each part has of each class its share n·N_c/N, rounded so that the
/// part's size n is exact, and at least one. The test part is drawn first: it stays the same when the size of the
/// validation part or `train_limit` changes.
pub(super) fn split(
    labels: &[u32],
    classes: &[String],
    sizes: Sizes,
    seed: u32,
) -> Result<Split, DataError> {
    let n_samples = labels.len();
    let n_test = match sizes.test {
        Some(share) => count("test", share, n_samples)?,
        None => 0,
    };
    let n_validation = count("validation", sizes.validation, n_samples)?;
    let mut of_class: Vec<Vec<u32>> = vec![Vec::new(); classes.len()];
    for (position, &label) in (0..).zip(labels) {
        of_class[label as usize].push(position);
    }
    let n_train = n_samples.saturating_sub(n_test.saturating_add(n_validation));
    check_sizes(n_samples, [n_train, n_validation, n_test], classes, sizes)?;
    check_classes(&of_class, classes, n_test > 0)?;

    let available: Vec<usize> = of_class.iter().map(Vec::len).collect();
    let tested = available
        .iter()
        .map(|&n| if n_test > 0 { n - 2 } else { 0 })
        .collect::<Vec<_>>();
    let test_counts = apportion(n_test, &available, &tested);
    let validated = available
        .iter()
        .zip(&test_counts)
        .map(|(&n, &taken)| n - taken - 1)
        .collect::<Vec<_>>();
    let validation_counts = apportion(n_validation, &available, &validated);
    let left = (0..classes.len())
        .map(|c| available[c] - test_counts[c] - validation_counts[c])
        .collect::<Vec<_>>();
    let n_train = sizes
        .train_limit
        .map_or(n_train, |limit| limit.min(n_train));
    let train_counts = apportion(n_train, &left, &left);

    let mut stream = Stream::new(seed, Purpose::Split);
    let mut parts = Split {
        train: Vec::with_capacity(n_train),
        validation: Vec::with_capacity(n_validation),
        test: Vec::with_capacity(n_test),
    };
    for (label, positions) in of_class.iter_mut().enumerate() {
        stream.shuffle(positions);
        let (test, rest) = positions.split_at(test_counts[label]);
        let (validation, rest) = rest.split_at(validation_counts[label]);
        parts.test.extend(test);
        parts.validation.extend(validation);
        parts.train.extend(&rest[..train_counts[label]]);
    }
    stream.shuffle(&mut parts.test);
    stream.shuffle(&mut parts.validation);
    stream.shuffle(&mut parts.train);
    Ok(parts)
}

/// Splits N samples without looking at their labels, which are numbers.
///
/// Sizes are those of [`split`], and the test part is drawn first here too.
pub(super) fn split_unstratified(
    n_samples: usize,
    sizes: Sizes,
    seed: u32,
) -> Result<Split, DataError> {
    // One class has no share to keep.
    split(&vec![0; n_samples], &[String::new()], sizes, seed)
}

/// Samples in a share of N: a count, or ⌈f·N⌉.
fn count(key: &'static str, share: Share, n_samples: usize) -> Result<usize, DataError> {
    match share {
        Share::Count(n) => Ok(n),
        // 0.07 · 100 is a little above 7 in binary; it still means 7.
        Share::Fraction(f) if (0.0..1.0).contains(&f) => {
            Ok((f * n_samples as f64 - 1e-6).ceil().max(0.0) as usize)
        }
        Share::Fraction(found) => Err(DataError::WrongShare { key, found }),
    }
}

fn check_sizes(
    n_samples: usize,
    [n_train, n_validation, n_test]: [usize; 3],
    classes: &[String],
    sizes: Sizes,
) -> Result<(), DataError> {
    let too_small = |key, share, part, found| {
        Err(DataError::PartTooSmall {
            key,
            share,
            part,
            n_samples,
            found,
            n_classes: classes.len(),
        })
    };
    let shown = |share| match share {
        Share::Fraction(f) => f.to_string(),
        Share::Count(n) => n.to_string(),
    };
    let validation = shown(sizes.validation);
    if n_validation < classes.len() {
        return too_small("validation", validation, "validation", n_validation);
    }
    if let Some(share) = sizes.test
        && n_test > 0
        && n_test < classes.len()
    {
        return too_small("test", shown(share), "test", n_test);
    }
    if n_train < classes.len() {
        return match sizes.test {
            Some(share) if n_test > n_validation => {
                too_small("test", shown(share), "training", n_train)
            }
            _ => too_small("validation", validation, "training", n_train),
        };
    }
    match sizes.train_limit {
        Some(limit) if limit < classes.len() => {
            too_small("train_limit", limit.to_string(), "training", limit)
        }
        _ => Ok(()),
    }
}

fn check_classes(
    of_class: &[Vec<u32>],
    classes: &[String],
    with_test: bool,
) -> Result<(), DataError> {
    let (accepted, parts) = if with_test {
        (3, "training, validation and test")
    } else {
        (2, "training and validation")
    };
    match of_class
        .iter()
        .position(|positions| positions.len() < accepted)
    {
        Some(label) => Err(DataError::ClassTooSmall {
            class: classes[label].clone(),
            found: of_class[label].len(),
            accepted,
            parts,
        }),
        None => Ok(()),
    }
}

/// Divides `total` among classes in proportion to their weights, by largest remainder; ties go to the first class.
///
/// - `most`: (C), none above its weight; no class gets more, and where `total` ≥ C each gets at least one.
/// - returns (C) counts whose sum is `total`. `total` must be 0, or at least C and at most the sum of `most`.
///
/// Source: Hamilton's method of apportionment.
fn apportion(total: usize, weights: &[usize], most: &[usize]) -> Vec<usize> {
    if total == 0 {
        return vec![0; weights.len()];
    }
    let all: usize = weights.iter().sum();
    let mut counts: Vec<usize> = weights
        .iter()
        .zip(most)
        .map(|(&weight, &most)| {
            ((total as u128 * weight as u128 / all as u128) as usize).clamp(1, most)
        })
        .collect();
    // total·weight/all − count, in units of 1/all: how much a class is short of its share.
    let short = |counts: &[usize], c: usize| {
        total as i128 * weights[c] as i128 - counts[c] as i128 * all as i128
    };
    let mut sum: usize = counts.iter().sum();
    while sum < total {
        let c = (0..counts.len())
            .filter(|&c| counts[c] < most[c])
            .max_by_key(|&c| (short(&counts, c), std::cmp::Reverse(c)))
            .expect("the bounds leave room for the total");
        counts[c] += 1;
        sum += 1;
    }
    while sum > total {
        let c = (0..counts.len())
            .filter(|&c| counts[c] > 1)
            .min_by_key(|&c| (short(&counts, c), std::cmp::Reverse(c)))
            .expect("the total is at least one for each class");
        counts[c] -= 1;
        sum -= 1;
    }
    counts
}

#[cfg(test)]
mod tests;
