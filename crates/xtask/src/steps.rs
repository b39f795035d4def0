//! The time of training steps, beside PyTorch's.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use finetooth_engine::Simd;
use finetooth_engine::network::summarize;
use finetooth_engine::solver::Solver;
use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};

use crate::child::{last_line, median, pinned, start};
use crate::page;
use crate::workload::{WORKLOADS, Workload};

/// What one process measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Figures {
    /// Median over the epochs measured.
    samples_per_second: f64,
    /// Largest resident set of the process, without the samples.
    peak_mib: f64,
}

/// The workload of that name.
fn named(name: &str) -> Result<&'static Workload> {
    let found = WORKLOADS.iter().find(|workload| workload.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        miette!(
            "no workload is called `{name}`; there are {}",
            known.join(", ")
        )
    })
}

#[derive(Args)]
pub(crate) struct Step {
    /// Which network, for instance w1; `peak` for the most that the core can do
    workload: String,
    /// Instruction set: portable, avx2 or avx512; the fastest there is if not given
    #[arg(long)]
    simd: Option<String>,
    /// Threads of the training
    #[arg(long, default_value = "1")]
    threads: NonZero<usize>,
    /// How long to measure
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

impl Step {
    pub(crate) fn run(self) -> Result<()> {
        let simd = match &self.simd {
            Some(name) => Simd::named(name).into_diagnostic()?,
            None => Simd::detect(),
        };
        if self.workload == PEAK {
            let peak = peak(simd, self.seconds);
            println!("{}", serde_json::to_string(&peak).into_diagnostic()?);
            return Ok(());
        }
        let workload = named(&self.workload)?;
        let dataset = Arc::new(workload.synthetic());
        let data_mib = (4 * dataset.train.features.len()) as f64 / f64::from(1 << 20);
        let mut solver = Solver::on(simd, &workload.config(), dataset, 1).into_diagnostic()?;
        solver.use_threads(self.threads).into_diagnostic()?;
        let figures = Figures {
            samples_per_second: measure(&mut solver, workload.n_samples(), self.seconds),
            peak_mib: peak_mib()? - data_mib,
        };
        println!("{}", serde_json::to_string(&figures).into_diagnostic()?);
        Ok(())
    }
}

/// The workload that is none: multiply-adds in registers.
const PEAK: &str = "peak";

/// Median speed of multiply-adds over `seconds`, in operations a second.
fn peak(simd: Simd, seconds: f64) -> f64 {
    let mut speeds = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs_f64(seconds) {
        let batch = Instant::now();
        let operations = simd.multiply_adds(1_000_000);
        speeds.push(operations as f64 / batch.elapsed().as_secs_f64());
    }
    median(speeds)
}

/// Median speed of epochs over `seconds`, after one that warms up.
fn measure(solver: &mut Solver, n_samples: usize, seconds: f64) -> f64 {
    solver.train_epoch();
    let mut speeds = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs_f64(seconds) {
        let epoch = Instant::now();
        solver.train_epoch();
        speeds.push(n_samples as f64 / epoch.elapsed().as_secs_f64());
    }
    median(speeds)
}

fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").into_diagnostic()?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kib.ok_or_else(|| miette!("/proc/self/status has no VmHWM"))? / 1024.0)
}

#[derive(Args)]
pub(crate) struct Steps {
    /// Python that has torch and numpy
    #[arg(long)]
    python: PathBuf,
    /// Workloads, all if none is given
    workloads: Vec<String>,
    /// How often each side is measured; medians are quoted
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each process measures
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// The core that everything runs on
    #[arg(long, default_value = "1")]
    core: String,
    /// A second core, for two trainings at once
    #[arg(long, default_value = "0")]
    other_core: String,
    /// Page to write the tables into
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

/// PyTorch as it comes, then each way of tuning it; names as in peers/steps.py.
const PEERS: [&str; 4] = ["default", "fused", "channels-last", "fused-channels-last"];

/// Medians of one workload.
struct Row {
    workload: &'static Workload,
    ours: Figures,
    as_it_comes: Figures,
    tuned: Figures,
    /// Speed of two at once, as a share of twice one.
    two_at_once: f64,
    /// By instruction set, slowest first; the last is the fastest.
    by_simd: Vec<(&'static str, f64)>,
    /// Operations of a training step, for each sample.
    flops_per_step: f64,
    /// Operations a second that the core can make at most, by multiply-adds in registers.
    peak: f64,
}

impl Steps {
    pub(crate) fn run(self) -> Result<()> {
        let workloads = if self.workloads.is_empty() {
            WORKLOADS.iter().collect()
        } else {
            let named = self.workloads.iter().map(|name| named(name));
            named.collect::<Result<Vec<_>>>()?
        };
        let mut rows = Vec::new();
        for workload in workloads {
            rows.push(self.measure(workload)?);
        }
        page::write_section(&self.page, "steps", &table(&rows, self.rounds))
    }

