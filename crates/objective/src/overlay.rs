//! A trial's hyperparameters laid onto the sweep's configuration: the whole binding of the two.

use finetooth_engine::config::KEYS;
use finetooth_scheduler::space::Params;
use finetooth_scheduler::trial::Trial;

/// `base` (tables `data`, `model`, `train`) with each of `params` in the place of the key of its name.
///
/// A name that is no key of the engine is left out; the definition's reader lets none through.
pub fn overlay(base: &toml::Table, params: &Params) -> toml::Table {
    let mut settings = base.clone();
    for (name, value) in params.iter() {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            continue;
        };
        let table = settings
            .entry(key.table.name())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(table) = table {
            table.insert(name.to_owned(), value.to_toml());
        }
    }
    settings
}

/// The definition file that trains with the values of `trial`, one of the sweep `name` with the configuration `base`.
pub(crate) fn train_file(name: &str, seed: u32, base: &toml::Table, trial: &Trial) -> String {
    let mut settings = overlay(base, &trial.params);
    let train = settings
        .entry("train")
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(train) = train {
        train.insert("seed".to_owned(), i64::from(trial.seed).into());
    }
    let mut file = toml::Table::new();
    file.insert("name".to_owned(), format!("{name}-best").into());
    file.insert("seed".to_owned(), i64::from(seed).into());
    file.extend(settings);
    let text = toml::to_string(&file).expect("tables of plain values are TOML");
    format!(
        "# Trial {} of the sweep {name}, as a file for `finetooth train`.\n\
         # `seed` splits the data as the sweep did; `train.seed` is the trial's own.\n\n{text}",
        trial.id
    )
}

#[cfg(test)]
mod tests {
    use finetooth_scheduler::space::Value;

    use super::*;

    #[test]
    fn puts_each_value_where_its_key_stands() {
        let base: toml::Table = "[train]\nlearning_rate = 1.0\nbatch_size = 8"
            .parse()
            .expect("valid TOML");
        let params = Params::from_iter([
            ("learning_rate".into(), Value::Float(0.5)),
            ("n_filters".into(), Value::Integer(4)),
        ]);
        let expected: toml::Table =
            "[train]\nlearning_rate = 0.5\nbatch_size = 8\n[model]\nn_filters = 4"
                .parse()
                .expect("valid TOML");
        assert_eq!(overlay(&base, &params), expected);
    }
}
