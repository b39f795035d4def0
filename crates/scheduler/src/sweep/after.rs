//! `[after]`: what becomes of the winner once the search is over.

use super::file::COMMAND;
use super::reader::Reader;
use super::settings;
use super::tree::{Item, Node};
use crate::number::shortest;
use crate::space::Value;

/// `[after]`: the winner's values, trained longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct After {
    /// Epochs of the final training, at least 1.
    pub epochs: u32,
    /// Epochs in a row without a better metric that end it.
    pub patience: Option<u32>,
    /// Decay of a moving average of the weights, in place of the one of `[train]`, below 1.
    pub ema_decay: Option<f64>,
}

const KEYS: [&str; 3] = ["epochs", "patience", "ema_decay"];
const MOST: i64 = 1_000_000;

impl After {
    /// Its keys with their values as a definition has them.
    pub(super) fn written(self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("epochs", self.epochs.to_string())];
        lines.extend(
            self.patience
                .map(|patience| ("patience", patience.to_string())),
        );
        lines.extend(self.ema_decay.map(|decay| ("ema_decay", shortest(decay))));
        lines
    }
}

/// The table below `root`, if it has one.
#[expect(clippy::option_option, reason = "a mistake, or no table")]
pub(super) fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Option<After>> {
    let Some(table) = root.get("after") else {
        return Some(None);
    };
    if !reader.is_table(table, "a table with epochs, patience and ema_decay") {
        return None;
    }
    if settings::tables(reader.terms.keys).contains(&COMMAND) {
        let help = "remove it; best.toml has the winner's values for a longer run of the program"
            .to_owned();
        reader.report(
            &table.place,
            "[after] is for built-in training",
            "not for programs",
            help,
        );
        return None;
    }
    reader.check_keys(table, &KEYS, &[]);
    let epochs = match table.get("epochs") {
        Some(node) => reader.whole(node, 1..=MOST).map(|whole| whole as u32),
        None => reader.missing(table, "epochs", "100"),
    };
    let patience = match table.get("patience") {
        Some(node) => reader.whole(node, 1..=MOST).map(|whole| Some(whole as u32)),
        None => Some(None),
    };
    let ema_decay = match table.get("ema_decay") {
        Some(node) => {
            let decay = match node.item {
                Item::Scalar(Value::Float(decay)) => Some(decay),
                Item::Scalar(Value::Integer(whole)) => Some(whole as f64),
                _ => None,
            };
            let decay = decay.filter(|decay| (0.0..0.999_999_95).contains(decay));
            if decay.is_none() {
                reader.takes(node, "a number from 0 to below 1");
            }
            decay.map(Some)
        }
        None => Some(None),
    };
    Some(Some(After {
        epochs: epochs?,
        patience: patience?,
        ema_decay: ema_decay?,
    }))
}
