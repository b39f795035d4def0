//! Logs: what libraries tell through `tracing`, shown on the screen.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::screen::Screen;

/// Shows logs on `screen`: those that `RUST_LOG` asks for, else by the number of `-v`: warnings, ends of stages and
/// trials, epochs, everything.
pub(crate) fn start(screen: &Screen, verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(screen.has_colour())
        .with_target(false)
        .with_writer(ToScreen(screen.clone()))
        .init();
    quiet_workers();
}

/// Panics of worker threads are outcomes of trials and told as such; their backtraces would only tear the bars.
fn quiet_workers() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        match thread.name() {
            Some(name) if name.starts_with("worker ") => {
                tracing::debug!(thread = name, "{panic}");
            }
            _ => usual(panic),
        }
    }));
}

struct ToScreen(Screen);

/// One event of the log, shown when it is whole.
struct Event<'a> {
    screen: &'a Screen,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for ToScreen {
    type Writer = Event<'a>;

    fn make_writer(&'a self) -> Event<'a> {
        Event {
            screen: &self.0,
            text: Vec::new(),
        }
    }
}

impl Write for Event<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        self.screen.show(&String::from_utf8_lossy(&self.text));
    }
}
