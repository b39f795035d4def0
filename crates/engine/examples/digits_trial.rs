//! Trains one configuration on the embedded digits and prints its learning curves.
//!
//! `cargo run --release -p finetooth-engine --example digits_trial -- learning_rate=3e-3 l2=1e-4`

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use finetooth_engine::config::{KEYS, TrainConfig};
use finetooth_engine::data;
use finetooth_engine::history::EpochEnd;
use finetooth_engine::solver::Solver;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tables = toml::Table::new();
    for argument in std::env::args().skip(1) {
        let (name, value) = argument
            .split_once('=')
            .ok_or_else(|| format!("`{argument}` is not key=value"))?;
        let key = KEYS
            .iter()
            .find(|key| key.name == name)
            .ok_or_else(|| format!("there is no key `{name}`"))?;
        let parsed = format!("value = {value}")
            .parse::<toml::Table>()
            .map(|mut table| table.remove("value"));
        let value = parsed
            .ok()
            .flatten()
            .unwrap_or_else(|| toml::Value::from(value));
        let table = tables
            .entry(key.table.name())
            .or_insert_with(|| toml::Table::new().into());
        table
            .as_table_mut()
            .ok_or("every entry is a table")?
            .insert(name.to_owned(), value);
    }
    let config = TrainConfig::from_toml(&tables, Path::new(".")).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })?;

    let dataset =
        data::load(&config.data, config.train.seed)?.preprocessed(config.data.preprocess)?;
    let mut solver = Solver::new(&config, Arc::new(dataset), config.train.seed)?;
    println!("{}\n", solver.summary());
    println!(
        "epoch  learning_rate  train_loss  train_accuracy  val_loss  val_accuracy  update_ratio"
    );
    let mut end = EpochEnd::Completed(solver.untrained());
    loop {
        let record = end.record();
        println!(
            "{:5}  {:13.6}  {:10.4}  {:14.4}  {:8.4}  {:12.4}  {:12.6}",
            record.epoch,
            record.learning_rate,
            record.train_loss,
            record.train_accuracy,
            record.val_loss,
            record.val_accuracy,
            record.update_ratio
        );
        if matches!(end, EpochEnd::Diverged(_)) || record.epoch == config.train.epochs {
            return Ok(());
        }
        end = solver.train_epoch();
    }
}
