//! Domains: what every point, position and slice must satisfy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use finetooth_scheduler::space::{Dimension, Domain, Scale, Value};
use proptest::prelude::*;

const WIDE: (f64, f64) = (-1e12, 1e12);

fn scale() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log)]
}

fn domain() -> impl Strategy<Value = Domain> {
    let float = (1e-6..1e3, 1.0..1e6, scale()).prop_map(|(low, ratio, scale)| Domain::Float {
        low,
        high: low * ratio,
        scale,
    });
    let linear = (-100i64..100, 0i64..50, 1i64..5).prop_map(|(low, n, step)| Domain::Integer {
        low,
        high: low + n * step,
        step,
        scale: Scale::Linear,
    });
    let log = (1i64..100, 0i64..1000).prop_map(|(low, n)| Domain::Integer {
        low,
        high: low + n,
        step: 1,
        scale: Scale::Log,
    });
    let stepped = (-10.0..10.0, 1u32..40, 0.01..2.0).prop_map(|(low, n, step)| Domain::Stepped {
        low,
        high: low + step * f64::from(n),
        step,
    });
    prop_oneof![float, linear, log, stepped]
}

proptest! {
    #[test]
    fn every_point_lies_in_the_domain(domain in domain(), u in 0.0..1.0) {
        let (low, high, _) = domain.range().unwrap();
        let value = domain.at(u).as_f64().unwrap();
        prop_assert!((low..=high).contains(&value), "{value} of {domain:?}");
    }

    #[test]
    fn positions_rise_with_values(domain in domain(), one in 0.0..1.0, other in 0.0..1.0) {
        let position = |u: f64| domain.unit(&domain.at(u)).unwrap();
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        prop_assert!(position(first) <= position(second) + 1e-9);
        prop_assert!((-1e-9..=1.0 + 1e-9).contains(&position(one)));
    }

    #[test]
    fn a_continuum_gives_back_the_position_it_was_asked_for(low in 1e-6..1.0, ratio in 1.1..1e6, u in 0.0..1.0, scale in scale()) {
        let domain = Domain::Float { low, high: low * ratio, scale };
        prop_assert!((domain.unit(&domain.at(u)).unwrap() - u).abs() < 1e-9);
    }

    #[test]
    fn narrowing_stays_inside_and_keeps_what_it_should(domain in domain(), one in 0.0..1.0, other in 0.0..1.0) {
        let (from, to) = if one <= other { (one, other) } else { (other, one) };
        let (low, high, _) = domain.range().unwrap();
        let (next_low, next_high, _) = domain.slice(from, to, WIDE).range().unwrap();
        let tolerance = 1e-9 * (high - low).abs().max(1.0);
        prop_assert!(low - tolerance <= next_low && next_low <= next_high + tolerance && next_high <= high + tolerance);
        let whole = domain.slice(0.0, 1.0, WIDE).range().unwrap();
        prop_assert!((whole.0 - low).abs() <= tolerance && (whole.1 - high).abs() <= tolerance);
    }

    #[test]
    fn widening_never_crosses_the_limits(domain in domain(), outward in 0.01..1.0f64, room in 0.0..1.0f64) {
        let (low, high, _) = domain.range().unwrap();
        let limits: (f64, f64) = (low - room * (high - low), high + room * (high - low));
        let (next_low, next_high, _) = domain.slice(-outward, 1.0 + outward, limits).range().unwrap();
        let tolerance = 1e-9 * (high - low).abs().max(1.0);
        prop_assert!(limits.0 - tolerance <= next_low && next_low <= low + tolerance, "{next_low} {limits:?}");
        prop_assert!(high - tolerance <= next_high && next_high <= limits.1 + tolerance, "{next_high} {limits:?}");
    }

    #[test]
    fn the_zero_share_draws_exact_zeros_and_they_have_no_position(u in 0.0..1.0, zero in 0.01..0.99) {
        let dimension = Dimension {
            key: "l2".into(),
            domain: Domain::Float { low: 1e-6, high: 0.1, scale: Scale::Log },
            limits: (0.0, 1.0),
            zero,
            order: 1,
            when: Vec::new(),
        };
        let value = dimension.at(u);
        prop_assert_eq!(value == Value::Float(0.0), u < zero);
        prop_assert_eq!(dimension.position(&value).is_none(), u < zero);
    }
}

#[track_caller]
fn check_share(domain: &Domain, expected: &[(Value, f64)]) {
    let n = 100_000;
    for (value, share) in expected {
        let hits = (0..n)
            .filter(|i| domain.at((f64::from(*i) + 0.5) / f64::from(n)) == *value)
            .count();
        assert!(
            (hits as f64 / f64::from(n) - share).abs() < 1e-4,
            "{value}: {hits}"
        );
    }
}

