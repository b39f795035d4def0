//! What a training consists of: the one list that saving and restoring go by.
//!
//! Random numbers are functions of seed, purpose and epoch or step, and the order of an epoch one of
//! seed and epoch: neither is stored. What [`Solver::new`] makes of the configuration is not
//! either; the checkpoint's identity says that it is the same.

use std::io::{self, Write};
use std::path::Path;

use super::{Ended, Running, Solver, Training, with_training};
use crate::checkpoint::{
    self, Element, Identity, RestoreError, SaveError, Sections, Unusable, Values, Writer,
};
use crate::history::{EpochRecord, History};
use crate::kernel::Real;
use crate::loss::BatchLoss;
use crate::schedule::Plateau;

const IDENTITY: &str = "identity";
const POSITION: &str = "position";
const RUNNING_SUMS: &str = "running_sums";
const PLATEAU: &str = "plateau";
const PLATEAU_BEST: &str = "plateau_best";
const EPOCHS: &str = "epochs";
const STEP_LOSSES: &str = "step_losses";
const BEST_EPOCH: &str = "best_epoch";

impl Solver {
    /// Writes all that is needed to continue the training to the bit into a file, which is replaced
    /// as a whole.
    ///
    /// At the end of an epoch or, within [`Solver::fit`], at any step.
    ///
    /// # Errors
    /// See [`SaveError`]; a checkpoint that was there before is whole whatever happens.
    ///
    /// # Example
    /// ```
    /// use std::sync::Arc;
    /// use finetooth_engine::{config::TrainConfig, data, solver::Solver};
    ///
    /// let config = TrainConfig::default();
    /// let digits = data::load(&config.data, 0)?.preprocessed(config.data.preprocess)?;
    /// let digits = Arc::new(digits);
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("checkpoint");
    ///
    /// let mut solver = Solver::new(&config, Arc::clone(&digits), 7)?;
    /// solver.train_epoch();
    /// solver.save(&path)?;
    /// let uninterrupted = solver.train_epoch();
    ///
    /// let mut continued = Solver::new(&config, digits, 7)?;
    /// continued.restore(&path)?;
    /// assert_eq!(continued.train_epoch(), uninterrupted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        self.check_savable()?;
        checkpoint::replace(path, |out| self.write(out)).map_err(|reason| SaveError::Unwritable {
            path: path.to_owned(),
            reason,
        })
    }

    /// As [`Solver::save`], but without waiting for the disk, which may take longer than a short training: the file
    /// survives the end of the program however it comes, and after a loss of power may be found damaged.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub fn save_unsynced(&self, path: &Path) -> Result<(), SaveError> {
        self.check_savable()?;
        checkpoint::replace_unsynced(path, |out| self.write(out)).map_err(|reason| {
            SaveError::Unwritable {
                path: path.to_owned(),
                reason,
            }
        })
    }

    fn check_savable(&self) -> Result<(), SaveError> {
        if let Some(ended) = with_training!(&self.training, training => training.ended) {
            return Err(match ended {
                Ended::Diverged => SaveError::Diverged {
                    epoch: self.epoch() + 1,
                },
                Ended::BestInPlace => SaveError::BestInPlace,
            });
        }
        Ok(())
    }

    pub(super) fn write(&self, out: impl Write) -> io::Result<()> {
        let mut writer = Writer::new(out)?;
        writer.section(IDENTITY, self.identity().text().as_bytes())?;
        with_training!(&self.training, training => training.write(&mut writer)?);
        writer.finish()
    }

    /// Continues a training that [`Solver::save`] wrote: from here on, this one is that one.
    ///
    /// Configuration, data, seed, instruction set and what is kept ([`Solver::keep_best`],
    /// [`Solver::keep_step_losses`]) must be the same; `epochs` may differ where the schedule does
    /// not depend on it.
    ///
    /// # Errors
    /// See [`RestoreError`]; the training is then as it was before.
    pub fn restore(&mut self, path: &Path) -> Result<(), RestoreError> {
        let identity = self.identity();
        checkpoint::read(path)
            .and_then(|bytes| self.restore_from(&bytes, &identity))
            .map_err(|reason| RestoreError {
                path: path.to_owned(),
                reason,
            })
    }

    pub(super) fn restore_from(
        &mut self,
        bytes: &[u8],
        identity: &Identity,
    ) -> Result<(), Unusable> {
        let mut sections = Sections::parse(bytes)?;
        let saved = sections.take::<u8>(IDENTITY)?.to_vec();
        let saved = Identity::saved(String::from_utf8(saved).map_err(|_| Unusable::Damaged)?);
        let differences = identity.differences(&saved);
        if !differences.is_empty() {
            return Err(Unusable::OtherTraining(differences));
        }
        with_training!(&mut self.training, training => training.read(sections))
    }

    /// All that the numbers of the training depend on.
    pub(super) fn identity(&self) -> Identity {
        with_training!(&self.training, training => {
            let fingerprint = *self
                .fingerprint
                .get_or_init(|| training.dataset.fingerprint());
            let best = training.best.as_ref().map(|best| best.criterion.name());
            Identity::new(
                &self.config,
                &[
                    ("program", concat!("finetooth-engine ", env!("CARGO_PKG_VERSION")).to_owned()),
                    ("instruction_set", training.simd.name().to_owned()),
                    ("data", format!("{fingerprint:016x}")),
                    ("seed", training.seed.to_string()),
                    ("best weights", best.unwrap_or("not kept").to_owned()),
                    ("step losses", if training.keeps_step_losses { "kept" } else { "not kept" }.to_owned()),
                ],
            )
        })
    }
}

