//! From the tables of a file to a checked configuration, with every mistake at once.

mod model;
mod reader;

use std::path::Path;

use super::augment::Augment;
use super::data::{
    CsvLabel, CsvOptions, DataConfig, LabelKind, NpzOptions, Preprocess, Share, Source,
};
use super::error::ConfigError;
use super::key::Table;
use super::loss::{Loss, LossKind};
use super::model::ModelConfig;
use super::optimizer::OptimizerKind;
use super::train::{Dtype, ScheduleKind, TrainSettings};
use model::read_model;
use reader::Reader;

pub(super) use reader::nearest_of;

/// Everything that one training depends on but the data's content.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// The `[data]` table.
    pub data: DataConfig,
    /// The `[model]` table.
    pub model: ModelConfig,
    /// The `[train]` table.
    pub train: TrainSettings,
}

impl TrainConfig {
    /// Reads the tables `data`, `model` and `train`, each of which may be absent; relative paths
    /// start at `base_dir`.
    ///
    /// # Errors
    /// Every mistake of the tables, in the order of [`KEYS`](super::KEYS), then those that concern
    /// two keys.
    ///
    /// # Example
    /// ```
    /// use std::path::Path;
    /// use finetooth_engine::config::TrainConfig;
    ///
    /// let table = "train.batch_size = 128".parse().unwrap();
    /// let config = TrainConfig::from_toml(&table, Path::new("/data")).unwrap();
    /// assert_eq!(config.train.batch_size, 128);
    /// assert_eq!(config.model.n_filters, 16);
    /// ```
    pub fn from_toml(table: &toml::Table, base_dir: &Path) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        reader::check_tables(table, &mut errors);
        let mut data = read_data(Reader::new(table, Table::Data, &mut errors), base_dir);
        let model = read_model(Reader::new(table, Table::Model, &mut errors));
        let train = read_train(Reader::new(table, Table::Train, &mut errors));
        data.csv.label_kind = train.loss.kind().label_kind();
        errors.extend(label_without_numbers(&data, train.loss.kind()));
        if errors.is_empty() {
            Ok(Self { data, model, train })
        } else {
            Err(errors)
        }
    }
}

impl Default for TrainConfig {
    /// The configuration of an empty file: a three-layer convnet on the digits.
    fn default() -> Self {
        Self::from_toml(&toml::Table::new(), Path::new(""))
            .expect("the defaults of all keys are accepted")
    }
}

/// A loss of numbers on data whose labels are classes.
fn label_without_numbers(data: &DataConfig, loss: LossKind) -> Option<ConfigError> {
    let lacks = data.csv.label_kind == LabelKind::Number
        && !matches!(data.source, Source::Csv | Source::Npz);
    lacks.then(|| ConfigError {
        table: Table::Train.name().to_owned(),
        key: Some("loss".to_owned()),
        message: format!(
            "\"{}\" predicts a number, and the labels of source = \"{}\" are classes",
            loss.name(),
            data.source.name()
        ),
        help: Some(
            "softmax or hinge, or source = \"csv\" or \"npz\" with a label of numbers".to_owned(),
        ),
    })
}

