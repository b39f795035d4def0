//! `[command]`, read into what a run needs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use finetooth_scheduler::sweep::{ExecutorKind, Mistake, Mistakes, Spans, Sweep};

use super::argv::{PLACEHOLDERS, Style, Template, TemplateError};
use super::keys::TABLE;

/// `[command]` and what of `[limits]` concerns it.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) template: Template,
    pub(super) style: Style,
    pub(super) directory: PathBuf,
    pub(super) gpus: Gpus,
    pub(super) threads: u32,
    pub(super) env: BTreeMap<String, String>,
    pub(super) retries: u32,
    pub(super) grace_seconds: f64,
    pub(super) trial_seconds: Option<u64>,
    pub(super) memory_mb: Option<u64>,
}

/// The GPUs of a machine, dealt out to its workers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Gpus {
    /// Their numbers.
    numbers: Vec<u32>,
    /// Of a trial: 0, a whole number, or 1/n where n trials share one.
    per_trial: f64,
}

impl Gpus {
    /// Trials that can have theirs at once; `None`: any number, they need none.
    pub(super) fn slots(&self) -> Option<usize> {
        let n = self.numbers.len();
        if self.per_trial == 0.0 {
            None
        } else if self.per_trial >= 1.0 {
            Some(n / self.per_trial as usize)
        } else {
            Some(n * self.sharers())
        }
    }

    /// What CUDA_VISIBLE_DEVICES says to the trial of a worker; `None` where trials need no GPU.
    pub(super) fn visible(&self, worker: usize) -> Option<String> {
        let slot = worker % self.slots()?.max(1);
        let numbers = if self.per_trial >= 1.0 {
            let each = self.per_trial as usize;
            &self.numbers[slot * each..(slot + 1) * each]
        } else {
            // Neighbouring workers go to different ones.
            let at = slot % self.numbers.len();
            &self.numbers[at..=at]
        };
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        Some(numbers.join(","))
    }

    fn sharers(&self) -> usize {
        (1.0 / self.per_trial).round() as usize
    }
}

/// Reads the settings of `sweep`.
///
/// # Errors
/// Every mistake, drawn where it stands.
pub(super) fn read(sweep: &Sweep, spans: &Spans) -> Result<Settings, Mistakes> {
    let empty = toml::Table::new();
    let table = sweep.settings().get(TABLE).and_then(toml::Value::as_table);
    let table = table.unwrap_or(&empty);
    let mut mistakes = Vec::new();
    let template = template(sweep, table, spans, &mut mistakes);
    let whole = |key: &str| {
        table
            .get(key)
            .and_then(toml::Value::as_integer)
            .unwrap_or(0)
    };
    let real = |key: &str| {
        table
            .get(key)
            .and_then(toml::Value::as_float)
            .unwrap_or(0.0)
    };
    let text = |key: &str| {
        table
            .get(key)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
    };
    let gpus = gpus(sweep, real("gpus"), spans, &mut mistakes);
    let env = table.get("env").and_then(toml::Value::as_table);
    for name in env.into_iter().flat_map(toml::Table::keys) {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!(
                "command.env: `{}` is no name of a variable",
                name.escape_debug()
            );
            let help = "write env = { NAME = \"value\" }".to_owned();
            mistakes.push(spans.mistake("command.env", &message, "here", Some(help)));
        }
    }
    match template {
        Some(template) if mistakes.is_empty() => Ok(Settings {
            template,
            style: match text("style") {
                "--key value" => Style::Apart,
                "key=value" => Style::Bare,
                _ => Style::Equals,
            },
            directory: PathBuf::from(text("directory")),
            gpus,
            threads: whole("threads").clamp(1, 1024) as u32,
            env: env
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            retries: whole("retries").clamp(0, 100) as u32,
            grace_seconds: real("grace_seconds"),
            trial_seconds: sweep.limits().trial_seconds,
            memory_mb: sweep.limits().memory_mb,
        }),
        _ => Err(Mistakes(mistakes)),
    }
}