impl<T: Real + Element> Training<T> {
    fn write(&self, writer: &mut Writer<impl Write>) -> io::Result<()> {
        let running = self.running.unwrap_or_default();
        let position = [
            u64::from(self.epoch),
            running.n_steps as u64,
            running.total.n_correct as u64,
        ];
        writer.section(POSITION, &position)?;
        let BatchLoss {
            sum,
            squared_errors,
            absolute_errors,
            ..
        } = running.total;
        writer.section(RUNNING_SUMS, &[sum, squared_errors, absolute_errors])?;
        let Plateau {
            best,
            n_bad,
            n_falls,
        } = self.plateau;
        writer.section(PLATEAU, &[u64::from(n_bad), u64::from(n_falls)])?;
        writer.section(PLATEAU_BEST, &[best])?;
        writer.section(
            EPOCHS,
            self.history
                .epochs
                .iter()
                .map(EpochRecord::figures)
                .collect::<Vec<_>>()
                .as_flattened(),
        )?;
        writer.section(STEP_LOSSES, &self.history.step_losses)?;
        for (name, values) in self.buffers() {
            writer.section(name, values)?;
        }
        let memory = self.optimizer.memory();
        for (name, count) in memory.counts {
            writer.section(name, &[count])?;
        }
        for (name, factor) in memory.factors {
            writer.section(name, &[factor])?;
        }
        if let Some(best) = &self.best {
            let figures = best.record.map(|record| record.figures());
            writer.section(BEST_EPOCH, figures.as_slice().as_flattened())?;
        }
        Ok(())
    }

    /// Checks all sections, then overwrites everything.
    fn read(&mut self, mut sections: Sections<'_>) -> Result<(), Unusable> {
        let position = Position::read(&mut sections)?;
        if position
            .running
            .is_some_and(|running| running.n_steps >= self.n_steps())
        {
            return Err(out_of_range(POSITION));
        }
        let plateau = plateau(&mut sections)?;
        let history = History {
            epochs: records(&mut sections, EPOCHS)?,
            step_losses: sections.take(STEP_LOSSES)?.to_vec(),
        };
        let buffers = self
            .buffers()
            .iter()
            .map(|(name, values)| sections.take_exactly(name, values.len()))
            .collect::<Result<Vec<Values<'_, T>>, _>>()?;
        let memory = self.optimizer.memory();
        let counts = numbers::<u64>(&mut sections, memory.counts.iter().map(|count| count.0))?;
        let factors = numbers::<f64>(&mut sections, memory.factors.iter().map(|factor| factor.0))?;
        let best_epoch = match self.best {
            Some(_) => records(&mut sections, BEST_EPOCH)?.pop(),
            None => None,
        };
        sections.finish()?;

        for ((_, to), values) in self.buffers_mut().into_iter().zip(buffers) {
            values.copy_to(to);
        }
        let memory = self.optimizer.memory_mut();
        for ((_, to), count) in memory.counts.into_iter().zip(counts) {
            *to = count;
        }
        for ((_, to), factor) in memory.factors.into_iter().zip(factors) {
            *to = factor;
        }
        if let Some(best) = &mut self.best {
            best.record = best_epoch;
        }
        self.history = history;
        self.plateau = plateau;
        self.epoch = position.epoch;
        self.running = position.running;
        self.ended = None;
        if self.running.is_some() {
            self.shuffle();
        }
        Ok(())
    }

