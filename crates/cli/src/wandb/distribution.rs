//! What becomes of a parameter's distribution: a range of ours, or a list.

use std::f64::consts::E;

use finetooth_scheduler::sweep::Mistake;

use super::told::{mistake, number, shown};
use super::yaml::{Entry, Item, Node};

/// A parameter's values as a sweep file of ours can say them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    /// One, which is the same in every trial.
    Constant(Item),
    /// A list.
    Choice(Vec<Item>),
    /// Numbers between two ends.
    Range(Range),
}

/// Numbers from `low` to `high`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) is_whole: bool,
    pub(super) is_log: bool,
    pub(super) step: Option<f64>,
    /// What no value can lie beyond.
    pub(super) limits: Option<(f64, f64)>,
}

/// Values, and what they do otherwise than at W&B, in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) values: Values,
    pub(super) changes: Vec<String>,
}

/// Values of a list that stands for a logarithmic range with steps.
const LISTED: i32 = 12;
/// Most steps that a range may have here.
const MOST_STEPS: f64 = 1e6;
/// Whole numbers up to here are exact as floating-point numbers.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Reads the range of `entry`, whose distribution has that name.
///
/// # Errors
/// The first number that is missing or wrong.
pub(super) fn read(entry: &Entry, distribution: &str) -> Result<Read, Box<Mistake>> {
    let mut reader = Reader {
        entry,
        changes: Vec::new(),
    };
    let values = reader.values(distribution)?;
    Ok(Read {
        values,
        changes: reader.changes,
    })
}

struct Reader<'a> {
    entry: &'a Entry,
    changes: Vec<String>,
}

