//! Progress on a terminal: a bar for each worker and one for the sweep.

use finetooth_scheduler::event::Event;
use finetooth_scheduler::search::Search;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::sentences;
use super::standing::Standing;
use crate::figures::brief;

/// Workers that have a bar; more would not fit on a screen.
const MOST_BARS: usize = 24;

/// The bars, taken away when dropped.
pub(super) struct Bars {
    workers: Vec<ProgressBar>,
    sweep: ProgressBar,
}

impl Bars {
    pub(super) fn new(bars: &MultiProgress, search: &Search, workers: usize) -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:20} {wide_msg}")
            .expect("the template is a constant that is right")
            .progress_chars("━╸ ");
        let bar = |prefix: String| {
            let bar = ProgressBar::new(1)
                .with_style(style.clone())
                .with_prefix(prefix);
            let bar = bars.add(bar);
            bar.tick();
            bar
        };
        let shown = workers.min(MOST_BARS);
        let workers = (1..=shown)
            .map(|number| bar(format!("worker {number}")))
            .collect();
        let name: String = search.sweep().name().chars().take(10).collect();
        Self {
            workers,
            sweep: bar(name),
        }
    }

    pub(super) fn observe(&mut self, event: &Event, search: &Search, standing: &Standing) {
        match event {
            Event::TrialStarted { trial, worker, .. } => {
                if let Some(bar) = self.workers.get(*worker) {
                    let stage = search.sweep().stage_name(trial.stage);
                    bar.set_length(u64::from(trial.epochs));
                    bar.set_position(0);
                    bar.set_message(format!(
                        "trial {} {stage}  epoch 0/{}",
                        trial.id, trial.epochs
                    ));
                }
            }
            Event::EpochReported { trial, report, .. } => {
                let record = &search.state().trials()[trial.index()];
                let worker = record.attempts.last().map(|attempt| attempt.worker);
                if let Some(bar) = worker.and_then(|worker| self.workers.get(worker)) {
                    let (trial, epoch) = (&record.trial, report.epoch);
                    let metric = search
                        .leaderboard()
                        .best(record)
                        .map_or(String::new(), |best| {
                            format!("  {} {}", search.sweep().metric().name, brief(best.value))
                        });
                    let stage = search.sweep().stage_name(trial.stage);
                    bar.set_position(u64::from(epoch));
                    bar.set_message(format!(
                        "trial {} {stage}  epoch {epoch}/{}{metric}",
                        trial.id, trial.epochs
                    ));
                }
            }
            Event::TrialEnded { trial, .. } | Event::TrialInterrupted { trial, .. } => {
                let record = &search.state().trials()[trial.index()];
                let worker = record.attempts.last().map(|attempt| attempt.worker);
                if let Some(bar) = worker.and_then(|worker| self.workers.get(worker)) {
                    bar.set_position(0);
                    bar.set_message("waiting");
                }
                self.tick(search, standing);
            }
            _ => {}
        }
    }

    pub(super) fn tick(&mut self, search: &Search, standing: &Standing) {
        let plan = search.state().rounds().last();
        let stage = plan.map_or(String::new(), |plan| {
            format!("{} {}", search.sweep().stage_name(plan.stage), plan.round)
        });
        let mut parts = vec![
            stage,
            format!(
                "{}/{} trials",
                standing.view.n_ended, standing.view.n_planned
            ),
            standing.left(),
        ];
        parts.extend(standing.view.best.map(|best| sentences::best(best, search)));
        parts.retain(|part| !part.is_empty());
        self.sweep.set_length(standing.view.epochs_planned.max(1));
        self.sweep.set_position(standing.view.epochs_done());
        self.sweep.set_message(parts.join("  "));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for bar in &self.workers {
            bar.finish_and_clear();
        }
        self.sweep.finish_and_clear();
    }
}
