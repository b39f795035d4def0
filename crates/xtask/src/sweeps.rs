//! The time of whole sweeps, process start to end, beside Optuna with PyTorch.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use miette::{IntoDiagnostic, Result, ensure, miette};
use serde::Deserialize;

use crate::child::{last_line, median, start};
use crate::page;

#[derive(Args)]
pub(crate) struct Sweeps {
    /// Python that has torch, optuna, scikit-learn and numpy
    #[arg(long)]
    python: PathBuf,
    /// Folder of Fashion-MNIST's files
    #[arg(long)]
    fashion_mnist: PathBuf,
    /// The binary to measure
    #[arg(long, default_value = "target/release/finetooth")]
    finetooth: PathBuf,
    /// How often each side runs; medians are quoted
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Page to write the table into
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

/// (name as in peers/sweep.py, what it is).
const SWEEPS: [(&str, &str); 2] = [
    ("digits", "digits, 1437 + 360 images, 32 filters, 10 epochs"),
    (
        "fashion-mnist",
        "Fashion-MNIST, 10,000 + 10,000 images, 16 filters, 3 epochs",
    ),
];

/// One sweep of one side.
struct Run {
    seconds: f64,
    best: f64,
    median: f64,
}

impl Sweeps {
    pub(crate) fn run(self) -> Result<()> {
        let title = format!(
            "{}, {}. Thirty random trials, two workers of one thread; seconds of the whole process, medians of {} \
             rounds in turn; best and median validation accuracy of the trials.\n\n\
             | sweep | finetooth | Optuna and PyTorch | times sooner | accuracies | theirs |\n|---|---|---|---|---|---|\n",
            page::machine(),
            page::today(),
            self.rounds
        );
        let mut rows = vec![title];
        for (name, description) in SWEEPS {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for round in 0..self.rounds {
                ours.push(self.ours(name, round)?);
                theirs.push(self.theirs(name)?);
                eprintln!("{name} round {} of {}", round + 1, self.rounds);
            }
            let [ours, theirs] = [medians(&ours), medians(&theirs)];
            rows.push(format!(
                "| {description} | {:.2} s | {:.1} s | **{:.1}** | {:.3}, {:.3} | {:.3}, {:.3} |\n",
                ours.seconds,
                theirs.seconds,
                theirs.seconds / ours.seconds,
                ours.best,
                ours.median,
                theirs.best,
                theirs.median,
            ));
        }
        page::write_section(&self.page, "sweeps", &rows.concat())
    }

    fn ours(&self, name: &str, seed: usize) -> Result<Run> {
        let folder = tempfile::tempdir().into_diagnostic()?;
        let out = folder.path().join("run");
        let mut command = Command::new(&self.finetooth);
        command
            .arg("run")
            .arg(format!("crates/xtask/peers/{name}.toml"));
        command.args([
            "--quiet",
            "--workers",
            "2",
            "--seed",
            &seed.to_string(),
            "--out",
        ]);
        command.arg(&out);
        if name == "fashion-mnist" {
            let data = self.fashion_mnist.canonicalize().into_diagnostic()?;
            command
                .arg("--set")
                .arg(format!("data.path=\"{}\"", data.display()));
        }
        let begin = Instant::now();
        let output = command.output().into_diagnostic()?;
        let seconds = begin.elapsed().as_secs_f64();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{command:?}: {}: {errors}",
            output.status
        );
        let accuracies = accuracies(&out.join("trials.csv"))?;
        Ok(Run {
            seconds,
            best: accuracies.iter().copied().fold(0.0, f64::max),
            median: median(accuracies),
        })
    }

    fn theirs(&self, name: &str) -> Result<Run> {
        #[derive(Deserialize)]
        struct Found {
            best: f64,
            median: f64,
        }
        let mut command = Command::new(&self.python);
        command
            .args(["crates/xtask/peers/sweep.py", name])
            .arg(&self.fashion_mnist);
        let begin = Instant::now();
        let found: Found = last_line(start(&mut command)?)?;
        Ok(Run {
            seconds: begin.elapsed().as_secs_f64(),
            best: found.best,
            median: found.median,
        })
    }
}

fn medians(runs: &[Run]) -> Run {
    let of = |figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
    Run {
        seconds: of(|run| run.seconds),
        best: of(|run| run.best),
        median: of(|run| run.median),
    }
}

/// The column val_accuracy of a trials.csv; a trial that diverged early has none and counts as 0.
fn accuracies(path: &Path) -> Result<Vec<f64>> {
    let text = std::fs::read_to_string(path).into_diagnostic()?;
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let column = header.split(',').position(|name| name == "val_accuracy");
    let column = column.ok_or_else(|| miette!("{} has no val_accuracy", path.display()))?;
    // No field before the last one, the reason, can hold a comma.
    let value = |line: &str| {
        line.split(',')
            .nth(column)
            .and_then(|cell| cell.parse().ok())
    };
    let found: Vec<f64> = lines.map(|line| value(line).unwrap_or(0.0)).collect();
    ensure!(found.len() == 30, "{} trials instead of 30", found.len());
    Ok(found)
}