fn read_data(mut reader: Reader<'_>, base_dir: &Path) -> DataConfig {
    let source =
        Source::named(reader.choice("source")).expect("the names of the key are those of the enum");
    let path = reader.path("path", base_dir);
    let test_path = reader.path("test_path", base_dir);
    match source {
        Source::Digits => {
            for key in ["path", "test_path"] {
                reader.refuse_if_given(
                    key,
                    "the digits are built in and need no file",
                    "leave it out",
                );
            }
        }
        Source::Idx | Source::Cifar10 | Source::Csv | Source::Npz | Source::Images
            if path.is_none() && !reader.is_given("path") =>
        {
            let message = format!("is missing; source = \"{}\" reads files", source.name());
            reader.report(
                "path",
                message,
                Some("give the file or directory, relative to this file".to_owned()),
            );
        }
        Source::Idx | Source::Cifar10 | Source::Csv | Source::Npz | Source::Images => {}
    }
    refuse_keys_of_others(&mut reader, source);
    let validation = reader.share("validation");
    if matches!(validation, Share::Fraction(0.0) | Share::Count(0)) {
        reader.report(
            "validation",
            "is 0; trials are compared by their validation set".to_owned(),
            Some("a fraction above 0 and below 1, or a count from 1".to_owned()),
        );
    }
    let test = reader.share("test");
    if let (Share::Fraction(validation), Share::Fraction(test)) = (validation, test)
        && test_path.is_none()
        && validation + test >= 1.0
    {
        reader.report(
            "test",
            format!(
                "{validation:?} for validation and {test:?} for test leave nothing to train on"
            ),
            Some("fractions whose sum is below 1".to_owned()),
        );
    }
    let preprocess = Preprocess::named(reader.choice("preprocess"))
        .expect("the names of the key are those of the enum");
    let label = reader.column("label");
    let npz = read_npz(&mut reader, base_dir, source, &label);
    let data = DataConfig {
        source,
        path,
        test_path,
        validation,
        test,
        train_limit: reader
            .optional_integer("train_limit")
            .map(|limit| limit as usize),
        resize: reader.sizes(
            "resize",
            "[height, width], two whole numbers from 1 to 1024",
        ),
        shape: reader.sizes(
            "shape",
            "[channels, height, width], three whole numbers from 1 to 65536",
        ),
        preprocess,
        augment: read_augment(&mut reader, preprocess),
        csv: CsvOptions {
            label,
            label_kind: LabelKind::Class,
            header: reader.boolean_or_auto("header"),
            delimiter: reader.delimiter("delimiter"),
            missing: reader.texts("missing"),
        },
        npz,
    };
    reader.finish();
    data
}

/// Notes keys that the source does not read.
fn refuse_keys_of_others(reader: &mut Reader<'_>, source: Source) {
    let mut refuse = |keys: &[&str], message: &str, help: &str| {
        for key in keys {
            reader.refuse_if_given(key, message, help);
        }
    };
    if source != Source::Csv {
        refuse(
            &["header", "delimiter", "missing"],
            "is for CSV files alone",
            "leave it out, or set source = \"csv\"",
        );
    }
    if source != Source::Npz {
        refuse(
            &["label_path", "features"],
            "is for NumPy's arrays alone",
            "leave it out, or set source = \"npz\"",
        );
    }
    if source != Source::Images {
        refuse(
            &["resize"],
            "is for folders of images alone",
            "leave it out, or set source = \"images\"",
        );
    }
    if !matches!(source, Source::Csv | Source::Npz) {
        refuse(
            &["label"],
            "is for CSV files and NumPy's arrays alone",
            "leave it out, or set source = \"csv\" or \"npz\"",
        );
    }
}

/// Names of arrays; `label` is the column of the same key, which has to be a name here.
fn read_npz(
    reader: &mut Reader<'_>,
    base_dir: &Path,
    source: Source,
    label: &CsvLabel,
) -> NpzOptions {
    let options = NpzOptions {
        features: reader.optional_text("features"),
        label: None,
        label_path: reader.path("label_path", base_dir),
    };
    if source != Source::Npz {
        return NpzOptions::default();
    }
    match label {
        CsvLabel::Name(name) => NpzOptions {
            label: Some(name.clone()),
            ..options
        },
        CsvLabel::Position(_) => {
            reader.refuse_if_given(
                "label",
                "is a position, and arrays have names",
                "the name of the array of labels in quotes",
            );
            options
        }
    }
}

fn read_augment(reader: &mut Reader<'_>, preprocess: Preprocess) -> Augment {
    let augment = Augment {
        flip: reader.boolean("flip"),
        shift: reader.integer("shift") as usize,
        crop: reader.integer("crop") as usize,
        jitter: reader.float("jitter"),
        cutout: reader.integer("cutout") as usize,
    };
    if let (Some(key), false) = (augment.first_key(), preprocess.keeps_images()) {
        let message = format!(
            "varies images, and preprocess = \"{}\" leaves none",
            preprocess.name()
        );
        let help = "leave it out, or choose another way of preprocessing";
        reader.report(key, message, Some(help.to_owned()));
    }
    augment
}