    /// Every buffer, by the name of its section. [`Training::buffers_mut`] has the same in the same
    /// order.
    fn buffers(&self) -> Vec<(&'static str, &[T])> {
        let mut buffers = vec![
            ("parameters", self.network.parameters()),
            ("running_statistics", self.network.running()),
        ];
        buffers.extend(self.optimizer.memory().buffers);
        if let Some(average) = &self.average {
            buffers.push(("average_parameters", &average.parameters));
            buffers.push(("average_running_statistics", &average.running_statistics));
        }
        if let Some(best) = &self.best {
            buffers.push(("best_parameters", &best.parameters));
            buffers.push(("best_running_statistics", &best.running_statistics));
        }
        buffers
    }

    fn buffers_mut(&mut self) -> Vec<(&'static str, &mut [T])> {
        let [parameters, running] = self.network.state_mut();
        let mut buffers = vec![("parameters", parameters), ("running_statistics", running)];
        buffers.extend(self.optimizer.memory_mut().buffers);
        if let Some(average) = &mut self.average {
            buffers.push(("average_parameters", &mut average.parameters));
            buffers.push((
                "average_running_statistics",
                &mut average.running_statistics,
            ));
        }
        if let Some(best) = &mut self.best {
            buffers.push(("best_parameters", &mut best.parameters));
            buffers.push(("best_running_statistics", &mut best.running_statistics));
        }
        buffers
    }
}

/// Where a training stands.
struct Position {
    epoch: u32,
    running: Option<Running>,
}

impl Position {
    fn read(sections: &mut Sections<'_>) -> Result<Self, Unusable> {
        let mut position = [0_u64; 3];
        sections.take_exactly(POSITION, 3)?.copy_to(&mut position);
        let [epoch, n_steps, n_correct] = position;
        let mut sums = [0.0_f64; 3];
        sections.take_exactly(RUNNING_SUMS, 3)?.copy_to(&mut sums);
        let [sum, squared_errors, absolute_errors] = sums;
        let running = Running {
            n_steps: usize::try_from(n_steps).map_err(|_| out_of_range(POSITION))?,
            total: BatchLoss {
                sum,
                squared_errors,
                absolute_errors,
                n_correct: usize::try_from(n_correct).map_err(|_| out_of_range(POSITION))?,
            },
        };
        let epoch = u32::try_from(epoch).map_err(|_| out_of_range(POSITION))?;
        if epoch == 0 && n_steps > 0 {
            return Err(out_of_range(POSITION));
        }
        Ok(Self {
            epoch,
            running: (n_steps > 0).then_some(running),
        })
    }
}

fn plateau(sections: &mut Sections<'_>) -> Result<Plateau, Unusable> {
    let mut counts = [0_u64; 2];
    sections.take_exactly(PLATEAU, 2)?.copy_to(&mut counts);
    let mut best = [0.0_f64];
    sections.take_exactly(PLATEAU_BEST, 1)?.copy_to(&mut best);
    let count = |count: u64| u32::try_from(count).map_err(|_| out_of_range(PLATEAU));
    Ok(Plateau {
        best: best[0],
        n_bad: count(counts[0])?,
        n_falls: count(counts[1])?,
    })
}

fn records(sections: &mut Sections<'_>, name: &str) -> Result<Vec<EpochRecord>, Unusable> {
    let figures = sections.take::<f64>(name)?.to_vec();
    let (records, rest) = figures.as_chunks::<{ EpochRecord::N_FIGURES }>();
    if !rest.is_empty() {
        return Err(out_of_range(name));
    }
    Ok(records
        .iter()
        .map(|figures| EpochRecord::from_figures(*figures))
        .collect())
}

fn numbers<E: Element>(
    sections: &mut Sections<'_>,
    names: impl Iterator<Item = &'static str>,
) -> Result<Vec<E>, Unusable> {
    let mut numbers = Vec::new();
    for name in names {
        numbers.extend(sections.take_exactly::<E>(name, 1)?.to_vec());
    }
    Ok(numbers)
}

fn out_of_range(section: &str) -> Unusable {
    Unusable::Section {
        section: section.to_owned(),
        problem: "holds numbers that no training has".to_owned(),
    }
}

#[cfg(test)]
mod tests;
