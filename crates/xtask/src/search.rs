//! How soon a search finds good values, beside Optuna's strategies on the same surrogate.

use std::collections::BTreeMap;
use std::future::pending;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::Args;
use finetooth_objective::synthetic::{Misplacement, Simulation, Surrogate};
use finetooth_objective::{columns, key_specs};
use finetooth_scheduler::event::{Event, Record};
use finetooth_scheduler::executor::Inline;
use finetooth_scheduler::objective::{Context, Objective, Reporter, Task};
use finetooth_scheduler::observer::Observer;
use finetooth_scheduler::run::run;
use finetooth_scheduler::search::Search;
use finetooth_scheduler::space::{Params, Value};
use finetooth_scheduler::stop::Watch;
use finetooth_scheduler::sweep::{Purpose, Sweep};
use finetooth_scheduler::trial::{Decision, Report, Trial, TrialId};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};

use crate::child::{last_line, start};
use crate::page;

const EPOCHS: u32 = 27;
const BUDGET: u32 = 24;
/// Decades by which the best learning rate lies outside of its range.
const PROBLEMS: [f64; 3] = [0.0, 1.0, 2.0];
/// Regret, in shares of the metric, that counts as found.
const FOUND: f64 = 0.01;

#[derive(Args)]
pub(crate) struct Searches {
    /// Python that has optuna, cmaes and scipy
    #[arg(long)]
    python: PathBuf,
    /// Surrogates, one a seed
    #[arg(long, default_value_t = 20)]
    seeds: u32,
    /// Page to write the table into
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

/// A question of the other side: a line of JSON.
#[derive(Deserialize)]
struct Question {
    decades: f64,
    seed: u32,
    trial_seed: u32,
    params: BTreeMap<String, f64>,
}

/// What a trial would report, epoch by epoch, and how far its values are from the best there are.
#[derive(Serialize)]
struct Answer {
    curve: Vec<Option<f64>>,
    regret: Option<f64>,
}

/// One run: full trainings until the first find, regret of the best trial after 8 and 24.
#[derive(Serialize)]
struct Figures {
    seed: u32,
    first: Option<f64>,
    at_8: f64,
    at_24: f64,
}

/// A row of the table.
#[derive(Deserialize)]
struct Row {
    decades: String,
    strategy: String,
    n: u32,
    n_reached: u32,
    first: Option<f64>,
    at_8: f64,
    at_24: f64,
    p_at_8: Option<f64>,
    p_at_24: Option<f64>,
}

fn sweep(seed: u32) -> Sweep {
    let text = format!(
        "name = \"surrogate\"\nseed = {seed}\n[space]\n\
         learning_rate = {{ low = 1e-4, high = 1e-2, scale = \"log\" }}\nlr_decay = {{ low = 0.8, high = 1.0 }}\n\
         l2 = {{ low = 1e-6, high = 1e-1, scale = \"log\" }}\n[search]\nepochs = {EPOCHS}\nbudget = {BUDGET}\n"
    );
    let (keys, columns, here) = (key_specs(), columns(), Path::new("/"));
    let parsed = Sweep::parse(&text, &keys, &columns, &[], here, Purpose::Sweep);
    parsed.expect("the definition is right").0
}

fn surrogate(sweep: &Sweep, decades: f64) -> Surrogate {
    let misplacement = Misplacement {
        decades,
        ..Misplacement::default()
    };
    Surrogate::new(sweep, sweep.seed(), misplacement)
}

/// Answers questions from standard input until it ends.
pub(crate) fn bridge() -> Result<()> {
    let mut known: BTreeMap<(u64, u32), Surrogate> = BTreeMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Question =
            serde_json::from_str(&line.into_diagnostic()?).into_diagnostic()?;
        let of = (question.decades.to_bits(), question.seed);
        let surrogate = known
            .entry(of)
            .or_insert_with(|| surrogate(&sweep(question.seed), question.decades));
        let answer = answer(surrogate, &question)?;
        writeln!(out, "{}", serde_json::to_string(&answer).into_diagnostic()?).into_diagnostic()?;
        out.flush().into_diagnostic()?;
    }
    Ok(())
}

struct Curve(Vec<f64>);

impl Reporter for Curve {
    fn report(&mut self, report: Report) -> Decision {
        if report.epoch > 0 {
            self.0.extend(report.values.last());
        }
        Decision::Continue
    }
}

