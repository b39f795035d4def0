//! Numbers as people read them: four significant digits. Exact values are in the files.

use std::time::Duration;

use finetooth_scheduler::number::shortest;
use finetooth_scheduler::space::{Dimension, Domain, Params, Scale, Value};

/// `value` with four significant digits: `0.002135`, `1e-5`, `97.22`, `64`.
pub(crate) fn brief(value: f64) -> String {
    let rounded = format!("{value:.3e}").parse().unwrap_or(value);
    let text = shortest(rounded);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A hyperparameter's value, real numbers with four significant digits.
pub(crate) fn brief_value(value: &Value) -> String {
    match value {
        Value::Float(real) => brief(*real),
        other => other.to_string(),
    }
}

/// `learning_rate = 0.002135, l2 = 0`.
pub(crate) fn brief_params(params: &Params) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|(key, value)| format!("{key} = {}", brief_value(value)))
        .collect();
    pairs.join(", ")
}

/// What a searched key may be: `1e-5 … 0.1 log`, `16 … 64 step 16`, `8 | 16 | 32`.
pub(crate) fn range(dimension: &Dimension) -> String {
    let values = match &dimension.domain {
        Domain::Choice { values } => values
            .iter()
            .map(brief_value)
            .collect::<Vec<_>>()
            .join(" | "),
        domain => domain.ends().map_or(String::new(), |(low, high)| {
            format!("{} … {}", brief_value(&low), brief_value(&high))
        }),
    };
    let lattice = match dimension.domain {
        Domain::Float {
            scale: Scale::Log, ..
        }
        | Domain::Integer {
            scale: Scale::Log, ..
        } => " log".to_owned(),
        Domain::Stepped { step, .. } => format!(" step {}", brief(step)),
        Domain::Integer { step, .. } if step != 1 => format!(" step {step}"),
        _ => String::new(),
    };
    let zero = match dimension.zero {
        0.0 => String::new(),
        share => format!(", {} % zero", brief(share * 100.0)),
    };
    format!("{values}{lattice}{zero}")
}

/// `12 s`, `1 m 52 s`, `3 h 05 m`, `2 d 04 h`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {:02} h", seconds / 86400, seconds / 3600 % 24),
    }
}

/// `1 trial`, `12 trials`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{brief, duration};

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(brief(value), expected);
    }

    #[track_caller]
    fn check_duration(seconds: f64, expected: &str) {
        assert_eq!(duration(Duration::from_secs_f64(seconds)), expected);
    }

    #[test]
    fn four_digits_are_enough_for_people() {
        check(0.002_134_567, "0.002135");
        check(1e-5, "1e-5");
        check(0.1 + 0.2, "0.3");
        check(97.222_22, "97.22");
        check(64.0, "64");
        check(0.0, "0");
        check(-1.5, "-1.5");
        check(f64::NAN, "NaN");
        check(f64::INFINITY, "Inf");
    }

    #[test]
    fn durations_show_two_units() {
        check_duration(0.2, "0 s");
        check_duration(59.6, "1 m 00 s");
        check_duration(112.0, "1 m 52 s");
        check_duration(3.0 * 3600.0 + 300.0, "3 h 05 m");
        check_duration(2.0 * 86400.0 + 4.0 * 3600.0, "2 d 04 h");
    }
}
