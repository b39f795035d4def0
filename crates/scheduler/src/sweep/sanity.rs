//! `[sanity]`: whether the set-up is checked before the search, and what comes of it.

use super::reader::Reader;
use super::tree::{Item, Node};
use crate::space::Value;

/// `[sanity]`: the checks of the set-up before the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sanity {
    /// Whether they are made.
    pub enabled: bool,
    /// What a failed one leads to.
    pub on_failure: OnFailure,
    /// What the probe's learning rates are for.
    pub probe: ProbeUse,
}

/// What a failed sanity check leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing is searched.
    Stop,
    /// It is told of, and the search begins.
    Warn,
}

/// What the probe's range of learning rates is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeUse {
    /// It takes the place of the sweep's range.
    Set,
    /// It is compared with the sweep's range.
    Warn,
}

const OUTCOMES: [OnFailure; 2] = [OnFailure::Stop, OnFailure::Warn];
const USES: [ProbeUse; 2] = [ProbeUse::Set, ProbeUse::Warn];

impl OnFailure {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Warn => "warn",
        }
    }
}

impl ProbeUse {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Warn => "warn",
        }
    }
}

/// The table below `root`, or its defaults: the probe sets the range where the file has no `[space]`.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Sanity> {
    let default = Sanity {
        enabled: true,
        on_failure: OnFailure::Stop,
        probe: match root.get("space") {
            None => ProbeUse::Set,
            Some(_) => ProbeUse::Warn,
        },
    };
    let Some(table) = root.get("sanity") else {
        return Some(default);
    };
    if !reader.is_table(table, "a table with enabled, on_failure and probe") {
        return None;
    }
    reader.check_keys(table, &["enabled", "on_failure", "probe"], &[]);
    let enabled = match table.get("enabled") {
        Some(node) => {
            if let Item::Scalar(Value::Bool(enabled)) = node.item {
                Some(enabled)
            } else {
                reader.takes(node, "true or false");
                None
            }
        }
        None => Some(default.enabled),
    };
    let on_failure = match table.get("on_failure") {
        Some(node) => reader
            .word(node, &OUTCOMES.map(OnFailure::as_str))
            .map(|index| OUTCOMES[index]),
        None => Some(default.on_failure),
    };
    let probe = match table.get("probe") {
        Some(node) => reader
            .word(node, &USES.map(ProbeUse::as_str))
            .map(|index| USES[index]),
        None => Some(default.probe),
    };
    Some(Sanity {
        enabled: enabled?,
        on_failure: on_failure?,
        probe: probe?,
    })
}
