//! Reads a definition file: every mistake of it at once, or a valid [`Sweep`].

use std::path::Path;

use super::nearest::nearest;
use super::reader::{Reader, elsewhere, listed};
use super::tree::{Item, Node};
use super::{
    Goal, KeySpec, Limits, Metric, Mistake, Mistakes, Override, Procedure, Spans, Sweep, Widen,
    after, bytes, executor, procedure, prune, sanity, settings, space, stages,
};
use crate::space::Value;

/// Largest definition read, in bytes.
const MOST_BYTES: usize = 1 << 20;

const OWN_TABLES: [&str; 12] = [
    "name", "seed", "metric", "space", "search", "stage", "widen", "prune", "sanity", "limits",
    "executor", "after",
];
const LIMITS: [&str; 7] = [
    "workers",
    "max_failures",
    "sweep_seconds",
    "keep_bytes",
    "trial_seconds",
    "memory_mb",
    "gpus",
];
/// Epochs of one full training, where neither the file nor the objective names them.
const EPOCHS: u32 = 27;

/// What a definition is read against: the arguments of [`Sweep::parse`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) keys: &'a [KeySpec],
    pub(super) columns: &'a [String],
    pub(super) overrides: &'a [Override],
    pub(super) base: &'a Path,
    pub(super) purpose: Purpose,
}

/// What a definition is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A sweep.
    Sweep,
    /// A single training: `name` may be missing, `train.seed` may be given; `[space]`, `[search]` and `[[stage]]`
    /// are checked, though nothing is searched, and `train.epochs` holds.
    Train,
}

impl Sweep {
    /// Reads a definition (TOML), every default filled in.
    ///
    /// - `keys`: those of the objective's tables, in the order they are written out.
    /// - `columns`: names of the numbers each report holds; the metric is one of them.
    /// - `overrides`: values from the command line, put before the file's; of two for the same key the later holds.
    /// - `base`: the directory that relative paths start from, the definition file's.
    ///
    /// Defaults that are not constants: the goal is to minimise a metric with "loss" in its name, and to maximise
    /// any other; a range's scale and limits are the key's own (linear where there is a step); a stage searches all
    /// keys of the space; `[search]` has the epochs of `[train]`. The settings' `train.epochs` are those of one full
    /// training, `[search]`'s, since schedules are laid out over them.
    ///
    /// # Errors
    /// [`Mistakes`]: everything that is wrong with it, errors of the TOML syntax included.
    pub fn parse(
        text: &str,
        keys: &[KeySpec],
        columns: &[String],
        overrides: &[Override],
        base: &Path,
        purpose: Purpose,
    ) -> Result<(Self, Spans), Mistakes> {
        let terms = Terms {
            keys,
            columns,
            overrides,
            base,
            purpose,
        };
        if text.len() > MOST_BYTES {
            return Err(Mistakes(vec![Mistake {
                message: format!(
                    "a sweep definition has at most {MOST_BYTES} bytes, found {}",
                    text.len()
                ),
                span: None,
                label: String::new(),
                other: None,
                help: Some("is this the right file?".to_owned()),
            }]));
        }
        let (mut reader, root) = Reader::open(text, &terms);
        let spans = Spans::of(&root, overrides);
        let sweep = sweep(&mut reader, &root);
        reader.finish()?;
        Ok((sweep.expect("without mistakes every part is there"), spans))
    }
}

fn sweep(reader: &mut Reader<'_>, root: &Node) -> Option<Sweep> {
    check_tables(reader, root);
    let name = match root.get("name") {
        Some(node) => stages::name(reader, node),
        None if reader.terms.purpose == Purpose::Train => Some("train".to_owned()),
        None => reader.missing(root, "name", "\"digits\""),
    };
    let seed = root
        .get("seed")
        .map_or(Some(0), |node| reader.whole(node, 0..=i64::from(i32::MAX)));
    let metric = metric(reader, root);
    let mut settings = settings::read(reader, root);
    let searched = space::read(reader, root);
    let procedure = procedure::read(reader, root, &searched, epochs(&settings));
    if let Some(Procedure::Generations(search)) = &procedure
        && reader.terms.purpose == Purpose::Sweep
    {
        set_epochs(&mut settings, search.epochs);
    }
    let widen = widen(reader, root);
    let prune = prune::read(reader, root);
    let sanity = sanity::read(reader, root);
    let limits = limits(reader, root);
    let executor = executor::read(reader, root);
    let after = after::read(reader, root);
    Some(Sweep {
        name: name?,
        seed: seed? as u32,
        metric: metric?,
        settings,
        space: searched.space,
        own: searched.own,
        procedure: procedure?,
        widen: widen?,
        prune: prune?,
        sanity: sanity?,
        limits: limits?,
        executor: executor?,
        after: after?,
    })
}

