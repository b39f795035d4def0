//! How soon a search finds good values, beside Optuna's strategies on the same objective.

mod problem;

use std::collections::BTreeMap;
use std::future::pending;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use clap::Args;
use finetooth_scheduler::event::{Event, ObjectiveSummary, Record};
use finetooth_scheduler::executor::Inline;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::observer::Observer;
use finetooth_scheduler::run::run;
use finetooth_scheduler::search::Search;
use finetooth_scheduler::trial::{Ended, Trial, TrialId};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};

use crate::child::{last_line, start};
use crate::page;
use problem::{Kind, Problem, params};

const EPOCHS: u32 = 27;
const BUDGET: u32 = 24;
/// Decades by which the best learning rate lies outside of its range.
const MISPLACED: [f64; 3] = [0.0, 1.0, 2.0];

#[derive(Args)]
pub(crate) struct Searches {
    /// What is searched
    #[arg(long, value_enum, default_value = "surrogate")]
    on: Kind,
    /// Python that has optuna, cmaes and scipy
    #[arg(long)]
    python: PathBuf,
    /// Searches of each strategy, one a seed
    #[arg(long, default_value_t = 20)]
    seeds: u32,
    /// Page to write the table into
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

/// A question of the other side, a line of JSON: the curve of a training with this seed, or, without one, what the values
/// are worth.
#[derive(Deserialize)]
struct Question {
    kind: Kind,
    decades: f64,
    seed: u32,
    trial_seed: Option<u32>,
    params: BTreeMap<String, f64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    /// What a trial would report, epoch by epoch.
    Curve { curve: Vec<Option<f64>> },
    /// What the values are worth in the metric; `None` where they diverge.
    Worth { worth: Option<f64> },
}

/// One run of finetooth: the epochs spent when a new trial leads, and what its values are worth; the winner's worth; the
/// best worth there is, where it is known.
#[derive(Serialize)]
struct Run {
    seed: u32,
    points: Vec<(u32, Option<f64>)>,
    winner: Option<f64>,
    best: Option<f64>,
}

/// finetooth's runs where the best learning rate lies so many decades outside of its range.
#[derive(Serialize)]
struct Runs {
    decades: f64,
    learning_rates: (f64, f64),
    each: Vec<Run>,
}

/// What the other side needs.
#[derive(Serialize)]
struct Ours {
    kind: Kind,
    epochs: u32,
    budget: u32,
    problems: Vec<Runs>,
}

/// A row of the table.
#[derive(Deserialize)]
struct Row {
    decades: f64,
    strategy: String,
    n: u32,
    n_reached: u32,
    first: Option<f64>,
    at_8: f64,
    at_24: f64,
    p_at_8: Option<f64>,
    p_at_24: Option<f64>,
}

/// Answers questions from standard input until it ends.
pub(crate) fn bridge() -> Result<()> {
    let mut known: BTreeMap<(Kind, u64, u32), Problem> = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question =
            serde_json::from_str(&line.into_diagnostic()?).into_diagnostic()?;
        let (kind, decades, seed) = (question.kind, question.decades, question.seed);
        let problem = known
            .entry((kind, decades.to_bits(), seed))
            .or_insert_with(|| Problem::new(kind, seed, decades));
        let answer = answer(problem, &question);
        writeln!(out, "{}", serde_json::to_string(&answer).into_diagnostic()?).into_diagnostic()?;
        out.flush().into_diagnostic()?;
    }
    Ok(())
}

fn answer(problem: &Problem, question: &Question) -> Answer {
    let params = params(&question.params);
    let finite = |number: f64| number.is_finite().then_some(number);
    match question.trial_seed {
        Some(seed) => Answer::Curve {
            curve: problem
                .curve(&params, seed)
                .into_iter()
                .map(finite)
                .collect(),
        },
        None => Answer::Worth {
            worth: problem.worth(&params),
        },
    }
}

/// Follows the best trial so far over the epochs spent.
struct Course {
    metric: usize,
    spent: u32,
    best: f64,
    /// Epochs spent, and the trial that leads from there on.
    leads: Vec<(u32, TrialId)>,
}

impl Observer for Course {
    fn observe(&mut self, record: &Record, _: &Search) {
        let Event::EpochReported { trial, report, .. } = &record.event else {
            return;
        };
        if report.epoch == 0 {
            return;
        }
        self.spent += 1;
        let metric = report.values.get(self.metric).copied();
        let metric = metric.unwrap_or(f64::NAN);
        if metric > self.best {
            self.best = metric;
            if self.leads.last().is_none_or(|(_, leader)| leader != trial) {
                self.leads.push((self.spent, *trial));
            }
        }
    }
}