fn template(
    sweep: &Sweep,
    table: &toml::Table,
    spans: &Spans,
    mistakes: &mut Vec<Mistake>,
) -> Option<Template> {
    let example = "write argv = [\"python\", \"train.py\", \"{args}\"]";
    let argv = table.get("argv").and_then(toml::Value::as_array);
    let argv: Vec<String> = argv
        .into_iter()
        .flatten()
        .filter_map(|argument| Some(argument.as_str()?.to_owned()))
        .collect();
    if argv.first().is_none_or(String::is_empty) {
        let message = "command.argv names no program";
        mistakes.push(spans.mistake("command.argv", message, "here", Some(example.to_owned())));
        return None;
    }
    if let Some(nul) = argv.iter().position(|argument| argument.contains('\0')) {
        let message = "command.argv: an argument holds the character 0, which no argument can";
        mistakes.push(spans.mistake(&format!("command.argv.{nul}"), message, "here", None));
        return None;
    }
    let keys: Vec<&str> = sweep
        .space()
        .0
        .iter()
        .map(|dimension| &*dimension.key)
        .collect();
    match Template::parse(&argv, &keys) {
        Ok(template) => Some(template),
        Err(error) => {
            let help = match &error {
                TemplateError::Unknown { .. } => {
                    let known = PLACEHOLDERS.iter().chain(&keys);
                    let known: Vec<String> = known.map(|name| format!("{{{name}}}")).collect();
                    format!("there are {}", known.join(", "))
                }
                TemplateError::Brace { .. } => {
                    "write {{ or }} for a brace of the argument's own".to_owned()
                }
                TemplateError::ArgsWithin { .. } => example.to_owned(),
            };
            let path = format!("command.argv.{}", error.argument());
            let message = format!("command.argv: {error}");
            mistakes.push(spans.mistake(&path, &message, "here", Some(help)));
            None
        }
    }
}

fn gpus(sweep: &Sweep, per_trial: f64, spans: &Spans, mistakes: &mut Vec<Mistake>) -> Gpus {
    // A cluster deals out its own.
    if *sweep.executor() != ExecutorKind::Local {
        return Gpus::default();
    }
    let gpus = Gpus {
        numbers: sweep.limits().gpus.clone(),
        per_trial,
    };
    let is_share = per_trial > 0.0 && per_trial < 1.0 && {
        let n = (1.0 / per_trial).round();
        (n * per_trial - 1.0).abs() < 0.05
    };
    if !is_share && per_trial.fract() != 0.0 {
        let message = format!(
            "command.gpus takes a whole number, or a share like 0.5 or 0.25, found {per_trial}"
        );
        mistakes.push(spans.mistake("command.gpus", &message, "here", None));
    } else if per_trial > 0.0 && gpus.slots() == Some(0) {
        let message = format!(
            "a trial wants {per_trial} GPUs, and [limits] gpus lists {}",
            gpus.numbers.len()
        );
        let help = "list the machine's: [limits] gpus = [0, 1]".to_owned();
        mistakes.push(spans.mistake("command.gpus", &message, "here", Some(help)));
    }
    gpus
}

#[cfg(test)]
mod tests {
    use super::Gpus;

    #[track_caller]
    fn check(numbers: &[u32], per_trial: f64, slots: Option<usize>, visible: &[&str]) {
        let gpus = Gpus {
            numbers: numbers.to_vec(),
            per_trial,
        };
        assert_eq!(gpus.slots(), slots);
        for (worker, expected) in visible.iter().enumerate() {
            assert_eq!(
                gpus.visible(worker).as_deref(),
                Some(*expected),
                "worker {worker}"
            );
        }
    }

    #[test]
    fn gpus_are_dealt_to_workers() {
        check(&[0, 1], 1.0, Some(2), &["0", "1"]);
        check(&[2, 3, 5, 7], 2.0, Some(2), &["2,3", "5,7"]);
        check(&[0, 1], 0.5, Some(4), &["0", "1", "0", "1"]);
        check(&[4], 0.33, Some(3), &["4", "4", "4"]);
        check(&[0, 1], 0.0, None, &[]);
    }
}
