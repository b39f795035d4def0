//! How far an export is, and whether it is to stop.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use finetooth_scheduler::interrupt::Interrupt;
use indicatif::{ProgressBar, ProgressStyle};

use crate::screen::Screen;

/// Rows between two looks at the clock and the signals.
const STRIDE: u64 = 256;

/// Silence after which a log gets a line.
const SILENCE: Duration = Duration::from_secs(10);

/// Counts rows, shows their number, and ends the writing when a signal asks for it.
pub(crate) struct Watch {
    screen: Screen,
    bar: ProgressBar,
    interrupt: Interrupt,
    n_rows: u64,
    n_done: Cell<u64>,
    last_line: Cell<Instant>,
}

impl Watch {
    /// Of the writing of `n_rows` rows, shown on `screen`, until `interrupt` is raised.
    pub(crate) fn new(screen: &Screen, n_rows: usize, interrupt: Interrupt) -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:20} {pos} of {len} rows")
            .expect("the template is a constant that is right")
            .progress_chars("━╸ ");
        let n_rows = n_rows as u64;
        let bar = ProgressBar::new(n_rows)
            .with_style(style)
            .with_prefix("export");
        Self {
            screen: screen.clone(),
            bar: screen.bars().add(bar),
            interrupt,
            n_rows,
            n_done: Cell::new(0),
            last_line: Cell::new(Instant::now()),
        }
    }

    /// One more row is about to be written.
    ///
    /// # Errors
    /// Where the export is to stop.
    pub(super) fn row(&self) -> io::Result<()> {
        let n_done = self.n_done.get();
        self.n_done.set(n_done + 1);
        if !n_done.is_multiple_of(STRIDE) {
            return Ok(());
        }
        self.bar.set_position(n_done);
        if !self.screen.is_terminal() && self.last_line.get().elapsed() > SILENCE {
            self.last_line.set(Instant::now());
            let n_rows = self.n_rows;
            self.screen
                .line(&format!("exported {n_done} of {n_rows} rows"));
        }
        self.check()
    }

    /// Between two files.
    ///
    /// # Errors
    /// Where the export is to stop.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.is_interrupted() {
            return Err(io::Error::other("interrupted"));
        }
        Ok(())
    }

    /// Whether a signal asked it to stop.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }
}

/// The bar goes with it.
impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