fn ours(problem: Problem, seed: u32) -> Result<Run> {
    let mut search = Search::new(problem.sweep().clone(), problem.summary())
        .map_err(|error| miette!("{error}"))?;
    search.begin("bench", "", "here", 1, Timestamp::UNIX_EPOCH);
    let mut course = Course {
        metric: problem.metric(),
        spent: 0,
        best: f64::NEG_INFINITY,
        leads: Vec::new(),
    };
    let problem = Arc::new(problem);
    let mut executor = Inline::new(Shared(Arc::clone(&problem)));
    let train_file = |_: &Trial| String::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .into_diagnostic()?;
    let looped = run(
        &mut search,
        &mut executor,
        None,
        &train_file,
        &mut course,
        pending(),
    );
    runtime
        .block_on(looped)
        .map_err(|error| miette!("{error}"))?;
    let worth =
        |trial: TrialId| problem.worth(&search.state().trials()[trial.index()].trial.params);
    let mut points: Vec<(u32, Option<f64>)> = Vec::new();
    for (spent, trial) in course.leads {
        points.push((spent, worth(trial)));
    }
    Ok(Run {
        seed,
        points,
        winner: search
            .winner()
            .and_then(|winner| problem.worth(&winner.trial.params)),
        best: problem.best(),
    })
}

/// The problem as the executor's objective, kept to ask for worths afterwards.
struct Shared(Arc<Problem>);

impl Objective for Shared {
    fn summary(&self) -> ObjectiveSummary {
        self.0.summary()
    }

    fn run(&self, task: &Task, context: Context, reporter: &mut dyn Reporter) -> Ended {
        self.0.run(task, context, reporter)
    }

    fn train_file(&self, trial: &Trial) -> String {
        self.0.train_file(trial)
    }
}

impl Searches {
    pub(crate) fn run(self) -> Result<()> {
        let mut problems = Vec::new();
        for decades in MISPLACED {
            let seeds = 1000..1000 + self.seeds;
            let runs = seeds.map(|seed| ours(Problem::new(self.on, seed, decades), seed));
            problems.push(Runs {
                decades,
                learning_rates: self.on.learning_rates(decades),
                each: runs.collect::<Result<_>>()?,
            });
        }
        let ours = Ours {
            kind: self.on,
            epochs: EPOCHS,
            budget: BUDGET,
            problems,
        };
        let folder = tempfile::tempdir().into_diagnostic()?;
        let (script, own) = (
            folder.path().join("beside.py"),
            folder.path().join("ours.json"),
        );
        std::fs::write(&script, include_str!("search/beside.py")).into_diagnostic()?;
        std::fs::write(&own, serde_json::to_string(&ours).into_diagnostic()?).into_diagnostic()?;
        let program = std::env::current_exe().into_diagnostic()?;
        let child = start(
            Command::new(&self.python)
                .arg(&script)
                .arg(program)
                .arg(&own),
        )?;
        let rows: Vec<Row> = last_line(child)?;
        let (what, regret) = match self.on {
            Kind::Surrogate => (
                "surrogates",
                "the accuracy of the best trial so far, without noise, lies below the best there is",
            ),
            Kind::Digits => (
                "splits of the digits",
                "the accuracy of the best trial so far, its values trained again with 5 other seeds, lies below the best \
                 that any search of the split came upon",
            ),
        };
        let mut section = format!(
            "{}, {}. {} {what} for each, the same for all; {BUDGET} full trainings of {EPOCHS} epochs. Regret in points: 100 \
             times how far {regret}; at 24, of finetooth, its confirmed winner. Medians; p of the paired Wilcoxon test beside \
             finetooth.\n\n\
             | learning rate | strategy | trainings to 1 point | runs that get there | regret at 8 | p | at 24 | p |\n\
             |---|---|---|---|---|---|---|---|\n",
            page::machine(),
            page::today(),
            self.seeds
        );
        for row in rows {
            section += &told(&row);
        }
        page::write_section(&self.page, self.on.section(), &section)
    }
}

fn told(row: &Row) -> String {
    let place = if row.decades == 0.0 {
        "in its range".to_owned()
    } else {
        format!("off by {}", row.decades)
    };
    let first = row
        .first
        .map_or("not in half".to_owned(), |first| format!("{first:.1}"));
    let p = |p: Option<f64>| p.map_or(String::new(), |p| format!("{p:.3}"));
    format!(
        "| {place} | {} | {first} | {} of {} | {:.2} | {} | {:.2} | {} |\n",
        row.strategy,
        row.n_reached,
        row.n,
        100.0 * row.at_8,
        p(row.p_at_8),
        100.0 * row.at_24,
        p(row.p_at_24)
    )
}
