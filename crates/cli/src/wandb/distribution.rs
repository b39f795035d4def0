//! What becomes of a parameter's distribution.

use finetooth_scheduler::number::shortest;

use super::yaml::{Item, Node, YamlError};

/// A parameter as a sweep file of ours has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Range {
    /// One value, which is passed and not searched.
    Constant(String),
    /// Lines of a table of `[space]`, and how many points a grid has there.
    Searched {
        lines: Vec<String>,
        n_points: Option<u64>,
    },
}

/// A range, and what it does otherwise than the distribution, in words.
pub(super) struct Found {
    pub(super) range: Range,
    pub(super) change: Option<String>,
}

const DISTRIBUTIONS: [&str; 18] = [
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "uniform",
    "int_uniform",
    "q_uniform",
    "log_uniform",
    "log_uniform_values",
    "q_log_uniform",
    "q_log_uniform_values",
    "inv_log_uniform",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
    "q_beta",
];

/// Reads a parameter's table.
pub(super) fn read(name: &str, node: &Node) -> Result<Found, YamlError> {
    if let Some(value) = node.get("value") {
        return constant(name, value);
    }
    let distribution = distribution(name, node)?;
    if let Some(values) = node.get("values") {
        return categorical(name, node, values);
    }
    let number = |key: &str| bound(name, node, key);
    let q = node.get("q").and_then(Node::number);
    match distribution {
        "uniform" | "int_uniform" | "q_uniform" => {
            let (low, high) = ordered(name, node, number("min")?, number("max")?)?;
            let is_whole = distribution == "int_uniform";
            let step = q.or((distribution == "q_uniform").then_some(1.0));
            Ok(ranged(low, high, is_whole, false, step, None))
        }
        "log_uniform_values" | "q_log_uniform_values" => {
            let (low, high) = ordered(name, node, number("min")?, number("max")?)?;
            logarithmic(name, node, low, high, distribution, q)
        }
        "log_uniform" | "q_log_uniform" => {
            let (low, high) = ordered(name, node, number("min")?, number("max")?)?;
            let (from, to) = (rounded(low.exp()), rounded(high.exp()));
            let mut found = logarithmic(name, node, from, to, distribution, q)?;
            let told = format!(
                "min and max of {distribution} are exponents of e: from {} to {}",
                shortest(from),
                shortest(to)
            );
            found.change = Some(match found.change {
                Some(more) => format!("{told}; {more}"),
                None => told,
            });
            Ok(found)
        }
        "inv_log_uniform" | "inv_log_uniform_values" => {
            let (low, high) = ordered(name, node, number("min")?, number("max")?)?;
            let (low, high) = if distribution == "inv_log_uniform" {
                (rounded((-high).exp()), rounded((-low).exp()))
            } else {
                (low, high)
            };
            let change =
                format!("{distribution} is drawn evenly; nothing here is dense at its upper end");
            Ok(ranged(low, high, false, false, None, Some(change)))
        }
        "normal" | "q_normal" | "log_normal" | "q_log_normal" => {
            let of = |key: &str, default: f64| {
                node.get(key)
                    .map_or(Ok(default), |_| bound(name, node, key))
            };
            let (mu, sigma) = (of("mu", 0.0)?, of("sigma", 1.0)?);
            if sigma <= 0.0 {
                return Err(YamlError::at(
                    node.line,
                    format!("`{name}` has sigma = {sigma}; accepted: a number above 0"),
                ));
            }
            let is_log = distribution.contains("log");
            let (low, high) = (mu - 2.0 * sigma, mu + 2.0 * sigma);
            let change = format!(
                "{distribution} is drawn evenly{} from two deviations below its mean to two above; ranges move on where the best \
                 lies at an end",
                if is_log {
                    " on a logarithmic scale"
                } else {
                    ""
                }
            );
            let (low, high) = if is_log {
                (rounded(low.exp()), rounded(high.exp()))
            } else {
                (low, high)
            };
            let step = if is_log { None } else { q };
            Ok(ranged(low, high, false, is_log, step, Some(change)))
        }
        "beta" | "q_beta" => {
            let change = format!("{distribution} is drawn evenly from 0 to 1");
            Ok(ranged(0.0, 1.0, false, false, q, Some(change)))
        }
        _ => Err(YamlError::at(
            node.line,
            format!("`{name}` is {distribution} and has neither value nor values"),
        )),
    }
}

fn distribution<'a>(name: &str, node: &'a Node) -> Result<&'a str, YamlError> {
    let Some(given) = node.get("distribution") else {
        let is_whole = |key: &str| {
            node.get(key)
                .is_some_and(|bound| matches!(bound.item, Item::Integer(_)))
        };
        return match (node.get("values"), node.get("min"), node.get("mu")) {
            (Some(_), ..) => Ok("categorical"),
            (_, Some(_), _) if is_whole("min") && is_whole("max") => Ok("int_uniform"),
            (_, Some(_), _) => Ok("uniform"),
            (.., Some(_)) => Ok("normal"),
            _ => Err(YamlError::at(
                node.line,
                format!("`{name}` has no value, values, or min and max"),
            )),
        };
    };
    let word = given.text().unwrap_or_default();
    if DISTRIBUTIONS.contains(&word) {
        return Ok(word);
    }
    let near = DISTRIBUTIONS
        .iter()
        .find(|known| known.replace('_', "") == word.replace(['_', '-'], "").to_lowercase());
    let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    Err(YamlError::at(
        given.line,
        format!(
            "`{name}` has the distribution `{word}`{hint}; known: {}",
            DISTRIBUTIONS.join(", ")
        ),
    ))
}

