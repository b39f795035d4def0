//! One run of a user's program: its surroundings, what it reports, how it ends.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use finetooth_scheduler::interrupt::Interrupt;

use super::metrics::{Found, Metrics};
use super::output::Output;
use crate::process::{Child, End, Spec, StartError, Terminator};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Chunks that wait to be looked at; a program that prints faster waits.
const CHUNKS: usize = 16;
/// How often the metrics file is looked at while the program runs.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Lines of output told of a program that failed.
const LINES_TOLD: usize = 10;

/// The files of an attempt, all in the trial's directory.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) stdout: PathBuf,
    pub(super) stderr: PathBuf,
    pub(super) params: PathBuf,
    pub(super) metrics: PathBuf,
    pub(super) error: PathBuf,
}

impl Files {
    pub(super) fn of(directory: &Path) -> Self {
        Self {
            stdout: directory.join("stdout"),
            stderr: directory.join("stderr"),
            params: directory.join("params.json"),
            metrics: directory.join("metrics.jsonl"),
            error: directory.join("error"),
        }
    }

    /// Removes what an earlier attempt left.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub(super) fn clear(&self) -> io::Result<()> {
        for file in [&self.metrics, &self.error] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) struct Done {
    /// How the program ended.
    pub(super) end: End,
    /// What it says itself, in the file for it; for people, not for the results.
    pub(super) error: Option<String>,
    /// Its last lines, of standard error where it wrote any.
    pub(super) last_lines: Vec<String>,
    /// What was read from it.
    pub(super) metrics: Metrics,
}

enum Event {
    /// Standard output.
    Printed(Vec<u8>),
    /// The metrics file.
    Appended(Vec<u8>),
    /// It is over.
    Ended(End),
}

/// Runs the program to its end. Each report goes to `take`, which answers whether the program may go on.
///
/// # Errors
/// Where no process or no file can be had.
pub(super) fn run(
    spec: &Spec,
    supervisor: &[OsString],
    environment: &[(String, OsString)],
    files: &Files,
    (columns, metric): (&[String], usize),
    interrupt: &Interrupt,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<Done, AttemptError> {
    files.clear()?;
    let mut child = Child::start(spec, supervisor, environment)?;
    let (sender, events) = sync_channel(CHUNKS);
    let mut stdout = Output::create(&files.stdout)?;
    let out = child.stdout().map(|pipe| pass_on(pipe, sender.clone()));
    let err = match child.stderr() {
        Some(pipe) => Some(keep(pipe, Output::create(&files.stderr)?)),
        None => None,
    };
    let terminator = child.terminator();
    let on_interrupt = terminator.clone();
    let _listening = interrupt.when_raised(move || on_interrupt.terminate());
    let (over, is_over) = channel();
    let follower = follow(files.metrics.clone(), sender.clone(), is_over);
    let waiter = thread::spawn(move || {
        let end = child.wait();
        let _ = sender.send(Event::Ended(end));
    });
    let mut reading = Reading {
        printed: Metrics::new(columns, metric),
        appended: Metrics::new(columns, metric),
        may_go_on: true,
        terminator,
    };
    let end = reading.read_all(&events, &mut stdout, over, take);
    let _ = waiter.join();
    for reader in [out, follower].into_iter().flatten() {
        let _ = reader.join();
    }
    told(stdout.finish(), &files.stdout);
    let said = err
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default();
    let last_lines = if said.is_empty() {
        stdout.last_lines(LINES_TOLD)
    } else {
        said
    };
    Ok(Done {
        end,
        error: own_words(&files.error),
        last_lines,
        metrics: reading.printed,
    })
}

/// What stops a program from being run that has nothing to do with the program.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    /// A file.
    #[error("a file of the trial could not be written")]
    File(#[from] io::Error),
    /// A process.
    #[error(transparent)]
    Start(#[from] StartError),
}

struct Reading {
    printed: Metrics,
    appended: Metrics,
    may_go_on: bool,
    terminator: Terminator,
}

impl Reading {
    /// Reads until the program is over and all that it wrote was read.
    fn read_all(
        &mut self,
        events: &Receiver<Event>,
        stdout: &mut Output,
        over: Sender<()>,
        take: &mut dyn FnMut(Found) -> bool,
    ) -> End {
        let mut over = Some(over);
        let mut end = End::Lost;
        let mut is_kept = true;
        // Ends when all who send are done: the reader of the output, the follower of the file, the waiter.
        for event in events {
            let mut found = Vec::new();
            match event {
                Event::Printed(bytes) => {
                    if is_kept && let Err(error) = stdout.take(&bytes) {
                        is_kept = false;
                        tracing::warn!("a program's output is not kept any more: {error}");
                    }
                    self.printed.feed(&bytes, &mut |report| found.push(report));
                }
                Event::Appended(bytes) => {
                    self.appended.feed(&bytes, &mut |report| found.push(report));
                }
                Event::Ended(how) => {
                    end = how;
                    // The follower looks once more and ends.
                    over.take();
                }
            }
            self.pass_on(found, take);
        }
        let mut found = Vec::new();
        self.printed.finish(&mut |report| found.push(report));
        self.appended.finish(&mut |report| found.push(report));
        self.pass_on(found, take);
        end
    }

    fn pass_on(&mut self, found: Vec<Found>, take: &mut dyn FnMut(Found) -> bool) {
        for report in found {
            if self.may_go_on && !take(report) {
                self.may_go_on = false;
                self.terminator.terminate();
            }
        }
    }
}

/// Sends what comes out of `pipe`.
fn pass_on(mut pipe: impl Read + Send + 'static, sender: SyncSender<Event>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        while let Ok(n @ 1..) = pipe.read(&mut chunk) {
            if sender.send(Event::Printed(chunk[..n].to_vec())).is_err() {
                break;
            }
        }
    })
}