    /// Each side in turn, as often as there are rounds.
    fn measure(&self, workload: &'static Workload) -> Result<Row> {
        let sets: Vec<&'static str> = Simd::available().iter().map(|simd| simd.name()).collect();
        let fastest = sets.len() - 1;
        let mut ours = vec![Vec::new(); sets.len()];
        let mut peers = vec![Vec::new(); PEERS.len()];
        let mut both = Vec::new();
        let mut peaks = Vec::new();
        for round in 0..self.rounds {
            for (simd, found) in sets.iter().zip(&mut ours) {
                found.push(last_line(start(&mut self.own(
                    workload.name,
                    simd,
                    &self.core,
                )?)?)?);
            }
            for (peer, found) in PEERS.iter().zip(&mut peers) {
                found.push(last_line(start(&mut self.peer(workload.name, peer))?)?);
            }
            peaks.push(last_line(start(&mut self.own(
                PEAK,
                sets[fastest],
                &self.core,
            )?)?)?);
            let first = start(&mut self.own(workload.name, sets[fastest], &self.core)?)?;
            let second = start(&mut self.own(workload.name, sets[fastest], &self.other_core)?)?;
            let [first, second]: [Figures; 2] = [last_line(first)?, last_line(second)?];
            both.push(first.samples_per_second + second.samples_per_second);
            eprintln!("{} round {} of {}", workload.name, round + 1, self.rounds);
        }
        let ours: Vec<Figures> = ours.iter().map(|found| medians(found)).collect();
        let peers: Vec<Figures> = peers.iter().map(|found| medians(found)).collect();
        let tuned = peers[1..]
            .iter()
            .copied()
            .max_by(|a, b| a.samples_per_second.total_cmp(&b.samples_per_second));
        let shape = workload.shape();
        let summary = summarize(&workload.config().model, shape, 10).into_diagnostic()?;
        let first = summary.layers[0].flops_per_sample;
        Ok(Row {
            workload,
            ours: ours[fastest],
            as_it_comes: peers[0],
            tuned: tuned.expect("there are ways to tune it"),
            two_at_once: median(both) / (2.0 * ours[fastest].samples_per_second),
            by_simd: sets
                .into_iter()
                .zip(ours.iter().map(|figures| figures.samples_per_second))
                .collect(),
            peak: median(peaks),
            flops_per_step: (3 * summary.flops_per_sample - first) as f64,
        })
    }

    fn own(&self, workload: &str, simd: &str, core: &str) -> Result<Command> {
        let program = std::env::current_exe().into_diagnostic()?;
        let mut command = pinned(core, &program.to_string_lossy());
        command.args(["step", workload, "--simd", simd]);
        command.args(["--seconds", &self.seconds.to_string()]);
        Ok(command)
    }

    fn peer(&self, workload: &str, mode: &str) -> Command {
        let mut command = pinned(&self.core, &self.python.to_string_lossy());
        command.arg("crates/xtask/peers/steps.py");
        command.args([workload, mode, &self.seconds.to_string()]);
        if mode != "default" {
            // Keeps glibc from giving memory back after every step.
            command.env("MALLOC_MMAP_THRESHOLD_", "1073741824");
            command.env("MALLOC_TRIM_THRESHOLD_", "2147483648");
            command.env("MALLOC_TOP_PAD_", "67108864");
        }
        command
    }
}

fn medians(found: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(found.iter().map(figure).collect());
    Figures {
        samples_per_second: of(|figures| figures.samples_per_second),
        peak_mib: of(|figures| figures.peak_mib),
    }
}

fn table(rows: &[Row], n_rounds: usize) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{}, {}. Medians of {n_rounds} rounds in which every side ran in turn, pinned to one core. GFLOP/s count three \
         forward passes a step, less the gradients by the samples, which nobody needs, and convolutions as if each product were \
         made (Winograd's tiles make fewer); their share is that of multiply-adds in registers on the same core, timed in turn too.\n\n\
         | network | finetooth, samples/s | PyTorch as it comes | tuned | ratio to tuned | GFLOP/s | of the core's most | two at once | memory, MiB (PyTorch) |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        page::machine(),
        page::today(),
    );
    let mut write = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("writing to a string succeeds");
    };
    for row in rows {
        let gflops = row.ours.samples_per_second * row.flops_per_step / 1e9;
        write(format_args!(
            "| **{}** {} | {} | {} | {} | **{:.1}** | {:.0} | {:.0} % of {:.0} | {:.0} % | {:.0} ({:.0}) |\n",
            row.workload.name,
            row.workload.description,
            grouped(row.ours.samples_per_second),
            grouped(row.as_it_comes.samples_per_second),
            grouped(row.tuned.samples_per_second),
            row.ours.samples_per_second / row.tuned.samples_per_second,
            gflops,
            100.0 * gflops * 1e9 / row.peak,
            row.peak / 1e9,
            100.0 * row.two_at_once,
            row.ours.peak_mib,
            row.tuned.peak_mib,
        ));
    }
    write(format_args!(
        "\nBy instruction set, samples/s (ratio to tuned PyTorch):\n\n| network |"
    ));
    let sets = rows.first().map_or(&[][..], |row| &row.by_simd);
    for (name, _) in sets {
        write(format_args!(" {name} |"));
    }
    write(format_args!("\n|---|{}\n", "---|".repeat(sets.len())));
    for row in rows {
        write(format_args!("| {} |", row.workload.name));
        for (_, speed) in &row.by_simd {
            let ratio = speed / row.tuned.samples_per_second;
            write(format_args!(" {} ({ratio:.1}) |", grouped(*speed)));
        }
        write(format_args!("\n"));
    }
    text
}

/// A whole number with its thousands set apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
