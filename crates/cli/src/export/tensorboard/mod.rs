//! A log directory for TensorBoard: a run a trial with its curves, and what the HPARAMS tab shows.

mod events;
mod hparams;
mod messages;
mod tfrecord;

use std::io::{self, Write};

use finetooth_scheduler::number::is_missing;
use finetooth_scheduler::results::{Cell, Column, Origin, Table};
use finetooth_scheduler::state::Settled;
use finetooth_scheduler::trial::{Outcome, TrialId};
use jiff::Timestamp;

use self::events::Events;
use self::hparams::KeyRange;
use self::messages::{Measured, SummaryValue};
use super::staging::Staging;
use super::{Source, Watch};

/// Names of the files: one in the root, one for each trial.
pub(crate) fn files(source: &Source<'_>) -> impl Iterator<Item = String> {
    let name = file_name(source);
    let trials = source.state().committed();
    let of_trials: Vec<String> = trials
        .map(|record| format!("{}/{name}", run(record.trial.id)))
        .collect();
    of_trials.into_iter().chain([name])
}

/// The same for every export of a sweep: no clock, process or host. TensorBoard looks for `tfevents` in it.
fn file_name(source: &Source<'_>) -> String {
    let began = source.recorded.began.as_second();
    format!("events.out.tfevents.{began}.finetooth")
}

/// Name of the run of a trial.
fn run(trial: TrialId) -> String {
    format!("trial-{:04}", trial.number())
}

/// Writes the files.
///
/// # Errors
/// Where one cannot be written, or `watch` was asked to stop.
pub(crate) fn write(source: &Source<'_>, staging: &Staging, watch: &Watch) -> io::Result<()> {
    let name = file_name(source);
    let columns = source.columns(Table::Trials);
    let log = Log {
        source,
        watch,
        best_tag: best_tag(source),
        metric: place(&columns, |column| column.origin == Origin::Report),
        best_epoch: place(&columns, |column| column.name == "best_epoch"),
        columns: &columns,
    };
    let keys = columns.iter().filter(|column| column.origin == Origin::Key);
    let mut ranges: Vec<KeyRange<'_>> = keys.map(KeyRange::new).collect();
    let mut committed = source.state().committed();
    source.rows(Table::Trials, |row| {
        watch.row()?;
        for (range, (_, cell)) in ranges.iter_mut().zip(log.params(row)) {
            range.take(cell);
        }
        let Some(record) = committed.next() else {
            return Ok(());
        };
        let name = format!("{}/{name}", run(record.trial.id));
        staging.file(&name, |output| log.trial(record, row, output))
    })?;
    staging.file(&name, |output| log.root(ranges, output))
}

fn place(columns: &[Column<'_>], is_it: impl Fn(&Column<'_>) -> bool) -> usize {
    let place = columns.iter().position(is_it);
    place.expect("every table of trials has the column")
}

/// The tag of the metric's best, which no number that trials report has.
fn best_tag(source: &Source<'_>) -> String {
    let mut tag = format!("best/{}", source.recorded.sweep.metric().name);
    while source.reported().contains(&tag) {
        tag.insert_str(0, "best/");
    }
    tag
}

struct Log<'a> {
    source: &'a Source<'a>,
    watch: &'a Watch,
    columns: &'a [Column<'a>],
    best_tag: String,
    /// Columns of the table of trials.
    metric: usize,
    best_epoch: usize,
}

impl<'a> Log<'a> {
    /// The searched keys of a row of the table of trials.
    fn params<'r>(
        &self,
        row: &'r [Cell<'r>],
    ) -> impl Iterator<Item = (&'a Column<'a>, Cell<'r>)> + use<'a, 'r> {
        let pairs = self.columns.iter().zip(row);
        pairs
            .filter(|(column, _)| column.origin == Origin::Key)
            .map(|(column, cell)| (column, *cell))
    }

    fn root(&self, ranges: Vec<KeyRange<'_>>, output: impl Write) -> io::Result<()> {
        let recorded = self.source.recorded;
        let metric = &recorded.sweep.metric().name;
        let metrics = vec![
            hparams::metric(
                &self.best_tag,
                &format!("best {metric}"),
                "the best of the trial's epochs, by which trials are compared",
            ),
            hparams::metric(metric, metric, "after the trial's last epoch"),
        ];
        let description = format!("finetooth: the sweep {}", recorded.sweep.name());
        let mut events = Events::begin(output, recorded.began)?;
        let experiment = hparams::experiment(description, recorded.began, ranges, metrics);
        events.summary(recorded.began, 0, vec![experiment])
    }

    fn trial(&self, record: Settled<'_>, row: &[Cell<'_>], output: impl Write) -> io::Result<()> {
        let began = self.source.recorded.began;
        let attempts = &self.source.state().trials()[record.trial.id.index()].attempts;
        let started = attempts.first().map_or(began, |attempt| attempt.started_at);
        let reported = record.reported_at.last().copied();
        let finished = attempts.last().and_then(|attempt| attempt.finished_at);
        let ended = finished.or(reported).unwrap_or(started);

        let mut events = Events::begin(output, started)?;
        let start = hparams::session_start(&run(record.trial.id), started, self.params(row));
        events.summary(started, 0, vec![start])?;
        let names = self.source.reported();
        for (report, at) in record.reports.iter().zip(record.reported_at) {
            // As in epochs.csv, the untrained network is no epoch of training.
            if report.epoch == 0 {
                continue;
            }
            self.watch.row()?;
            let told = names.iter().zip(&report.values);
            let told = told.filter(|(_, value)| !is_missing(**value));
            let values = told.map(|(name, value)| scalar(name, *value)).collect();
            events.summary(*at, report.epoch, values)?;
        }
        if let (Cell::Real(best), Cell::Whole(epoch)) = (row[self.metric], row[self.best_epoch]) {
            let at = moment(record, epoch).unwrap_or(ended);
            events.summary(at, epoch as u32, vec![scalar(&self.best_tag, best)])?;
        }
        let is_success = matches!(
            record.outcome,
            Some(Outcome::Completed | Outcome::Pruned { .. })
        );
        let end = hparams::session_end(ended, is_success);
        events.summary(ended, record.epochs(), vec![end])
    }
}

/// When `epoch` was reported.
fn moment(record: Settled<'_>, epoch: i64) -> Option<Timestamp> {
    let reports = record.reports.iter().zip(record.reported_at);
    let mut at = reports.filter(|(report, _)| i64::from(report.epoch) == epoch);
    at.next().map(|(_, at)| *at)
}

fn scalar(tag: &str, value: f64) -> SummaryValue {
    SummaryValue {
        tag: tag.to_owned(),
        metadata: None,
        measured: Some(Measured::Scalar(value as f32)),
    }
}