impl Reader<'_> {
    fn values(&mut self, distribution: &str) -> Result<Values, Box<Mistake>> {
        let has_step = distribution.starts_with("q_");
        match distribution.trim_start_matches("q_") {
            "uniform" => {
                let (low, high) = self.ends()?;
                let step = self.step(has_step)?;
                Ok(self.linear(low, high, step, distribution))
            }
            "int_uniform" => self.whole_ends(),
            "log_uniform_values" | "inv_log_uniform_values" => {
                let (low, high) = self.ends()?;
                // The logarithm of 1/X is even where that of X is: the inverse one is the same.
                let step = self.step(has_step)?;
                self.logarithmic(low, high, step, distribution)
            }
            "log_uniform" | "inv_log_uniform" => {
                let (least, most) = self.ends()?;
                let (low, high) = if distribution.starts_with("inv") {
                    (power(-most), power(-least))
                } else {
                    (power(least), power(most))
                };
                let meant = if least > 0.0 && !distribution.starts_with("inv") {
                    "; if min and max are meant as values, write them here (W&B has log_uniform_values for that)"
                } else {
                    ""
                };
                self.change(&format!(
                    "was {distribution}, with exponents of e for min and max; here are the values{meant}"
                ));
                let step = self.step(has_step)?;
                self.logarithmic(low, high, step, distribution)
            }
            "normal" => {
                let (mu, sigma) = self.moments()?;
                let step = self.step(has_step)?;
                self.around(distribution, "");
                let (low, high) = (rounded(mu - 2.0 * sigma), rounded(mu + 2.0 * sigma));
                Ok(self.linear(low, high, step, distribution))
            }
            "log_normal" => {
                let (mu, sigma) = self.moments()?;
                let step = self.step(has_step)?;
                self.around(distribution, " on a logarithmic scale");
                let (low, high) = (power(mu - 2.0 * sigma), power(mu + 2.0 * sigma));
                self.logarithmic(low, high, step, distribution)
            }
            // The one that is left.
            _ => self.beta(distribution, has_step),
        }
    }

    fn change(&mut self, text: &str) {
        self.changes.push(text.to_owned());
    }

    fn around(&mut self, distribution: &str, scale: &str) {
        self.change(&format!(
            "was {distribution}: drawn evenly{scale} from two standard deviations below the mean to two above, where 95 % of its draws lie"
        ));
    }

    fn beta(&mut self, distribution: &str, has_step: bool) -> Result<Values, Box<Mistake>> {
        let (a, b) = (self.positive("a", 1.0)?, self.positive("b", 1.0)?);
        let (mean, n) = (a / (a + b), a + b);
        let deviation = (mean * (1.0 - mean) / (n + 1.0)).sqrt();
        let low = rounded((mean - 2.0 * deviation).max(0.0));
        let high = rounded((mean + 2.0 * deviation).min(1.0));
        let step = self.step(has_step)?;
        if a != 1.0 || b != 1.0 {
            self.around(distribution, "");
        }
        let values = self.linear(low, high, step, distribution);
        Ok(match values {
            Values::Range(range) => Values::Range(Range {
                limits: Some((0.0, 1.0)),
                ..range
            }),
            other => other,
        })
    }

    /// A range on a linear scale; of steps, the multiples of `step` that its numbers are rounded to.
    fn linear(&mut self, low: f64, high: f64, step: Option<f64>, distribution: &str) -> Values {
        let Some(step) = step else {
            return range(low, high, false, false, None);
        };
        if (high - low) / step > MOST_STEPS {
            self.change(&format!(
                "was {distribution} with q = {}: so small steps are none here",
                number(step)
            ));
            return range(low, high, false, false, None);
        }
        let on_step = |x: f64| tidy((x / step).round_ties_even() * step);
        let (first, last) = (on_step(low), on_step(high));
        if first != low || last != high {
            self.change(&format!(
                "was {distribution} with q = {}: its multiples lie from {} to {}",
                number(step),
                number(first),
                number(last)
            ));
        }
        let is_whole = [first, last, step]
            .iter()
            .all(|x| x.fract() == 0.0 && x.abs() <= MOST_WHOLE);
        let step = (!is_whole || step != 1.0).then_some(step);
        range(first, last, is_whole, false, step)
    }

    /// A range on a logarithmic scale. Such have no steps here: whole numbers stay such, multiples of `step` are listed.
    fn logarithmic(
        &mut self,
        low: f64,
        high: f64,
        step: Option<f64>,
        distribution: &str,
    ) -> Result<Values, Box<Mistake>> {
        if low <= 0.0 || !high.is_finite() {
            let message = format!(
                "`{}` reaches from {} to {}, which no logarithmic scale does",
                shown(&self.entry.name),
                number(low),
                number(high)
            );
            let help = "its values are above 0 and finite; min and max of log_uniform are exponents of e, those of log_uniform_values values";
            return Err(mistake(&self.entry.place, &message, "this parameter", help));
        }
        let Some(step) = step else {
            return Ok(range(low, high, false, true, None));
        };
        if step == 1.0 && high <= MOST_WHOLE {
            let first = low.round().max(1.0);
            return Ok(range(first, high.round().max(first), true, true, None));
        }
        let mut listed: Vec<f64> = Vec::new();
        for index in 0..LISTED {
            let x = low * (high / low).powf(f64::from(index) / f64::from(LISTED - 1));
            let x = tidy((x / step).round_ties_even() * step);
            if x > 0.0 && x.is_finite() && listed.last().is_none_or(|last| *last < x) {
                listed.push(x);
            }
        }
        if listed.is_empty() {
            listed.push(step);
        }
        self.change(&format!(
            "was {distribution} with q = {}: a logarithmic scale has no steps here, so that its multiples nearest to {} evenly spaced points are listed",
            number(step),
            LISTED
        ));
        let is_whole = listed.iter().all(|x| x.fract() == 0.0 && *x <= MOST_WHOLE);
        let item = |x: &f64| {
            if is_whole {
                Item::Integer(*x as i64)
            } else {
                Item::Float(*x)
            }
        };
        let mut items: Vec<Item> = listed.iter().map(item).collect();
        Ok(if items.len() == 1 {
            Values::Constant(items.remove(0))
        } else {
            Values::Choice(items)
        })
    }

    fn whole_ends(&mut self) -> Result<Values, Box<Mistake>> {
        let (low, high) = self.ends()?;
        for (key, end) in [("min", low), ("max", high)] {
            if end.fract() != 0.0 || end.abs() > MOST_WHOLE {
                let node = self.entry.node.get(key).unwrap_or(&self.entry.node);
                let message = format!(
                    "{key} of `{}` is no whole number up to 2^53, found {}",
                    shown(&self.entry.name),
                    number(end)
                );
                let help = "int_uniform has whole numbers at both ends; for others write distribution: uniform";
                return Err(mistake(&node.place, &message, "here", help));
            }
        }
        Ok(range(low, high, true, false, None))
    }

    /// `min` and `max`, in order.
    fn ends(&mut self) -> Result<(f64, f64), Box<Mistake>> {
        let (low, high) = (self.required("min")?, self.required("max")?);
        if low > high {
            let node = self.entry.node.get("min").unwrap_or(&self.entry.node);
            let message = format!(
                "`{}` has min = {} above max = {}",
                shown(&self.entry.name),
                number(low),
                number(high)
            );
            return Err(mistake(
                &node.place,
                &message,
                "above max",
                "exchange the two",
            ));
        }
        if !(high - low).is_finite() {
            let message = format!(
                "`{}` is wider than floating-point numbers reach",
                shown(&self.entry.name)
            );
            return Err(mistake(
                &self.entry.place,
                &message,
                "this parameter",
                "bring min and max closer to each other",
            ));
        }
        Ok((low, high))
    }

    /// `mu` and `sigma`.
    fn moments(&mut self) -> Result<(f64, f64), Box<Mistake>> {
        let mu = self.number("mu")?.unwrap_or(0.0);
        let sigma = self.number("sigma")?.unwrap_or(1.0);
        if sigma < 0.0 {
            return Err(self.not_above("sigma", sigma, "of at least 0"));
        }
        Ok((mu, sigma))
    }

    fn step(&mut self, has_step: bool) -> Result<Option<f64>, Box<Mistake>> {
        if !has_step {
            return Ok(None);
        }
        self.positive("q", 1.0).map(Some)
    }

    fn positive(&mut self, key: &str, default: f64) -> Result<f64, Box<Mistake>> {
        let found = self.number(key)?.unwrap_or(default);
        if found <= 0.0 {
            return Err(self.not_above(key, found, "above 0"));
        }
        Ok(found)
    }

    fn not_above(&self, key: &str, found: f64, accepted: &str) -> Box<Mistake> {
        let node = self.entry.node.get(key).unwrap_or(&self.entry.node);
        let name = shown(&self.entry.name);
        let message = format!(
            "{key} of `{name}` is a number {accepted}, found {}",
            number(found)
        );
        mistake(&node.place, &message, "here", "W&B takes no other either")
    }

    fn required(&mut self, key: &str) -> Result<f64, Box<Mistake>> {
        self.number(key)?.ok_or_else(|| {
            let message = format!("`{}` has no {key}", shown(&self.entry.name));
            mistake(
                &self.entry.place,
                &message,
                "this parameter",
                "its distribution needs min and max",
            )
        })
    }

    fn number(&mut self, key: &str) -> Result<Option<f64>, Box<Mistake>> {
        let Some(node) = self.entry.node.get(key) else {
            return Ok(None);
        };
        let number = match &node.item {
            Item::Integer(whole) => Some(*whole as f64),
            Item::Float(number) => Some(*number),
            Item::NearNumber(text, number) => {
                self.was_text(key, text);
                Some(*number)
            }
            Item::Text(text) => {
                let number = text.trim().parse::<f64>().ok();
                if number.is_some_and(f64::is_finite) {
                    self.was_text(key, text);
                }
                number
            }
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(no_number(self.entry, key, node)),
        }
    }

    fn was_text(&mut self, key: &str, text: &str) {
        self.changes.push(format!(
            "{key}: {} is a text in YAML, which wants 1.0e-5, and a number here",
            shown(text)
        ));
    }
}

fn no_number(entry: &Entry, key: &str, node: &Node) -> Box<Mistake> {
    let name = shown(&entry.name);
    let message = format!("{key} of `{name}` is not a finite number");
    mistake(
        &node.place,
        &message,
        "here",
        "write a number, like 0.1 or 1.0e-5",
    )
}

/// A range, or a constant where its ends are one.
fn range(low: f64, high: f64, is_whole: bool, is_log: bool, step: Option<f64>) -> Values {
    if low == high {
        let item = if is_whole {
            Item::Integer(low as i64)
        } else {
            Item::Float(low)
        };
        return Values::Constant(item);
    }
    Values::Range(Range {
        low,
        high,
        is_whole,
        is_log,
        step,
        limits: None,
    })
}

/// e^x to four digits, as computed ends of ranges are written.
fn power(x: f64) -> f64 {
    rounded(E.powf(x))
}

fn rounded(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// Without the digits that multiples of decimal fractions leave behind.
fn tidy(x: f64) -> f64 {
    format!("{x:.12e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests;