/// Keeps what comes out of `pipe`; its last lines.
fn keep(mut pipe: impl Read + Send + 'static, mut output: Output) -> JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK];
        while let Ok(n @ 1..) = pipe.read(&mut chunk) {
            if let Err(error) = output.take(&chunk[..n]) {
                tracing::warn!("a program's errors are not kept any more: {error}");
            }
        }
        if let Err(error) = output.finish() {
            tracing::warn!("the end of a program's errors is not kept: {error}");
        }
        output.last_lines(LINES_TOLD)
    })
}

/// Sends what is appended to the file, until whoever holds the other end of `is_over` lets it go.
fn follow(
    path: PathBuf,
    sender: SyncSender<Event>,
    is_over: Receiver<()>,
) -> Option<JoinHandle<()>> {
    let follower = thread::Builder::new().spawn(move || {
        let mut file: Option<File> = None;
        let mut chunk = vec![0; CHUNK];
        loop {
            let ends = matches!(
                is_over.recv_timeout(LOOK_EVERY),
                Err(RecvTimeoutError::Disconnected)
            );
            if file.is_none() {
                file = File::open(&path).ok();
            }
            while let Some(Ok(n @ 1..)) = file.as_mut().map(|file| file.read(&mut chunk)) {
                if sender.send(Event::Appended(chunk[..n].to_vec())).is_err() {
                    return;
                }
            }
            if ends {
                return;
            }
        }
    });
    follower.ok()
}

/// The first lines of the file in which a program gives its own reason.
fn own_words(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(4096)
        .read_to_end(&mut bytes)
        .ok()?;
    let text = super::line::plain(&String::from_utf8_lossy(&bytes));
    let safe: String = text
        .chars()
        .filter(|character| !character.is_control() || *character == '\n')
        .collect();
    let safe = safe.trim().to_owned();
    (!safe.is_empty()).then_some(safe)
}

fn told(result: io::Result<()>, path: &Path) {
    if let Err(error) = result {
        tracing::warn!("the end of {} is not kept: {error}", path.display());
    }
}
