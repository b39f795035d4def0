//! Which networks of a finished sweep predict: its final model or the best trial, several trials, or several epochs of one.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::RangedU64ValueParser;
use finetooth_objective::{Ensemble, MemberError, Model, Part, Predictions, Training, export};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::objective::Objective;
use finetooth_scheduler::stage::{Best, Ranking};
use finetooth_scheduler::state::Settled;
use finetooth_scheduler::trial::{Outcome, Trial};
use indicatif::{ProgressBar, ProgressStyle};

use crate::definition::Definition;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::fitting::{self, FINAL};
use crate::record::Recorded;
use crate::screen::Screen;
use crate::{finale, resume};

/// Most members of an ensemble.
const MOST_MEMBERS: u64 = 100;

/// Which networks are wanted, on a command line.
#[derive(Debug, Args)]
pub(crate) struct Wish {
    /// So many of the best different trials, averaged: those of them, as often as it helps on the validation set
    #[arg(long, value_name = "K", value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_MEMBERS))]
    ensemble: Option<usize>,
    /// The best trial as it was after its K best epochs, averaged in the same way
    #[arg(long, value_name = "K", conflicts_with = "ensemble", value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_MEMBERS))]
    checkpoints: Option<usize>,
    /// The model of this file instead, as `train --to` or `export` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ensemble", "checkpoints"])]
    model: Option<PathBuf>,
}

impl Wish {
    /// Whether anything was asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.ensemble.is_some() || self.checkpoints.is_some() || self.model.is_some()
    }

    /// The model file that is wanted instead.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.model.as_deref()
    }

    /// Whether members are chosen among several candidates.
    pub(crate) fn is_ensemble(&self) -> bool {
        self.ensemble.or(self.checkpoints).unwrap_or(1) > 1
    }
}

/// A sweep that is over, with its data.
pub(crate) struct Finished {
    pub(crate) recorded: Recorded,
    pub(crate) training: Training,
}

