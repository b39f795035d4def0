//! A record as long as one likes: a real search over made-up learning curves, which nothing trains.

use std::future::pending;
use std::path::Path;

use finetooth_objective::Vocabulary;
use finetooth_scheduler::event::ObjectiveSummary;
use finetooth_scheduler::executor::Inline;
use finetooth_scheduler::journal::Journal;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::observer::Nobody;
use finetooth_scheduler::results::Tables;
use finetooth_scheduler::run::{Storage, run};
use finetooth_scheduler::search::Search;
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::sweep::{Purpose, Sweep};
use finetooth_scheduler::trial::{Decision, Ended, Outcome, Report, Trial};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};

/// Curves that rise towards what the values are worth; every 50th trial diverges.
struct MadeUp {
    columns: Vec<String>,
}

impl Objective for MadeUp {
    fn summary(&self) -> ObjectiveSummary {
        ObjectiveSummary {
            columns: self.columns.clone(),
            validation_samples: 360,
            data_fingerprint: "00c0ffee".to_owned(),
            instruction_set: "none".to_owned(),
            description: vec!["made up: nothing was trained".to_owned()],
        }
    }

    fn run(&self, task: &Task, _: Context, reporter: &mut dyn Reporter) -> Ended {
        let trial = &task.trial;
        let worth = worth(&trial.params, trial.seed);
        let first = if task.from == 0 { 0 } else { task.from + 1 };
        for epoch in first..=trial.epochs {
            if trial.id.number().is_multiple_of(50) && epoch == 3 {
                let reason = "numerical: the loss is not finite".to_owned();
                return Ended::Outcome(Outcome::Diverged { epoch, reason });
            }
            let accuracy = worth * f64::from(epoch) / (1.0 + f64::from(epoch));
            let value = |column: &String| match column.as_str() {
                "train_accuracy" => (accuracy * 1.02).min(1.0),
                "val_accuracy" => accuracy,
                "train_loss" => 2.3 * (1.0 - accuracy),
                "val_loss" => 2.4 * (1.0 - accuracy),
                "learning_rate" => 0.01 * 0.95_f64.powi(epoch as i32),
                _ => 1e-3 / f64::from(epoch + 1),
            };
            let values = self.columns.iter().map(value).collect();
            if reporter.report(Report { epoch, values }) != Decision::Continue {
                return Ended::Interrupted { epoch };
            }
        }
        Ended::Outcome(Outcome::Completed)
    }

    fn train_file(&self, trial: &Trial) -> String {
        trial.params.to_string()
    }
}

/// Falls off on both sides of a learning rate of 0.01 and a little with l2; a share of it is luck.
fn worth(params: &Params, seed: u32) -> f64 {
    let value = |key: &str| params.get(key).and_then(Value::as_f64).unwrap_or(1.0);
    let decades = (value("learning_rate") / 0.01).log10();
    let luck = f64::from(seed % 1000) / 1000.0;
    (0.98 - 0.12 * decades * decades - value("l2") + 0.02 * luck).clamp(0.1, 1.0)
}

/// Runs a sweep of one stage into `directory`, which is empty.
pub(super) fn write(directory: &Path, n_trials: u32, epochs: u32) -> Result<()> {
    let text = format!(
        "name = \"made-up\"\n[widen]\nmax_rounds = 0\n[sanity]\nenabled = false\n\
         [[stage]]\nname = \"one\"\ntrials = {n_trials}\nepochs = {epochs}\n"
    );
    let Vocabulary { keys, columns, .. } = Vocabulary::of(&text, directory);
    let columns: Vec<String> = columns
        .into_iter()
        .filter(|column| !column.contains("rmse") && !column.contains("mae") && column != "val_r2")
        .collect();
    let (sweep, _) = Sweep::parse(&text, &keys, &columns, &[], directory, Purpose::Sweep)
        .map_err(|mistakes| miette!("{mistakes}"))?;
    let objective = MadeUp { columns };
    let mut storage = Storage {
        journal: Journal::open(&directory.join("journal.jsonl"))
            .into_diagnostic()?
            .journal,
        tables: Tables::new(directory, &sweep, &objective.columns),
        dir: directory.to_owned(),
    };
    let definition = sweep.to_toml(&keys);
    let summary = objective.summary();
    let mut search = Search::replay(sweep, summary, Vec::new()).into_diagnostic()?;
    search.begin("0", &definition, "nowhere", 1, Timestamp::now());
    let train_file = |trial: &Trial| trial.params.to_string();
    let mut executor = Inline::new(objective);
    let mut nobody = Nobody;
    let whole = run(
        &mut search,
        &mut executor,
        Some(&mut storage),
        &train_file,
        &mut nobody,
        pending(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .into_diagnostic()?;
    runtime.block_on(whole).into_diagnostic()?;
    Ok(())
}
