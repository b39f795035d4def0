//! The values a key may take, and where each lies in the unit interval.

use serde::{Deserialize, Serialize};

use super::round_off::{four_digits, twelve_digits};
use super::{Scale, Value};

/// The values a key may take. Valid by construction of the definition's reader: `low < high` (or equal for a
/// single value), `low > 0` on a log scale, `step > 0` with `high − low` a multiple of it, a list not empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Domain {
    /// Real numbers in \[low, high\].
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Axis of even density.
        scale: Scale,
    },
    /// Real numbers low, low + step, …, high.
    Stepped {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Distance of neighbours.
        step: f64,
    },
    /// Whole numbers low, low + step, …, high.
    Integer {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Distance of neighbours; 1 on a log scale.
        step: i64,
        /// Axis of even density.
        scale: Scale,
    },
    /// One of a list.
    Choice {
        /// The list, in the definition's order.
        values: Vec<Value>,
    },
}

impl Domain {
    /// The value at position `u` in \[0, 1\]: every value of a lattice or list has an equal share of it
    /// (on a log scale, a share as wide as the whole number's surroundings). The ends of a range are met to the bit.
    pub fn at(&self, u: f64) -> Value {
        match *self {
            Self::Float { low, .. } if u <= 0.0 => Value::Float(low),
            Self::Float { high, .. } if u >= 1.0 => Value::Float(high),
            Self::Float { low, high, scale } => {
                Value::Float(scale.at(low, high, u).clamp(low, high))
            }
            Self::Stepped { low, high, step } => {
                let index = cell(u, cells((high - low) / step));
                Value::Float(stepped(low, high, step, index as f64))
            }
            Self::Integer {
                low,
                high,
                step,
                scale: Scale::Linear,
            } => Value::Integer(low + step * cell(u, ((high - low) / step + 1) as usize) as i64),
            Self::Integer {
                low,
                high,
                scale: Scale::Log,
                ..
            } => {
                let real = Scale::Log.at(low as f64 - 0.5, high as f64 + 0.5, u);
                Value::Integer((real.round_ties_even() as i64).clamp(low, high))
            }
            Self::Choice { ref values } => values[cell(u, values.len())].clone(),
        }
    }

    /// Position of `value`: 0 at `low`, 1 at `high`, outside \[0, 1\] where the value lies outside;
    /// `None` for lists, which have no order, and for what is no number.
    pub fn unit(&self, value: &Value) -> Option<f64> {
        let (low, high, scale) = self.range()?;
        let value = value.as_f64()?;
        (scale == Scale::Linear || value > 0.0).then(|| scale.position(low, high, value))
    }

    /// The part of this domain between two positions; positions outside \[0, 1\] extrapolate (widening).
    ///
    /// Ends are rounded to four significant digits (more in a very narrow range) and clipped to `limits`; an end at exactly 0 or 1 keeps its
    /// value to the bit; whole numbers and steps round outward. Lists are returned as they are.
    #[must_use]
    pub fn slice(&self, from: f64, to: f64, limits: (f64, f64)) -> Self {
        match *self {
            Self::Float { low, high, scale } => {
                let end = |position: f64| {
                    if position == 0.0 {
                        low
                    } else if position == 1.0 {
                        high
                    } else {
                        let value = four_digits(scale.at(low, high, position), high - low);
                        let inside = (0.0..=1.0).contains(&position);
                        if inside {
                            value.clamp(low, high)
                        } else {
                            value.clamp(limits.0, limits.1)
                        }
                    }
                };
                Self::Float {
                    low: end(from),
                    high: end(to),
                    scale,
                }
            }
            Self::Stepped { low, high, step } => {
                let first = (from * (high - low) / step + 1e-9)
                    .floor()
                    .max(((limits.0 - low) / step - 1e-9).ceil());
                let last = (to * (high - low) / step - 1e-9)
                    .ceil()
                    .min(((limits.1 - low) / step + 1e-9).floor());
                Self::Stepped {
                    low: stepped(low, high, step, first),
                    high: stepped(low, high, step, last),
                    step,
                }
            }
            Self::Integer {
                low,
                high,
                step,
                scale,
            } => {
                let axis = |position: f64| {
                    if position == 0.0 || low == high {
                        low as f64
                    } else if position == 1.0 {
                        high as f64
                    } else {
                        scale.at(low as f64, high as f64, position)
                    }
                };
                let lattice = |real: f64, round: fn(f64) -> f64| {
                    low + step * round((real - low as f64) / step as f64) as i64
                };
                let first =
                    lattice(axis(from) + 1e-9, f64::floor).max(lattice(limits.0, f64::ceil));
                let last = lattice(axis(to) - 1e-9, f64::ceil).min(lattice(limits.1, f64::floor));
                Self::Integer {
                    low: first,
                    high: last,
                    step,
                    scale,
                }
            }
            Self::Choice { .. } => self.clone(),
        }
    }

