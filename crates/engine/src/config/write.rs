//! From a configuration back to the tables of a file, with every default written out.

use toml::{Table as TomlTable, Value};

use super::data::{CsvLabel, DataConfig, Share, Source};
use super::loss::Loss;
use super::model::{Init, ModelConfig};
use super::read::TrainConfig;
use super::train::TrainSettings;

impl TrainConfig {
    /// The tables `data`, `model` and `train`, which [`TrainConfig::from_toml`] reads back to the
    /// same configuration.
    ///
    /// Every key that has a meaning here is written, defaults too; paths as they are held.
    pub fn to_toml(&self) -> TomlTable {
        let mut file = TomlTable::new();
        file.insert("data".to_owned(), Value::Table(data_table(&self.data)));
        file.insert("model".to_owned(), Value::Table(model_table(&self.model)));
        file.insert("train".to_owned(), Value::Table(train_table(&self.train)));
        file
    }
}

/// A table under construction.
struct Writer(TomlTable);

impl Writer {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn count(&mut self, key: &str, count: usize) {
        self.put(key, count as i64);
    }
}

fn data_table(data: &DataConfig) -> TomlTable {
    let mut writer = Writer(TomlTable::new());
    writer.put("source", data.source.name());
    if let Some(path) = &data.path {
        writer.put("path", path.to_string_lossy().into_owned());
    }
    writer.put("validation", share(data.validation));
    writer.put("test", share(data.test));
    if let Some(path) = &data.test_path {
        writer.put("test_path", path.to_string_lossy().into_owned());
    }
    if let Some(path) = &data.npz.label_path {
        writer.put("label_path", path.to_string_lossy().into_owned());
    }
    writer.put("preprocess", data.preprocess.name());
    writer.put("flip", data.augment.flip);
    writer.count("shift", data.augment.shift);
    writer.count("crop", data.augment.crop);
    writer.put("jitter", data.augment.jitter);
    writer.count("cutout", data.augment.cutout);
    if let Some(limit) = data.train_limit {
        writer.count("train_limit", limit);
    }
    if let Some(size) = data.resize {
        writer.put(
            "resize",
            size.map(|size| Value::Integer(size as i64)).to_vec(),
        );
    }
    if let Some(shape) = data.shape {
        writer.put(
            "shape",
            shape.map(|size| Value::Integer(size as i64)).to_vec(),
        );
    }
    if data.source == Source::Csv {
        writer.put("label", label(&data.csv.label));
    }
    if let Some(name) = &data.npz.label {
        writer.put("label", name.as_str());
    }
    if let Some(name) = &data.npz.features {
        writer.put("features", name.as_str());
    }
    if data.source == Source::Csv {
        writer.put(
            "header",
            data.csv.header.map_or(Value::from("auto"), Value::Boolean),
        );
        writer.put(
            "delimiter",
            data.csv
                .delimiter
                .map_or("auto".to_owned(), |byte| char::from(byte).to_string()),
        );
        writer.put("missing", data.csv.missing.clone());
    }
    writer.0
}

fn model_table(model: &ModelConfig) -> TomlTable {
    let mut writer = Writer(TomlTable::new());
    writer.put("kind", model.kind.name());
    writer.count("n_filters", model.n_filters);
    writer.count("filter_size", model.filter_size);
    match model.hidden.as_slice() {
        [units] => writer.count("hidden", *units),
        layers => writer.put(
            "hidden",
            layers
                .iter()
                .map(|units| Value::Integer(*units as i64))
                .collect::<Vec<_>>(),
        ),
    }
    writer.put("activation", model.activation.name());
    writer.put("init", model.init.kind().name());
    if let Init::Normal { weight_scale } = model.init {
        writer.put("weight_scale", weight_scale);
    }
    writer.put("batch_norm", model.batch_norm);
    writer.put("dropout", model.dropout);
    if !model.layers.is_empty() {
        let layers: Vec<String> = model.layers.iter().map(ToString::to_string).collect();
        writer.put("layers", layers);
    }
    writer.0
}

fn train_table(train: &TrainSettings) -> TomlTable {
    let mut writer = Writer(TomlTable::new());
    writer.put("epochs", i64::from(train.epochs));
    writer.put("optimizer", train.optimizer.name());
    writer.put("learning_rate", train.learning_rate);
    writer.put("schedule", train.schedule.name());
    writer.put("warmup_epochs", i64::from(train.warmup_epochs));
    writer.put("lr_decay", train.lr_decay);
    writer.put("l2", train.l2);
    writer.put("l1", train.l1);
    if let Some(max_norm) = train.max_norm {
        writer.put("max_norm", max_norm);
    }
    if let Some(decay) = train.ema_decay {
        writer.put("ema_decay", decay);
    }
    writer.put("weight_decay", train.weight_decay);
    writer.count("batch_size", train.batch_size);
    writer.put("loss", train.loss.kind().name());
    if let Loss::Softmax { label_smoothing } = train.loss {
        writer.put("label_smoothing", label_smoothing);
    }
    writer.put("dtype", train.dtype.name());
    writer.put("momentum", train.momentum);
    writer.put("beta1", train.beta1);
    writer.put("beta2", train.beta2);
    writer.put("rho", train.rho);
    writer.put("eps", train.eps);
    if let Some(clip_norm) = train.clip_norm {
        writer.put("clip_norm", clip_norm);
    }
    if let Some(clip_value) = train.clip_value {
        writer.put("clip_value", clip_value);
    }
    match train.step_epochs.as_slice() {
        [] => {}
        [every] => writer.put("step_epochs", i64::from(*every)),
        after => writer.put(
            "step_epochs",
            after
                .iter()
                .map(|epochs| Value::from(i64::from(*epochs)))
                .collect::<Vec<_>>(),
        ),
    }
    writer.put("step_factor", train.step_factor);
    writer.put("patience", i64::from(train.patience));
    writer.put("seed", i64::from(train.seed));
    writer.0
}

fn share(share: Share) -> Value {
    match share {
        Share::Fraction(fraction) => Value::Float(fraction),
        Share::Count(count) => Value::Integer(count as i64),
    }
}

fn label(label: &CsvLabel) -> Value {
    match label {
        CsvLabel::Name(name) => Value::from(name.as_str()),
        CsvLabel::Position(position) => Value::Integer(*position),
    }
}
