//! What becomes of a sweep's winner, `[after]`: its values trained longer, in the directory `final`.

use std::num::NonZeroU32;
use std::path::Path;

use finetooth_objective::{Fit, FitPlan, Fitted, Listener, Training};
use finetooth_scheduler::interrupt::Interrupt;
use finetooth_scheduler::sweep::{After, Sweep};
use finetooth_scheduler::trial::{Report, Trial};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::figures::{brief, counted};
use crate::fitting::{self, FINAL, FitRecord, Home, Winner};
use crate::screen::Screen;
use crate::signals;

/// The final training of a finished sweep.
pub(crate) struct Finale<'a> {
    pub(crate) training: &'a Training,
    pub(crate) sweep: &'a Sweep,
    pub(crate) columns: &'a [String],
    pub(crate) winner: &'a Trial,
    pub(crate) after: After,
    /// The run's directory.
    pub(crate) directory: &'a Path,
    pub(crate) screen: &'a Screen,
    pub(crate) is_quiet: bool,
    /// The command that goes on with it.
    pub(crate) again: String,
}

impl Finale<'_> {
    /// Trains the winner, or goes on with that; what is done already is told.
    ///
    /// # Errors
    /// Where no network can be trained so, or a file cannot be written.
    pub(crate) fn play(&self) -> Result<ExitCode, Failure> {
        let home = Home::take(&self.directory.join(FINAL))?;
        let plan = FitPlan {
            epochs: self.after.epochs,
            patience: self.after.patience.and_then(NonZeroU32::new),
            ema_decay: self.after.ema_decay,
            threads: fitting::one_for_each_core(),
            metric: self.sweep.metric().name.clone(),
        };
        let begin = || {
            let fit = self
                .training
                .fit(&self.winner.params, self.winner.seed, &plan);
            fit.map_err(|error| {
                Failure::usage(format!("the winner cannot be trained longer: {error}"))
            })
        };
        let mut fit = begin()?;
        let checkpoint = home.checkpoint();
        if checkpoint.exists()
            && let Err(error) = fit.restore(&checkpoint)
        {
            self.tell(&format!("the final training begins anew: {error}"));
            home.clear()?;
            fit = begin()?;
        }
        let before = fit.epoch();
        let interrupt = Interrupt::default();
        signals::raise(interrupt.clone()).map_err(Failure::not_written)?;
        let mut listener = self.listener(&fit, interrupt);
        let ended = fit.run(Some(&checkpoint), &mut listener);
        listener.bar.finish_and_clear();
        let ended = ended.map_err(Failure::not_written)?;
        let epoch = fit.epoch();
        let kept = home.keep(fit, self.columns, &ended, Some(Winner::of(self.winner)))?;
        if ended == Fitted::Stopped {
            self.screen.line(&format!(
                "interrupted: the final training came to epoch {epoch} of {}; to go on: {}",
                self.after.epochs, self.again
            ));
            return Ok(ExitCode::INTERRUPTED);
        }
        let Some(record) = kept else {
            self.screen
                .line("error: the final training diverged in its first epoch");
            return Ok(ExitCode::NEGATIVE);
        };
        let is_news = epoch > before;
        self.tell(&self.told(&record, &ended, is_news, &home));
        Ok(match ended {
            Fitted::Diverged { .. } => ExitCode::NEGATIVE,
            _ => ExitCode::DONE,
        })
    }

    fn listener(&self, fit: &Fit, interrupt: Interrupt) -> Progress {
        let bar = if self.is_quiet || !self.screen.is_terminal() {
            ProgressBar::hidden()
        } else {
            let style = ProgressStyle::with_template(
                "final training {bar:30} {pos}/{len} epochs {eta} {msg}",
            )
            .expect("the template is right");
            let bar = ProgressBar::new(u64::from(self.after.epochs)).with_style(style);
            self.screen.bars().add(bar)
        };
        bar.set_position(u64::from(fit.epoch()));
        let metric = fit.criterion();
        Progress {
            bar,
            interrupt,
            metric,
            place: self.columns.iter().position(|column| column == metric),
        }
    }

    fn told(&self, record: &FitRecord, ended: &Fitted, is_news: bool, home: &Home) -> String {
        let FitRecord {
            epochs,
            best_epoch,
            metric,
            value,
            ..
        } = record;
        let why = match ended {
            Fitted::NoLongerImproving => {
                let patience = self.after.patience.unwrap_or_default() as usize;
                format!(", no better one in {} after it", counted(patience, "epoch"))
            }
            Fitted::Diverged { epoch } => format!(", diverged in epoch {epoch}"),
            _ => String::new(),
        };
        let trial = self.winner.id;
        let done = if is_news { "trained" } else { "was trained" };
        format!(
            "trial {trial} {done} {epochs} epochs: best {metric} {} at epoch {best_epoch}{why}; {} has its weights",
            brief(*value),
            home.model().display()
        )
    }

    fn tell(&self, text: &str) {
        if !self.is_quiet {
            self.screen.line(text);
        }
    }
}

/// The bar of a final training.
struct Progress {
    bar: ProgressBar,
    interrupt: Interrupt,
    metric: &'static str,
    place: Option<usize>,
}

impl Listener for Progress {
    fn epoch(&mut self, report: &Report) {
        self.bar.set_position(u64::from(report.epoch));
        if let Some(place) = self.place {
            let value = brief(report.values[place]);
            self.bar.set_message(format!("{} {value}", self.metric));
        }
    }

    fn goes_on(&self) -> bool {
        !self.interrupt.is_raised()
    }
}

/// The final training of the winner of a finished sweep in `directory`, if it is over.
pub(crate) fn record(directory: &Path, winner: &Trial) -> Option<FitRecord> {
    let record = fitting::record(&directory.join(FINAL))?;
    let of = record.winner.as_ref();
    of.is_some_and(|of| of.is(winner)).then_some(record)
}
