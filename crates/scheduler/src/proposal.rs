//! Proposals: points that a Gaussian process, fitted to the results so far, expects to be good or knows little of.
//!
//! Pure, single-threaded, in double precision: the same rows and random numbers give the same points. Sources:
//! Rasmussen and Williams (2006), "Gaussian Processes for Machine Learning", algorithms 2.1 and 3.2;
//! Thompson (1933), "On the likelihood that one unknown probability exceeds another", Biometrika 25, for choosing by
//! draws from the posterior; Kandasamy et al. (2018), "Parallelised Bayesian Optimisation via Thompson Sampling",
//! AISTATS, for choosing many at once.

mod candidates;
mod features;
mod process;
mod scores;

use rand_chacha::ChaCha8Rng;

use self::features::Features;
use self::process::{Input, Process};
use crate::space::{Params, Space};
use crate::stage::Place;

/// Results that the process is fitted to, at most.
pub(crate) const MOST_ROWS: usize = 350;

/// A result: a trial at one of its rungs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Its values.
    pub(crate) params: &'a Params,
    /// Epochs it was trained.
    pub(crate) epochs: u32,
    /// How it stands among the others.
    pub(crate) place: Place,
}

/// `n` points of `narrowed`, fewer where that has fewer candidates: each the best of a draw from the posterior of the
/// score after `full_epochs`.
///
/// - `whole`: the ranges in which distances are measured.
/// - `rows`: from best to worst, at most [`MOST_ROWS`]. With fewer than two different places among them nothing is
///   known, and the points are uniform.
pub(crate) fn propose(
    narrowed: &Space,
    whole: &Space,
    rows: &[Row<'_>],
    full_epochs: u32,
    n: usize,
    numbers: &mut ChaCha8Rng,
) -> Vec<Params> {
    let candidates = candidates::draw(narrowed, rows, numbers);
    let n = n.min(candidates.len());
    let rows = &rows[..rows.len().min(MOST_ROWS)];
    let features = Features::of(whole);
    let input = |params: &Params, epochs: u32| Input {
        position: features.of_point(params),
        log_epochs: relative_log(epochs, full_epochs),
    };
    let inputs: Vec<Input> = rows
        .iter()
        .map(|row| input(row.params, row.epochs))
        .collect();
    let fitted = scores::normal(rows.iter().map(|row| row.place))
        .and_then(|scores| Process::fit(inputs, &scores, &features));
    let chosen = fitted.and_then(|process| {
        let wanted: Vec<Input> = candidates
            .iter()
            .map(|params| input(params, full_epochs))
            .collect();
        process.choose(&wanted, n, numbers)
    });
    // The first candidates are uniform.
    let chosen = chosen.unwrap_or_else(|| (0..n).collect());
    chosen
        .into_iter()
        .map(|index| candidates[index].clone())
        .collect()
}

/// The logarithm of `epochs` as a share of that of `full`; 1 where there is but one rung.
fn relative_log(epochs: u32, full: u32) -> f64 {
    if full <= 1 {
        1.0
    } else {
        f64::from(epochs.max(1)).ln() / f64::from(full).ln()
    }
}

#[cfg(test)]
mod tests;
