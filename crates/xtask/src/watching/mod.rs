//! How soon the page is there, and what keeping it costs: on records as long as one likes, in a real browser.

#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "made for the tests of the page, which use more of it"
)]
#[path = "../../../../tests/page/chromium.rs"]
mod chromium;
mod synthetic;

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use miette::{Context, IntoDiagnostic, Result, ensure, miette};
use serde_json::json;

use crate::page::write_section;
use chromium::Chromium;

/// Measures the page on made-up records; with FINETOOTH_BROWSER, in that browser too
#[derive(Args)]
pub(crate) struct Watching {
    /// Trials of each record
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    trials: Vec<u32>,
    /// Epochs of each trial
    #[arg(long, default_value_t = 10)]
    epochs: u32,
    /// Changes that the page is watched over, on the record of 10,000 trials; 0: none
    #[arg(long, default_value_t = 1_000)]
    updates: usize,
    /// The program, built in release mode
    #[arg(long, default_value = "target/release/finetooth")]
    program: PathBuf,
    /// Where to write the tables
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
    /// Write a record into this directory, and measure nothing
    #[arg(long)]
    record: Option<PathBuf>,
}

/// What was measured of a record, in seconds and MB.
struct Measured {
    trials: u32,
    journal: f64,
    report: f64,
    size: f64,
    /// From the start of the server to the first change, and until all trials were told.
    told: (f64, f64),
    /// From navigation to the pictures, of the file and live.
    opened: Option<(f64, f64)>,
}

impl Watching {
    pub(crate) fn run(&self) -> Result<()> {
        if let Some(directory) = &self.record {
            fs::create_dir_all(directory).into_diagnostic()?;
            return synthetic::write(directory, self.trials[0], self.epochs);
        }
        let program = self.program.canonicalize().into_diagnostic();
        let program = program.wrap_err("build it first: cargo build --release")?;
        let mut table = String::from(
            "| trials × epochs | record | `report` | file | live: first change | live: all told | file opened | live opened |\n|---|---|---|---|---|---|---|---|\n",
        );
        let mut kept = String::new();
        for trials in &self.trials {
            let directory = tempfile::tempdir().into_diagnostic()?;
            synthetic::write(directory.path(), *trials, self.epochs)?;
            let found = measure(&program, directory.path(), *trials)?;
            let opened = found.opened.map_or_else(
                || "not measured | not measured".to_owned(),
                |(file, live)| format!("{file:.2} s | {live:.2} s"),
            );
            let _ = writeln!(
                table,
                "| {} × {} | {:.0} MB | {:.2} s | {:.1} MB | {:.2} s | {:.2} s | {opened} |",
                found.trials,
                self.epochs,
                found.journal,
                found.report,
                found.size,
                found.told.0,
                found.told.1
            );
            if *trials == 10_000 && self.updates > 0 {
                kept = watch(&program, directory.path(), self.updates)?;
            }
        }
        write_section(&self.page, "watching", &format!("{table}\n{kept}"))
    }
}