fn constant(name: &str, value: &Node) -> Result<Found, YamlError> {
    let text = match &value.item {
        Item::Null => "None".to_owned(),
        Item::Bool(true) => "True".to_owned(),
        Item::Bool(false) => "False".to_owned(),
        Item::Integer(whole) => whole.to_string(),
        Item::Float(number) => shortest(*number),
        Item::Text(text) => text.clone(),
        Item::List(_) | Item::Table(_) => {
            return Err(YamlError::at(
                value.line,
                format!(
                    "`{name}` is a list or a table, which no argument can pass; write its parts as parameters of their own"
                ),
            ));
        }
    };
    Ok(Found {
        range: Range::Constant(text),
        change: None,
    })
}

fn categorical(name: &str, node: &Node, values: &Node) -> Result<Found, YamlError> {
    let Item::List(members) = &values.item else {
        return Err(YamlError::at(
            values.line,
            format!("the values of `{name}` are not a list"),
        ));
    };
    let mut written: Vec<String> = Vec::new();
    let mut changes = Vec::new();
    for member in members {
        let text = match &member.item {
            Item::Bool(flag) => flag.to_string(),
            Item::Integer(whole) => whole.to_string(),
            Item::Float(number) if number.is_finite() => shortest(*number),
            Item::Text(text) => match member.number() {
                Some(number) if !text.trim().is_empty() => {
                    changes.push(format!("`{text}` is a text in YAML and a number here"));
                    shortest(number)
                }
                _ => toml_text(text),
            },
            Item::Null => {
                changes.push("null is the text None".to_owned());
                toml_text("None")
            }
            Item::Float(number) => {
                return Err(YamlError::at(
                    member.line,
                    format!("`{name}` has the value {number}, which no argument passes"),
                ));
            }
            Item::List(_) | Item::Table(_) => {
                return Err(YamlError::at(
                    member.line,
                    format!(
                        "`{name}` has a value that is a list or a table; give each a name, and let the program look it up"
                    ),
                ));
            }
        };
        if !written.contains(&text) {
            written.push(text);
        }
    }
    if node.get("probabilities").is_some() {
        changes.push("all values are equally likely, whatever its probabilities".to_owned());
    }
    match written.as_slice() {
        [] => Err(YamlError::at(
            values.line,
            format!("`{name}` has no values"),
        )),
        [_] => constant(name, &members[0]),
        _ => Ok(Found {
            range: Range::Searched {
                n_points: Some(written.len() as u64),
                lines: vec![format!("values = [{}]", written.join(", "))],
            },
            change: (!changes.is_empty()).then(|| changes.join("; ")),
        }),
    }
}

fn bound(name: &str, node: &Node, key: &str) -> Result<f64, YamlError> {
    let Some(bound) = node.get(key) else {
        return Err(YamlError::at(
            node.line,
            format!("`{name}` has no {key}, which its distribution needs"),
        ));
    };
    bound.number().ok_or_else(|| {
        YamlError::at(
            bound.line,
            format!("{key} of `{name}` is not a finite number"),
        )
    })
}

fn ordered(name: &str, node: &Node, low: f64, high: f64) -> Result<(f64, f64), YamlError> {
    if low > high {
        return Err(YamlError::at(
            node.line,
            format!("`{name}` has min = {low} above max = {high}"),
        ));
    }
    Ok((low, high))
}

fn logarithmic(
    name: &str,
    node: &Node,
    low: f64,
    high: f64,
    distribution: &str,
    q: Option<f64>,
) -> Result<Found, YamlError> {
    if low <= 0.0 {
        return Err(YamlError::at(
            node.line,
            format!("`{name}` has min = {low}; on a logarithmic scale it is above 0"),
        ));
    }
    let is_whole = q.is_some_and(|q| [q, low, high].iter().all(|x| x.fract() == 0.0)) && low >= 1.0;
    let change = match q {
        Some(q) if q != 1.0 && distribution.starts_with("q_") => Some(format!(
            "its steps of {q} are left out, as the scale is logarithmic"
        )),
        _ => None,
    };
    Ok(ranged(low, high, is_whole, true, None, change))
}

/// A range, or a constant where its ends are one.
fn ranged(
    low: f64,
    high: f64,
    is_whole: bool,
    is_log: bool,
    step: Option<f64>,
    change: Option<String>,
) -> Found {
    let step = step.filter(|step| *step > 0.0);
    let is_whole =
        is_whole || step.is_some_and(|step| [low, high, step].iter().all(|x| x.fract() == 0.0));
    // A range of floats has a point in its ends, one of whole numbers none.
    let end = |x: f64| {
        if is_whole {
            format!("{x:.0}")
        } else {
            shortest(x)
        }
    };
    if low == high {
        return Found {
            range: Range::Constant(end(low)),
            change,
        };
    }
    let mut lines = vec![
        format!("low = {}", end(low)),
        format!("high = {}", end(high)),
    ];
    if is_log {
        lines.push("scale = \"log\"".to_owned());
    }
    let mut n_points = is_whole.then(|| (high.round() - low.round()) as u64 + 1);
    if let Some(step) = step.filter(|step| *step != 1.0 || !is_whole) {
        lines.push(format!("step = {}", end(step)));
        n_points = Some(((high - low) / step).floor() as u64 + 1);
    }
    Found {
        range: Range::Searched { lines, n_points },
        change,
    }
}

/// To four digits, as the ends of ranges are written here.
fn rounded(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// A text in TOML.
pub(super) fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