impl Finished {
    /// Reads the sweep in `directory` and loads its data.
    ///
    /// # Errors
    /// Where it is not finished or runs a program, or the data have changed.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self, Failure> {
        let recorded = Recorded::read(directory)?;
        let name = recorded.directory.display();
        if recorded.state.finished().is_none() {
            return Err(Failure::usage(format!(
                "the sweep in `{name}` is not finished: let `finetooth run` finish it first, so that nothing more is chosen \
                 afterwards"
            )));
        }
        let started = recorded
            .state
            .started()
            .expect("a finished sweep has begun");
        let columns = &started.objective.columns;
        let definition = Definition::recorded(&started.definition, columns, &recorded.directory)?;
        let training = definition.open_training()?;
        resume::check_objective(
            started,
            &training.summary(),
            &definition.sweep,
            &recorded.directory,
        )?;
        Ok(Self { recorded, training })
    }

    /// What is wished for, best first; not trained yet.
    ///
    /// # Errors
    /// Where there is none, or a model is of other data.
    pub(crate) fn candidates(&self, wish: &Wish) -> Result<Vec<Candidate<'_>>, Failure> {
        let found = match wish {
            Wish {
                model: Some(file), ..
            } => vec![self.of_file(file)?],
            Wish {
                checkpoints: Some(k),
                ..
            } => self.checkpoints(*k),
            Wish { ensemble, .. } => self.trials(ensemble.unwrap_or(1))?,
        };
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "no trial in `{}` completed with a finite metric: there is no model",
                self.recorded.directory.display()
            )));
        }
        Ok(found)
    }

    fn of_file(&self, file: &Path) -> Result<Candidate<'_>, Failure> {
        let model = export::load(file).map_err(Failure::usage)?;
        self.check(&model, file)?;
        let id = fitting::checksum(file).map_err(Failure::usage)?;
        Ok(Candidate {
            trial: None,
            epoch: 0,
            metric: None,
            model: Some((id, model)),
        })
    }

    fn check(&self, model: &Model, file: &Path) -> Result<(), Failure> {
        if self.training.is_for(model) {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "`{}` predicts something else, or from other samples, than the sweep in `{}` is about",
            file.display(),
            self.recorded.directory.display()
        )))
    }

    /// The best trials of different values, best first; the final training of the winner in its place.
    fn trials(&self, n: usize) -> Result<Vec<Candidate<'_>>, Failure> {
        let recorded = &self.recorded;
        let ranked = recorded
            .leaderboard
            .ranked(recorded.ended(), Ranking::Metric);
        let winner = recorded.best().map(|(record, _)| record);
        let mut chosen: Vec<Candidate<'_>> = Vec::new();
        for record in winner.into_iter().chain(ranked) {
            let Some(best) = self.best(record) else {
                continue;
            };
            let is_known = chosen.iter().any(|known| {
                known
                    .trial
                    .is_some_and(|known| known.params == record.trial.params)
            });
            if is_known || chosen.len() >= n {
                continue;
            }
            let is_winner = chosen.is_empty();
            chosen.push(if is_winner {
                self.winner(record.trial, best)?
            } else {
                Candidate::of(record.trial, best.epoch, best.value)
            });
        }
        Ok(chosen)
    }

    fn best(&self, record: Settled<'_>) -> Option<Best> {
        let best = self.recorded.leaderboard.best(record)?;
        let completed = record.outcome == Some(&Outcome::Completed);
        (completed && best.value.is_finite()).then_some(best)
    }

    fn winner<'a>(&self, trial: &'a Trial, best: Best) -> Result<Candidate<'a>, Failure> {
        let directory = self.recorded.directory.join(FINAL);
        let Some(record) = finale::record(&self.recorded.directory, trial) else {
            return Ok(Candidate::of(trial, best.epoch, best.value));
        };
        let model = fitting::model(&directory, &record)?;
        self.check(&model, &directory)?;
        Ok(Candidate {
            trial: Some(trial),
            epoch: record.best_epoch,
            metric: Some(record.value),
            model: Some((record.model, model)),
        })
    }

    /// The best trial after its best epochs, best first.
    fn checkpoints(&self, n: usize) -> Vec<Candidate<'_>> {
        let Some((record, _)) = self.recorded.best() else {
            return Vec::new();
        };
        let column = self.recorded.leaderboard.columns().metric;
        let goal = self.recorded.sweep.metric().goal;
        let mut epochs: Vec<(f64, u32)> = record
            .reports
            .iter()
            .filter(|report| report.epoch > 0 && report.values[column].is_finite())
            .map(|report| (report.values[column], report.epoch))
            .collect();
        epochs.sort_by(|one, other| {
            let scores = [one, other].map(|(value, _)| goal.score(*value));
            scores[1].total_cmp(&scores[0]).then(one.1.cmp(&other.1))
        });
        epochs
            .into_iter()
            .take(n)
            .map(|(value, epoch)| Candidate::of(record.trial, epoch, value))
            .collect()
    }

    /// Trains again what has no model yet, each to its epoch. Ctrl-C ends it.
    ///
    /// # Errors
    /// Where a trial does not come to where it was, or somebody wants it to stop.
    pub(crate) fn train(
        &self,
        candidates: Vec<Candidate<'_>>,
        interrupt: &Interrupt,
        screen: &Screen,
    ) -> Result<Vec<Model>, Failure> {
        let threads = fitting::one_for_each_core();
        let mut rounds: Vec<(&Trial, Vec<usize>)> = Vec::new();
        for (idx, candidate) in candidates.iter().enumerate() {
            let Some(trial) = candidate.trial.filter(|_| candidate.model.is_none()) else {
                continue;
            };
            match rounds.iter_mut().find(|(known, _)| known.id == trial.id) {
                Some((_, of_trial)) => of_trial.push(idx),
                None => rounds.push((trial, vec![idx])),
            }
        }
        let last = |idxs: &[usize]| idxs.iter().map(|idx| candidates[*idx].epoch).max();
        let epochs: u64 = rounds
            .iter()
            .map(|(_, idxs)| u64::from(last(idxs).unwrap_or(0)))
            .sum();
        let bar = bar(epochs, screen);
        let column = self.recorded.leaderboard.columns().metric;
        let mut trained: Vec<Option<Model>> = candidates.iter().map(|_| None).collect();
        for (trial, idxs) in &rounds {
            let id = trial.id;
            bar.set_message(format!("training trial {id} again"));
            let mut go_on = || {
                bar.inc(1);
                !interrupt.is_raised()
            };
            let mut by_epoch = idxs.clone();
            by_epoch.sort_by_key(|idx| candidates[*idx].epoch);
            let wanted: Vec<u32> = by_epoch.iter().map(|idx| candidates[*idx].epoch).collect();
            let members = self
                .training
                .members(trial, &wanted, threads, &mut go_on)
                .map_err(|error| match error {
                    MemberError::Interrupted => Failure::interrupted("interrupted"),
                    other => {
                        Failure::usage(format!("trial {id} did not come to where it was: {other}"))
                    }
                })?;
            for (idx, member) in by_epoch.into_iter().zip(members) {
                let recorded = candidates[idx].metric.unwrap_or(f64::NAN);
                if member.values[column].to_bits() != recorded.to_bits() {
                    screen.line(&format!(
                        "warning: trial {id} came to {} {} where {} was recorded: another kind of processor, or another version of finetooth",
                        self.recorded.sweep.metric().name,
                        brief(member.values[column]),
                        brief(recorded)
                    ));
                }
                trained[idx] = Some(member.model);
            }
        }
        bar.finish_and_clear();
        if !screen.is_terminal() && !rounds.is_empty() {
            screen.line(&format!(
                "trained {} again, {}",
                counted(rounds.len(), "trial"),
                counted(epochs as usize, "epoch")
            ));
        }
        let models = candidates.into_iter().zip(trained);
        let models = models.map(|(candidate, trained)| {
            let ready = candidate.model.map(|(_, model)| model);
            let mut model = ready.or(trained).expect("what has no model was trained");
            model.use_threads(threads).map_err(Failure::usage)?;
            Ok(model)
        });
        models.collect()
    }

    /// How much each of `models` counts, and what each says of the validation samples.
    pub(crate) fn weigh(&self, models: &mut [Model]) -> (Ensemble, Vec<Predictions>) {
        let training = &self.training;
        let said: Vec<Predictions> = models
            .iter_mut()
            .map(|model| training.predictions(model, Part::Validation))
            .collect();
        let quality =
            |predictions: &Predictions| training.quality(Part::Validation, predictions).figures();
        let ensemble = match models.len() {
            1 => Ensemble::of_one(1),
            _ => Ensemble::select(&said, &quality),
        };
        (ensemble, said)
    }
}

/// A network that may predict.
pub(crate) struct Candidate<'a> {
    /// The trial whose values it has; none of a file.
    pub(crate) trial: Option<&'a Trial>,
    /// The epoch whose weights it has; 0 of a file.
    pub(crate) epoch: u32,
    /// The sweep's metric after it, where it is known.
    pub(crate) metric: Option<f64>,
    /// The checksum of its file and what that holds, where there is one.
    pub(crate) model: Option<(String, Model)>,
}

impl<'a> Candidate<'a> {
    fn of(trial: &'a Trial, epoch: u32, metric: f64) -> Self {
        Self {
            trial: Some(trial),
            epoch,
            metric: Some(metric),
            model: None,
        }
    }
}

fn bar(epochs: u64, screen: &Screen) -> ProgressBar {
    if epochs == 0 || !screen.is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} epochs {eta}")
        .expect("the template is right");
    screen
        .bars()
        .add(ProgressBar::new(epochs).with_style(style))
}