#[test]
fn every_value_of_a_lattice_or_list_has_an_equal_share() {
    let thirds = |values: [Value; 3]| values.map(|value| (value, 1.0 / 3.0));
    let integers = Domain::Integer {
        low: 8,
        high: 32,
        step: 12,
        scale: Scale::Linear,
    };
    check_share(&integers, &thirds([8, 20, 32].map(Value::Integer)));
    let steps = Domain::Stepped {
        low: 0.1,
        high: 0.5,
        step: 0.2,
    };
    check_share(&steps, &thirds([0.1, 0.3, 0.5].map(Value::Float)));
    let words = ["a", "b", "c"].map(|word| Value::Text(word.to_owned()));
    check_share(
        &Domain::Choice {
            values: words.to_vec(),
        },
        &thirds(words),
    );
    // shares of 1 and 2 on [0.5, 2.5]: log(3) and log(5/3) of log(5)
    let log = Domain::Integer {
        low: 1,
        high: 2,
        step: 1,
        scale: Scale::Log,
    };
    let shares = [3f64.ln() / 5f64.ln(), (5.0 / 3.0f64).ln() / 5f64.ln()];
    check_share(
        &log,
        &[
            (Value::Integer(1), shares[0]),
            (Value::Integer(2), shares[1]),
        ],
    );
}

#[track_caller]
fn check_slice(domain: &Domain, from: f64, to: f64, limits: (f64, f64), expected: &Domain) {
    assert_eq!(domain.slice(from, to, limits), *expected);
}

#[test]
fn slices_have_ends_a_person_can_read() {
    let rate = |low, high| Domain::Float {
        low,
        high,
        scale: Scale::Log,
    };
    check_slice(&rate(1e-6, 1e-4), 0.0, 1.5, (1e-8, 10.0), &rate(1e-6, 1e-3));
    check_slice(
        &rate(1e-6, 1e-4),
        -0.5,
        1.0,
        (1e-8, 10.0),
        &rate(1e-7, 1e-4),
    );
    check_slice(
        &rate(1e-6, 1e-4),
        -5.0,
        1.0,
        (1e-8, 10.0),
        &rate(1e-8, 1e-4),
    );
    check_slice(
        &rate(1e-4, 1e-2),
        0.25,
        0.75,
        (1e-8, 10.0),
        &rate(3.162e-4, 3.162e-3),
    );
}

#[test]
fn integers_and_steps_round_outward() {
    let whole = |low, high| Domain::Integer {
        low,
        high,
        step: 4,
        scale: Scale::Linear,
    };
    check_slice(&whole(8, 32), 0.3, 0.6, WIDE, &whole(12, 24));
    check_slice(&whole(8, 32), 0.0, 1.5, WIDE, &whole(8, 44));
    check_slice(&whole(8, 32), 0.0, 1.5, (1.0, 41.0), &whole(8, 40));
    check_slice(&whole(8, 32), -0.5, 1.0, (1.0, 4096.0), &whole(4, 32));
    let steps = |low, high| Domain::Stepped {
        low,
        high,
        step: 0.5,
    };
    check_slice(&steps(0.0, 4.0), 0.3, 0.6, WIDE, &steps(1.0, 2.5));
    let single = Domain::Integer {
        low: 5,
        high: 5,
        step: 1,
        scale: Scale::Linear,
    };
    check_slice(&single, 0.0, 1.0, WIDE, &single);
}

#[test]
fn the_ends_of_a_range_are_met_to_the_bit() {
    // exp(log(1e-4)) is 1.0000000000000009e-4
    let rate = Domain::Float {
        low: 1e-4,
        high: 0.3,
        scale: Scale::Log,
    };
    assert_eq!(
        [0.0, 1.0].map(|u| rate.at(u)),
        [1e-4, 0.3].map(Value::Float)
    );
    // exp(log(10⁶)) lies 3.7e-10 below
    let batch = Domain::Integer {
        low: 1_000_000,
        high: 123_456_789,
        step: 1,
        scale: Scale::Log,
    };
    assert_eq!(batch.slice(0.0, 1.0, (1.0, 1e9)), batch);
}

#[test]
fn steps_are_the_numbers_that_people_mean() {
    let decay = Domain::Stepped {
        low: 0.7,
        high: 1.0,
        step: 0.1,
    };
    let values = [0.1, 0.3, 0.6, 0.9].map(|u| decay.at(u));
    assert_eq!(values, [0.7, 0.8, 0.9, 1.0].map(Value::Float));
    let wider = decay.slice(-1.0, 1.0, (0.05, 1.0));
    assert_eq!(wider.ends(), Some((Value::Float(0.4), Value::Float(1.0))));
}

#[test]
fn a_narrow_range_stays_a_range_when_it_is_narrowed() {
    let decay = Domain::Float {
        low: 0.9999,
        high: 0.99995,
        scale: Scale::Linear,
    };
    let narrowed = decay.slice(0.25, 0.75, (0.0, 1.0));
    let expected = (Value::Float(0.999_912), Value::Float(0.999_938));
    assert_eq!(narrowed.ends(), Some(expected));
}