fn read_train(mut reader: Reader<'_>) -> TrainSettings {
    let optimizer = OptimizerKind::named(reader.choice("optimizer"))
        .expect("the names of the key are those of the enum");
    let schedule = ScheduleKind::named(reader.choice("schedule"))
        .expect("the names of the key are those of the enum");
    let dtype = Dtype::named(reader.choice("dtype"));
    let loss = read_loss(&mut reader);
    let epochs = reader.integer("epochs") as u32;
    let settings = TrainSettings {
        epochs,
        optimizer,
        learning_rate: reader.float("learning_rate"),
        schedule,
        warmup_epochs: read_warmup_epochs(&mut reader, schedule, epochs),
        lr_decay: reader.float("lr_decay"),
        l2: reader.float("l2"),
        l1: reader.float("l1"),
        max_norm: reader.optional_float("max_norm"),
        ema_decay: reader.optional_float("ema_decay"),
        weight_decay: reader
            .optional_float("weight_decay")
            .unwrap_or(optimizer.default_weight_decay()),
        batch_size: reader.integer("batch_size") as usize,
        loss,
        dtype: dtype.expect("the names of the key are those of the enum"),
        momentum: reader.float("momentum"),
        beta1: reader.float("beta1"),
        beta2: reader
            .optional_float("beta2")
            .unwrap_or(optimizer.default_beta2()),
        rho: reader
            .optional_float("rho")
            .unwrap_or(optimizer.default_rho()),
        eps: reader
            .optional_float("eps")
            .unwrap_or(optimizer.default_eps()),
        clip_norm: reader.optional_float("clip_norm"),
        clip_value: reader.optional_float("clip_value"),
        step_epochs: read_step_epochs(&mut reader, schedule),
        step_factor: reader.float("step_factor"),
        patience: reader.integer("patience") as u32,
        seed: reader.integer("seed") as u32,
    };
    reader.finish();
    settings
}

fn read_loss(reader: &mut Reader<'_>) -> Loss {
    let kind =
        LossKind::named(reader.choice("loss")).expect("the names of the key are those of the enum");
    let label_smoothing = reader.float("label_smoothing");
    if kind != LossKind::Softmax {
        reader.refuse_if_given(
            "label_smoothing",
            "is for loss = \"softmax\" alone",
            "leave it out",
        );
    }
    match kind {
        LossKind::Softmax => Loss::Softmax { label_smoothing },
        LossKind::Hinge => Loss::Hinge,
        LossKind::Mse => Loss::Mse,
        LossKind::Huber => Loss::Huber,
    }
}

fn read_warmup_epochs(reader: &mut Reader<'_>, schedule: ScheduleKind, epochs: u32) -> u32 {
    let warmup_epochs = reader.integer("warmup_epochs") as u32;
    if schedule.has_an_end() && warmup_epochs >= epochs {
        reader.report(
            "warmup_epochs",
            format!(
                "{warmup_epochs} of {epochs} epochs leave none for schedule = \"{}\"",
                schedule.name()
            ),
            Some("fewer than `epochs`".to_owned()),
        );
    }
    warmup_epochs
}

fn read_step_epochs(reader: &mut Reader<'_>, schedule: ScheduleKind) -> Vec<u32> {
    let step_epochs: Vec<u32> = reader
        .optional_integers("step_epochs")
        .unwrap_or_default()
        .into_iter()
        .map(|epochs| epochs as u32)
        .collect();
    let (fits, accepted) = match schedule {
        ScheduleKind::Step => (
            step_epochs.len() == 1,
            "a whole number: the epochs from one fall to the next",
        ),
        ScheduleKind::MultiStep => (
            !step_epochs.is_empty() && step_epochs.is_sorted_by(|a, b| a < b),
            "an array of rising whole numbers: the epochs after which it falls",
        ),
        _ => return step_epochs,
    };
    if !fits && !reader.has_error("step_epochs") {
        let message = if reader.is_given("step_epochs") {
            format!(
                "{step_epochs:?} is not accepted with schedule = \"{}\"",
                schedule.name()
            )
        } else {
            format!("is missing; schedule = \"{}\" needs it", schedule.name())
        };
        reader.report("step_epochs", message, Some(accepted.to_owned()));
    }
    step_epochs
}