fn answer(surrogate: &Surrogate, question: &Question) -> Result<Answer> {
    let summary = surrogate.summary();
    let last = summary.columns.last().map(String::as_str);
    if last != Some("val_accuracy") {
        return Err(miette!("the surrogate's last column is {last:?}"));
    }
    let pairs = question.params.iter();
    let params: Params = pairs
        .map(|(key, value)| (Arc::from(key.as_str()), Value::Float(*value)))
        .collect();
    let mut curve = Curve(Vec::new());
    let task = Task {
        trial: Trial {
            id: TrialId::from_index(0),
            stage: 0,
            round: 0,
            seed: question.trial_seed,
            epochs: EPOCHS,
            params: params.clone(),
            parent: None,
        },
        attempt: 1,
        from: 0,
        keep: false,
        watch: Watch::default(),
    };
    surrogate.run(&task, Context { worker: 0 }, &mut curve);
    let finite = |number: f64| number.is_finite().then_some(number);
    Ok(Answer {
        curve: curve.0.into_iter().map(finite).collect(),
        regret: finite(surrogate.best() - surrogate.worth(&params)),
    })
}

/// Follows the best trial so far over the epochs spent.
struct Course<'a> {
    surrogate: &'a Surrogate,
    spent: u32,
    best: f64,
    /// Epochs spent, and the regret of the best from there on.
    points: Vec<(u32, f64)>,
}

impl Observer for Course<'_> {
    fn observe(&mut self, record: &Record, search: &Search) {
        let Event::EpochReported { trial, report, .. } = &record.event else {
            return;
        };
        if report.epoch == 0 {
            return;
        }
        self.spent += 1;
        let metric = report.values.last().copied().unwrap_or(f64::NAN);
        if metric > self.best {
            self.best = metric;
            let params = &search.state().trials()[trial.index()].trial.params;
            let regret = self.surrogate.best() - self.surrogate.worth(params);
            let regret = if regret.is_finite() { regret } else { 1.0 };
            self.points.push((self.spent, regret));
        }
    }
}

fn ours(seed: u32, decades: f64) -> Result<Figures> {
    let sweep = sweep(seed);
    let surrogate = surrogate(&sweep, decades);
    let mut search = Search::new(sweep, surrogate.summary()).map_err(|error| miette!("{error}"))?;
    search.begin("bench", "", "here", 1, Timestamp::UNIX_EPOCH);
    let mut course = Course {
        surrogate: &surrogate,
        spent: 0,
        best: f64::NEG_INFINITY,
        points: Vec::new(),
    };
    let mut executor = Inline::new(surrogate.clone());
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
    let at = |trainings: u32| {
        let before = course.points.iter().rev();
        let mut before = before.filter(|(spent, _)| *spent <= trainings * EPOCHS);
        before.next().map_or(1.0, |(_, regret)| *regret)
    };
    let first = course.points.iter().find(|(_, regret)| *regret <= FOUND);
    Ok(Figures {
        seed,
        first: first.map(|(spent, _)| f64::from(*spent) / f64::from(EPOCHS)),
        at_8: at(8),
        // Of what the search ends with, confirmed by a second run.
        at_24: search.winner().map_or(1.0, |winner| {
            let regret = surrogate.best() - surrogate.worth(&winner.trial.params);
            if regret.is_finite() { regret } else { 1.0 }
        }),
    })
}

impl Searches {
    pub(crate) fn run(self) -> Result<()> {
        let mut runs: BTreeMap<String, Vec<Figures>> = BTreeMap::new();
        for decades in PROBLEMS {
            for seed in 1000..1000 + self.seeds {
                let figures = ours(seed, decades)?;
                runs.entry(decades.to_string()).or_default().push(figures);
            }
        }
        let folder = tempfile::tempdir().into_diagnostic()?;
        let (script, own) = (
            folder.path().join("search.py"),
            folder.path().join("ours.json"),
        );
        std::fs::write(&script, include_str!("search.py")).into_diagnostic()?;
        std::fs::write(&own, serde_json::to_string(&runs).into_diagnostic()?).into_diagnostic()?;
        let program = std::env::current_exe().into_diagnostic()?;
        let child = start(
            Command::new(&self.python)
                .arg(&script)
                .arg(program)
                .arg(&own),
        )?;
        let rows: Vec<Row> = last_line(child)?;
        let mut section = format!(
            "{}, {}. {} surrogates each, the same for all; {BUDGET} full trainings of {EPOCHS} epochs. Regret in points: \
             100 times how far the accuracy of the best trial so far lies, without noise, below the best there is; at 24, of finetooth, its confirmed winner. Medians; \
             p of the paired Wilcoxon test beside finetooth.\n\n\
             | learning rate | strategy | trainings to 1 point | runs that get there | regret at 8 | p | at 24 | p |\n\
             |---|---|---|---|---|---|---|---|\n",
            page::machine(),
            page::today(),
            self.seeds
        );
        for row in rows {
            section += &told(&row);
        }
        page::write_section(&self.page, "search", &section)
    }
}

fn told(row: &Row) -> String {
    let place = match row.decades.as_str() {
        "0" => "in its range".to_owned(),
        decades => format!("off by {decades}"),
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
