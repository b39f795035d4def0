//! An objective with a known best: accuracy peaks at one learning rate, falls off by decades, diverges above.

use std::time::Duration;

use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial};

/// Learning curves in closed form, with noise from the trial's seed.
#[derive(Debug, Clone)]
pub(crate) struct Valley {
    /// Decimal logarithm of the best learning rate.
    pub(crate) peak: f64,
    /// Trials that fail, by number.
    pub(crate) failing: fn(u32) -> bool,
    /// Longest real sleep of an epoch, in microseconds.
    pub(crate) sleep_us: u64,
}

impl Default for Valley {
    fn default() -> Self {
        Self {
            peak: -2.5,
            failing: |_| false,
            sleep_us: 0,
        }
    }
}

impl Valley {
    fn report(&self, trial: &Trial, epoch: u32) -> Report {
        let noise = 0.01 * (f64::from(hash(trial.seed, epoch)) / f64::from(u32::MAX) - 0.5);
        let decades = number(trial, "learning_rate").log10() - self.peak;
        let l2 = number(trial, "l2");
        let quality = (-0.5 * decades * decades).exp() / (1.0 + 10.0 * l2);
        let trained = 1.0 - (-f64::from(epoch) / 2.0).exp();
        let accuracy =
            0.1 + 0.85 * quality * trained + if epoch > 0 { noise * quality } else { 0.0 };
        let loss = 2.3 * (1.0 - 0.9 * quality * trained);
        let rate = if epoch == 0 {
            f64::NAN
        } else {
            number(trial, "learning_rate")
        };
        Report {
            epoch,
            values: vec![rate, loss, accuracy],
        }
    }
}

fn number(trial: &Trial, key: &str) -> f64 {
    trial
        .params
        .get(key)
        .and_then(finetooth_scheduler::space::Value::as_f64)
        .unwrap_or(0.0)
}

fn hash(seed: u32, epoch: u32) -> u32 {
    let mut x = seed ^ epoch.wrapping_mul(0x9E37_79B9);
    for _ in 0..3 {
        x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
    }
    x ^ (x >> 13)
}

impl Objective for Valley {
    fn summary(&self) -> ObjectiveSummary {
        ObjectiveSummary {
            columns: ["learning_rate", "val_loss", "val_accuracy"]
                .map(str::to_owned)
                .to_vec(),
            validation_samples: 360,
            data_fingerprint: "0".to_owned(),
            instruction_set: "none".to_owned(),
            description: Vec::new(),
        }
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        let trial = &task.trial;
        assert!(
            !(self.failing)(trial.id.number()),
            "told to fail\nwith a second line"
        );
        let first = if task.from == 0 { 0 } else { task.from + 1 };
        for epoch in first..=trial.epochs {
            if self.sleep_us > 0 {
                let salt = hash(
                    trial.seed,
                    task.attempt * 1000 + epoch + context.worker as u32,
                );
                std::thread::sleep(Duration::from_micros(u64::from(salt) % self.sleep_us));
            }
            if epoch > 0 && number(trial, "learning_rate") > 0.5 {
                let reason = "diverged: too high a learning rate".to_owned();
                return Ended::Outcome(Outcome::Diverged { epoch, reason });
            }
            match reporter.report(self.report(trial, epoch)) {
                Decision::Interrupt if epoch < trial.epochs => {
                    return Ended::Interrupted { epoch };
                }
                Decision::Stop => break,
                Decision::Continue | Decision::Interrupt => {}
            }
        }
        Ended::Outcome(Outcome::Completed)
    }

    fn train_file(&self, trial: &Trial) -> String {
        format!("# trial {}: {}\n", trial.id, trial.params)
    }
}