    /// Value `index` of `n` evenly spaced ones: both ends where it is a range, every value where `n` are all of
    /// them. Real numbers inside a range are rounded to four significant digits.
    pub(crate) fn spaced(&self, index: usize, n: usize) -> Value {
        if self.n_values() == Some(n) || n == 1 {
            return self.at((index as f64 + 0.5) / n as f64);
        }
        let u = index as f64 / (n - 1) as f64;
        match self.at(u) {
            Value::Float(real) if index > 0 && index + 1 < n => {
                let (low, high, _) = self.range().expect("a domain of real numbers is a range");
                Value::Float(four_digits(real, high - low).clamp(low, high))
            }
            value => value,
        }
    }

    /// Whether `value` is one of its values, of the same kind.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Choice { values }, _) => values.contains(value),
            (Self::Float { low, high, .. }, Value::Float(real)) => (low..=high).contains(&real),
            (&Self::Stepped { low, high, step }, &Value::Float(real)) => {
                let index = ((real - low) / step).round_ties_even();
                (low..=high).contains(&real) && stepped(low, high, step, index) == real
            }
            (
                Self::Integer {
                    low, high, step, ..
                },
                Value::Integer(whole),
            ) => (low..=high).contains(&whole) && (whole - low) % step == 0,
            _ => false,
        }
    }

    /// Lowest and highest value with the axis; `None` for lists.
    pub fn range(&self) -> Option<(f64, f64, Scale)> {
        match *self {
            Self::Float { low, high, scale } => Some((low, high, scale)),
            Self::Stepped { low, high, .. } => Some((low, high, Scale::Linear)),
            Self::Integer {
                low, high, scale, ..
            } => Some((low as f64, high as f64, scale)),
            Self::Choice { .. } => None,
        }
    }

    /// Lowest and highest as values of the key's own kind; `None` for lists.
    pub fn ends(&self) -> Option<(Value, Value)> {
        match *self {
            Self::Float { low, high, .. } | Self::Stepped { low, high, .. } => {
                Some((Value::Float(low), Value::Float(high)))
            }
            Self::Integer { low, high, .. } => Some((Value::Integer(low), Value::Integer(high))),
            Self::Choice { .. } => None,
        }
    }

    /// Number of different values; `None` for a continuum.
    pub fn n_values(&self) -> Option<usize> {
        match *self {
            Self::Float { low, high, .. } => (low == high).then_some(1),
            Self::Stepped { low, high, step } => Some(cells((high - low) / step)),
            Self::Integer {
                low, high, step, ..
            } => usize::try_from((high - low) / step + 1).ok(),
            Self::Choice { ref values } => Some(values.len()),
        }
    }
}

/// Value `index` of the lattice from `low` by `step`, also outside the range; its ends to the bit, the others as
/// people write them: 0.8 and not 0.7999999999999999.
fn stepped(low: f64, high: f64, step: f64, index: f64) -> f64 {
    if index == 0.0 {
        low
    } else if index == ((high - low) / step).round_ties_even() {
        high
    } else {
        twelve_digits(low + step * index)
    }
}

fn cells(steps: f64) -> usize {
    steps.round_ties_even() as usize + 1
}

/// Which of `n` equal cells of \[0, 1\] holds `u`.
fn cell(u: f64, n: usize) -> usize {
    ((u * n as f64) as usize).min(n - 1)
}
