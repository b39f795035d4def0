//! The thread that brings the record to disk in groups.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Calls `sync` on its own thread: at the latest one interval after a write, and on demand.
///
/// All syncs happen on that thread, because the system tells a failed one once and to one caller. A failed sync
/// ends it: the pages it concerned count as clean from then on, so that a second try proves nothing.
pub(super) struct Syncer {
    /// Set by writes, cleared by the sync that covers them.
    dirty: Arc<AtomicBool>,
    /// Where to answer when a sync was asked for; none only while dropping.
    requests: Option<Sender<Sender<io::Result<()>>>>,
    /// What went wrong unasked.
    failures: Receiver<io::Error>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread.
    pub(super) fn start(
        interval: Duration,
        mut sync: impl FnMut() -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let dirty = Arc::new(AtomicBool::new(false));
        let (requests, requested) = channel::<Sender<io::Result<()>>>();
        let (failed, failures) = channel();
        let seen = Arc::clone(&dirty);
        let work = move || {
            loop {
                let request = requested.recv_timeout(interval);
                let wanted = seen.swap(false, Ordering::AcqRel) || request.is_ok();
                let result = if wanted { sync() } else { Ok(()) };
                let is_over = result.is_err();
                match (request, result) {
                    (Ok(answer), result) => {
                        // Whoever asked may have gone; then nobody waits for the answer.
                        let _ = answer.send(result);
                    }
                    (Err(end), Err(error)) => {
                        if end == RecvTimeoutError::Disconnected {
                            tracing::error!(%error, "the end of the record could not be synced");
                        }
                        let _ = failed.send(error);
                    }
                    (Err(RecvTimeoutError::Timeout), Ok(())) => {}
                    (Err(RecvTimeoutError::Disconnected), Ok(())) => return,
                }
                if is_over {
                    return;
                }
            }
        };
        let thread = Builder::new().name("journal".to_owned()).spawn(work)?;
        Ok(Self {
            dirty,
            requests: Some(requests),
            failures,
            thread: Some(thread),
        })
    }

    /// Tells that something was written.
    pub(super) fn wrote(&self) {
        self.dirty.store(true, Ordering::Release);
    }

    /// The failure of a sync that nobody asked for, once.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.failures.try_recv().ok()
    }

    /// Waits until everything written is on disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        let (answer, answered) = channel();
        let requests = self.requests.as_ref().expect("present until dropped");
        let asked = requests.send(answer).is_ok();
        match answered.recv() {
            Ok(result) if asked => result,
            // The thread ended before it came to this request: a sync has failed.
            _ => Err(self
                .failure()
                .unwrap_or_else(|| io::Error::other("an earlier sync failed"))),
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that syncs the record panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::Syncer;

    const NEVER: Duration = Duration::from_hours(1);
    const AT_ONCE: Duration = Duration::from_millis(1);
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A syncer, and a channel that tells each of its syncs.
    fn counted(interval: Duration) -> (Syncer, Receiver<()>) {
        let (synced, syncs) = channel();
        let sync = move || synced.send(()).map_err(io::Error::other);
        (Syncer::start(interval, sync).unwrap(), syncs)
    }

    #[test]
    fn syncs_unasked_after_a_write() {
        let (syncer, syncs) = counted(AT_ONCE);
        syncer.wrote();
        assert!(syncs.recv_timeout(PATIENCE).is_ok());
    }

    #[test]
    fn syncs_when_asked_and_has_done_so_on_return() {
        let (syncer, syncs) = counted(NEVER);
        syncer.wrote();
        syncer.sync().unwrap();
        assert!(syncs.try_recv().is_ok());
    }

    #[test]
    fn syncs_what_is_left_when_dropped() {
        let (syncer, syncs) = counted(NEVER);
        syncer.wrote();
        drop(syncer);
        assert!(syncs.try_recv().is_ok());
    }

    #[test]
    fn syncs_nothing_where_nothing_was_written() {
        let (syncer, syncs) = counted(NEVER);
        drop(syncer);
        assert!(syncs.try_recv().is_err());
    }

    #[test]
    fn tells_a_failure_nobody_asked_for_at_the_next_sync() {
        let (reached, syncs) = channel();
        let fail = move || {
            reached.send(()).map_err(io::Error::other)?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let syncer = Syncer::start(AT_ONCE, fail).unwrap();
        syncer.wrote();
        syncs.recv_timeout(PATIENCE).unwrap();
        assert_eq!(
            syncer.sync().unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
    }

    #[test]
    fn tells_the_failure_of_a_sync_it_was_asked_for() {
        let fail = || Err(io::Error::from(io::ErrorKind::StorageFull));
        let syncer = Syncer::start(NEVER, fail).unwrap();
        assert_eq!(
            syncer.sync().unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        assert!(syncer.sync().is_err());
    }
}
