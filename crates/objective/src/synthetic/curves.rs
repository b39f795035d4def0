//! Recorded learning curves in place of training: a trial gets those of the nearest configuration.

use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::space::{Params, Space};
use finetooth_scheduler::sweep::{Goal, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial};

use super::length::full_training;
use super::simulation::Simulation;
use super::table::{self, Configuration, Coordinate, Curve, TableError};
use crate::overlay::train_file;

/// A table of learning curves as an objective.
///
/// The nearest configuration is that with the least sum of squared distances over the searched keys: of positions in
/// the definition's ranges; 0 or 1 for lists, exact zeros and inactive keys. Of its trainings, where it has several, a
/// trial's seed picks one. Between recorded epochs numbers are interpolated, beyond the last they stay.
#[derive(Debug, Clone)]
pub struct Curves {
    name: String,
    seed: u32,
    settings: toml::Table,
    space: Space,
    goal: Goal,
    metric: usize,
    columns: Vec<String>,
    configurations: Vec<Configuration>,
    epochs: u32,
    best: f64,
    fingerprint: u64,
}

impl Curves {
    /// Reads a table (CSV): a header with the searched keys, `epoch`, the metric and any other numbers; then a line for
    /// each epoch of each configuration, in any order. A column `seed` tells repeated trainings apart.
    ///
    /// # Errors
    /// [`TableError`], with the line and what to do.
    pub fn read(table: &[u8], sweep: &Sweep) -> Result<Self, TableError> {
        let read = table::read(table, sweep)?;
        let metric = sweep.metric();
        let place = read
            .columns
            .iter()
            .position(|column| *column == metric.name);
        let mut curves = Self {
            name: sweep.name().to_owned(),
            seed: sweep.seed(),
            settings: sweep.settings().clone(),
            space: sweep.space().clone(),
            goal: metric.goal,
            metric: place.expect("a table without the metric is refused"),
            columns: read.columns,
            configurations: read.configurations,
            epochs: full_training(sweep),
            best: f64::NAN,
            fingerprint: fingerprint(table),
        };
        let worths = curves.configurations.iter();
        let scores = worths.map(|configuration| curves.goal.score(curves.worth_of(configuration)));
        let best = scores
            .filter(|score| !score.is_nan())
            .max_by(f64::total_cmp);
        curves.best = best.map_or(f64::NAN, |score| curves.goal.score(score));
        Ok(curves)
    }

    /// How many configurations and trainings it holds.
    pub fn counts(&self) -> (usize, usize) {
        let trainings = self.configurations.iter();
        let trainings = trainings.map(|configuration| configuration.curves.len());
        (self.configurations.len(), trainings.sum())
    }

    fn nearest(&self, params: &Params) -> &Configuration {
        let dimensions = self.space.0.iter();
        let point: Vec<Coordinate> = dimensions
            .map(|dimension| {
                let value = params.get(&dimension.key);
                let coordinate = value.and_then(|value| table::coordinate(dimension, value));
                coordinate.unwrap_or(Coordinate::Absent)
            })
            .collect();
        let distances = self.configurations.iter().map(|configuration| {
            let pairs = configuration.point.iter().zip(&point);
            let distance: f64 = pairs.map(|(one, other)| squared(one, other)).sum();
            (distance, configuration)
        });
        let nearest = distances.min_by(|(one, _), (other, _)| one.total_cmp(other));
        nearest.expect("a table has a configuration").1
    }

    /// The metric's best in a full training, the mean over the trainings.
    fn worth_of(&self, configuration: &Configuration) -> f64 {
        let bests = configuration.curves.iter().map(|curve| {
            let values = curve.values.chunks(self.columns.len());
            let rows = curve.epochs.iter().zip(values);
            let reached = rows.filter(|(epoch, _)| (1..=self.epochs).contains(*epoch));
            let recorded = reached.map(|(_, values)| values[self.metric]);
            let last = curve.at(self.epochs, self.columns.len())[self.metric];
            let scores = recorded.chain([last]).map(|value| self.goal.score(value));
            let best = scores
                .filter(|score| !score.is_nan())
                .max_by(f64::total_cmp);
            best.map_or(f64::NAN, |score| self.goal.score(score))
        });
        bests.sum::<f64>() / configuration.curves.len() as f64
    }
}

impl Curve {
    /// The numbers after `epoch`.
    fn at(&self, epoch: u32, width: usize) -> Vec<f64> {
        let row = |index: usize| &self.values[index * width..(index + 1) * width];
        match self.epochs.binary_search(&epoch) {
            Ok(index) => row(index).to_vec(),
            Err(0) => row(0).to_vec(),
            Err(index) if index == self.epochs.len() => row(index - 1).to_vec(),
            Err(index) => {
                let (before, after) = (self.epochs[index - 1], self.epochs[index]);
                let share = f64::from(epoch - before) / f64::from(after - before);
                let pairs = row(index - 1).iter().zip(row(index));
                let between = pairs.map(|(one, other)| one + share * (other - one));
                between.collect()
            }
        }
    }
}

fn squared(one: &Coordinate, other: &Coordinate) -> f64 {
    match (one, other) {
        (Coordinate::Position(one), Coordinate::Position(other)) => (one - other) * (one - other),
        (one, other) if one == other => 0.0,
        _ => 1.0,
    }
}

/// FNV-1a.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Objective for Curves {
    fn summary(&self) -> ObjectiveSummary {
        let (n_configurations, n_trainings) = self.counts();
        ObjectiveSummary {
            columns: self.columns.clone(),
            validation_samples: 0,
            data_fingerprint: format!("curves-{:016x}", self.fingerprint),
            instruction_set: "none".to_owned(),
            description: vec![format!(
                "simulated: {n_trainings} recorded trainings of {n_configurations} configurations"
            )],
        }
    }

    fn run(&self, task: &Task, _: Context, reporter: &mut dyn Reporter) -> Ended {
        let trial = &task.trial;
        let curves = &self.nearest(&trial.params).curves;
        let curve = &curves[trial.seed as usize % curves.len()];
        let has_untrained = curve.epochs.first() == Some(&0);
        let first = if task.from == 0 && has_untrained {
            0
        } else {
            task.from + 1
        };
        for epoch in first..=trial.epochs {
            let values = curve.at(epoch, self.columns.len());
            let is_finite = values[self.metric].is_finite();
            match reporter.report(Report { epoch, values }) {
                Decision::Interrupt => return Ended::Interrupted { epoch },
                Decision::Stop => return Ended::Outcome(Outcome::Completed),
                Decision::Continue if epoch > 0 && !is_finite => {
                    let reason =
                        format!("diverged: the metric was no finite number in epoch {epoch}");
                    return Ended::Outcome(Outcome::Diverged { epoch, reason });
                }
                Decision::Continue => {}
            }
        }
        Ended::Outcome(Outcome::Completed)
    }

    fn train_file(&self, trial: &Trial) -> String {
        train_file(&self.name, self.seed, &self.settings, trial)
    }
}

impl Simulation for Curves {
    fn worth(&self, params: &Params) -> f64 {
        self.worth_of(self.nearest(params))
    }

    fn best(&self) -> f64 {
        self.best
    }
}
