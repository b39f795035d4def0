//! Ctrl-C and SIGTERM.

use std::io;
use std::sync::mpsc;
use std::thread;

use finetooth_scheduler::interrupt::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit_code::ExitCode;

/// A signal that asks a run to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// The two signals that ask a run to stop.
#[derive(Debug)]
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Takes both signals over from the system, which would end the program. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the system refuses.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for either; may be dropped and called again without losing one.
    pub(crate) async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}

/// Has the first signal raise `interrupt` from now on, in a program that has no runtime, and the second end it at once.
///
/// # Errors
/// Where the system refuses.
pub(crate) fn raise(interrupt: Interrupt) -> io::Result<()> {
    let (listens, listening) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return listens.send(Err(error)),
        };
        runtime.block_on(async {
            let mut signals = match StopSignals::listen() {
                Ok(signals) => signals,
                Err(error) => return listens.send(Err(error)),
            };
            listens.send(Ok(()))?;
            signals.next().await;
            interrupt.raise();
            signals.next().await;
            std::process::exit(ExitCode::INTERRUPTED.number().into());
        })
    });
    listening.recv().map_err(io::Error::other)?
}
