//! Writes a definition with every default: what was run.

use std::fmt::Write;

use super::key::LARGEST_WHOLE;
use super::{Generations, KeySpec, Procedure, Stage, Sweep, bytes};
use crate::number::shortest;
use crate::space::{Dimension, Domain, Scale, Value};

impl Sweep {
    /// The definition as TOML, every default written out; it reads back to the same value. What `keys` say of
    /// themselves stands beside each setting.
    pub fn to_toml(&self, keys: &[KeySpec]) -> String {
        let mut out = String::from("# The definition as run, every default written out.\n");
        line(&mut out, "name", &quoted(&self.name));
        line(&mut out, "seed", &self.seed.to_string());
        let target = self.metric.target;
        let target = target.map_or(String::new(), |target| {
            format!(", target = {}", shortest(target))
        });
        let metric = format!(
            "{{ name = {}, goal = {}{target} }}",
            quoted(&self.metric.name),
            quoted(self.metric.goal.as_str())
        );
        line(&mut out, "metric", &metric);
        for (name, settings) in &self.settings {
            header(&mut out, &format!("[{name}]"));
            for (key, value) in settings.as_table().into_iter().flatten() {
                if let Some(texts) = value.as_table() {
                    line(&mut out, key, &table_of(texts));
                    continue;
                }
                let spec = keys
                    .iter()
                    .find(|spec| spec.table == *name && spec.name == *key);
                let doc = spec.map_or("", |spec| spec.doc.as_str());
                write_setting(&mut out, key, value, doc);
            }
        }
        for dimension in &self.space.0 {
            write_dimension(&mut out, dimension);
            if let Some(own) = self.own.get(&dimension.key) {
                if let Some(default) = &own.default {
                    line(&mut out, "default", &written(default));
                }
                if let Some(name) = &own.passed_as {
                    line(&mut out, "as", &quoted(name));
                }
            }
        }
        match &self.procedure {
            Procedure::Stages(stages) => {
                for stage in stages {
                    write_stage(&mut out, stage);
                }
            }
            Procedure::Generations(search) => write_search(&mut out, search),
        }
        header(&mut out, "[widen]");
        line(&mut out, "max_rounds", &self.widen.max_rounds.to_string());
        line(&mut out, "tau", &shortest(self.widen.tau));
        line(&mut out, "step", &shortest(self.widen.step));
        header(&mut out, "[prune]");
        for (key, value) in &self.prune.to_toml() {
            write_setting(&mut out, key, value, "");
        }
        header(&mut out, "[sanity]");
        line(&mut out, "enabled", &self.sanity.enabled.to_string());
        let on_failure = self.sanity.on_failure.as_str();
        line(&mut out, "on_failure", &quoted(on_failure));
        line(&mut out, "probe", &quoted(self.sanity.probe.as_str()));
        if let Some(after) = self.after {
            header(&mut out, "[after]");
            for (key, value) in after.written() {
                line(&mut out, key, &value);
            }
        }
        header(&mut out, "[executor]");
        for (key, value) in &self.executor.to_toml() {
            write_setting(&mut out, key, value, "");
        }
        self.write_limits(&mut out);
        out
    }

    fn write_limits(&self, out: &mut String) {
        header(out, "[limits]");
        let workers = self.limits.workers;
        line(
            out,
            "workers",
            &workers.map_or("\"auto\"".to_owned(), |workers| workers.to_string()),
        );
        line(out, "max_failures", &self.limits.max_failures.to_string());
        if let Some(seconds) = self.limits.sweep_seconds {
            line(out, "sweep_seconds", &seconds.to_string());
        }
        for (key, most) in [
            ("trial_seconds", self.limits.trial_seconds),
            ("memory_mb", self.limits.memory_mb),
        ] {
            if let Some(most) = most {
                line(out, key, &most.to_string());
            }
        }
        if !self.limits.gpus.is_empty() {
            let gpus = self.limits.gpus.iter().map(u32::to_string);
            line(out, "gpus", &list(gpus));
        }
        line(out, "keep_bytes", &bytes::written(self.limits.keep_bytes));
    }
}

fn header(out: &mut String, header: &str) {
    writeln!(out, "\n{header}").expect("a string takes everything");
}

fn line(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("a string takes everything");
}

