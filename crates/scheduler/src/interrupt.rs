//! A request to stop, made once to everything that runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Act = Box<dyn FnOnce() + Send>;

/// Whether running trials are asked to stop where they can be gone on with; clones are the same request.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Mutex<Request>>);

#[derive(Default)]
struct Request {
    is_raised: bool,
    acts: BTreeMap<u64, Act>,
    n_acts: u64,
}

/// Keeps what [`Interrupt::when_raised`] was given until it is dropped.
#[derive(Debug)]
#[must_use = "dropped, it forgets what is to be done"]
pub struct Listening {
    interrupt: Interrupt,
    number: u64,
}

impl Interrupt {
    /// Asks everything that runs to stop. There is no way back.
    pub fn raise(&self) {
        let acts = {
            let mut request = self.lock();
            request.is_raised = true;
            std::mem::take(&mut request.acts)
        };
        for act in acts.into_values() {
            act();
        }
    }

    /// Whether it was asked.
    pub fn is_raised(&self) -> bool {
        self.lock().is_raised
    }

    /// Does `act` when it is asked, on the asking thread, so it should be short; at once where it already was.
    pub fn when_raised(&self, act: impl FnOnce() + Send + 'static) -> Listening {
        let mut request = self.lock();
        let number = request.n_acts;
        request.n_acts += 1;
        if request.is_raised {
            drop(request);
            act();
        } else {
            request.acts.insert(number, Box::new(act));
        }
        Listening {
            interrupt: self.clone(),
            number,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.interrupt.lock().acts.remove(&self.number);
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("is_raised", &self.is_raised)
            .field("acts", &self.acts.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_listener_hears_it_once_whenever_it_began_to_listen() {
        let interrupt = Interrupt::default();
        let heard = Arc::new(AtomicUsize::new(0));
        let listen = || {
            let heard = Arc::clone(&heard);
            interrupt.when_raised(move || {
                heard.fetch_add(1, Ordering::Relaxed);
            })
        };
        let (_early, gone) = (listen(), listen());
        drop(gone);
        assert!(!interrupt.is_raised());
        interrupt.clone().raise();
        assert!(interrupt.is_raised());
        assert_eq!(heard.load(Ordering::Relaxed), 1);
        let _late = listen();
        interrupt.raise();
        assert_eq!(heard.load(Ordering::Relaxed), 2);
    }
}