/// `train.epochs`.
fn epochs(settings: &toml::Table) -> u32 {
    let train = settings.get("train").and_then(toml::Value::as_table);
    let epochs = train.and_then(|train| train.get("epochs")?.as_integer());
    epochs.map_or(EPOCHS, |epochs| u32::try_from(epochs).unwrap_or(EPOCHS))
}

/// Writes `train.epochs`, where there is such a key.
fn set_epochs(settings: &mut toml::Table, epochs: u32) {
    let train = settings
        .get_mut("train")
        .and_then(toml::Value::as_table_mut);
    if let Some(own) = train.and_then(|train| train.get_mut("epochs")) {
        *own = i64::from(epochs).into();
    }
}

fn check_tables(reader: &mut Reader<'_>, root: &Node) {
    let keys = reader.terms.keys;
    let known: Vec<&str> = OWN_TABLES
        .into_iter()
        .chain(settings::tables(keys))
        .collect();
    for entry in root.entries() {
        let name = entry.name.as_str();
        if known.contains(&name) {
            continue;
        }
        let help = beside_a_command(&known, name)
            .or_else(|| elsewhere(keys, "", name))
            .or_else(|| {
                nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"))
            })
            .unwrap_or_else(|| format!("a definition has {}", listed(&known)));
        reader.unknown(entry, help);
    }
}

/// The objective's tables where it is training by the engine, and where it is a user's program.
const TRAINING: [&str; 3] = ["data", "model", "train"];
pub(super) const COMMAND: &str = "command";

/// A table that says what the other kind of trial does.
fn beside_a_command(known: &[&str], name: &str) -> Option<String> {
    let is_command = known.contains(&COMMAND);
    if is_command && TRAINING.contains(&name) {
        Some(format!(
            "a program brings its own data and network: remove [{name}], or remove [command] for built-in training"
        ))
    } else {
        None
    }
}

/// Ends of the names of metrics that are errors: root mean square and mean absolute.
const ERRORS: [&str; 2] = ["rmse", "mae"];

fn metric(reader: &mut Reader<'_>, root: &Node) -> Option<Metric> {
    let terms = reader.terms;
    // A metric named like a searched key would be a second column of that name.
    let is_key = |name: &str| terms.keys.iter().any(|spec| spec.name == name);
    let names: Vec<&str> = terms
        .columns
        .iter()
        .map(String::as_str)
        .filter(|name| !is_key(name))
        .collect();
    let default = "val_accuracy";
    let node = root.get("metric");
    if let Some(node) = node {
        if let Item::Scalar(_) = node.item {
            reader.takes(node, "a table with name and goal");
            let written = node.text().unwrap_or(default);
            reader.help(format!("write metric = {{ name = \"{written}\" }}"));
            return None;
        }
        if !reader.is_table(node, "a table with name and goal") {
            return None;
        }
        reader.check_keys(node, &["name", "goal", "target"], &[]);
    }
    let name = match node.and_then(|node| node.get("name")) {
        Some(name) => reader.word(name, &names).map(|index| names[index]),
        None if names.contains(&default) => Some(default),
        None => {
            let example = names.first().copied().unwrap_or("loss");
            match node {
                Some(node) => reader.missing(node, "name", &format!("\"{example}\"")),
                None => reader.missing(root, "metric", &format!("{{ name = \"{example}\" }}")),
            }
        }
    };
    let goal = match node.and_then(|node| node.get("goal")) {
        Some(goal) => {
            const GOALS: [Goal; 2] = [Goal::Maximize, Goal::Minimize];
            reader
                .word(goal, &GOALS.map(Goal::as_str))
                .map(|index| GOALS[index])
        }
        None => name.map(|name| {
            if name.contains("loss") || ERRORS.iter().any(|error| name.ends_with(error)) {
                Goal::Minimize
            } else {
                Goal::Maximize
            }
        }),
    };
    let target = node
        .and_then(|node| node.get("target"))
        .map(|target| reader.real(target, "a number", |_| true).ok_or(()));
    Some(Metric {
        name: name?.to_owned(),
        goal: goal?,
        target: target.transpose().ok()?,
    })
}