fn write_dimension(out: &mut String, dimension: &Dimension) {
    header(out, &format!("[space.{}]", key_written(&dimension.key)));
    write_values(out, dimension);
    if dimension.order != 1 {
        line(out, "order", &dimension.order.to_string());
    }
    if !dimension.when.is_empty() {
        let conditions = dimension.when.iter().map(|condition| {
            let values = list(condition.values.iter().map(written));
            format!("{} = {values}", key_written(&condition.key))
        });
        let conditions: Vec<String> = conditions.collect();
        line(out, "when", &format!("{{ {} }}", conditions.join(", ")));
    }
}

fn write_values(out: &mut String, dimension: &Dimension) {
    if let Domain::Choice { values } = &dimension.domain {
        line(out, "values", &list(values.iter().map(written)));
        return;
    }
    let (low, high) = dimension.domain.ends().expect("all but lists have ends");
    line(out, "low", &written(&low));
    line(out, "high", &written(&high));
    match dimension.domain {
        Domain::Float { scale, .. } => line(out, "scale", &quoted(scale.as_str())),
        Domain::Stepped { step, .. } => {
            line(out, "scale", "\"linear\"");
            line(out, "step", &shortest(step));
        }
        Domain::Integer { scale, step, .. } => {
            line(out, "scale", &quoted(scale.as_str()));
            if step != 1 {
                line(out, "step", &step.to_string());
            }
        }
        Domain::Choice { .. } => {}
    }
    line(out, "limits", &limits_written(dimension));
    if dimension.zero > 0.0 {
        line(out, "zero", &shortest(dimension.zero));
    }
}

/// Both limits; `inf` for none. The smallest number of a log scale stands for 0.
fn limits_written(dimension: &Dimension) -> String {
    let whole = matches!(dimension.domain, Domain::Integer { .. });
    let is_log = matches!(dimension.domain.range(), Some((_, _, Scale::Log)));
    let unbounded = if whole { LARGEST_WHOLE } else { f64::MAX };
    let limit = |limit: f64| {
        if limit >= unbounded {
            "inf".to_owned()
        } else if limit <= -unbounded {
            "-inf".to_owned()
        } else if whole {
            format!("{limit:.0}")
        } else {
            shortest(limit)
        }
    };
    let (least, most) = dimension.limits;
    let is_smallest = is_log && !whole && least <= f64::MIN_POSITIVE;
    list([limit(if is_smallest { 0.0 } else { least }), limit(most)])
}

fn write_search(out: &mut String, search: &Generations) {
    header(out, "[search]");
    line(out, "epochs", &search.epochs.to_string());
    line(out, "budget", &search.budget.to_string());
    line(out, "parallel", &search.parallel.to_string());
    line(out, "proposals", &quoted(search.proposals.as_str()));
    line(out, "n0", &search.n0.to_string());
    line(out, "explore", &shortest(search.explore));
    line(out, "first_order", &search.first_order.to_string());
    line(out, "confirm", &search.confirm.to_string());
}

fn write_stage(out: &mut String, stage: &Stage) {
    header(out, "[[stage]]");
    line(out, "name", &quoted(&stage.name));
    line(out, "trials", &stage.trials.to_string());
    line(out, "epochs", &stage.epochs.to_string());
    line(out, "sampler", &quoted(stage.sampler.as_str()));
    line(out, "keys", &list(stage.keys.iter().map(|key| quoted(key))));
}

/// Comments begin at this column, or after longer values.
const COMMENT_COLUMN: usize = 30;

fn write_setting(out: &mut String, key: &str, value: &toml::Value, doc: &str) {
    let value = Value::from_toml(value).expect("settings are made of values");
    let setting = format!("{key} = {}", written(&value));
    if doc.is_empty() || doc.contains(char::is_control) {
        writeln!(out, "{setting}")
    } else {
        writeln!(out, "{setting:COMMENT_COLUMN$}  # {doc}")
    }
    .expect("a string takes everything");
}

fn written(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => value.to_string(),
        Value::Text(text) => quoted(text),
        Value::List(items) => list(items.iter().map(written)),
    }
}

fn table_of(texts: &toml::Table) -> String {
    let text = |(name, value): (&String, &toml::Value)| {
        format!(
            "{} = {}",
            quoted(name),
            quoted(value.as_str().unwrap_or_default())
        )
    };
    let texts: Vec<String> = texts.iter().map(text).collect();
    format!("{{ {} }}", texts.join(", "))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

/// A key: bare where TOML takes it so.
fn key_written(key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !key.is_empty() && key.bytes().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A text as TOML's basic string: JSON's escapes, and DEL, which JSON leaves bare.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a text is JSON");
    json.replace('\u{7f}', "\\u007f")
}
