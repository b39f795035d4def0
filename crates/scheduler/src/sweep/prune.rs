//! `[prune]`: trials that are stopped before their last epoch.

use super::reader::Reader;
use super::tree::Node;

/// When a trial is stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prune {
    /// What is compared.
    pub rule: PruneRule,
    /// Trials with a value at the same epoch without which none is stopped.
    pub min_trials: u32,
    /// Epochs that every trial trains.
    pub min_epochs: u32,
}

impl Prune {
    /// Nothing is stopped: the default.
    pub(super) const NONE: Self = Self {
        rule: PruneRule::None,
        min_trials: 8,
        min_epochs: 1,
    };

    /// The table `[prune]`.
    pub(super) fn to_toml(self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("rule".to_owned(), self.rule.as_str().into());
        table.insert("min_trials".to_owned(), i64::from(self.min_trials).into());
        table.insert("min_epochs".to_owned(), i64::from(self.min_epochs).into());
        table
    }
}

/// Which trials are stopped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneRule {
    /// None.
    None,
    /// Those whose best so far is worse than the median of the others' at the same epoch.
    Median,
}

impl PruneRule {
    /// The word of the definition file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Median => "median",
        }
    }
}

const RULES: [PruneRule; 2] = [PruneRule::None, PruneRule::Median];
const MOST: i64 = 1_000_000;

/// Reads `[prune]`; nothing is stopped where the file has none.
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Prune> {
    let default = Prune::NONE;
    let Some(table) = root.get("prune") else {
        return Some(default);
    };
    if !reader.is_table(table, "a table with rule, min_trials and min_epochs") {
        return None;
    }
    reader.check_keys(table, &["rule", "min_trials", "min_epochs"], &[]);
    let rule = match table.get("rule") {
        Some(node) => reader
            .word(node, &RULES.map(PruneRule::as_str))
            .map(|index| RULES[index]),
        None => Some(default.rule),
    };
    let mut count = |key, default| match table.get(key) {
        Some(node) => reader.whole(node, 1..=MOST).map(|whole| whole as u32),
        None => Some(default),
    };
    let min_trials = count("min_trials", default.min_trials);
    let min_epochs = count("min_epochs", default.min_epochs);
    Some(Prune {
        rule: rule?,
        min_trials: min_trials?,
        min_epochs: min_epochs?,
    })
}