fn widen(reader: &mut Reader<'_>, root: &Node) -> Option<Widen> {
    let default = Widen {
        max_rounds: 4,
        tau: 0.15,
        step: 0.5,
    };
    let Some(table) = root.get("widen") else {
        return Some(default);
    };
    if !reader.is_table(table, "a table with max_rounds, tau and step") {
        return None;
    }
    reader.check_keys(table, &["max_rounds", "tau", "step"], &[]);
    let max_rounds = match table.get("max_rounds") {
        Some(node) => reader.whole(node, 0..=100).map(|whole| whole as u32),
        None => Some(default.max_rounds),
    };
    let tau = match table.get("tau") {
        Some(node) => reader.real(node, "a number above 0 and below 0.5", |tau| {
            0.0 < tau && tau < 0.5
        }),
        None => Some(default.tau),
    };
    let step = match table.get("step") {
        Some(node) => reader.real(node, "a number above 0 and up to 4", |step| {
            0.0 < step && step <= 4.0
        }),
        None => Some(default.step),
    };
    Some(Widen {
        max_rounds: max_rounds?,
        tau: tau?,
        step: step?,
    })
}

fn limits(reader: &mut Reader<'_>, root: &Node) -> Option<Limits> {
    let default = Limits {
        workers: None,
        max_failures: 5,
        sweep_seconds: None,
        trial_seconds: None,
        memory_mb: None,
        gpus: Vec::new(),
        keep_bytes: 10_000_000_000,
    };
    let Some(table) = root.get("limits") else {
        return Some(default);
    };
    if !reader.is_table(table, "a table with workers, max_failures and others") {
        return None;
    }
    reader.check_keys(table, &LIMITS, &[]);
    for key in ["memory_mb", "gpus"] {
        if let Some(node) = table.get(key)
            && !settings::tables(reader.terms.keys).contains(&COMMAND)
        {
            let message = format!("{} is for programs, started by [command]", node.key());
            reader.report(
                &node.place,
                &message,
                "not for built-in training",
                "remove it".to_owned(),
            );
        }
    }
    let workers = table.get("workers").map_or(Some(default.workers), |node| {
        let workers = match &node.item {
            Item::Scalar(Value::Text(text)) if text == "auto" => Some(None),
            Item::Scalar(Value::Integer(workers @ 1..=1024)) => Some(Some(*workers as usize)),
            _ => None,
        };
        if workers.is_none() {
            reader.takes(node, "\"auto\" or a whole number from 1 to 1024");
        }
        workers
    });
    let max_failures = match table.get("max_failures") {
        Some(node) => reader.whole(node, 1..=1_000_000).map(|whole| whole as u32),
        None => Some(default.max_failures),
    };
    let mut most = |key: &str| match table.get(key) {
        Some(node) => Some(Some(reader.whole(node, 1..=1_000_000_000)?.cast_unsigned())),
        None => Some(None),
    };
    let (sweep_seconds, trial_seconds, memory_mb) = (
        most("sweep_seconds"),
        most("trial_seconds"),
        most("memory_mb"),
    );
    let gpus = table
        .get("gpus")
        .map_or(Some(Vec::new()), |node| gpus(reader, node));
    let keep_bytes = match table.get("keep_bytes") {
        Some(node) => bytes::read(reader, node),
        None => Some(default.keep_bytes),
    };
    Some(Limits {
        workers: workers?,
        max_failures: max_failures?,
        sweep_seconds: sweep_seconds?,
        trial_seconds: trial_seconds?,
        memory_mb: memory_mb?,
        gpus: gpus?,
        keep_bytes: keep_bytes?,
    })
}

/// Numbers of GPUs, each once.
fn gpus(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<u32>> {
    let accepted = "a list of the numbers of GPUs, each once, like [0, 1]";
    let Item::List(members) = &node.item else {
        reader.takes(node, accepted);
        return None;
    };
    let mut numbers: Vec<u32> = Vec::new();
    for member in members {
        match member.item {
            Item::Scalar(Value::Integer(number @ 0..=1023))
                if !numbers.contains(&(number as u32)) =>
            {
                numbers.push(number as u32);
            }
            _ => {
                reader.takes(member, accepted);
                return None;
            }
        }
    }
    Some(numbers)
}