/// `finetooth serve`, ended when dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(program: &Path, directory: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("serve")
            .arg(directory)
            .stderr(Stdio::piped())
            .spawn()
            .into_diagnostic()?;
        let said = child.stderr.take().ok_or_else(|| miette!("no pipe"))?;
        let mut line = String::new();
        BufReader::new(said)
            .read_line(&mut line)
            .into_diagnostic()?;
        let url = line.trim_end().strip_prefix("watch it on ");
        let url = url.ok_or_else(|| miette!("it said {line:?}"))?.to_owned();
        Ok(Self { child, url })
    }

    /// A stream of the changes.
    fn listen(&self) -> Result<impl Iterator<Item = Vec<u8>> + use<>> {
        let host = self
            .url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let mut stream = TcpStream::connect(&host).into_diagnostic()?;
        let request = format!("GET /runs/0/changes HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).into_diagnostic()?;
        let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
        Ok(lines.filter(|line| line.starts_with(b"data: {")))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn measure(program: &Path, directory: &Path, trials: u32) -> Result<Measured> {
    let megabytes = |name: &str| -> Result<f64> {
        let file = fs::metadata(directory.join(name)).into_diagnostic()?;
        Ok(file.len() as f64 / 1e6)
    };
    let begun = Instant::now();
    let status = Command::new(program)
        .arg("report")
        .arg(directory)
        .stdout(Stdio::null())
        .status()
        .into_diagnostic()?;
    ensure!(status.success(), "finetooth report: {status}");
    let report = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let served = Served::start(program, directory)?;
    // The record is read in portions; the page is whole when all trials were told.
    let mut first = f64::NAN;
    let whole = served.listen()?.find_map(|line| {
        let seconds = begun.elapsed().as_secs_f64();
        first = first.min(seconds);
        (n_ended(&line) == Some(trials)).then_some(seconds)
    });
    let whole = whole.ok_or_else(|| miette!("the stream ended"))?;
    let opened = Chromium::start().map(|browser| {
        let shown = "performance.getEntriesByName('shown')[0]?.startTime / 1000";
        let opened = |url: &str| {
            browser.open(url);
            browser.wait(&format!("{shown} > 0"));
            browser.value(shown).as_f64().unwrap_or(f64::NAN)
        };
        let file = opened(&format!("file://{}/report.html", directory.display()));
        (file, opened(&served.url))
    });
    Ok(Measured {
        trials,
        journal: megabytes("journal.jsonl")?,
        report,
        size: megabytes("report.html")?,
        told: (first, whole),
        opened,
    })
}

/// Trials with an outcome by a change.
fn n_ended(line: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, rest) = text.split_once("\"ended\":")?;
    rest.split(|one: char| !one.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// Lets the record grow by one event at a time and looks at what each costs.
fn watch(program: &Path, directory: &Path, n_updates: usize) -> Result<String> {
    let Some(browser) = Chromium::start() else {
        return Ok("Changes: not measured without a browser.\n".to_owned());
    };
    let whole = fs::read(directory.join("journal.jsonl")).into_diagnostic()?;
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let (before, after) = lines.split_at(lines.len() - n_updates);
    let growing = tempfile::tempdir().into_diagnostic()?;
    let path = growing.path().join("journal.jsonl");
    File::create(&path)
        .and_then(|mut file| file.write_all(&before.concat()))
        .into_diagnostic()?;
    let served = Served::start(program, growing.path())?;
    let mut told = served.listen()?;
    let mut n_bytes = 0;
    let n_before = String::from_utf8_lossy(&before.concat())
        .matches("\"trial_ended\"")
        .count() as u32;
    let _ = told.find(|line| {
        n_bytes += line.len();
        n_ended(line) == Some(n_before)
    });
    browser.open(&served.url);
    browser.wait("performance.getEntriesByName('shown').length > 0");
    let heap = || {
        for _ in 0..3 {
            browser.call("HeapProfiler.collectGarbage", &json!({}));
        }
        let usage = browser.call("Runtime.getHeapUsage", &json!({}));
        usage["usedSize"].as_f64().unwrap_or(f64::NAN) / 1e6
    };
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .into_diagnostic()?;
    let mut sizes: Vec<f64> = Vec::new();
    let mut heaps = vec![(0, heap())];
    for (index, line) in after.iter().enumerate() {
        file.write_all(line).into_diagnostic()?;
        sizes.push(told.next().map_or(f64::NAN, |line| line.len() as f64));
        if (index + 1) % (n_updates / 4).max(1) == 0 {
            std::thread::sleep(Duration::from_millis(600));
            heaps.push((index + 1, heap()));
        }
    }
    let heaps: Vec<String> = heaps
        .iter()
        .map(|(n, heap)| format!("{heap:.1} MB after {n}"))
        .collect();
    Ok(format!(
        "{n_updates} changes of one event each, on the record of 10,000 trials: {:.0} bytes each (median) where the whole is {:.1} MB; \
         heap of the tab after collecting garbage: {}.\n",
        crate::child::median(sizes),
        f64::from(n_bytes as u32) / 1e6,
        heaps.join(", ")
    ))
}
