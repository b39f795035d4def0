//! What a trial reported, as far as pictures need it.

use finetooth_scheduler::state::State;
use finetooth_scheduler::trial::TrialId;
use serde::Serialize;

use super::Change;

/// Reports of a trial; those before the `from`-th stand as they were told.
#[derive(Debug, Serialize)]
pub(super) struct Curve {
    trial: TrialId,
    from: u32,
    epochs: Vec<u32>,
    /// One list for each of the sweep's columns; null where there is no finite number.
    values: Vec<Vec<f32>>,
}

/// What `change` added to its trial, five digits of each number: the CSVs hold them all.
pub(super) fn of(change: Change, state: &State) -> Option<Curve> {
    let record = &state.trials()[change.trial as usize];
    let from = (change.from as usize).min(record.reports.len());
    let reports = &record.reports[from..];
    if reports.is_empty() && from > 0 {
        return None;
    }
    let n_columns = reports.first().map_or(0, |report| report.values.len());
    let column = |index: usize| {
        let values = reports.iter().filter_map(|report| report.values.get(index));
        values.map(|value| five_digits(*value)).collect()
    };
    Some(Curve {
        trial: record.trial.id,
        from: from as u32,
        epochs: reports.iter().map(|report| report.epoch).collect(),
        values: (0..n_columns).map(column).collect(),
    })
}

/// `value` rounded to five significant digits, so that its shortest text is short.
fn five_digits(value: f64) -> f32 {
    if value == 0.0 || !value.is_finite() {
        return value as f32;
    }
    let scale = 10_f64.powi(4 - value.abs().log10().floor() as i32);
    if !scale.is_normal() {
        return value as f32;
    }
    ((value * scale).round() / scale) as f32
}

#[cfg(test)]
mod tests {
    use super::five_digits;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(format!("{:?}", five_digits(value)), expected);
    }

    #[test]
    fn five_digits_are_kept_and_no_more_written() {
        check(0.972_222_222_222, "0.97222");
        check(2.718_212_34, "2.7182");
        check(-1234.5678, "-1234.6");
        check(3.333_333e-7, "3.3333e-7");
        check(99_999.6, "100000.0");
        check(0.0, "0.0");
        check(1e-320, "0.0");
        check(1e300, "inf");
        check(f64::NAN, "NaN");
    }
}
