//! `[executor]`: where trials run.

use super::reader::Reader;
use super::tree::{Item, Node, Place};
use crate::space::Value;

/// Where trials run; may differ between invocations of the same sweep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExecutorKind {
    /// On this machine.
    #[default]
    Local,
    /// As jobs of a Slurm cluster.
    Slurm(Box<SlurmSettings>),
}

/// What a job of a Slurm cluster is submitted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlurmSettings {
    /// `--partition`.
    pub partition: Option<String>,
    /// `--time`, as Slurm writes it.
    pub time: Option<String>,
    /// `--mem`, as Slurm writes it.
    pub memory: Option<String>,
    /// `--gpus`, as Slurm writes it.
    pub gpus: Option<String>,
    /// `--qos`.
    pub qos: Option<String>,
    /// `--account`.
    pub account: Option<String>,
    /// Further options of `sbatch`.
    pub extra: Vec<String>,
    /// Jobs submitted at once.
    pub max_pending: usize,
    /// Words before each of Slurm's commands, such as those of ssh to a login node.
    pub prefix: Vec<String>,
}

const KINDS: [&str; 2] = ["local", "slurm"];
const FIELDS: [&str; 10] = [
    "kind",
    "partition",
    "time",
    "memory",
    "gpus",
    "qos",
    "account",
    "extra",
    "max_pending",
    "prefix",
];

impl ExecutorKind {
    /// The table as TOML, every default written out.
    pub(super) fn to_toml(&self) -> toml::Table {
        let mut table = toml::Table::new();
        let Self::Slurm(slurm) = self else {
            table.insert("kind".to_owned(), "local".into());
            return table;
        };
        table.insert("kind".to_owned(), "slurm".into());
        for (key, value) in [
            ("partition", &slurm.partition),
            ("time", &slurm.time),
            ("memory", &slurm.memory),
            ("gpus", &slurm.gpus),
            ("qos", &slurm.qos),
            ("account", &slurm.account),
        ] {
            if let Some(value) = value {
                table.insert(key.to_owned(), value.as_str().into());
            }
        }
        table.insert("extra".to_owned(), slurm.extra.clone().into());
        table.insert("max_pending".to_owned(), (slurm.max_pending as i64).into());
        table.insert("prefix".to_owned(), slurm.prefix.clone().into());
        table
    }
}

/// The table below `root`, or this machine.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Option<ExecutorKind> {
    let Some(table) = root.get("executor") else {
        return Some(ExecutorKind::Local);
    };
    if !reader.is_table(table, "a table with kind and others") {
        return None;
    }
    reader.check_keys(table, &FIELDS, &[]);
    let is_slurm = match table.get("kind") {
        Some(node) => reader.word(node, &KINDS)? == 1,
        None => false,
    };
    if !is_slurm {
        // `--executor local` runs a cluster's definition here.
        let is_chosen = |node: &Node| matches!(node.place, Place::Option(_));
        if table.get("kind").is_some_and(is_chosen) {
            return Some(ExecutorKind::Local);
        }
        for entry in table.entries().iter().filter(|entry| entry.name != "kind") {
            if FIELDS.contains(&entry.name.as_str()) {
                let message = format!("{} is for kind = \"slurm\"", entry.node.key());
                reader.report(
                    &entry.place,
                    &message,
                    "not on this machine",
                    "remove it, or write kind = \"slurm\"".to_owned(),
                );
            }
        }
        return Some(ExecutorKind::Local);
    }
    let mut text = |key: &str| option(reader, table, key);
    let (partition, time, memory) = (text("partition"), text("time"), text("memory"));
    let (gpus, qos, account) = (text("gpus"), text("qos"), text("account"));
    let extra = words(reader, table, "extra");
    let prefix = words(reader, table, "prefix");
    let max_pending = match table.get("max_pending") {
        Some(node) => reader.whole(node, 1..=1000).map(|whole| whole as usize),
        None => Some(32),
    };
    Some(ExecutorKind::Slurm(Box::new(SlurmSettings {
        partition,
        time,
        memory,
        gpus,
        qos,
        account,
        extra: extra?,
        max_pending: max_pending?,
        prefix: prefix?,
    })))
}

/// A text or whole number that becomes an option's value.
fn option(reader: &mut Reader<'_>, table: &Node, key: &str) -> Option<String> {
    let node = table.get(key)?;
    match &node.item {
        Item::Scalar(Value::Text(text)) if is_word(text) => Some(text.clone()),
        Item::Scalar(Value::Integer(whole)) if *whole > 0 => Some(whole.to_string()),
        _ => {
            reader.takes(node, "what Slurm takes: text in quotes, or a whole number");
            None
        }
    }
}

fn words(reader: &mut Reader<'_>, table: &Node, key: &str) -> Option<Vec<String>> {
    let Some(node) = table.get(key) else {
        return Some(Vec::new());
    };
    let accepted = "a list of texts in quotes";
    let Item::List(members) = &node.item else {
        reader.takes(node, accepted);
        return None;
    };
    let mut words = Vec::new();
    for member in members {
        let Some(text) = member.text().filter(|text| is_word(text)) else {
            reader.takes(member, accepted);
            return None;
        };
        words.push(text.to_owned());
    }
    Some(words)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\0', '\n'])
}
