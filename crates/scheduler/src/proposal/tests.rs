//! What proposals are worth.

use super::*;
use crate::seed::{Purpose, stream, uniform};
use crate::space::{Dimension, Domain, Scale, Value};

fn range(key: &str, zero: f64) -> Dimension {
    Dimension {
        key: key.into(),
        domain: Domain::Float {
            low: 1e-4,
            high: 1.0,
            scale: Scale::Log,
        },
        limits: (1e-9, 10.0),
        zero,
        order: 1,
        when: Vec::new(),
    }
}

fn four() -> Space {
    Space(["a", "b", "c", "d"].map(|key| range(key, 0.0)).to_vec())
}

/// Falls off with the square of the distance from a point inside.
fn valley(space: &Space, params: &Params) -> f64 {
    let best = [0.3, 0.6, 0.5, 0.8];
    let dimensions = space.0.iter().zip(best);
    -dimensions
        .map(|(dimension, best)| {
            let value = params.get(&dimension.key).unwrap();
            (dimension.position(value).unwrap() - best).powi(2)
        })
        .sum::<f64>()
}

fn uniform_points(space: &Space, n: usize, numbers: &mut ChaCha8Rng) -> Vec<Params> {
    let mut point = || {
        let u: Vec<f64> = space.0.iter().map(|_| uniform(numbers)).collect();
        space.at(&u)
    };
    (0..n).map(|_| point()).collect()
}

fn ranked<'a>(points: &'a [Params], score: impl Fn(&Params) -> f64) -> Vec<Row<'a>> {
    let row = |params: &'a Params| Row {
        params,
        epochs: 27,
        place: Place::Scored(score(params)),
    };
    let mut rows: Vec<Row<'_>> = points.iter().map(row).collect();
    rows.sort_by_key(|row| row.place);
    rows
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

#[test]
fn proposals_are_better_than_uniform_points() {
    let space = four();
    for seed in 0..6 {
        let mut numbers = stream(seed, Purpose::Proposals, [0; 4]);
        let known = uniform_points(&space, 60, &mut numbers);
        let rows = ranked(&known, |point| valley(&space, point));
        let proposed = propose(&space, &space, &rows, 27, 15, &mut numbers);
        assert_eq!(proposed.len(), 15);
        let worth = |points: &[Params]| median(points.iter().map(|p| valley(&space, p)).collect());
        let others = uniform_points(&space, 200, &mut numbers);
        let (proposed, others) = (worth(&proposed), worth(&others));
        // half as far away, squared
        assert!(
            proposed > others / 4.0,
            "seed {seed}: {proposed} against {others}"
        );
    }
}

#[test]
fn the_value_of_a_list_that_is_better_is_found() {
    let values = ["sgd", "adam", "lion"].map(|word| Value::Text(word.to_owned()));
    let rule = Dimension {
        domain: Domain::Choice {
            values: values.to_vec(),
        },
        ..range("rule", 0.0)
    };
    let space = Space(vec![range("a", 0.2), rule]);
    let mut numbers = stream(3, Purpose::Proposals, [1; 4]);
    let known = uniform_points(&space, 60, &mut numbers);
    let is_adam = |point: &Params| point.get("rule") == Some(&values[1]);
    let rows = ranked(&known, |point| f64::from(u8::from(is_adam(point))));
    let proposed = propose(&space, &space, &rows, 27, 12, &mut numbers);
    let n_adam = proposed.iter().filter(|point| is_adam(point)).count();
    assert!(n_adam >= 9, "{n_adam} of 12");
}

#[test]
fn proposals_lie_in_the_narrowed_ranges_and_repeat() {
    let whole = four();
    let narrowed = Space(whole.0.iter().map(|axis| axis.slice(0.4, 0.6)).collect());
    let mut numbers = stream(5, Purpose::Proposals, [0; 4]);
    let known = uniform_points(&whole, 40, &mut numbers);
    let rows = ranked(&known, |point| valley(&whole, point));
    let again = || {
        let mut numbers = stream(5, Purpose::Proposals, [1; 4]);
        propose(&narrowed, &whole, &rows, 27, 16, &mut numbers)
    };
    let proposed = again();
    assert_eq!(proposed, again());
    for point in &proposed {
        for axis in &narrowed.0 {
            let position = axis.position(point.get(&axis.key).unwrap()).unwrap();
            assert!((-1e-9..=1.0 + 1e-9).contains(&position), "{position}");
        }
    }
    let different: std::collections::BTreeSet<String> =
        proposed.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), 16);
}

#[test]
fn where_nothing_is_known_points_are_uniform() {
    let space = four();
    let mut numbers = stream(6, Purpose::Proposals, [0; 4]);
    let known = uniform_points(&space, 20, &mut numbers);
    let all_the_same = ranked(&known, |_| 0.5);
    for rows in [&[][..], &all_the_same[..1], &all_the_same] {
        assert_eq!(propose(&space, &space, rows, 27, 8, &mut numbers).len(), 8);
    }
    // the same point again and again, with different results
    let twin = vec![known[0].clone(); 30];
    let mut score = 0.0;
    let rows: Vec<Row<'_>> = twin
        .iter()
        .map(|params| {
            score -= 1.0;
            Row {
                params,
                epochs: 1,
                place: Place::Scored(score),
            }
        })
        .collect();
    assert_eq!(propose(&space, &space, &rows, 1, 8, &mut numbers).len(), 8);
}

#[test]
fn a_space_of_few_points_gives_no_more_than_it_has() {
    let flag = Dimension {
        domain: Domain::Choice {
            values: vec![Value::Bool(false), Value::Bool(true)],
        },
        ..range("flag", 0.0)
    };
    let space = Space(vec![flag]);
    let mut numbers = stream(7, Purpose::Proposals, [0; 4]);
    let known = uniform_points(&space, 10, &mut numbers);
    let rows = ranked(&known, |point| {
        f64::from(u8::from(point.get("flag") == Some(&Value::Bool(true))))
    });
    assert_eq!(propose(&space, &space, &rows, 27, 8, &mut numbers).len(), 2);
}
