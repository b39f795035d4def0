//! The runs that are served: found in the given directories, followed while somebody looks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, UNIX_EPOCH};

use finetooth_scheduler::journal;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::live::{Live, ReadDefinition};
use crate::page::Standing;

/// How often a record that is looked at is read further.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// All runs. Requests name them by number, so that no path is ever taken from one.
pub(super) struct Runs {
    directories: Vec<PathBuf>,
    definition: Arc<ReadDefinition>,
    /// In the order in which they were found.
    found: Mutex<Vec<Arc<Run>>>,
}

/// A run that somebody may look at.
pub(super) struct Run {
    name: String,
    directory: PathBuf,
    live: RwLock<Live>,
    /// Counts what may be news to those who look.
    changed: watch::Sender<u64>,
    /// Whether a task follows the record.
    is_followed: Mutex<bool>,
}

/// A run, in the list of them.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    run: usize,
    name: String,
    directory: String,
    /// When its record was written to, in milliseconds since 1970; 0 where that cannot be told.
    modified: u64,
}

impl Runs {
    pub(super) fn new(directories: Vec<PathBuf>, definition: Arc<ReadDefinition>) -> Self {
        Self {
            directories,
            definition,
            found: Mutex::new(Vec::new()),
        }
    }

    /// The runs there are, looked for anew.
    pub(super) fn list(&self) -> Vec<Listed> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for directory in self.directories.iter().flat_map(|one| runs_in(one)) {
            if found.iter().all(|run| run.directory != directory) {
                found.push(Arc::new(Run::new(directory)));
            }
        }
        let listed = found.iter().enumerate();
        listed
            .map(|(run, one)| Listed {
                run,
                name: one.name.clone(),
                directory: one.directory.display().to_string(),
                modified: modified(&one.directory),
            })
            .collect()
    }

    /// The directory of the run of this number.
    pub(super) fn directory(&self, run: usize) -> Option<PathBuf> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get(run).map(|run| run.directory.clone())
    }

    /// The run of this number and its news: followed for as long as anybody holds those.
    pub(super) fn look_at(&self, run: usize) -> Option<(Arc<Run>, watch::Receiver<u64>)> {
        if self
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
        {
            self.list();
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let run = Arc::clone(found.get(run)?);
        let mut is_followed = run
            .is_followed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let news = run.changed.subscribe();
        if !std::mem::replace(&mut *is_followed, true) {
            tokio::spawn(follow(Arc::clone(&run), Arc::clone(&self.definition)));
        }
        drop(is_followed);
        Some((run, news))
    }
}

impl Run {
    fn new(directory: PathBuf) -> Self {
        let name = directory.file_name().map_or_else(
            || directory.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        Self {
            name,
            live: RwLock::new(Live::new(&directory.join(journal::NAME))),
            directory,
            changed: watch::Sender::new(0),
            is_followed: Mutex::new(false),
        }
    }

    /// Looks at what was read so far.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Live) -> T) -> T {
        look(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether anybody holds the news; if not, it is not followed any longer.
    fn is_looked_at(&self) -> bool {
        let mut is_followed = self
            .is_followed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *is_followed = self.changed.receiver_count() > 0;
        *is_followed
    }

    /// Reads on, or looks at what there is; whether that is news.
    fn read(&self, definition: &ReadDefinition) -> bool {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        live.read(definition) || live.weigh()
    }
}

/// Reads a run's record further, for as long as anybody looks.
async fn follow(run: Arc<Run>, definition: Arc<ReadDefinition>) {
    let mut last: Option<Standing> = None;
    while run.is_looked_at() {
        let (of, by) = (Arc::clone(&run), Arc::clone(&definition));
        let read = tokio::task::spawn_blocking(move || {
            let is_new = of.read(&*by);
            (is_new, of.with(Live::standing))
        });
        let Ok((is_new, standing)) = read.await else {
            // Reading panicked: who looks next may try again.
            *run.is_followed
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = false;
            return;
        };
        if is_new || last.as_ref() != Some(&standing) {
            run.changed.send_modify(|count| *count += 1);
        }
        last = Some(standing);
        if !is_new {
            sleep(LOOK_EVERY).await;
        }
    }
}

fn modified(directory: &Path) -> u64 {
    let journal = fs::metadata(directory.join(journal::NAME));
    let at = journal.and_then(|journal| journal.modified()).ok();
    let since = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_millis() as u64)
}

/// `directory` itself where it is one of a run, else the runs right below it, by name.
fn runs_in(directory: &Path) -> Vec<PathBuf> {
    let is_run = |directory: &Path| directory.join(journal::NAME).is_file();
    if is_run(directory) {
        return vec![directory.to_owned()];
    }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut runs: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_run(path))
        .collect();
    runs.sort();
    runs
}
