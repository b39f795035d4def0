//! What TensorBoard's HPARAMS tab reads: which keys were searched, and each trial's values.

use std::collections::BTreeSet;

use finetooth_scheduler::results::{Cell, Column, Kind};
use jiff::Timestamp;
use prost::Message;

use super::events::seconds;
use super::messages::{
    DataType, Domain, Experiment, HParamInfo, HParams, HParamsPluginData, Interval, ListValue,
    Measured, MetricInfo, MetricName, Plain, PluginData, SessionEnd, SessionStart, Shape, Status,
    SummaryMetadata, SummaryValue, Tensor, Value,
};

/// The summary in the root run that tells the keys and metrics of all trials.
pub(super) fn experiment(
    description: String,
    began: Timestamp,
    keys: Vec<KeyRange<'_>>,
    metrics: Vec<MetricInfo>,
) -> SummaryValue {
    summary(
        "experiment",
        HParams::Experiment(Experiment {
            description,
            time_created_secs: seconds(began),
            hparam_infos: keys.into_iter().map(KeyRange::info).collect(),
            metric_infos: metrics,
        }),
    )
}

/// A metric that the tab shows a column of: the last number of `tag` in a trial's run.
pub(super) fn metric(tag: &str, display_name: &str, description: &str) -> MetricInfo {
    MetricInfo {
        name: Some(MetricName {
            tag: tag.to_owned(),
        }),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
    }
}

/// The summary that begins a trial's run. Keys that the trial does not have are left out.
pub(super) fn session_start<'a>(
    run: &str,
    at: Timestamp,
    params: impl IntoIterator<Item = (&'a Column<'a>, Cell<'a>)>,
) -> SummaryValue {
    let named = params
        .into_iter()
        .filter_map(|(column, cell)| Some((column.name.to_owned(), value(column.kind, cell)?)));
    summary(
        "session_start_info",
        HParams::SessionStart(SessionStart {
            hparams: named.collect(),
            group_name: run.to_owned(),
            start_time_secs: seconds(at),
        }),
    )
}

/// The summary that ends a trial's run.
pub(super) fn session_end(at: Timestamp, is_success: bool) -> SummaryValue {
    let status = if is_success {
        Status::Success
    } else {
        Status::Failure
    };
    summary(
        "session_end_info",
        HParams::SessionEnd(SessionEnd {
            status: status.into(),
            end_time_secs: seconds(at),
        }),
    )
}

fn summary(tag: &str, data: HParams) -> SummaryValue {
    /// DT_FLOAT of tensorboard.DataType.
    const FLOAT: i32 = 1;
    let content = HParamsPluginData { data: Some(data) }.encode_to_vec();
    // Everything is in the metadata; a tensor without elements stands for the value.
    let shape = Shape {
        dimensions: vec![super::messages::Dimension { size: 0 }],
    };
    SummaryValue {
        tag: format!("_hparams_/{tag}"),
        metadata: Some(SummaryMetadata {
            plugin_data: Some(PluginData {
                plugin_name: "hparams".to_owned(),
                content,
            }),
        }),
        measured: Some(Measured::Tensor(Tensor {
            dtype: FLOAT,
            shape: Some(shape),
        })),
    }
}

/// A searched key with the values that trials have of it: the tab filters by them.
pub(super) struct KeyRange<'a> {
    column: &'a Column<'a>,
    numbers: Option<(f64, f64)>,
    words: BTreeSet<String>,
    is_ever_missing: bool,
}

impl<'a> KeyRange<'a> {
    /// Of the key of `column`, in no trial yet.
    pub(super) fn new(column: &'a Column<'a>) -> Self {
        Self {
            column,
            numbers: None,
            words: BTreeSet::new(),
            is_ever_missing: false,
        }
    }

    /// Takes a trial's value in.
    pub(super) fn take(&mut self, cell: Cell<'_>) {
        match value(self.column.kind, cell).and_then(|value| value.plain) {
            None => self.is_ever_missing = true,
            Some(Plain::Number(real)) => {
                let (low, high) = self.numbers.unwrap_or((real, real));
                self.numbers = Some((low.min(real), high.max(real)));
            }
            Some(Plain::Text(text)) => {
                self.words.insert(text);
            }
            Some(Plain::Flag(flag)) => {
                self.words.insert(flag.to_string());
            }
        }
    }

    fn info(self) -> HParamInfo {
        let data_type = match self.column.kind {
            Kind::Flag => DataType::Bool,
            Kind::Whole | Kind::Real => DataType::Float64,
            Kind::Text | Kind::Time => DataType::String,
        };
        let n_values = match self.numbers {
            Some((low, high)) if low < high => 2,
            Some(_) => 1,
            None => self.words.len(),
        };
        let domain = match (data_type, self.numbers) {
            (DataType::Float64, None) => None,
            (_, Some((min_value, max_value))) => Some(Domain::Interval(Interval {
                min_value,
                max_value,
            })),
            (DataType::Bool, None) => {
                Some(discrete(self.words, |word| Plain::Flag(word == "true")))
            }
            (_, None) => Some(discrete(self.words, Plain::Text)),
        };
        HParamInfo {
            name: self.column.name.to_owned(),
            data_type: data_type.into(),
            domain,
            differs: n_values + usize::from(self.is_ever_missing) > 1,
        }
    }
}

fn discrete(words: BTreeSet<String>, plain: impl Fn(String) -> Plain) -> Domain {
    let values = words.into_iter().map(|word| Value {
        plain: Some(plain(word)),
    });
    Domain::Discrete(ListValue {
        values: values.collect(),
    })
}

/// `cell` as a value of a key whose values are of `kind`; none where it is missing.
fn value(kind: Kind, cell: Cell<'_>) -> Option<Value> {
    let plain = match (kind, cell) {
        (_, Cell::Missing) => return None,
        (Kind::Flag, Cell::Flag(flag)) => Plain::Flag(flag),
        (Kind::Whole | Kind::Real, Cell::Whole(whole)) => Plain::Number(whole as f64),
        (Kind::Real, Cell::Real(real)) => Plain::Number(real),
        (_, cell) => Plain::Text(cell.to_string()),
    };
    Some(Value { plain: Some(plain) })
}
